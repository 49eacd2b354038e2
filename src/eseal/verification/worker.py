"""The verifying process: one report for every snapshot (see `processes.serving`)."""

from __future__ import annotations

import json
from collections.abc import Callable

from eseal import verification
from eseal.processes import serving
from eseal.report.json import to_dict
from eseal.verification.protocol import unpack


def _judge(read: Callable[[], bytes], packed: bytes) -> bytes:
    options = unpack(packed)
    serving.allow_cpu(options.limits.seconds)
    report = verification.verify(
        read(),
        options.trust,
        options.at,
        policy=options.policy,
        limits=options.limits,
        proofs=options.proofs,
        fetcher=options.fetcher,
        seals=options.seals,
    )
    return json.dumps(to_dict(report), ensure_ascii=False).encode()


def main() -> None:
    """Serve until the other side closes."""
    serving.main(_judge)
