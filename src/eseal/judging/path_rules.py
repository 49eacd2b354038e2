"""The rules of RFC 5280 6.1 over one candidate path whose signatures already hold, each broken one named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from eseal.crypto import extensions as ext
from eseal.crypto.certificates import CertificateFacts, facts
from eseal.crypto.extensions import Extensions, GeneralName, NameConstraints, read_extensions
from eseal.crypto.names import emails_in, is_below
from eseal.errors import UsageError
from eseal.judging.times import iso
from eseal.model import Certificate
from eseal.report.model import CheckVerdict, SubIndication
from eseal.trust.store import Anchor

FAILED, UNKNOWN = CheckVerdict.FAILED, CheckVerdict.UNKNOWN

HANDLED = frozenset(
    {
        ext.BASIC_CONSTRAINTS,
        ext.KEY_USAGE,
        ext.EXTENDED_KEY_USAGE,
        ext.NAME_CONSTRAINTS,
        ext.SUBJECT_ALT_NAME,
        ext.CERTIFICATE_POLICIES,
        ext.POLICY_MAPPINGS,
        ext.POLICY_CONSTRAINTS,
        ext.INHIBIT_ANY_POLICY,
        ext.CRL_DISTRIBUTION_POINTS,
        # Statements for people (RFC 3739 3.2.6); they restrict no use that is judged here.
        "1.3.6.1.5.5.7.1.3",
        ext.OCSP_NO_CHECK,
    }
)
"""Extensions that may be critical, because they are processed."""

ANY_POLICY = "2.5.29.32.0"


@dataclass(frozen=True, slots=True)
class Problem:
    """A broken rule, ready to become a check."""

    check: str
    """Id of the check that it belongs to: "path" or "validity"."""
    verdict: CheckVerdict
    """FAILED or UNKNOWN."""
    code: str
    """Catalogue code."""
    params: Mapping[str, str]
    """Parameters of the sentence."""
    sub_indication: SubIndication | None = None
    """Sub-indication in place of the check's own."""


def problems_of(
    chain: Sequence[Certificate], anchor: Anchor, when: datetime, usages: frozenset[str]
) -> tuple[Problem, ...]:
    """Everything wrong at `when` with `chain` (end entity first, without the anchor)."""
    found: list[Problem] = []
    found += _anchor_period(anchor, when)
    if chain[-1] == anchor.certificate:
        # The verifier chose this very certificate: nothing above it is asked.
        found += _critical(chain[0])
        return tuple(found)
    state = _State(left=len(chain), depth=len(chain))
    found += _as_issuer(anchor.certificate, state, usages, is_anchor=True)
    for index in range(len(chain) - 1, -1, -1):
        certificate, last = chain[index], index == 0
        try:
            found += _one(certificate, state, when, usages, last=last)
        except UsageError:
            # The outer form was read before; an extension inside it was not.
            found.append(_problem(UNKNOWN, "PATH_EXTENSION_UNREADABLE", certificate=facts(certificate).subject))
    if state.explicit == 0 and not state.policies:
        found.append(_problem(FAILED, "PATH_POLICY", certificate=facts(chain[0]).subject))
    return tuple(found)


@dataclass(slots=True)
class _State:
    """State variables of RFC 5280 6.1.2."""

    left: int
    """max_path_length."""
    depth: int
    """n."""
    permitted: list[tuple[GeneralName, ...]] = field(default_factory=list)
    excluded: list[GeneralName] = field(default_factory=list)
    policies: set[str] = field(default_factory=lambda: {ANY_POLICY})
    """Expected policies of the leaves of the valid policy tree; only its emptiness matters here."""
    explicit: int = -1
    mapping: int = -1
    any_policy: int = -1

    def __post_init__(self) -> None:
        self.explicit = self.mapping = self.any_policy = self.depth + 1


