"""What eseal raises: misuse, unusable input, keys and services that fail. A bad document is never an exception.

Every error carries a stable upper-snake code and named parameters; the sentences stand in `eseal.messages`.
"""

from __future__ import annotations

from eseal import messages


class Error(Exception):
    """Base of all errors of eseal. `code` is stable and part of the interface; the sentences are not."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params: dict[str, str] = {k: str(v) for k, v in params.items()}

    def message(self, lang: str = "en") -> str:
        """Say what happened and why, in the language `lang` (falls back to English)."""
        return "\n- ".join(self.sentences(lang))

    def sentences(self, lang: str = "en") -> tuple[str, ...]:
        """What `message` says, sentence by sentence: what happened, then each reason."""
        return (messages.text(self.code, lang, self.params),)

    def hint(self, lang: str = "en") -> str:
        """Say what to do next; empty where there is nothing to say."""
        return messages.hint(self.code, lang, self.params)

    def __str__(self) -> str:
        return self.message()

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.code, self.params))


def _rebuild(kind: type[Error], code: str, params: dict[str, str]) -> Error:
    return kind(code, **params)


class UsageError(Error):
    """The call itself is wrong: a naive time, an unknown name, a box off the page."""


class DocumentError(Error):
    """The document cannot be read or written: encrypted, malformed, over a limit."""


class KeyAccessError(Error):
    """A key, its password, its certificate or its token cannot be used."""


class ServiceError(Error):
    """A network service (timestamper, OCSP, CRL) failed or answered wrongly."""


class PolicyError(Error):
    """A rule forbids it: retired algorithm, seal out of validity, signer not permitted."""


class VerificationFailed(Error):
    """A caller asked that a verdict be passed, and it was not; also raised when a read-back fails."""
