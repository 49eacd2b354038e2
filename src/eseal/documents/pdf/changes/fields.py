"""Form fields and their widgets: filled in, signed, added, locked, or changed in a way that nothing allows."""

from __future__ import annotations

from pyhanko.pdf_utils import generic

from eseal.documents.pdf.changes import appearance, forms, newfields, painting, resources, text
from eseal.documents.pdf.changes.forms import Form, Node
from eseal.documents.pdf.changes.graph import View, entries, is_name, raw_entry
from eseal.documents.pdf.changes.job import FAILED, PASSED, PERMITTED, UNKNOWN, Job
from eseal.documents.pdf.changes.table import FIELD, FORM, SIGNING

_READ_ONLY = 1
_PUSHBUTTON = 1 << 16
_SIGNATURE = "/Sig"
_CONTENT = frozenset(("/V", "/AP", "/AS", "/I", "/RV"))


def pair(job: Job, old: Form, new: Form) -> list[tuple[Node, Node]]:
    """Make fields and widgets twins; report those that are gone, class those that are new."""
    pairs: list[tuple[Node, Node]] = []
    queue = [(old.roots, new.roots)]
    added: list[Node] = []
    while queue:
        left, right = queue.pop()
        matched, gone, fresh = forms.match(left, right)
        for node in gone:
            job.add(FAILED, "CHANGE_FIELD_REMOVED", node.name)
        added.extend(fresh)
        for a, b in matched:
            pairs.append((a, b))
            job.comparer.pair(a.key, b.key)
            if a.key and b.key:
                job.matched[a.key] = b.key
            if a.kids or b.kids:
                queue.append((a.kids, b.kids))
    job.old_widgets = {n.key for n in old.nodes() if n.key}
    names = {n.name for n in old.nodes()}
    used = {job.before.resolve(n.values.get("/V"))[0] for n in old.nodes() if _type(n) == _SIGNATURE}
    job.sealed_values = {key for key in used if key}
    for a, b in pairs:
        empty = _type(a) == _SIGNATURE and job.before.get(a.values.get("/V")) is None
        if b.key and empty and job.after.get(b.values.get("/V")) is not None:
            job.signing.add(b.key)
    for node in added:
        newfields.classify(job, node, names)
    return pairs


def compare(job: Job, old: Form, new: Form, pairs: list[tuple[Node, Node]]) -> None:
    """Compare the form dictionary and every pair of nodes."""
    if not new.sound and (old.sound or any(n.key and n.key in job.comparer.changed for n in new.nodes())):
        job.add(UNKNOWN, "CHANGE_FORM_UNCLEAR", "/AcroForm")
    _form(job, old, new)
    for a, b in pairs:
        if a.key == b.key and job.comparer.clean(a.key):
            continue
        if a.key and b.key and job.comparer.untouched(a.key, b.key) and job.comparer.same(_own(a), _own(b)):
            continue
        _node(job, a, b)


def _own(node: Node) -> generic.ArrayObject:
    """The raw values of a node that its own comparison looks at, without its links to kids and parent."""
    return generic.ArrayObject([v for k, v in entries(node.holder) if k not in ("/Kids", "/Parent")])


def _type(node: Node) -> str | None:
    value = node.values.get("/FT")
    return str(value) if is_name(value) else None


def _flags(job: Job, node: Node, after: bool) -> int:
    value = (job.after if after else job.before).get(node.values.get("/Ff"))
    return int(value) if isinstance(value, int) else 0


