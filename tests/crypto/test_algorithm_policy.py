"""Algorithms by date: weak today, right when they were strong, unknown by name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from eseal.crypto.algorithm_policy import Use, UseOf, judge_algorithms, path_uses, signature_uses, weaknesses
from eseal.crypto.algorithms import KeyFacts
from eseal.crypto.signature_algorithms import SignatureScheme
from eseal.crypto.signed_data import examine
from eseal.errors import UsageError
from eseal.model import Certificate
from eseal.report.model import CheckVerdict

TODAY = datetime(2026, 11, 24, tzinfo=UTC)


def on(year: int) -> datetime:
    return datetime(year, 6, 1, tzinfo=UTC)


def digest(name: str) -> Use:
    return Use(UseOf.DOCUMENT, name)


def key(kind: str, bits: int, curve: str = "") -> Use:
    return Use(UseOf.SIGNATURE, None, KeyFacts(kind, bits, curve))


@pytest.mark.parametrize(
    ("use", "at", "verdict"),
    [
        (digest("sha256"), TODAY, CheckVerdict.PASSED),
        (digest("sha1"), TODAY, CheckVerdict.FAILED),
        (digest("sha1"), on(2011), CheckVerdict.PASSED),
        (digest("sha1"), datetime(2012, 1, 1, tzinfo=UTC), CheckVerdict.FAILED),
        (digest("md5"), on(2011), CheckVerdict.FAILED),
        (digest("md5"), on(2003), CheckVerdict.PASSED),
        (digest("sha224"), TODAY, CheckVerdict.PASSED),
        (digest("sha224"), on(2030), CheckVerdict.FAILED),
        (digest("SM3 (1.2.156.10197.1.401)"), TODAY, CheckVerdict.UNKNOWN),
        (digest("1.2.3.4"), TODAY, CheckVerdict.UNKNOWN),
        (key("rsa", 2048), TODAY, CheckVerdict.PASSED),
        (key("rsa", 2047), TODAY, CheckVerdict.FAILED),
        (key("rsa", 1024), TODAY, CheckVerdict.FAILED),
        (key("rsa", 1024), on(2013), CheckVerdict.PASSED),
        (key("rsa", 512), on(2013), CheckVerdict.FAILED),
        (key("rsa", 0), TODAY, CheckVerdict.UNKNOWN),
        (key("dsa", 1024), TODAY, CheckVerdict.FAILED),
        (key("ec", 256, "secp256r1"), TODAY, CheckVerdict.PASSED),
        (key("ec", 192, "secp192r1"), TODAY, CheckVerdict.FAILED),
        (key("ec", 0, "explicit"), TODAY, CheckVerdict.UNKNOWN),
        (key("ed25519", 256), TODAY, CheckVerdict.PASSED),
        (key("sm2", 256, "sm2"), TODAY, CheckVerdict.UNKNOWN),
        (key("1.2.3.4", 0), TODAY, CheckVerdict.UNKNOWN),
    ],
)
def test_one_use(use: Use, at: datetime, verdict: CheckVerdict) -> None:
    check = judge_algorithms([use], at)
    assert check.id == "algorithms" and check.verdict is verdict


def test_the_weakest_decides_and_is_named() -> None:
    uses = [digest("sha256"), key("rsa", 1024), digest("1.2.3.4"), Use(UseOf.CERTIFICATE, "sha1", None, "Some CA")]
    check = judge_algorithms(uses, TODAY)
    assert check.verdict is CheckVerdict.FAILED
    assert check.params["algorithms"] == "RSA 1024, sha1"
    assert check.evidence["certificate: Some CA"].startswith("sha1 until 2012")
    assert weaknesses(uses, TODAY)[1] == ("1.2.3.4",)


def test_nothing_at_all_is_unknown() -> None:
    assert judge_algorithms([], TODAY).verdict is CheckVerdict.UNKNOWN


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        judge_algorithms([digest("sha256")], datetime(2026, 1, 1))
    assert caught.value.code == "TIME_NAIVE"


def test_the_mask_of_pss_counts_too() -> None:
    scheme = SignatureScheme("1.2.840.113549.1.1.10", "rsa", "sha256", 32, "sha1")
    uses = signature_uses(UseOf.SIGNATURE, scheme, KeyFacts("rsa", 2048))
    assert {u.digest for u in uses} == {"sha256", "sha1"}


def test_a_path(forge: Any) -> None:
    rsa, ec = Certificate(forge.keys["rsa"][1]), Certificate(forge.keys["ec"][1])
    uses = path_uses([rsa, ec])
    # The signature under the anchor is not relied on.
    assert [(u.digest, u.subject) for u in uses] == [("sha256", "rsa")]
    assert uses[0].key == KeyFacts("ec", 256, "secp256r1")
    assert len(path_uses([rsa, ec], anchored=False)) == 2
    # An anchor that signs documents itself counts with its key.
    assert path_uses([rsa])[0].key == KeyFacts("rsa", 2048)
    assert judge_algorithms(path_uses([Certificate(b"\x30\x00"), ec]), TODAY).verdict is CheckVerdict.UNKNOWN


def test_what_examine_found_is_judged(forge: Any) -> None:
    weak = examine(forge("rsa", oid="rsa-sha1", digest="sha1").build(), forge.digest_of)
    assert judge_algorithms(weak.algorithms, TODAY).verdict is CheckVerdict.FAILED
    assert judge_algorithms(weak.algorithms, on(2011)).verdict is CheckVerdict.PASSED
    strong = examine(forge().build(), forge.digest_of)
    assert judge_algorithms(strong.algorithms, TODAY).verdict is CheckVerdict.PASSED
