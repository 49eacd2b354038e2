"""One comparison at work: the two views, the comparer, the rules, and the differences found so far."""

from __future__ import annotations

from eseal.documents.model import Change
from eseal.documents.pdf.changes.compare import Comparer
from eseal.documents.pdf.changes.graph import Key, View
from eseal.documents.pdf.changes.rules import Later, Rules
from eseal.report.model import CheckVerdict

PASSED = CheckVerdict.PASSED
PERMITTED = CheckVerdict.PERMITTED
UNKNOWN = CheckVerdict.UNKNOWN
FAILED = CheckVerdict.FAILED
INFO = CheckVerdict.INFO

CERTIFIED_CLOSED = 1
"""DocMDP level at which nothing but long-term data may follow (ISO 32000-2 table 257)."""
ANNOTATING = 3
"""DocMDP level that permits annotations beside filling in and signing."""


class Job:
    """The state that the parts of one comparison share."""

    def __init__(self, before: View, after: View, comparer: Comparer, rules: Rules) -> None:
        self.before = before
        self.after = after
        self.comparer = comparer
        self.rules = rules
        self.later: dict[str, Later] = {later.name: later for later in rules.later}
        self.old_pages: list[Key] = []
        self.new_pages: list[Key] = []
        self.inherited: list[dict[str, object]] = []
        """What each page of the signed revision inherits."""
        self.old_widgets: set[Key] = set()
        """Every field and widget of the signed revision's form."""
        self.new_widgets: dict[Key, str] = {}
        """Fields and widgets that the form has gained and that were classed there: their names."""
        self.matched: dict[Key, Key] = {}
        """Fields and widgets of the signed revision and what they are now."""
        self.signing: set[Key] = set()
        """Signature fields that were empty in the signed revision and are signed now, by their present keys."""
        self.placing: set[Key] = set()
        """Those of `signing` that no page showed before."""
        self.notes: dict[Key, object] = {}
        """Notes and their windows that were added and that the seal permits, with their /StructParent."""
        self.sealed_values: set[Key] = set()
        """Signature dictionaries of the signed revision."""
        self.harmless: set[Key] = set()
        """New structure elements that hold nothing but new widgets and permitted notes."""
        self.named: dict[Key, frozenset[bytes]] = {}
        """Names that stand in content streams of the present document, where they were looked for."""
        self.named_bytes = 0
        """How much content was decoded for `named`."""
        self._found: dict[Change, None] = {}

    def add(self, verdict: CheckVerdict, code: str, where: str = "") -> None:
        """Note one difference; the same one twice counts once."""
        self._found[Change(verdict, code, where)] = None

    @property
    def found(self) -> tuple[Change, ...]:
        """The differences, in the order found."""
        return tuple(self._found)

    @property
    def closed(self) -> bool:
        """Whether the seal forbids every change but long-term data."""
        return self.rules.level == CERTIFIED_CLOSED

    @property
    def certified(self) -> bool:
        """Whether a certification is in force."""
        return self.rules.level is not None