def _node(job: Job, a: Node, b: Node) -> None:
    ours, theirs = dict(entries(a.holder)), dict(entries(b.holder))
    differ = [k for k in sorted(ours.keys() | theirs.keys()) if not job.comparer.same(ours.get(k), theirs.get(k))]
    if not differ:
        return
    kind = _type(a)
    if a.name != b.name:
        job.add(FAILED, "CHANGE_FIELD", f"{a.name} -> {b.name}")
    sealed = kind == _SIGNATURE and job.before.get(a.values.get("/V")) is not None
    signing = kind == _SIGNATURE and not sealed and job.after.get(b.values.get("/V")) is not None
    if signing:
        newfields.signed(job, b)
    content = [k for k in differ if k in _CONTENT]
    for name in differ:
        if name in ("/Kids", "/M", "/Parent") and not (sealed and name == "/M"):
            _links(job, a, b, name)
        elif sealed and name in ("/V", "/AP", "/AS", "/MK", "/F"):
            job.add(FAILED, "CHANGE_SEALED_FIELD", f"{a.name} {name}")
        elif (signing and (name in SIGNING or (name == "/Rect" and _folded(job, a, b)))) or name in _CONTENT:
            continue
        else:
            _key(job, a, b, name, ours.get(name), theirs.get(name))
    if content and not sealed and not signing:
        _content(job, a, b, kind, content)


def _folded(job: Job, a: Node, b: Node) -> bool:
    """Whether a widget that showed nothing has no area any more: PDFBox folds the field up when it signs unseen."""
    rect = [job.after.get(v) for v in job.after.array(raw_entry(b.holder, "/Rect"))]
    return len(rect) == 4 and all(v == 0 for v in rect) and not newfields.is_visible(job.before, a.holder)


def _links(job: Job, a: Node, b: Node, name: str) -> None:
    if name == "/Parent":
        old = a.parent.key if a.parent else None
        new = b.parent.key if b.parent else None
        raw = job.after.resolve(raw_entry(b.holder, "/Parent"))[0]
        if raw != new or (old is None) != (new is None):
            job.add(UNKNOWN, "CHANGE_FIELD_UNCLEAR", f"{a.name} /Parent")


def _key(job: Job, a: Node, b: Node, name: str, old: object, new: object) -> None:
    where = f"{a.name} {name}"
    if name == "/P":
        if old is not None or job.after.resolve(new)[0] not in job.new_pages:
            job.add(UNKNOWN, "CHANGE_FIELD_UNCLEAR", where)
    elif name == "/Ff":
        before, after = job.before.get(old) or 0, job.after.get(new) or 0
        if before == after:
            return
        if isinstance(before, int) and isinstance(after, int) and after == before | _READ_ONLY and not job.closed:
            # A signer's program makes locked fields read-only (table 236).
            job.add(PERMITTED, "CHANGE_FIELD_READ_ONLY", a.name)
        else:
            job.add(FAILED, "CHANGE_FIELD", where)
    elif name == "/DR":
        # Older writers give a field resources of its own; they count for what the form's count.
        added = resources.added(job, old, new)
        used = (appearance.names_default(job.after, n, None, c, k) for n in b.walk() for c, k in added)
        fine = bool(added) and not any(used)
        job.add(*((PASSED, "CHANGE_FORM_SIGNED") if fine else (UNKNOWN, "CHANGE_FIELD_UNCLEAR")), where)
    elif name == "/StructParent":
        if old is not None:
            job.add(UNKNOWN, "CHANGE_FIELD_UNCLEAR", where)
    elif not (name == "/DA" and appearance.same_default(job.after, old, new)) and not (
        name == "/BS" and old is None and _usual_border(job, b, new)
    ):
        rule = FIELD.get(name, (UNKNOWN, "CHANGE_FIELD_UNCLEAR"))
        if rule is not None:
            job.add(*rule, where)


def _usual_border(job: Job, node: Node, style: object) -> bool:
    """Whether a border style says what holds without it (tables 166 and 168): MuPDF writes it when it fills in."""
    if raw_entry(node.holder, "/Border") is not None:
        return False
    said = {name: job.after.get(value) for name, value in entries(job.after.dictionary(style))}
    return said in ({"/W": 1, "/S": "/S"}, {"/W": 1, "/S": "/S", "/Type": "/Border"})


