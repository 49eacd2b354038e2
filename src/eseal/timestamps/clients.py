"""Timestampers that ask somebody else: over HTTP, and several in turn."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

from eseal.errors import ServiceError, UsageError
from eseal.model import Digest, Timestamper
from eseal.net import Fetcher
from eseal.timestamps.protocol import read_response, request

RESPONSE_BYTES = 1_000_000
"""Largest response read; real ones have about 6 kB."""


class HttpTimestamper:
    """Asks one RFC 3161 service over HTTP (RFC 3161 3.4). Never retries."""

    __slots__ = ("_fetcher", "_nonce", "_policy", "_url")

    def __init__(
        self,
        url: str,
        fetcher: Fetcher,
        *,
        policy: str | None = None,
        nonce: Callable[[], int] = lambda: secrets.randbits(63) | 1,
    ) -> None:
        """`policy` is the dotted OID to ask for; `nonce` gives a fresh number each time (63 bits: some read signed)."""
        self._url = url
        self._fetcher = fetcher
        self._policy = policy
        self._nonce = nonce

    @property
    def name(self) -> str:
        """The address."""
        return self._url

    def timestamp(self, digest: Digest) -> bytes:
        """A token over `digest`. Raises ServiceError: TIMESTAMP_... and what the fetcher raises."""
        nonce = self._nonce()
        answer = self._fetcher.fetch(
            self._url,
            body=request(digest, nonce, policy=self._policy),
            content_type="application/timestamp-query",
            limit=RESPONSE_BYTES,
        )
        return read_response(answer, digest, nonce, service=self._url).der


class FallbackTimestamper:
    """Asks several in their order; the first that answers rightly is taken."""

    __slots__ = ("_timestampers",)

    def __init__(self, timestampers: Sequence[Timestamper]) -> None:
        """Raises UsageError TIMESTAMPERS_EMPTY."""
        if not timestampers:
            raise UsageError("TIMESTAMPERS_EMPTY")
        self._timestampers = tuple(timestampers)

    @property
    def name(self) -> str:
        """All names, in their order."""
        return ", ".join(t.name for t in self._timestampers)

    def timestamp(self, digest: Digest) -> bytes:
        """A token of the first that gives one. Raises ServiceError TIMESTAMPERS_FAILED with the reason of each."""
        failures: list[ServiceError] = []
        for timestamper in self._timestampers:
            try:
                return timestamper.timestamp(digest)
            except ServiceError as error:
                failures.append(error)
        if len(failures) == 1:
            raise failures[0]
        named = zip(self._timestampers, failures, strict=True)
        everything = AllFailed(
            "TIMESTAMPERS_FAILED",
            count=len(failures),
            reasons="; ".join(f"{timestamper.name}: {failure.code}" for timestamper, failure in named),
        )
        everything.failures = tuple(failures)
        raise everything from failures[-1]


class AllFailed(ServiceError):
    """Every timestamper failed; `failures` holds the error of each, in order."""

    failures: tuple[ServiceError, ...] = ()

    def message(self, lang: str = "en") -> str:
        """The sentence, and the reason of each in the same language."""
        # Sent between processes it keeps its parameters alone.
        reasons = [f.message(lang) for f in self.failures] or self.params["reasons"].split("; ")
        return "\n".join([super().message(lang), *(f"- {reason}" for reason in reasons)])
