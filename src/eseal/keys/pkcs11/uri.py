"""The pkcs11 URI (RFC 7512): which token, which key. What would name code or hold a secret is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from eseal.errors import UsageError

LARGEST = 2_000
"""Characters of the longest URI that is read."""

TOKEN_ATTRIBUTES = (
    "token",
    "manufacturer",
    "model",
    "serial",
    "slot-id",
    "slot-description",
    "slot-manufacturer",
    "library-manufacturer",
    "library-description",
    "library-version",
)
"""Attributes that choose the token (RFC 7512 2.3)."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SAFE = "-._~:[]@!$'()*+,= "


@dataclass(frozen=True, slots=True)
class TokenUri:
    """What a pkcs11 URI says; it holds no secret, so it may be shown."""

    token: tuple[tuple[str, str], ...] = ()
    """Attributes of the token (`TOKEN_ATTRIBUTES`) and the values that they must have."""
    label: str | None = None
    """CKA_LABEL of the key; None: any."""
    id: bytes | None = None
    """CKA_ID of the key; None: any."""

    @classmethod
    def parse(cls, uri: str) -> TokenUri:
        """Read a URI. No value of it goes into a message, since it might be a secret in the wrong place.

        Raises UsageError: KEY_TOKEN_URI_SYNTAX, KEY_TOKEN_URI_ATTRIBUTE, KEY_TOKEN_URI_TWICE, KEY_TOKEN_URI_TYPE,
        KEY_TOKEN_URI_MODULE, KEY_TOKEN_URI_PIN_SOURCE, KEY_PASSWORD_IN_URI.
        """
        scheme, _, rest = uri.partition(":")
        if scheme.lower() != "pkcs11" or len(uri) > LARGEST or not rest.isprintable():
            raise UsageError("KEY_TOKEN_URI_SYNTAX", number=1)
        path, _, query = rest.partition("?")
        parts = [(part, False) for part in path.split(";")] + [(part, True) for part in query.split("&") if query]
        found: dict[str, bytes] = {}
        for number, (part, in_query) in enumerate(parts, 1):
            if not part:
                if len(parts) == 1 or in_query:
                    raise UsageError("KEY_TOKEN_URI_SYNTAX", number=number)
                continue
            name, equals, value = part.partition("=")
            if not equals or not _NAME.fullmatch(name) or _PERCENT.search(value):
                raise UsageError("KEY_TOKEN_URI_SYNTAX", number=number)
            _check_name(name)
            if name in found:
                raise UsageError("KEY_TOKEN_URI_TWICE", attribute=name)
            found[name] = unquote_to_bytes(value)
        return cls._from(found)

    @classmethod
    def _from(cls, found: dict[str, bytes]) -> TokenUri:
        key_id = found.pop("id", None)
        try:
            texts = {name: value.decode("utf-8") for name, value in found.items()}
        except UnicodeDecodeError:
            raise UsageError("KEY_TOKEN_URI_SYNTAX", number=1) from None
        if texts.pop("type", "private") != "private":
            raise UsageError("KEY_TOKEN_URI_TYPE")
        if not texts.get("slot-id", "0").isdecimal():
            raise UsageError("KEY_TOKEN_URI_ATTRIBUTE", attribute="slot-id")
        label = texts.pop("object", None)
        return cls(tuple((name, texts[name]) for name in TOKEN_ATTRIBUTES if name in texts), label, key_id)

    def __str__(self) -> str:
        """The URI again, in one form."""
        parts = [f"{name}={quote(value, safe=_SAFE)}" for name, value in self.token]
        if self.label is not None:
            parts.append(f"object={quote(self.label, safe=_SAFE)}")
        if self.id is not None:
            parts.append("id=" + "".join(f"%{octet:02X}" for octet in self.id))
        return "pkcs11:" + ";".join(parts)


def _check_name(name: str) -> None:
    lower = name.lower()
    if lower in ("module-path", "module-name"):
        # The URI may come with a request or a document; a module is code that runs with this user's rights.
        raise UsageError("KEY_TOKEN_URI_MODULE", attribute=lower)
    if lower == "pin-source":
        raise UsageError("KEY_TOKEN_URI_PIN_SOURCE")
    if lower.startswith(("pin", "pass", "pwd", "secret")):
        raise UsageError("KEY_PASSWORD_IN_URI")
    if name not in (*TOKEN_ATTRIBUTES, "object", "id", "type"):
        # RFC 7512 2.3: what is not understood must not be left out of the match.
        raise UsageError("KEY_TOKEN_URI_ATTRIBUTE", attribute=name)
