"""Keeps test and production apart: no test certificate in a real authority, no real one in a test authority.

What an authority was made as stands at the beginning of its journal, together with its id; nothing that is written
later can say otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from eseal import testpki
from eseal.authority import journal
from eseal.config import AuthorityConfig
from eseal.crypto.certificates import facts, is_marked_test
from eseal.errors import Error, PolicyError, UsageError
from eseal.model import Certificate
from eseal.trust.store import TrustStore

TEST, PRODUCTION = "test", "production"
"""What an authority can be made as."""


def kind_of(config: AuthorityConfig) -> str:
    """What `config` says that the authority is."""
    return TEST if config.test else PRODUCTION


def marked_test(certificate: Certificate) -> bool:
    """Whether a certificate or its issuer is named as a test one: by eseal's test CA, or by any CN that says TEST."""
    issuer = facts(certificate).issuer
    return is_marked_test(certificate) or f"OU={testpki.WARNING}" in issuer or f"CN={testpki.MARK} " in issuer


def check_signing(certificate: Certificate, chain: Iterable[Certificate], *, test: bool) -> None:
    """Refuse a certificate of the other kind.

    `test` says what the authority is; `chain` are the issuers that are known. Raises PolicyError
    AUTHORITY_TEST_CERTIFICATE or AUTHORITY_REAL_CERTIFICATE.
    """
    if test:
        if not marked_test(certificate):
            raise PolicyError("AUTHORITY_REAL_CERTIFICATE", subject=facts(certificate).subject)
        return
    refuse_test((certificate, *chain))


def check_trust(store: TrustStore, *, test: bool) -> None:
    """Refuse a test CA among what a real authority trusts. Raises PolicyError AUTHORITY_TEST_CERTIFICATE."""
    if not test:
        refuse_test((*(a.certificate for a in store.anchors), *store.data.certificates))


def refuse_test(certificates: Iterable[Certificate]) -> None:
    """Raises PolicyError AUTHORITY_TEST_CERTIFICATE for the first that is marked TEST."""
    for certificate in certificates:
        if marked_test(certificate):
            raise PolicyError("AUTHORITY_TEST_CERTIFICATE", subject=facts(certificate).subject)


def check_bound(folder: Path, config: AuthorityConfig, place: Path) -> None:
    """Refuse a folder whose journal was begun by another authority, or by one of the other kind.

    `place` is the path of `eseal.toml`, for messages. Raises UsageError AUTHORITY_JOURNAL_MISSING,
    AUTHORITY_JOURNAL_FOREIGN, and PolicyError AUTHORITY_WAS_TEST, AUTHORITY_WAS_PRODUCTION.
    """
    path = folder / journal.FILE
    try:
        begun = next(journal.entries(folder), None)
    except Error:
        # Who may not read the journal cannot write it either, and so seals nothing: this one only verifies.
        return
    if begun is None or begun.action != "create":
        raise UsageError("AUTHORITY_JOURNAL_MISSING", path=path)
    if begun.authority and begun.authority != config.id:
        raise UsageError("AUTHORITY_JOURNAL_FOREIGN", path=path)
    # A journal begun before this was recorded says nothing; the certificates themselves are still looked at.
    if begun.kind and begun.kind != kind_of(config):
        raise PolicyError("AUTHORITY_WAS_TEST" if begun.kind == TEST else "AUTHORITY_WAS_PRODUCTION", path=place)
