"""What a form says to one who wants to seal its document: names in use, empty signature fields, what is forbidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from eseal.documents.pdf.lexer import Dict, Ref
from eseal.documents.pdf.source import Part, Source, string_bytes
from eseal.documents.pdf.syntax import read_text
from eseal.errors import DocumentError, PolicyError


@dataclass(frozen=True, slots=True)
class SignatureField:
    """A signature field (ISO 32000-2 12.7.5.5)."""

    name: str
    """Fully qualified name."""
    part: Part
    """The field dictionary."""
    value: Part | None
    """The signature dictionary; None where it is still empty."""


@dataclass(frozen=True, slots=True)
class FormFacts:
    """The form as it stands."""

    part: Part | None
    """/AcroForm of the catalog; None where there is none."""
    names: frozenset[str]
    """Fully qualified names of all fields."""
    signatures: tuple[SignatureField, ...]
    """All signature fields."""


def read_form(source: Source) -> FormFacts:
    """Walk the form once. Raises DocumentError SEAL_DOCUMENT_FIELDS past the limit."""
    part = source.dictionary(source.root, "AcroForm")
    names: set[str] = set()
    signatures: list[SignatureField] = []
    for name, node, kind in _walk(source, part):
        names.add(name)
        if kind == "Sig":
            signatures.append(SignatureField(name, node, source.dictionary(node, "V")))
    return FormFacts(part, frozenset(names), tuple(signatures))


def _walk(source: Source, form: Part | None) -> Iterator[tuple[str, Part, Any]]:
    """(name, field, type) of every field, each once."""
    if form is None:
        return
    limit = source.scan.limits.fields
    stack: list[tuple[Any, str, Any]] = [(f, "", None) for f in reversed(source.array(form.value.get("Fields")))]
    seen: set[Ref] = set()
    while stack:
        item, above, kind = stack.pop()
        if not isinstance(item, Ref) or item in seen:
            continue
        seen.add(item)
        if len(seen) > limit:
            raise DocumentError("SEAL_DOCUMENT_FIELDS", limit=limit)
        node = source.object(item)
        if node is None or not isinstance(node.value, Dict):
            continue
        own = source.text(node, "T")
        kind = source.resolve(node.value.get("FT")) or kind
        name = above if own is None else f"{above}.{own}" if above else own
        if own is not None:
            yield name, node, kind
        stack.extend((kid, name, kind) for kid in reversed(source.array(node.value.get("Kids"))))


def check_readable(source: Source) -> None:
    """Refuse what cannot be sealed as it is. Raises DocumentError SEAL_DOCUMENT_ENCRYPTED, SEAL_DOCUMENT_XFA."""
    if source.scan.encrypted:
        raise DocumentError("SEAL_DOCUMENT_ENCRYPTED")
    form = source.dictionary(source.root, "AcroForm")
    # 12.7.8 and annex K: an XFA form draws its own pages, so that a seal in the PDF part would vouch for nothing shown.
    if source.root.value.get("NeedsRendering") is True or (form is not None and form.value.get("XFA") is not None):
        raise DocumentError("SEAL_DOCUMENT_XFA")


def check_permitted(source: Source, form: FormFacts, name: str, *, visible: bool, new: bool) -> None:
    """Refuse a seal that would break one that is there (12.8.2.2, 12.8.2.4).

    Raises PolicyError SEAL_DOCUMENT_CERTIFIED, SEAL_DOCUMENT_CERTIFIED_VISIBLE, SEAL_FIELD_LOCKED.
    """
    level = level_in_force(source, form)
    if level == 1:
        raise PolicyError("SEAL_DOCUMENT_CERTIFIED")
    # ISO 32000-2 table 257 permits signing but says nothing of a new field that shows; published attacks use it, and a
    # careful verifier cannot class it.
    if level is not None and visible and new:
        raise PolicyError("SEAL_DOCUMENT_CERTIFIED_VISIBLE")
    for signature in form.signatures:
        if signature.value is not None and any(_locked(source, rule, name) for rule in _locks(source, signature)):
            raise PolicyError("SEAL_FIELD_LOCKED", field=signature.name)


def level_in_force(source: Source, form: FormFacts) -> int | None:
    """The strictest /P of certification and signed locks (tables 236, 257); None where nothing restricts changes."""
    levels: list[int] = []
    permissions = source.dictionary(source.root, "Perms")
    certified = source.dictionary(permissions, "DocMDP") if permissions is not None else None
    for value in (certified, *(s.value for s in form.signatures)):
        if value is not None:
            levels += [_level(source, parameters) for parameters in _transforms(source, value, "DocMDP")]
    if certified is not None and not levels:
        levels.append(1)
    for signature in form.signatures:
        lock = source.dictionary(signature.part, "Lock") if signature.value is not None else None
        if lock is not None and source.part(lock, "P") is not None:
            levels.append(_level(source, lock))
    return min(levels, default=None)


def _level(source: Source, owner: Part) -> int:
    """/P as the verifier reads it: 2 where it is left out, the strictest where it is not understood."""
    level = source.resolve(owner.value.get("P"))
    if level is None:
        return 2
    return level if type(level) is int and level in (1, 2, 3) else 1


def _transforms(source: Source, signature: Part, method: str) -> Iterator[Part]:
    """/TransformParams of the signature's references with `method` (table 256)."""
    for owner in source.items(source.part(signature, "Reference")):
        if isinstance(owner.value, Dict) and owner.value.get("TransformMethod") == method:
            parameters = source.dictionary(owner, "TransformParams")
            if parameters is not None:
                yield parameters


def _locks(source: Source, signature: SignatureField) -> Iterator[Part]:
    if signature.value is not None:
        yield from _transforms(source, signature.value, "FieldMDP")
    lock = source.dictionary(signature.part, "Lock")
    if lock is not None:
        yield lock


def _locked(source: Source, rule: Part, name: str) -> bool:
    """Whether a FieldMDP or /Lock rule covers the field `name` (table 258); an unknown action covers all."""
    action = source.resolve(rule.value.get("Action"))
    if action not in ("Include", "Exclude"):
        return True
    texts = [read_text(raw) for raw in map(string_bytes, source.items(source.part(rule, "Fields"))) if raw is not None]
    named = any(name == text or name.startswith(text + ".") for text in texts)
    return named if action == "Include" else not named
