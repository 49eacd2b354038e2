"""Certification (ISO 32000-2 12.8.2.2): what the document may still become after its first signature."""

from __future__ import annotations

from eseal.documents.pdf.form import FormFacts
from eseal.documents.pdf.incremental import Update
from eseal.documents.pdf.lexer import Ref
from eseal.documents.pdf.source import Source
from eseal.documents.pdf.syntax import edited
from eseal.errors import PolicyError, UsageError

LEVELS = (1, 2, 3)
"""/P of table 257: nothing may change; forms may be filled in and signed; annotations may be added too."""


def check_certifiable(source: Source, form: FormFacts, level: int) -> None:
    """Refuse a certification that could not stand: 12.8.2.2.1 wants it to be the first signature, and the only one.

    Raises UsageError SEAL_CERTIFY_LEVEL and PolicyError SEAL_CERTIFY_TWICE, SEAL_CERTIFY_NOT_FIRST.
    """
    if type(level) is not int or level not in LEVELS:
        raise UsageError("SEAL_CERTIFY_LEVEL", level=level)
    permissions = source.dictionary(source.root, "Perms")
    if permissions is not None and source.part(permissions, "DocMDP") is not None:
        raise PolicyError("SEAL_CERTIFY_TWICE")
    first = next((s for s in form.signatures if s.value is not None), None)
    if first is not None:
        raise PolicyError("SEAL_CERTIFY_NOT_FIRST", field=first.name)


def reference(level: int) -> bytes:
    """The signature reference of a certification (tables 256, 257).

    No /DigestMethod, /DigestValue or /DigestLocation: ISO 19005-2 6.1.12 forbids them beside a permission.
    """
    return (
        b"<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams /P %d /V /1.2 >> >>"
        % level
    )


def put_permission(update: Update, signature: Ref) -> None:
    """Name `signature` as the certification under /Perms of the catalog (12.8.6), whatever else stands there."""
    source = update.source
    value = b"%d %d R" % (signature.num, signature.gen)
    root = source.root
    assert root.ref is not None
    permissions = source.dictionary(root, "Perms")
    if permissions is None:
        update.edit(root.ref, {"Perms": b"<< /DocMDP " + value + b" >>"})
    elif permissions.ref is not None:
        update.edit(permissions.ref, {"DocMDP": value})
    else:
        update.edit(root.ref, {"Perms": edited(permissions.text, permissions.value, {"DocMDP": value})})
