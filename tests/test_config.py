"""Configuration is strict, comes back as it was written, and every setting tells where it is from."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eseal import config
from eseal.config import AuthorityConfig, IssuerEntry, KeyEntry, TimestamperEntry
from eseal.config.authority import located
from eseal.errors import UsageError
from eseal.messages import catalogue

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
FULL = AuthorityConfig(
    id="0" * 32,
    name='杭州市示范局 "quoted" \\ \x7f',
    created=AT,
    test=True,
    issuers=(IssuerEntry("3f9a1c02", "杭州市示范局", ("a" * 32, "b" * 32)), IssuerEntry("x", "Second")),
    keys=(
        KeyEntry("1" * 32, "pem:keys/a.pem", seals=("a" * 32,)),
        KeyEntry("2" * 32, "p12:/b.p12", "c.pem", "rsa-pss-sha256", "secret", ("b" * 32,)),
    ),
    timestamper=TimestamperEntry(("https://tsa.example/",), "1" * 32, "1.2.3"),
    defaults={"lang": "zh", "offline": True, "revocation": "require"},
)


def refused(code: str, job: object, *arguments: object, **options: object) -> UsageError:
    with pytest.raises(UsageError) as caught:
        job(*arguments, **options)  # type: ignore[operator]
    assert caught.value.code == code
    for lang in ("en", "zh"):
        assert code in catalogue(lang)
        assert "{" not in caught.value.message(lang) + caught.value.hint(lang)
    return caught.value


def test_it_comes_back_as_it_was_written() -> None:
    assert AuthorityConfig.parse(FULL.to_bytes()) == FULL
    small = AuthorityConfig(id="0" * 32, name="x", created=AT, issuers=(IssuerEntry("a", "b"),))
    assert AuthorityConfig.parse(small.to_bytes()) == small
    assert small.key_for("c" * 32) is None
    assert FULL.key_for("b" * 32) == FULL.keys[1]


@settings(max_examples=60, deadline=None)
@given(name=st.text(st.characters(exclude_categories=["Cs"])), urls=st.lists(st.text(st.characters(codec="utf-8"))))
def test_any_text_comes_back(name: str, urls: list[str]) -> None:
    value = AuthorityConfig(
        id="0" * 32, name=name, created=AT, issuers=(IssuerEntry("a", name),), timestamper=TimestamperEntry(tuple(urls))
    )
    assert AuthorityConfig.parse(value.to_bytes()) == value


@pytest.mark.parametrize(
    ("old", "new", "code", "near"),
    [
        ("[timestamper]", "[timestampers]", "CONFIG_KEY_UNKNOWN", "timestamper"),
        ("lang = ", "langs = ", "CONFIG_KEY_UNKNOWN", "lang"),
        ("code = ", "kode = ", "CONFIG_KEY_MISSING", ""),
        ("uri = ", 'password = "x"\nuri = ', "CONFIG_KEY_UNKNOWN", "password_file"),
        ("[defaults]", '[defaults]\ntrust = ["x"]', "CONFIG_KEY_UNKNOWN", ""),
        ("version = 1", "version = 2", "CONFIG_VERSION_NEWER", ""),
        ("version = 1", "version = 2\nnew = 1", "CONFIG_VERSION_NEWER", ""),
        ("version = 1", "version = true", "CONFIG_VALUE_WRONG", "1"),
        ("version = 1", "version = 0", "CONFIG_VALUE_WRONG", "1"),
        ("version = 1\n", "", "CONFIG_VALUE_WRONG", "1"),
        ("version = 1", "version = ", "CONFIG_SYNTAX", ""),
        ("test = true", 'test = "yes"', "CONFIG_VALUE_WRONG", "bool"),
        ('code = "x"', 'code = "a b"', "CONFIG_VALUE_WRONG", ""),
        ('code = "x"', 'code = "3f9a1c02"', "CONFIG_TWICE", ""),
        ('id = "' + "2" * 32, 'id = "' + "1" * 32, "CONFIG_TWICE", ""),
        ('seals = ["' + "b" * 32, 'seals = ["' + "c" * 32, "CONFIG_REFERENCE", ""),
        ('key = "' + "1" * 32, 'key = "' + "3" * 32, "CONFIG_REFERENCE", ""),
        ('revocation = "require"', 'revocation = "never"', "CONFIG_VALUE_WRONG", "if-available"),
        ("created = 2026-11-24T12:00:00Z", "created = 2026-11-24T12:00:00", "CONFIG_VALUE_WRONG", ""),
        ("created = 2026-11-24T12:00:00Z", "created = 2026-11-24", "CONFIG_VALUE_WRONG", ""),
        ('urls = ["https://tsa.example/"]', "urls = [1]", "CONFIG_VALUE_WRONG", ""),
        ('folder = "trust"', "folder = 1", "CONFIG_VALUE_WRONG", ""),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, code: str, near: str) -> None:
    original = FULL.to_bytes().decode()
    assert old in original
    last = old.startswith(("seals", 'id = "2'))
    changed = new.join(original.rsplit(old, 1)) if last else original.replace(old, new, 1)
    if code == "CONFIG_REFERENCE":
        changed = new.join(original.rsplit(old, 1))
    error = refused(code, AuthorityConfig.parse, changed.encode(), "office/eseal.toml")
    assert "office/eseal.toml" in error.message()
    assert near in error.hint()


@settings(max_examples=100, deadline=None)
@given(position=st.integers(0, len(FULL.to_bytes()) - 1), byte=st.integers(0, 255))
def test_damage_is_an_error_of_ours_or_another_value(position: int, byte: int) -> None:
    data = bytearray(FULL.to_bytes())
    data[position] = byte
    try:
        AuthorityConfig.parse(bytes(data))
    except UsageError as error:
        assert error.code in catalogue("zh")


def test_files_that_others_can_change_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "eseal.toml"
    refused("CONFIG_NOT_FOUND", AuthorityConfig.read, path)
    refused("CONFIG_UNREADABLE", AuthorityConfig.read, tmp_path)
    path.write_bytes(FULL.to_bytes())
    for mode in (0o664, 0o646, 0o620):
        path.chmod(mode)
        assert "chmod go-w" in refused("CONFIG_WRITABLE", AuthorityConfig.read, path).hint()
    path.chmod(0o644)
    assert AuthorityConfig.read(path) == FULL
    if os.geteuid() == 0:
        os.chown(path, 12345, -1)
        refused("CONFIG_NOT_YOURS", AuthorityConfig.read, path)


def test_order_and_origin(tmp_path: Path) -> None:
    user, system = tmp_path / "user.toml", tmp_path / "system.toml"
    for path, content in (
        (user, 'version = 1\nlang = "zh"\ntz = "Asia/Shanghai"\ntrust = ["roots", "seal:/a.pem", "timestamp:b.pem"]\n'),
        (system, 'version = 1\nlang = "en"\ntz = "UTC"\nrevocation = "ignore"\noffline = true\nformat = "json"\n'),
    ):
        path.write_text(content)
        path.chmod(0o644)
    found = config.resolve(
        config.layers(
            flags={"format": "html", "lang": None},
            environ={"ESEAL_FORMAT": "jsonl", "ESEAL_TZ": "+08:00", "HOME": "/x"},
            authority=FULL.layer("office/eseal.toml"),
            user=user,
            system=system,
        )
    )
    assert {name: (r.value, r.origin) for name, r in found.items()} == {
        "format": ("html", "flag"),
        "tz": ("+08:00", "environment"),
        "lang": ("zh", "authority"),
        "revocation": ("require", "authority"),
        "offline": (True, "authority"),
        "trust": ((f"{tmp_path}/roots", "seal:/a.pem", f"timestamp:{tmp_path}/b.pem"), "user"),
        "level": (None, "default"),
        "authority": (None, "default"),
        "pkcs11_module": (None, "default"),
    }
    assert found["tz"].place == "ESEAL_TZ"
    assert found["lang"].place == "office/eseal.toml"
    assert found["trust"].place == str(user)
    alone = config.resolve(config.layers())
    assert {r.origin for r in alone.values()} == {"default"}
    assert alone["revocation"].value == "require"
    missing = config.resolve(config.layers(user=tmp_path / "none", system=tmp_path / "none" / "x"))
    assert missing == alone


def test_a_module_is_named_in_a_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('version = 1\npkcs11_module = "/usr/lib/module.so"\n')
    path.chmod(0o644)
    found = config.resolve(config.layers(user=path))["pkcs11_module"]
    assert (found.value, found.origin) == ("/usr/lib/module.so", "user")
    with pytest.raises(UsageError) as caught:
        config.layers(environ={"ESEAL_PKCS11_MODULE": "/usr/lib/evil.so"}, user=path)
    assert caught.value.code == "CONFIG_VARIABLE_REFUSED"
    assert "evil" not in caught.value.message() + caught.value.hint()
    with pytest.raises(UsageError) as caught:
        AuthorityConfig.parse(FULL.to_bytes() + b'pkcs11_module = "/usr/lib/evil.so"\n')
    assert caught.value.code == "CONFIG_KEY_UNKNOWN"


def test_user_files_are_as_strict(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    for content, code, near in (
        ('version = 1\nlanguage = "zh"\n', "CONFIG_KEY_UNKNOWN", "lang"),
        ('version = 1\ntrust = "x"\n', "CONFIG_VALUE_WRONG", ""),
        ('version = 1\ntz = "Mars/Base"\n', "CONFIG_VALUE_WRONG", "Asia/Shanghai"),
        ("version = 9\n", "CONFIG_VERSION_NEWER", ""),
        ("lang\n", "CONFIG_SYNTAX", ""),
    ):
        path.write_text(content)
        path.chmod(0o600)
        assert near in refused(code, config.layers, user=path).hint()
    path.chmod(0o666)
    refused("CONFIG_WRITABLE", config.layers, user=path)


@pytest.mark.parametrize(
    ("environ", "code"),
    [
        ({"ESEAL_REVOCATION": "sometimes"}, "CONFIG_VALUE_WRONG"),
        ({"ESEAL_OFFLINE": "perhaps"}, "CONFIG_VALUE_WRONG"),
        ({"ESEAL_REVOKATION": "require"}, "CONFIG_VARIABLE_UNKNOWN"),
        ({"ESEAL_TRUSTS": "x"}, "CONFIG_VARIABLE_UNKNOWN"),
    ],
)
def test_wrong_variables(environ: dict[str, str], code: str) -> None:
    error = refused(code, config.layers, environ=environ)
    assert next(iter(environ)) in error.message()


def test_variables() -> None:
    environ = {"ESEAL_OFFLINE": "yes", "ESEAL_TRUST": "a;;seal:b", "ESEAL_LANG": ""}
    others = {"ESEAL_KEY": "k", "ESEAL_PASSWORD_FILE": "p", "ESEAL_ZZZ": "another program's", "PATH": "/bin"}
    found = config.resolve(config.layers(environ=environ | others))
    assert (found["offline"].value, found["trust"].value, found["lang"].origin) == (True, ("a", "seal:b"), "default")
    off = config.resolve(config.layers(environ={"ESEAL_OFFLINE": "0"}, authority=FULL.layer("x")))
    assert (off["offline"].value, off["offline"].origin) == (False, "environment")


def test_where_the_users_file_is() -> None:
    assert config.user_file({"XDG_CONFIG_HOME": "/x", "HOME": "/h"}) == Path("/x/eseal/config.toml")
    assert config.user_file({"XDG_CONFIG_HOME": "x", "HOME": "/h"}) == Path("/h/.config/eseal/config.toml")
    assert config.user_file({}) is None


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("keys/a.pem", "file:/o/keys/a.pem"),
        ("pem:keys/a.pem", "pem:/o/keys/a.pem"),
        ("p12:/abs/a.p12", "p12:/abs/a.p12"),
        ("file:///abs/a", "file:///abs/a"),
        ("pkcs11:token=t;object=o", "pkcs11:token=t;object=o"),
    ],
)
def test_relative_keys_count_from_the_folder(uri: str, expected: str) -> None:
    assert located(uri, Path("/o")) == expected
