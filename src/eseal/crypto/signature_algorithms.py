"""What a signatureAlgorithm of CMS or X.509 says: kind of key, digest, PSS parameters; names for what is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from eseal.crypto import asn1
from eseal.crypto.algorithms import DIGEST_BY_OID, SM2_OIDS, SM3_OID, UnknownAlgorithm

RSA = "1.2.840.113549.1.1.1"
PSS = "1.2.840.113549.1.1.10"
_MGF1 = "1.2.840.113549.1.1.8"
_MAX_SIZE = 10_000
_SHAKE256_LEN = "2.16.840.1.101.3.4.2.18"


@dataclass(frozen=True, slots=True)
class SignatureScheme:
    """How a signature value was made, as its identifiers say."""

    oid: str
    """signatureAlgorithm."""
    key_type: str
    """"rsa", "ec", "dsa", "ed25519" or "ed448"."""
    digest: str
    """Digest under the signature, by its name in `crypto.algorithms`."""
    pss_salt: int | None = None
    """Salt in bytes for RSASSA-PSS, None for every other scheme."""
    mgf_digest: str | None = None
    """Digest of MGF1 for RSASSA-PSS."""
    plain: bool = False
    """ECDSA value as r and s side by side (BSI TR-03111 5.2.1) instead of DER."""

    @property
    def name(self) -> str:
        """Short name for people, such as "rsa-pss-sha256"."""
        if self.key_type in ("ed25519", "ed448"):
            return self.key_type
        kind = {"rsa": "rsa-pkcs1v15", "ec": "ecdsa-plain" if self.plain else "ecdsa"}.get(self.key_type, self.key_type)
        return f"{'rsa-pss' if self.pss_salt is not None else kind}-{self.digest}"


# RFC 3370, 4055, 5754, 5758, 8017, 8419, 9688, NIST CSOR, TR-03111 5.2.1. None: the digestAlgorithm beside it decides.
_KNOWN: dict[str, tuple[str, str | None]] = {
    RSA: ("rsa", None),
    "1.2.840.113549.1.1.4": ("rsa", "md5"),
    "1.2.840.113549.1.1.5": ("rsa", "sha1"),
    "1.3.14.3.2.29": ("rsa", "sha1"),
    "1.3.36.3.3.1.2": ("rsa", "ripemd160"),
    "1.2.840.113549.1.1.14": ("rsa", "sha224"),
    "1.2.840.113549.1.1.11": ("rsa", "sha256"),
    "1.2.840.113549.1.1.12": ("rsa", "sha384"),
    "1.2.840.113549.1.1.13": ("rsa", "sha512"),
    "1.2.840.113549.1.1.15": ("rsa", "sha512_224"),
    "1.2.840.113549.1.1.16": ("rsa", "sha512_256"),
    "2.16.840.1.101.3.4.3.13": ("rsa", "sha3_224"),
    "2.16.840.1.101.3.4.3.14": ("rsa", "sha3_256"),
    "2.16.840.1.101.3.4.3.15": ("rsa", "sha3_384"),
    "2.16.840.1.101.3.4.3.16": ("rsa", "sha3_512"),
    "1.2.840.10045.2.1": ("ec", None),
    "1.2.840.10045.4.1": ("ec", "sha1"),
    "1.2.840.10045.4.3.1": ("ec", "sha224"),
    "1.2.840.10045.4.3.2": ("ec", "sha256"),
    "1.2.840.10045.4.3.3": ("ec", "sha384"),
    "1.2.840.10045.4.3.4": ("ec", "sha512"),
    "2.16.840.1.101.3.4.3.9": ("ec", "sha3_224"),
    "2.16.840.1.101.3.4.3.10": ("ec", "sha3_256"),
    "2.16.840.1.101.3.4.3.11": ("ec", "sha3_384"),
    "2.16.840.1.101.3.4.3.12": ("ec", "sha3_512"),
    "1.2.840.10040.4.1": ("dsa", None),
    "1.2.840.10040.4.3": ("dsa", "sha1"),
    "2.16.840.1.101.3.4.3.1": ("dsa", "sha224"),
    "2.16.840.1.101.3.4.3.2": ("dsa", "sha256"),
    "2.16.840.1.101.3.4.3.3": ("dsa", "sha384"),
    "2.16.840.1.101.3.4.3.4": ("dsa", "sha512"),
    "1.3.101.112": ("ed25519", "sha512"),
    "1.3.101.113": ("ed448", "shake256"),
}

_PLAIN_ECDSA: dict[str, str] = {
    f"0.4.0.127.0.7.1.1.4.1.{n}": digest
    for n, digest in (
        (1, "sha1"),
        (2, "sha224"),
        (3, "sha256"),
        (4, "sha384"),
        (5, "sha512"),
        (6, "ripemd160"),
        (8, "sha3_224"),
        (9, "sha3_256"),
        (10, "sha3_384"),
        (11, "sha3_512"),
    )
}

_NAMES: dict[str, str] = {
    SM3_OID: "SM3",
    "1.2.156.10197.1.401.1": "SM3",
    "1.2.156.10197.1.501": "SM2 with SM3",
    "1.2.156.10197.1.301": "SM2",
    "1.2.156.10197.1.301.1": "SM2 signature",
    "1.2.156.10197.1.504": "RSA with SM3",
    "1.2.840.113549.2.2": "MD2",
    "1.2.840.113549.1.1.2": "RSA with MD2",
    "1.3.36.3.2.1": "RIPEMD-160",
    "1.2.643.2.2.9": "GOST R 34.11-94",
    "1.2.643.7.1.1.2.2": "GOST R 34.11-2012 (256)",
    "1.2.643.7.1.1.2.3": "GOST R 34.11-2012 (512)",
    "1.2.643.7.1.1.1.1": "GOST R 34.10-2012 (256)",
    "1.2.643.7.1.1.1.2": "GOST R 34.10-2012 (512)",
    "1.2.643.7.1.1.3.2": "GOST R 34.10-2012 (256)",
    "1.2.643.7.1.1.3.3": "GOST R 34.10-2012 (512)",
    "1.2.840.10045.4.2": "ECDSA with the recommended digest",
    "1.2.840.10045.4.3": "ECDSA with a specified digest",
    "1.3.6.1.5.5.7.6.30": "RSASSA-PSS with SHAKE128",
    "1.3.6.1.5.5.7.6.31": "RSASSA-PSS with SHAKE256",
    "2.16.840.1.101.3.4.3.17": "ML-DSA-44",
    "2.16.840.1.101.3.4.3.18": "ML-DSA-65",
    "2.16.840.1.101.3.4.3.19": "ML-DSA-87",
    "1.2.840.113549.1.1.10": "RSASSA-PSS",
    "2.16.840.1.101.3.4.2.11": "SHAKE128",
    _SHAKE256_LEN: "SHAKE256",
}


def algorithm_name(oid: str) -> str:
    """What people call `oid`, with the number itself; the number alone where nothing is known."""
    known = _NAMES.get(oid) or (DIGEST_BY_OID[oid].name if oid in DIGEST_BY_OID else "")
    if not known and oid in SM2_OIDS:
        known = "SM2"
    if not known and oid in _KNOWN:
        key_type, digest = _KNOWN[oid]
        known = f"{key_type.upper()} with {digest}" if digest else key_type.upper()
    return f"{known} ({oid})" if known else oid


@dataclass(frozen=True, slots=True)
class AlgorithmIdentifier:
    """AlgorithmIdentifier (RFC 5280 4.1.1.2) with its parameters as found."""

    oid: str
    """Dotted."""
    parameters: bytes
    """The parameters' element, empty where absent."""

    @classmethod
    def read(cls, element: asn1.Element) -> AlgorithmIdentifier:
        """Read one, whatever its own tag. Raises Asn1Error."""
        parts = element.children()
        if not 1 <= len(parts) <= 2 or element.stop - element.start > _MAX_SIZE:
            raise asn1.Asn1Error("algorithm identifier")
        return cls(asn1.oid(parts[0]), parts[1].raw if len(parts) == 2 else b"")

    def same_as(self, other: AlgorithmIdentifier) -> bool:
        """Whether both say the same: NULL and absent parameters mean one thing (RFC 5754 2)."""
        null = (b"", b"\x05\x00")
        same = self.parameters == other.parameters or (self.parameters in null and other.parameters in null)
        return self.oid == other.oid and same


