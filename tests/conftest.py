"""Settings that all tests share."""

from __future__ import annotations

from collections.abc import Iterator

# asn1crypto looks its tables of names up backwards once; pyHanko adds to them when it is loaded. In one process with
# tests that build CMS by asn1crypto, the tests that seal with pyHanko would depend on who comes first.
import pyhanko.pdf_utils.crypt
import pyhanko.sign.signers  # noqa: F401
import pytest
from hypothesis import HealthCheck, settings

from support import softhsm as tokens
from support.judges import need

settings.register_profile(
    "default", max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", max_examples=3000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")


@pytest.fixture(scope="session")
def openssl() -> None:
    """The test needs the `openssl` program: a skip by name where it is missing, a failure where CI=true."""
    need("openssl")


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tokens.SoftHsm]:
    """Tokens of SoftHSM: a skip by name where it is missing, a failure where CI=true."""
    with pytest.MonkeyPatch.context() as patch:
        yield tokens.start(tmp_path_factory.mktemp("softhsm"), patch)
