"""The rules as tables: what it means when a key of a dictionary differs, decided by the standard.

ISO 32000-2 12.8.2.2 lets a seal permit form filling, signing and annotations, EN 319 142-1 5.4 adds long-term data.
Whatever shows, acts or names something else and is in none of these is FAILED; what only software reads is UNKNOWN;
so is every key that no table names.
"""

from __future__ import annotations

from collections.abc import Mapping

from eseal.documents.pdf.changes.job import FAILED, PASSED, UNKNOWN
from eseal.report.model import CheckVerdict

OWN = None
"""The key has a part of its own that compares it."""

Rule = tuple[CheckVerdict, str] | None

ACTION: Rule = (FAILED, "CHANGE_ACTION")
CATALOG_BAD: Rule = (FAILED, "CHANGE_CATALOG")
CATALOG_UNKNOWN: Rule = (UNKNOWN, "CHANGE_CATALOG_UNCLEAR")

CATALOG: Mapping[str, Rule] = {
    "/Type": CATALOG_BAD,
    "/Pages": OWN,
    "/AcroForm": OWN,
    "/DSS": OWN,
    "/Extensions": OWN,
    "/Metadata": OWN,
    "/Perms": OWN,
    "/StructTreeRoot": OWN,
    "/Version": OWN,
    "/OpenAction": ACTION,
    "/AA": ACTION,
    "/URI": ACTION,
    "/Names": OWN,
    "/Dests": (FAILED, "CHANGE_NAVIGATION"),
    "/Outlines": (FAILED, "CHANGE_NAVIGATION"),
    "/PageLabels": (FAILED, "CHANGE_NAVIGATION"),
    "/Threads": (FAILED, "CHANGE_NAVIGATION"),
    "/OCProperties": (FAILED, "CHANGE_LAYERS"),
    "/ViewerPreferences": CATALOG_BAD,
    "/PageLayout": CATALOG_BAD,
    "/PageMode": CATALOG_BAD,
    "/MarkInfo": CATALOG_BAD,
    "/Lang": CATALOG_BAD,
    "/OutputIntents": (FAILED, "CHANGE_COLOUR"),
    "/Collection": (FAILED, "CHANGE_ATTACHMENT"),
    "/AF": (FAILED, "CHANGE_ATTACHMENT"),
    "/Legal": CATALOG_BAD,
    "/Requirements": CATALOG_BAD,
    "/NeedsRendering": (FAILED, "CHANGE_XFA"),
    "/DPartRoot": CATALOG_BAD,
    "/SpiderInfo": CATALOG_UNKNOWN,
    "/PieceInfo": CATALOG_UNKNOWN,
}
"""Keys of the catalog (ISO 32000-2 table 29)."""

NAMES: Mapping[str, Rule] = {
    "/JavaScript": ACTION,
    "/EmbeddedFiles": (FAILED, "CHANGE_ATTACHMENT"),
    "/Dests": (FAILED, "CHANGE_NAVIGATION"),
    "/AP": (FAILED, "CHANGE_CATALOG"),
    "/Pages": (FAILED, "CHANGE_CATALOG"),
    "/Templates": (FAILED, "CHANGE_CATALOG"),
    "/IDS": (FAILED, "CHANGE_CATALOG"),
    "/URLS": (FAILED, "CHANGE_CATALOG"),
    "/AlternatePresentations": (FAILED, "CHANGE_CATALOG"),
    "/Renditions": (FAILED, "CHANGE_CATALOG"),
}
"""Keys of the name dictionary (table 32)."""

PAGE_BAD: Rule = (FAILED, "CHANGE_PAGE")
PAGE: Mapping[str, Rule] = {
    "/Type": PAGE_BAD,
    "/Parent": OWN,
    "/Annots": OWN,
    "/Resources": (FAILED, "CHANGE_PAGE_RESOURCES"),
    "/Contents": (FAILED, "CHANGE_PAGE_CONTENT"),
    "/MediaBox": PAGE_BAD,
    "/CropBox": PAGE_BAD,
    "/BleedBox": PAGE_BAD,
    "/TrimBox": PAGE_BAD,
    "/ArtBox": PAGE_BAD,
    "/BoxColorInfo": PAGE_BAD,
    "/Rotate": PAGE_BAD,
    "/UserUnit": PAGE_BAD,
    "/Group": PAGE_BAD,
    "/VP": PAGE_BAD,
    "/B": PAGE_BAD,
    "/Dur": PAGE_BAD,
    "/Trans": PAGE_BAD,
    "/PresSteps": PAGE_BAD,
    "/AA": ACTION,
    "/AF": (FAILED, "CHANGE_ATTACHMENT"),
    "/OutputIntents": (FAILED, "CHANGE_COLOUR"),
    "/SeparationInfo": (FAILED, "CHANGE_COLOUR"),
    "/DPart": PAGE_BAD,
    "/TemplateInstantiated": PAGE_BAD,
    "/PZ": PAGE_BAD,
    "/ID": PAGE_BAD,
    "/StructParents": OWN,
    "/Tabs": OWN,
    "/Metadata": OWN,
    "/LastModified": OWN,
    "/Thumb": (UNKNOWN, "CHANGE_PAGE_UNCLEAR"),
    "/PieceInfo": (UNKNOWN, "CHANGE_PAGE_UNCLEAR"),
}
"""Keys of a page (table 31)."""