def digest_of_algorithm(identifier: AlgorithmIdentifier) -> str:
    """Name of the digest that a digestAlgorithm means; a signature's OID in its place is read as its digest.

    Raises UnknownAlgorithm with the name of what is not known.
    """
    oid = identifier.oid
    if oid in DIGEST_BY_OID:
        return DIGEST_BY_OID[oid].name
    if oid == _SHAKE256_LEN and identifier.parameters in (b"", bytes.fromhex("02020200")):
        return "shake256"
    key_type, digest = _KNOWN.get(oid, ("", None))
    if key_type in ("rsa", "ec", "dsa") and digest:
        return digest
    if oid in _PLAIN_ECDSA:
        return _PLAIN_ECDSA[oid]
    raise UnknownAlgorithm(algorithm_name(oid))


@lru_cache(maxsize=256)
def scheme_of(identifier: AlgorithmIdentifier, digest: str | None = None) -> SignatureScheme:
    """The scheme that a signatureAlgorithm names; `digest` is the digestAlgorithm beside it where there is one.

    Raises UnknownAlgorithm with the name of what is not known, Asn1Error for malformed parameters.
    """
    oid = identifier.oid
    if oid == PSS:
        return _pss(identifier.parameters)
    if oid in _PLAIN_ECDSA:
        return SignatureScheme(oid, "ec", _PLAIN_ECDSA[oid], plain=True)
    if oid not in _KNOWN:
        raise UnknownAlgorithm(algorithm_name(oid))
    key_type, own = _KNOWN[oid]
    chosen = own or digest
    if chosen is None:
        raise UnknownAlgorithm(algorithm_name(oid))
    return SignatureScheme(oid, key_type, chosen)


