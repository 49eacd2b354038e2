"""eseal: sign, seal, verify and archive documents so that they are as good as paper.

    >>> import eseal
    >>> office = eseal.Authority.open("office")
    >>> office.seal("notice.pdf")
    >>> report = eseal.verify(data, trust=eseal.TrustStore.from_pem("roots/"))
    >>> report.passed, report.explain("zh")

The names below are loaded when first used, so that `import eseal.errors` loads nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eseal.authority import Authority as Authority
    from eseal.errors import Error as Error
    from eseal.keys import open_signer as open_signer
    from eseal.model import Signer as Signer
    from eseal.model import Timestamper as Timestamper
    from eseal.report.model import Indication as Indication
    from eseal.report.model import Report as Report
    from eseal.sealing import seal as seal
    from eseal.seals.register import Seal as Seal
    from eseal.trust.store import TrustStore as TrustStore
    from eseal.verification import verify as verify

__version__ = "0.1.0"

_WHERE = {
    "Authority": "eseal.authority",
    "Error": "eseal.errors",
    "Indication": "eseal.report.model",
    "Report": "eseal.report.model",
    "Seal": "eseal.seals.register",
    "Signer": "eseal.model",
    "Timestamper": "eseal.model",
    "TrustStore": "eseal.trust.store",
    "open_signer": "eseal.keys",
    "seal": "eseal.sealing",
    "verify": "eseal.verification",
}

__all__ = [
    "Authority",
    "Error",
    "Indication",
    "Report",
    "Seal",
    "Signer",
    "Timestamper",
    "TrustStore",
    "open_signer",
    "seal",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'eseal' has no attribute {name!r}")
    value = getattr(import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