def _content(job: Job, a: Node, b: Node, kind: str | None, keys: list[str]) -> None:
    """A value, or what shows of it, is different."""
    if job.rules.locked(a.name):
        job.add(FAILED, "CHANGE_FIELD_LOCKED", a.name)
        return
    if job.closed:
        job.add(FAILED, "CHANGE_FIELD_FORBIDDEN", a.name)
        return
    if _flags(job, a, False) & _READ_ONLY:
        # Table 227: nobody fills it in; a script of the document might (12.6.4.17), which nobody can prove.
        job.add(UNKNOWN, "CHANGE_FIELD_READ_ONLY_SET", a.name)
    elif kind == "/Btn":
        _button(job, a, b, keys)
    elif kind in ("/Tx", "/Ch"):
        _text(job, a, b, kind, keys)
    else:
        job.add(UNKNOWN, "CHANGE_FIELD_UNCLEAR", f"{a.name} {keys[0]}")


def _button(job: Job, a: Node, b: Node, keys: list[str]) -> None:
    if _flags(job, a, False) & _PUSHBUTTON or "/AP" in keys or "/RV" in keys or "/I" in keys:
        # What a button looks like in each state was sealed; only the state may change.
        job.add(FAILED, "CHANGE_FIELD_APPEARANCE", a.name)
        return
    value = job.after.get(b.values.get("/V"))
    if value is not None and not is_name(value):
        job.add(UNKNOWN, "CHANGE_FIELD_UNCLEAR", a.name)
        return
    wanted = str(value) if is_name(value) else "/Off"
    for widget in (n for n in b.walk() if n.is_widget):
        state = job.after.entry(widget.holder, "/AS")
        states = job.after.dictionary(raw_entry(job.after.dictionary(raw_entry(widget.holder, "/AP")), "/N"))
        shown = str(state) if is_name(state) else "/Off"
        if shown not in ("/Off", wanted) or (shown == "/Off" and wanted != "/Off" and wanted in states):
            job.add(FAILED, "CHANGE_FIELD_SHOWS_OTHER", a.name)
            return
    job.add(PERMITTED, "CHANGE_FIELD_FILLED", a.name)


def _text(job: Job, a: Node, b: Node, kind: str, keys: list[str]) -> None:
    old, new = job.before.get(a.values.get("/V")), job.after.get(b.values.get("/V"))
    if not appearance.is_value(new):
        job.add(UNKNOWN, "CHANGE_FIELD_UNCLEAR", f"{a.name} /V")
        return
    if old != new and not appearance.can_be_entered(job.before, a, kind, new):
        job.add(UNKNOWN, "CHANGE_FIELD_UNCLEAR", f"{a.name} /V")
        return
    if "/RV" in keys and raw_entry(b.holder, "/RV") is not None:
        job.add(UNKNOWN, "CHANGE_FIELD_UNCLEAR", f"{a.name} /RV")
    if "/AS" in keys or ("/I" in keys and not appearance.selects(job.after, b, new)):
        job.add(UNKNOWN, "CHANGE_FIELD_UNCLEAR", f"{a.name} /I")
        return
    widgets = [n for n in b.walk() if n.is_widget]
    partners = {id(y): x for x, y in zip(a.walk(), b.walk(), strict=False)}
    for widget in widgets:
        verdict, code = appearance.judge(job, partners.get(id(widget)), widget, kind, old, new)
        job.add(verdict, code, a.name)
        if verdict in (FAILED, UNKNOWN):
            return
    job.add(PERMITTED, "CHANGE_FIELD_FILLED" if not widgets or "/V" in keys else "CHANGE_FIELD_REDRAWN", a.name)