def _pss(parameters: bytes) -> SignatureScheme:
    """RSASSA-PSS-params (RFC 4055 3.1): defaults are SHA-1, MGF1 with SHA-1, 20, trailer 1."""
    digest = mgf_digest = "sha1"
    salt, trailer = 20, 1
    if parameters and parameters != b"\x05\x00":
        last = -1
        for field in asn1.whole(parameters).expect(asn1.SEQUENCE).children():
            number = field.tag - asn1.context(0)
            inner = field.children()
            if not last < number <= 3 or len(inner) != 1:
                raise asn1.Asn1Error("RSASSA-PSS parameters")
            last = number
            if number == 0:
                digest = digest_of_algorithm(AlgorithmIdentifier.read(inner[0]))
            elif number == 1:
                generator = AlgorithmIdentifier.read(inner[0])
                if generator.oid != _MGF1:
                    raise UnknownAlgorithm(f"RSASSA-PSS {algorithm_name(generator.oid)}")
                mgf_digest = digest_of_algorithm(AlgorithmIdentifier.read(asn1.whole(generator.parameters)))
            elif number == 2:
                salt = asn1.integer(inner[0])
            else:
                trailer = asn1.integer(inner[0])
    if trailer != 1 or not 0 <= salt <= 2048:
        raise UnknownAlgorithm(f"RSASSA-PSS trailer {trailer}, salt {salt}")
    return SignatureScheme(PSS, "rsa", digest, salt, mgf_digest)
