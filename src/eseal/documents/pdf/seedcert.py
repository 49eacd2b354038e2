"""What the seed values of a signature field ask of the certificate (ISO 32000-2 12.7.5.5, table 238)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from asn1crypto import x509

from eseal.crypto.certificates import KEY_USAGES, facts, parse
from eseal.crypto.signatures import check_issued
from eseal.documents.pdf.lexer import Dict
from eseal.documents.pdf.source import Part, Source, string_bytes
from eseal.documents.pdf.syntax import read_text
from eseal.errors import PolicyError, UsageError
from eseal.model import Certificate

_BITS = {"Subject": 1, "Issuer": 2, "OID": 4, "SubjectDN": 8, "KeyUsage": 32, "URL": 64}
# The PDF 2.0 entries for signature policies have no bit: who writes them means them.
_POLICY = ("SignaturePolicyOID",)
# RFC 4519 names beside those that asn1crypto knows by their OID.
_NAMES = {
    "CN": "2.5.4.3",
    "SN": "2.5.4.4",
    "SERIALNUMBER": "2.5.4.5",
    "C": "2.5.4.6",
    "L": "2.5.4.7",
    "ST": "2.5.4.8",
    "STREET": "2.5.4.9",
    "O": "2.5.4.10",
    "OU": "2.5.4.11",
    "T": "2.5.4.12",
    "TITLE": "2.5.4.12",
    "GIVENNAME": "2.5.4.42",
    "UID": "0.9.2342.19200300.100.1.1",
    "DC": "0.9.2342.19200300.100.1.25",
    "E": "1.2.840.113549.1.9.1",
    "EMAIL": "1.2.840.113549.1.9.1",
    "EMAILADDRESS": "1.2.840.113549.1.9.1",
    "ORGANIZATIONIDENTIFIER": "2.5.4.97",
}
_DEPTH = 16
_SHOWN = 5

Unmet = tuple[str, bool, str]
"""Name of the entry, whether it is required, what it asks for."""


def unmet(
    source: Source, field: str, owner: Part, certificate: Certificate | None, chain: Sequence[Certificate]
) -> Iterator[Unmet]:
    """The constraints in `owner` that `certificate` does not meet; `chain` are its issuers as far as they are known.

    Raises PolicyError SEAL_SEED_UNREADABLE, SEAL_SEED_UNKNOWN.
    """
    flags = source.resolve(owner.value.get("Ff", 0))
    if type(flags) is not int:
        raise PolicyError("SEAL_SEED_UNREADABLE", field=field, rule="/Cert /Ff")
    if flags < 0 or flags & ~sum(_BITS.values()):
        raise PolicyError("SEAL_SEED_UNKNOWN", field=field, rule=f"/Cert /Ff {flags}")

    def found(key: str, holds: bool, wanted: str) -> Iterator[Unmet]:
        if not holds:
            yield key, bool(flags & _BITS[key]), wanted

    def strings(key: str) -> list[bytes] | None:
        return _strings(source, field, owner, key)

    subjects, issuers = strings("Subject"), strings("Issuer")
    if subjects is not None:
        yield from found("Subject", certificate is not None and certificate.der in subjects, _subjects(subjects))
    if issuers is not None:
        holds = certificate is not None and _descends(certificate, chain, [Certificate(i) for i in issuers])
        yield from found("Issuer", holds, _subjects(issuers))
    policies = strings("OID")
    if policies is not None:
        wanted = [p.decode("latin-1") for p in policies]
        has = _policies(certificate) if certificate is not None else frozenset()
        yield from found("OID", has.issuperset(wanted), ", ".join(wanted[:_SHOWN]))
    names = _subject_names(source, field, owner)
    if names is not None:
        own = _attributes(certificate) if certificate is not None else frozenset()
        wanted = [f"{key}={value}" for key, value in names]
        yield from found("SubjectDN", all((_oid(k), v) in own for k, v in names), ", ".join(wanted[:_SHOWN]))
    usages = strings("KeyUsage")
    if usages is not None:
        wanted = [u.decode("latin-1") for u in usages]
        has_usage = facts(certificate).key_usage if certificate is not None else None
        yield from found("KeyUsage", any(_usage(w, has_usage) for w in wanted), ", ".join(wanted[:_SHOWN]))
    # A page to enrol at is for people. A service that must sign itself (ASSP) is not this key.
    if source.resolve(owner.value.get("URLType")) not in (None, "Browser") and owner.value.get("URL") is not None:
        yield from found("URL", False, read_text(string_bytes(source.part(owner, "URL")) or b""))
    for key in _POLICY:
        if owner.value.get(key) is not None:
            yield key, True, read_text(string_bytes(source.part(owner, key)) or b"")


def _strings(source: Source, field: str, owner: Part, key: str) -> list[bytes] | None:
    part = source.part(owner, key)
    if part is None:
        return None
    found = [string_bytes(item) for item in source.items(part)]
    values = [raw for raw in found if raw is not None]
    if not isinstance(part.value, list) or len(values) != len(found):
        raise PolicyError("SEAL_SEED_UNREADABLE", field=field, rule=f"/Cert /{key}")
    return values


def _subject_names(source: Source, field: str, owner: Part) -> list[tuple[str, str]] | None:
    """Every attribute in every dictionary of /SubjectDN: the certificate shall hold them all."""
    part = source.part(owner, "SubjectDN")
    if part is None:
        return None
    found = []
    for item in source.items(part):
        values = item.value if isinstance(item.value, Dict) else None
        for entry in values.entries if values is not None else ():
            raw = source.string(item, entry.key)
            if raw is not None:
                found.append((str(entry.key), read_text(raw)))
        if values is None or any(source.string(item, e.key) is None for e in values.entries if e.value is not None):
            raise PolicyError("SEAL_SEED_UNREADABLE", field=field, rule="/Cert /SubjectDN")
    if not isinstance(part.value, list):
        raise PolicyError("SEAL_SEED_UNREADABLE", field=field, rule="/Cert /SubjectDN")
    return found


def _oid(key: str) -> str:
    return _NAMES.get(key.upper(), key)


def _attributes(certificate: Certificate) -> frozenset[tuple[str, str]]:
    subject: x509.Name = parse(certificate).subject
    return frozenset((item["type"].dotted, str(item["value"].native)) for rdn in subject.chosen for item in rdn)


def _policies(certificate: Certificate) -> frozenset[str]:
    """OIDs of the certificate policies extension (RFC 5280 4.2.1.4)."""
    value = parse(certificate).certificate_policies_value
    return frozenset(item["policy_identifier"].dotted for item in value) if value is not None else frozenset()


def _usage(wanted: str, usages: frozenset[str] | None) -> bool:
    """Whether key usages fit a string of 1 (must be), 0 (must not be) and X; nothing is known where there are none."""
    pairs = list(zip(wanted.upper(), KEY_USAGES, strict=False))
    if any(sign not in "01X" for sign, _ in pairs):
        return False
    if usages is None:
        return all(sign == "X" for sign, _ in pairs)
    return all(sign == "X" or (sign == "1") == (usage in usages) for sign, usage in pairs)


def _descends(certificate: Certificate, chain: Sequence[Certificate], issuers: Sequence[Certificate]) -> bool:
    """Whether one of `issuers` signed the certificate, directly or through certificates of `chain`."""
    reached, seen = [certificate], {certificate}
    for _ in range(_DEPTH):
        above = {c for below in reached for c in (*chain, *issuers) if c not in seen and _signed(below, c)}
        if any(c in issuers for c in above):
            return True
        reached = list(above)
        seen |= above
    return False


def _signed(certificate: Certificate, issuer: Certificate) -> bool:
    try:
        below, above = facts(certificate), facts(issuer)
    except UsageError:
        return False
    return below.issuer_der == above.subject_der and check_issued(certificate, above.key) is True


def _subjects(ders: Sequence[bytes]) -> str:
    """Names of certificates, for a message."""
    found = []
    for der in ders[:_SHOWN]:
        try:
            found.append(facts(Certificate(der)).subject)
        except UsageError:
            found.append("?")
    return "; ".join(found) or "-"