def _form(job: Job, old: Form, new: Form) -> None:
    ours, theirs = dict(entries(old.holder)), dict(entries(new.holder))
    for name in sorted(ours.keys() | theirs.keys()):
        a, b = ours.get(name), theirs.get(name)
        if name == "/Fields" or job.comparer.same(a, b):
            continue
        rule = FORM.get(name, (UNKNOWN, "CHANGE_FORM_UNCLEAR"))
        if rule is not None:
            job.add(*rule, name)
        elif name == "/SigFlags":
            before, after = job.before.get(a) or 0, job.after.get(b) or 0
            fine = isinstance(before, int) and isinstance(after, int) and before & after == before and after <= 3
            job.add(*((PASSED, "CHANGE_FORM_SIGNED") if fine else (UNKNOWN, "CHANGE_FORM_UNCLEAR")), name)
        elif name == "/DR":
            _resources(job, a, b, old, new)
        elif name == "/NeedAppearances":
            _redraw(job, old, new)
        elif a is None and not any(appearance.draws_from_form(job.after, n) for n in new.nodes()):
            job.add(PASSED, "CHANGE_FORM_SIGNED", name)
        else:
            job.add(UNKNOWN, "CHANGE_FORM_UNCLEAR", name)


def _resources(job: Job, a: object, b: object, old: Form, new: Form) -> None:
    """Default resources show only where an appearance has none of its own, or where the viewer draws the field."""
    borrowed = [n for n in new.nodes() if appearance.borrows(job.after, n)]
    regenerated = bool(job.after.entry(new.holder, "/NeedAppearances"))
    if not borrowed and not regenerated:
        job.add(PASSED, "CHANGE_FORM_SIGNED", "/DR")
        return
    before, after = job.before.dictionary(a), job.after.dictionary(b)
    for name, value in entries(before):
        left, right = job.before.dictionary(value), job.after.dictionary(raw_entry(after, name))
        for key, item in entries(left):
            if not job.comparer.same(item, raw_entry(right, key)):
                job.add(UNKNOWN, "CHANGE_FORM_UNCLEAR", f"/DR {name} {key}")
                return
    default = raw_entry(new.holder, "/DA")
    for name, value in entries(after):
        sealed = job.before.dictionary(raw_entry(before, name))
        for key, _ in entries(job.after.dictionary(value)):
            if key not in sealed and any(
                appearance.names_default(job.after, n, default, name, key) for n in new.nodes()
            ):
                # A name that meant nothing when it was sealed means something now.
                job.add(UNKNOWN, "CHANGE_FORM_UNCLEAR", f"/DR {name} {key}")
                return
    job.add(PASSED, "CHANGE_FORM_SIGNED", "/DR")


def _redraw(job: Job, old: Form, new: Form) -> None:
    """Whether the viewer draws fields anew shows nothing else only where their appearances show their values.

    Asked to from now on, it draws over the sealed appearances; no longer asked to, it shows the present ones.
    """
    asked = bool(job.after.entry(new.holder, "/NeedAppearances"))
    if asked == bool(job.before.entry(old.holder, "/NeedAppearances")):
        return
    view, form = (job.before, old) if asked else (job.after, new)
    for node in form.nodes():
        # Rich text is drawn instead of the value (12.7.4.3), and no one reads it here.
        rich = raw_entry(node.holder, "/RV") is not None
        drawn = node.is_widget and _type(node) in ("/Tx", "/Ch")
        fine = not drawn or (appearance.agrees(view, node) and (asked or not _laid_ready(view, node)))
        if rich or not fine:
            job.add(UNKNOWN, "CHANGE_FORM_REDRAWN", node.name)
            return
    job.add(PERMITTED if not job.closed else UNKNOWN, "CHANGE_FORM_REDRAWN", "/NeedAppearances")


def _laid_ready(view: View, node: Node) -> bool:
    """Whether the appearance draws with an embedded font, whose letters may be others than it says."""
    stream = appearance.streams(view, node).get("/N")
    return stream is not None and any(text.Font(view, raw).embedded for _, raw in painting.shown(view, stream).fonts)