def _problem(
    verdict: CheckVerdict,
    code: str,
    check: str = "path",
    sub: SubIndication | None = SubIndication.CHAIN_CONSTRAINTS_FAILURE,
    **params: str,
) -> Problem:
    return Problem(check, verdict, code, params, sub)


def _anchor_period(anchor: Anchor, when: datetime) -> list[Problem]:
    own = facts(anchor.certificate)
    # Where the verifier gives no period of its own, the certificate's validity is the period.
    start, end = anchor.valid_from or own.not_before, anchor.valid_until or own.not_after
    if start <= when <= end:
        return []
    return [
        _problem(
            UNKNOWN,
            "PATH_ANCHOR_PERIOD",
            sub=SubIndication.NO_CERTIFICATE_CHAIN_FOUND_NO_POE,
            anchor=anchor.label,
            start=iso(start),
            end=iso(end),
            when=iso(when),
        )
    ]


def _one(
    certificate: Certificate, state: _State, when: datetime, usages: frozenset[str], *, last: bool
) -> list[Problem]:
    own, more = facts(certificate), read_extensions(certificate)
    found = _validity(own, when, last=last)
    found += _critical(certificate)
    if not own.self_issued or last:
        found += _names(own, more, state)
    _policies(own, more, state, last=last)
    if not last:
        found += _as_issuer(certificate, state, usages)
    else:
        state.explicit = 0 if more.require_explicit == 0 else max(0, state.explicit - 1)  # 6.1.5 a, b
    return found


def _validity(own: CertificateFacts, when: datetime, *, last: bool) -> list[Problem]:
    # The end entity's own validity is judged by the caller, who knows whether the time is proven.
    if last or own.not_before <= when <= own.not_after:
        return []
    return [
        _problem(
            UNKNOWN,
            "VALIDITY_ISSUER_OUTSIDE",
            "validity",
            SubIndication.OUT_OF_BOUNDS_NO_POE,
            certificate=own.subject,
            start=iso(own.not_before),
            end=iso(own.not_after),
            when=iso(when),
        )
    ]


def _critical(certificate: Certificate) -> list[Problem]:
    unknown = read_extensions(certificate).critical - HANDLED
    subject = facts(certificate).subject
    return [_problem(UNKNOWN, "PATH_CRITICAL_EXTENSION", certificate=subject, oid=o) for o in sorted(unknown)]


def _as_issuer(
    certificate: Certificate, state: _State, usages: frozenset[str], *, is_anchor: bool = False
) -> list[Problem]:
    """RFC 5280 6.1.4: what a certificate must be to issue the next, and what it hands down.

    Applied to anchors too, which 6.1 leaves open: a root's own limits are the limits of the trust put in it.
    """
    own, more = facts(certificate), read_extensions(certificate)
    found = []
    old_root = is_anchor and own.self_issued and more.version == 1
    if not more.is_ca and not old_root:
        found.append(_problem(FAILED, "PATH_NOT_A_CA", certificate=own.subject))
    if own.key_usage is not None and "key_cert_sign" not in own.key_usage:
        found.append(_problem(FAILED, "PATH_CA_KEY_USAGE", certificate=own.subject))
    if own.extended_key_usage is not None and not own.extended_key_usage & (usages | {"any_extended_key_usage"}):
        # Not in RFC 5280, but how CAs are confined in practice: a CA for TLS alone vouches for no seal.
        found.append(_problem(UNKNOWN, "PATH_CA_EXTENDED_USAGE", certificate=own.subject))
    if not is_anchor and not own.self_issued:
        if state.left <= 0:
            found.append(_problem(FAILED, "PATH_LENGTH", certificate=own.subject))
        state.left -= 1
    if more.path_length is not None and more.path_length < state.left:
        state.left = more.path_length
    if more.name_constraints is not None:
        found += _hand_down(own, more.name_constraints, state)
    if not is_anchor and not own.self_issued:
        state.explicit, state.mapping, state.any_policy = (
            max(0, n - 1) for n in (state.explicit, state.mapping, state.any_policy)
        )
    if more.require_explicit is not None:
        state.explicit = min(state.explicit, more.require_explicit)
    if more.inhibit_mapping is not None:
        state.mapping = min(state.mapping, more.inhibit_mapping)
    if more.inhibit_any is not None:
        state.any_policy = min(state.any_policy, more.inhibit_any)
    return found


