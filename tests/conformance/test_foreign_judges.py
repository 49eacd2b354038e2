"""What eseal seals is judged valid and trusted by programs that share no code with it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from eseal import testpki
from eseal.keys import open_signer
from eseal.sealing import seal
from eseal.seals.drawing import draw, preset
from eseal.timestamps import LocalTimestamper

from .conftest import need, run

AT = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
KEYS = ("rsa2048", "rsa3072", "rsa-pss", "p256", "p384", "p521", "ed25519")
CASES = list(itertools.product(KEYS, ("B", "T"), (1, 2)))
