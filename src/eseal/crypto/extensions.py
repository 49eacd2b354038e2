"""Reads what a certificate's extensions say about paths, revocation and where to find them (RFC 5280 4.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from eseal.crypto import asn1
from eseal.crypto.asn1 import Asn1Error, Element
from eseal.errors import UsageError
from eseal.model import Certificate

BASIC_CONSTRAINTS = "2.5.29.19"
KEY_USAGE = "2.5.29.15"
EXTENDED_KEY_USAGE = "2.5.29.37"
NAME_CONSTRAINTS = "2.5.29.30"
SUBJECT_ALT_NAME = "2.5.29.17"
CRL_DISTRIBUTION_POINTS = "2.5.29.31"
CERTIFICATE_POLICIES = "2.5.29.32"
POLICY_MAPPINGS = "2.5.29.33"
POLICY_CONSTRAINTS = "2.5.29.36"
INHIBIT_ANY_POLICY = "2.5.29.54"
FRESHEST_CRL = "2.5.29.46"
INFORMATION_ACCESS = "1.3.6.1.5.5.7.1.1"
OCSP_NO_CHECK = "1.3.6.1.5.5.7.48.1.5"
VALIDITY_ASSURED = "0.4.0.194121.2.1"
NO_REVOCATION_AVAILABLE = "2.5.29.56"

_CA_ISSUERS = "1.3.6.1.5.5.7.48.2"
_OCSP = "1.3.6.1.5.5.7.48.1"

# Numbers of GeneralName (RFC 5280 4.2.1.6).
RFC822_NAME, DNS_NAME, DIRECTORY_NAME, URI = 1, 2, 4, 6


@dataclass(frozen=True, slots=True)
class GeneralName:
    """One GeneralName: its number and its content; for a directory name the DER of the Name."""

    kind: int
    """Tag number, RFC 5280 4.2.1.6."""
    value: bytes
    """Content octets; for directoryName the whole Name."""


@dataclass(frozen=True, slots=True)
class NameConstraints:
    """RFC 5280 4.2.1.10."""

    permitted: tuple[GeneralName, ...]
    """Subtrees, of which a name of the same kind must match one."""
    excluded: tuple[GeneralName, ...]
    """Subtrees that no name may match."""
    understood: bool
    """False where minimum or maximum are used, which nobody may use (4.2.1.10)."""


@dataclass(frozen=True, slots=True)
class DistributionPoint:
    """RFC 5280 4.2.1.13."""

    names: tuple[GeneralName, ...]
    """fullName."""
    plain: bool
    """True without reasons, cRLIssuer and a relative name: the issuer's own CRL for all reasons."""


@dataclass(frozen=True, slots=True)
class Extensions:
    """The extensions of one certificate, read."""

    present: frozenset[str]
    """OIDs of all."""
    critical: frozenset[str]
    """OIDs of the critical ones."""
    version: int = 3
    """Version of the certificate, 1 to 3."""
    basic_constraints: bool = False
    """Whether the extension is there."""
    is_ca: bool = False
    """cA."""
    path_length: int | None = None
    """pathLenConstraint."""
    name_constraints: NameConstraints | None = None
    """Name constraints."""
    alt_names: tuple[GeneralName, ...] = ()
    """subjectAltName."""
    policies: frozenset[str] | None = None
    """Policy OIDs; None where the extension is absent."""
    mappings: tuple[tuple[str, str], ...] = ()
    """(issuerDomainPolicy, subjectDomainPolicy)."""
    require_explicit: int | None = None
    """requireExplicitPolicy."""
    inhibit_mapping: int | None = None
    """inhibitPolicyMapping."""
    inhibit_any: int | None = None
    """inhibitAnyPolicy."""
    distribution_points: tuple[DistributionPoint, ...] = ()
    """Where CRLs are."""
    ocsp_urls: tuple[str, ...] = ()
    """Where OCSP is answered."""
    issuer_urls: tuple[str, ...] = ()
    """Where the issuer's certificate is."""
    ocsp_no_check: bool = False
    """id-pkix-ocsp-nocheck (RFC 6960 4.2.2.2.1)."""
    validity_assured: bool = False
    """Short-term certificate that is never revoked (EN 319 412-1 5.2)."""
    crl_urls: tuple[str, ...] = field(default=())
    """http(s) addresses of the distribution points."""

    @property
    def never_revoked(self) -> bool:
        """Whether the issuer says that this certificate lives too short to be revoked, so that nothing is asked.

        EN 319 412-1 5.2; RFC 9608 2, which forbids noRevAvail on a CA and beside an address of revocation data: there
        it is not believed.
        """
        if self.validity_assured:
            return True
        asked = self.is_ca or self.distribution_points or self.ocsp_urls or FRESHEST_CRL in self.present
        return NO_REVOCATION_AVAILABLE in self.present and not asked