def _policies(own: CertificateFacts, more: Extensions, state: _State, *, last: bool) -> None:
    """RFC 5280 6.1.3 d-e and 6.1.4 a-b, kept as the set of expected policies (RFC 9618 shows why that is enough)."""
    if more.policies is None or not state.policies:
        state.policies = set()
        return
    named = more.policies - {ANY_POLICY}
    valid = {p for p in named if p in state.policies or ANY_POLICY in state.policies}
    if ANY_POLICY in more.policies and (state.any_policy > 0 or (own.self_issued and not last)):
        valid |= state.policies
    if not last:
        for issuer_policy in {a for a, _ in more.mappings}:
            mapped = {b for a, b in more.mappings if a == issuer_policy}
            if issuer_policy == ANY_POLICY or ANY_POLICY in mapped:
                valid = set()  # 6.1.4 a
                break
            if issuer_policy in valid or ANY_POLICY in valid:
                valid.discard(issuer_policy)
                if state.mapping > 0:
                    valid |= mapped
    state.policies = valid


def _hand_down(own: CertificateFacts, constraints: NameConstraints, state: _State) -> list[Problem]:
    if constraints.permitted:
        state.permitted.append(constraints.permitted)
    state.excluded += constraints.excluded
    return [] if constraints.understood else [_problem(UNKNOWN, "PATH_NAMES_UNKNOWN", certificate=own.subject)]


def _names(own: CertificateFacts, more: Extensions, state: _State) -> list[Problem]:
    if not state.permitted and not state.excluded:
        return []
    names = list(more.alt_names)
    if own.subject_der != b"\x30\x00":
        names.append(GeneralName(ext.DIRECTORY_NAME, own.subject_der))
    if not any(n.kind == ext.RFC822_NAME for n in names):
        names += [GeneralName(ext.RFC822_NAME, e.encode()) for e in emails_in(own.subject_der)]
    found = []
    for name in names:
        verdicts = [_matches(name, base) for base in state.excluded if base.kind == name.kind]
        if True in verdicts:
            found.append(_problem(FAILED, "PATH_NAME_CONSTRAINTS", certificate=own.subject))
        unclear = None in verdicts
        for trees in state.permitted:
            verdicts = [_matches(name, base) for base in trees if base.kind == name.kind]
            if verdicts and True not in verdicts:
                unclear = unclear or None in verdicts
                if None not in verdicts:
                    found.append(_problem(FAILED, "PATH_NAME_CONSTRAINTS", certificate=own.subject))
        if unclear:
            found.append(_problem(UNKNOWN, "PATH_NAMES_UNKNOWN", certificate=own.subject))
    return list({p.code: p for p in found}.values())


def _matches(name: GeneralName, base: GeneralName) -> bool | None:
    """Whether `name` lies in the subtree `base` of the same kind; None for kinds that are not processed here."""
    if name.kind == ext.DIRECTORY_NAME:
        return is_below(name.value, base.value)
    if name.kind in (ext.RFC822_NAME, ext.DNS_NAME):
        try:
            text, tree = name.value.decode("utf-8"), base.value.decode("ascii").lower()
        except UnicodeDecodeError:
            return None
        if name.kind == ext.DNS_NAME:
            host = text.lower()
            return not tree or host == tree or host.endswith("." + tree.removeprefix("."))
        local, at, host = text.rpartition("@")
        if not at:
            return None
        host = host.lower()
        if "@" in tree:
            return f"{local.lower()}@{host}" == tree
        return host.endswith(tree) if tree.startswith(".") else host == tree
    return None
