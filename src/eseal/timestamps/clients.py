"""Timestampers that ask somebody else: over HTTP, and several in turn."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

from eseal.errors import ServiceError, UsageError
from eseal.model import Digest, Timestamper
from eseal.net import Fetcher
from eseal.timestamps.protocol import read_response, request

RESPONSE_BYTES = 1_000_000
"""Largest response read; real ones have about 6 kB."""


class HttpTimestamper:
    """Asks one RFC 3161 service over HTTP (RFC 3161 3.4). Never retries."""

    __slots__ = ("_clock", "_fetcher", "_nonce", "_policy", "_url")

    def __init__(
        self,
        url: str,
        fetcher: Fetcher,
        *,
        policy: str | None = None,
        nonce: Callable[[], int] = lambda: secrets.randbits(63) | 1,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        """`policy` is the dotted OID to ask for; `nonce` gives a fresh number each time (63 bits: some read signed).

        With a `clock` (aware times) a token whose time is far from it is refused.
        """
        self._url = url
        self._fetcher = fetcher
        self._policy = policy
        self._nonce = nonce
        self._clock = clock

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
        at = self._clock() if self._clock is not None else None
        return read_response(answer, digest, nonce, service=self._url, at=at).der


class FallbackTimestamper:
    """Asks several in their order; the first that answers rightly is taken."""

    __slots__ = ("_name", "_passed_over", "_timestampers")

    def __init__(
        self, timestampers: Sequence[Timestamper], passed_over: Callable[[ServiceError], None] | None = None
    ) -> None:
        """`passed_over` is told the error of each that failed before another one gave a token.

        Raises UsageError TIMESTAMPERS_EMPTY.
        """
        if not timestampers:
            raise UsageError("TIMESTAMPERS_EMPTY")
        self._timestampers = tuple(timestampers)
        self._name = ", ".join(t.name for t in timestampers)
        self._passed_over = passed_over

    def telling(self, passed_over: Callable[[ServiceError], None]) -> FallbackTimestamper:
        """The same for one seal, which may need several tokens: one that fails is asked last from then on."""
        return FallbackTimestamper(self._timestampers, passed_over)

    @property
    def name(self) -> str:
        """All names, in their order."""
        return self._name

    def timestamp(self, digest: Digest) -> bytes:
        """A token of the first that gives one. Raises ServiceError TIMESTAMPERS_FAILED with the reason of each."""
        failures: list[ServiceError] = []
        asked = self._timestampers
        for timestamper in asked:
            try:
                token = timestamper.timestamp(digest)
            except ServiceError as error:
                failures.append(error)
                continue
            if self._passed_over is not None and failures:
                self._timestampers = (*asked[len(failures) :], *asked[: len(failures)])
                for failure in failures:
                    self._passed_over(failure)
            return token
        if len(failures) == 1:
            raise failures[0]
        named = zip(asked, failures, strict=True)
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

    def sentences(self, lang: str = "en") -> tuple[str, ...]:
        """That all failed, and the reason of each."""
        # Sent between processes it keeps its parameters alone.
        reasons = [f.message(lang) for f in self.failures] or self.params["reasons"].split("; ")
        return (*super().sentences(lang), *reasons)