@lru_cache(maxsize=4096)
def read_extensions(certificate: Certificate) -> Extensions:
    """Read them. Raises UsageError CERTIFICATE_UNREADABLE, also where an extension stands twice (RFC 5280 4.2)."""
    try:
        return _read(certificate)
    except (ValueError, IndexError) as error:
        raise UsageError("CERTIFICATE_UNREADABLE") from error


def _read(certificate: Certificate) -> Extensions:
    tbs = asn1.whole(certificate.der).expect(asn1.SEQUENCE).children()[0].expect(asn1.SEQUENCE)
    found: dict[str, Element] = {}
    critical = set()
    parts = tbs.children()
    version = 1 + _number(parts[0].children()[0]) if parts[0].tag == asn1.context(0) else 1
    for child in parts[6:]:
        if child.tag != asn1.context(3):
            continue
        for oid, is_critical, value in split_extensions(child.children()[0]):
            if oid in found:
                raise Asn1Error(f"extension {oid} twice")
            found[oid] = value
            if is_critical:
                critical.add(oid)
    fields: dict[str, object] = {"version": version}
    for oid, reader in _READERS.items():
        if oid in found:
            fields.update(reader(found[oid]))
    return Extensions(frozenset(found), frozenset(critical), **fields)  # type: ignore[arg-type]


def split_extensions(extensions: Element) -> Iterator[tuple[str, bool, Element]]:
    """OID, critical, and the element inside extnValue of every Extension. Raises Asn1Error."""
    for extension in extensions.expect(asn1.SEQUENCE).children():
        parts = extension.expect(asn1.SEQUENCE).children()
        critical = False
        if len(parts) == 3:
            critical = parts[1].expect(0x01).content != b"\0"
        elif len(parts) != 2:
            raise Asn1Error("extension")
        yield asn1.oid(parts[0]), critical, asn1.whole(parts[-1].expect(asn1.OCTET_STRING).content)


def general_names(element: Element) -> tuple[GeneralName, ...]:
    """The GeneralName values inside `element`. Raises Asn1Error."""
    return tuple(_general_name(e) for e in element.children())


def _general_name(element: Element) -> GeneralName:
    kind = element.tag & 0x1F
    if element.tag & 0xC0 != 0x80 or element.tag > 0xFF:
        raise Asn1Error("GeneralName")
    if kind == DIRECTORY_NAME:
        return GeneralName(kind, element.children()[0].expect(asn1.SEQUENCE).raw)
    return GeneralName(kind, element.content)


def _number(element: Element) -> int:
    value = int.from_bytes(element.content, "big", signed=True)
    if not element.content or len(element.content) > 8 or value < 0:
        raise Asn1Error("number")
    return value


def _basic_constraints(element: Element) -> dict[str, object]:
    parts = element.expect(asn1.SEQUENCE).children()
    is_ca, length = False, None
    if parts and parts[0].tag == 0x01:
        is_ca = parts.pop(0).content != b"\0"
    if parts and parts[0].tag == asn1.INTEGER:
        length = _number(parts.pop(0))
    if parts:
        raise Asn1Error("basicConstraints")
    return {"basic_constraints": True, "is_ca": is_ca, "path_length": length}