INHERITED: Mapping[str, str | None] = {"/Resources": None, "/MediaBox": None, "/CropBox": "/MediaBox", "/Rotate": None}
"""Inheritable page attributes (7.7.3.4), and the key whose value is the default."""

FIELD_BAD: Rule = (FAILED, "CHANGE_FIELD")
FIELD_UNKNOWN: Rule = (UNKNOWN, "CHANGE_FIELD_UNCLEAR")
FIELD: Mapping[str, Rule] = {
    "/FT": FIELD_BAD,
    "/T": FIELD_BAD,
    "/TU": FIELD_BAD,
    "/TM": FIELD_BAD,
    "/DV": FIELD_BAD,
    "/MaxLen": FIELD_BAD,
    "/Opt": FIELD_BAD,
    "/Lock": FIELD_BAD,
    "/SV": FIELD_BAD,
    "/Ff": OWN,
    "/V": OWN,
    "/I": OWN,
    "/RV": OWN,
    "/AP": OWN,
    "/AS": OWN,
    "/Kids": OWN,
    "/Parent": OWN,
    "/P": OWN,
    "/M": OWN,
    "/StructParent": OWN,
    "/TI": FIELD_UNKNOWN,
    "/DA": FIELD_UNKNOWN,
    "/Q": FIELD_UNKNOWN,
    "/DS": FIELD_UNKNOWN,
    "/NM": FIELD_UNKNOWN,
    "/Type": (FAILED, "CHANGE_FIELD"),
    "/Subtype": FIELD_BAD,
    "/Rect": (FAILED, "CHANGE_FIELD_MOVED"),
    "/F": (FAILED, "CHANGE_FIELD"),
    "/MK": FIELD_BAD,
    "/BS": FIELD_BAD,
    "/Border": FIELD_BAD,
    "/H": FIELD_UNKNOWN,
    "/OC": (FAILED, "CHANGE_LAYERS"),
    "/C": FIELD_BAD,
    "/CA": FIELD_BAD,
    "/ca": FIELD_BAD,
    "/BM": FIELD_BAD,
    "/A": ACTION,
    "/AA": ACTION,
    "/AF": (FAILED, "CHANGE_ATTACHMENT"),
    "/Contents": FIELD_BAD,
    "/Lang": FIELD_BAD,
}
"""Keys of a field and of its widget (tables 166, 192, 226, 228, 232, 235)."""

SIGNING: frozenset[str] = frozenset(("/V", "/AP", "/AS", "/F", "/MK", "/M", "/P", "/DA", "/Q", "/BS", "/Border", "/H"))
"""What signing an empty field may set on it (12.7.5.5): its value and how it shows, never where or what it is."""

NEW_FIELD: frozenset[str] = (
    SIGNING
    | frozenset(
        ("/Type", "/Subtype", "/FT", "/T", "/TU", "/TM", "/Ff", "/Rect", "/Parent", "/Kids", "/Lock", "/SV", "/NM")
    )
    | frozenset(("/StructParent", "/C", "/Contents", "/Lang", "/DR"))
)
"""Keys that a new signature field and its widget may have."""

FORM: Mapping[str, Rule] = {
    "/Fields": OWN,
    "/SigFlags": OWN,
    "/DR": OWN,
    "/NeedAppearances": OWN,
    "/DA": OWN,
    "/Q": OWN,
    "/CO": (FAILED, "CHANGE_FORM"),
    "/XFA": (FAILED, "CHANGE_XFA"),
}
"""Keys of the interactive form dictionary (table 224)."""

STRUCTURE_ROOT: Mapping[str, Rule] = {
    "/K": OWN,
    "/ParentTree": OWN,
    "/ParentTreeNextKey": OWN,
    "/Type": (FAILED, "CHANGE_STRUCTURE"),
    "/IDTree": (FAILED, "CHANGE_STRUCTURE"),
    "/RoleMap": (FAILED, "CHANGE_STRUCTURE"),
    "/ClassMap": (FAILED, "CHANGE_STRUCTURE"),
    "/Namespaces": (FAILED, "CHANGE_STRUCTURE"),
    "/PronunciationLexicon": (FAILED, "CHANGE_STRUCTURE"),
    "/AF": (FAILED, "CHANGE_ATTACHMENT"),
}
"""Keys of the structure tree root (table 354)."""

STRUCTURE_NEW: frozenset[str] = frozenset(("/Type", "/S", "/P", "/Pg", "/K", "/ID", "/T", "/Lang", "/Alt", "/NS"))
"""Keys that a new structure element around a new widget may have (table 355)."""

INFO_FREE: frozenset[str] = frozenset(("/ModDate", "/Producer", "/Creator", "/CreationDate", "/Trapped"))
"""Keys of the document information dictionary that software sets whenever it writes (14.3.3)."""

MAINTENANCE: tuple[CheckVerdict, str] = (PASSED, "CHANGE_METADATA")
