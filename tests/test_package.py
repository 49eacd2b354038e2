"""The package as a user meets it: what importing costs, what it ships, what it names."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys
from importlib import resources

import pytest

import eseal


def loaded(statement: str) -> set[str]:
    code = f"import sys; {statement}; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return set(done.stdout.split())


def test_errors_load_nothing_else() -> None:
    heavy = {"cryptography", "asn1crypto", "pyhanko", "click", "rich", "PIL", "fontTools", "pypdfium2"}
    assert not heavy & loaded("import eseal.errors")
    assert not heavy & loaded("import eseal")


def test_the_command_line_asks_for_help_without_the_heavy_parts() -> None:
    assert not {"pyhanko", "pypdfium2"} & loaded("import eseal.cli")


@pytest.mark.parametrize("name", eseal.__all__)
def test_public_names_exist(name: str) -> None:
    assert getattr(eseal, name) is not None
    assert name in dir(eseal)


def test_unknown_names_are_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        _ = eseal.nothing  # type: ignore[attr-defined]


def test_data_is_shipped() -> None:
    root = resources.files("eseal")
    for path in ("py.typed", "report/schema-1.json", "messages/zh/report.toml", "seals/fonts/OFL.txt"):
        assert root.joinpath(path).is_file(), path


PUBLIC = ("authority", "config", "errors", "files", "judging", "keys", "limits", "model", "net", "report", "sealing")
PUBLIC += ("seals", "testpki", "timestamps", "trust", "verification")
FOREIGN = ("cryptography", "asn1crypto", "pyhanko", "pyhanko_certvalidator", "PIL", "fontTools")


def public_objects() -> list[tuple[str, object]]:
    found = []
    for part in PUBLIC:
        root = importlib.import_module(f"eseal.{part}")
        names = [f"eseal.{part}"]
        if hasattr(root, "__path__"):
            names += [m.name for m in pkgutil.walk_packages(root.__path__, f"eseal.{part}.")]
        for name in names:
            module = importlib.import_module(name)
            for label, value in vars(module).items():
                if label.startswith("_") or getattr(value, "__module__", None) != name:
                    continue
                found.append((f"{name}.{label}", value))
                if isinstance(value, type):
                    methods = [(k, v) for k, v in vars(value).items() if not k.startswith("_") and callable(v)]
                    found += [(f"{name}.{label}.{k}", v) for k, v in methods]
    return found


def test_no_public_signature_or_field_holds_an_object_of_a_library() -> None:
    """Certificates and keys are values over DER, so that what a library cannot load can still be held."""
    objects = public_objects()
    assert len(objects) > 300
    held = []
    for name, value in objects:
        scope = vars(sys.modules[name.rsplit(".", 1)[0]]) if name.rsplit(".", 1)[0] in sys.modules else {}
        for field, annotation in getattr(value, "__annotations__", {}).items():
            for word in re.findall(r"[A-Za-z_][\w.]*", str(annotation)):
                head = scope.get(word.split(".")[0])
                origin = getattr(head, "__module__", None) or getattr(head, "__name__", "")
                if not field.startswith("_") and str(origin).split(".")[0] in FOREIGN:
                    held.append(f"{name}: {field}: {annotation}")
    assert held == []