def _name_constraints(element: Element) -> dict[str, object]:
    trees: dict[int, list[GeneralName]] = {0: [], 1: []}
    understood = True
    for part in element.expect(asn1.SEQUENCE).children():
        number = part.tag - asn1.context(0)
        if number not in trees:
            raise Asn1Error("nameConstraints")
        for subtree in part.children():
            inner = subtree.expect(asn1.SEQUENCE).children()
            trees[number].append(_general_name(inner[0]))
            understood = understood and all(
                e.tag == asn1.context(0, constructed=False) and e.content == b"\0" for e in inner[1:]
            )
    return {"name_constraints": NameConstraints(tuple(trees[0]), tuple(trees[1]), understood)}


def _alt_names(element: Element) -> dict[str, object]:
    return {"alt_names": general_names(element.expect(asn1.SEQUENCE))}


def _policies(element: Element) -> dict[str, object]:
    return {"policies": frozenset(asn1.oid(p.children()[0]) for p in element.expect(asn1.SEQUENCE).children())}


def _mappings(element: Element) -> dict[str, object]:
    pairs = (p.expect(asn1.SEQUENCE).children() for p in element.expect(asn1.SEQUENCE).children())
    return {"mappings": tuple((asn1.oid(a), asn1.oid(b)) for a, b in pairs)}


def _policy_constraints(element: Element) -> dict[str, object]:
    out: dict[str, object] = {}
    for part in element.expect(asn1.SEQUENCE).children():
        name = {0x80: "require_explicit", 0x81: "inhibit_mapping"}.get(part.tag)
        if name is None:
            raise Asn1Error("policyConstraints")
        out[name] = _number(part)
    return out


def _inhibit_any(element: Element) -> dict[str, object]:
    return {"inhibit_any": _number(element.expect(asn1.INTEGER))}


def _distribution_points(element: Element) -> dict[str, object]:
    points = []
    for point in element.expect(asn1.SEQUENCE).children():
        names: tuple[GeneralName, ...] = ()
        plain = True
        for part in point.expect(asn1.SEQUENCE).children():
            if part.tag == asn1.context(0):
                inner = part.children()[0]
                if inner.tag == asn1.context(0):
                    names = general_names(inner)
                else:
                    plain = False
            else:
                plain = False
        points.append(DistributionPoint(names, plain))
    urls = [n for p in points if p.plain for n in p.names]
    return {"distribution_points": tuple(points), "crl_urls": _urls(urls)}


def _information_access(element: Element) -> dict[str, object]:
    found: dict[str, list[GeneralName]] = {_OCSP: [], _CA_ISSUERS: []}
    for access in element.expect(asn1.SEQUENCE).children():
        method, location = access.expect(asn1.SEQUENCE).children()
        found.setdefault(asn1.oid(method), []).append(_general_name(location))
    return {"ocsp_urls": _urls(found[_OCSP]), "issuer_urls": _urls(found[_CA_ISSUERS])}


def _urls(names: list[GeneralName]) -> tuple[str, ...]:
    texts = (n.value.decode("ascii", "replace") for n in names if n.kind == URI)
    return tuple(dict.fromkeys(t for t in texts if t.lower().startswith(("http://", "https://"))))


_READERS: dict[str, Callable[[Element], dict[str, object]]] = {
    BASIC_CONSTRAINTS: _basic_constraints,
    NAME_CONSTRAINTS: _name_constraints,
    SUBJECT_ALT_NAME: _alt_names,
    CERTIFICATE_POLICIES: _policies,
    POLICY_MAPPINGS: _mappings,
    POLICY_CONSTRAINTS: _policy_constraints,
    INHIBIT_ANY_POLICY: _inhibit_any,
    CRL_DISTRIBUTION_POINTS: _distribution_points,
    INFORMATION_ACCESS: _information_access,
    OCSP_NO_CHECK: lambda _e: {"ocsp_no_check": True},
    VALIDITY_ASSURED: lambda _e: {"validity_assured": True},
}
