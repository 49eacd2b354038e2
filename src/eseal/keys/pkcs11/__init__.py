"""Keys in tokens behind PKCS#11: found by an RFC 7512 URI, logged in once, used from several threads."""

from __future__ import annotations

from eseal.keys.pkcs11.signer import SESSIONS, TokenKey, TokenSigner, open_token_key, open_token_signer
from eseal.keys.pkcs11.uri import TokenUri

__all__ = ["SESSIONS", "TokenKey", "TokenSigner", "TokenUri", "open_token_key", "open_token_signer"]
