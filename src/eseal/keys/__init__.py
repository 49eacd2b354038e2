"""Keys behind URIs: in files, in tokens and with remote services, all opened by the same `open_signer`."""

from __future__ import annotations

from eseal.keys.files import FileSigner
from eseal.keys.fitness import check_fit
from eseal.keys.opening import SCHEMES, BareKey, open_key, open_signer
from eseal.keys.remote import Question

__all__ = ["SCHEMES", "BareKey", "FileSigner", "Question", "check_fit", "open_key", "open_signer"]
