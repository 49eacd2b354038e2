"""pkcs11 URIs (RFC 7512): what they say, what they must not say, and that nothing of a wrong one is repeated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eseal import keys
from eseal.errors import Error, UsageError
from eseal.keys.pkcs11 import TokenUri
from eseal.keys.pkcs11.uri import TOKEN_ATTRIBUTES


@pytest.mark.parametrize(
    ("uri", "token", "label", "key_id"),
    [
        ("pkcs11:token=Office;object=seal", {"token": "Office"}, "seal", None),
        ("PKCS11:object=a%20b;id=%01%ff;type=private", {}, "a b", b"\x01\xff"),
        ("pkcs11:token=%E5%8D%B0%E7%AB%A0;serial=0a;", {"token": "印章", "serial": "0a"}, None, None),
        ("pkcs11:token=印章;slot-id=7;id=raw", {"token": "印章", "slot-id": "7"}, None, b"raw"),
        ("pkcs11:object=password=x", {}, "password=x", None),
        ("pkcs11:library-manufacturer=a;library-version=2.1", {"library-manufacturer": "a", "library-version": "2.1"},
         None, None),
    ],
)  # fmt: skip
def test_what_they_say(uri: str, token: dict[str, str], label: str | None, key_id: bytes | None) -> None:
    found = TokenUri.parse(uri)
    assert (dict(found.token), found.label, found.id) == (token, label, key_id)
    assert TokenUri.parse(str(found)) == found


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        ("pkcs11:token=a;pin-value=hunter2", "KEY_PASSWORD_IN_URI"),
        ("pkcs11:token=a?pin-value=hunter2", "KEY_PASSWORD_IN_URI"),
        ("pkcs11:token=a?PIN-Value=hunter2", "KEY_PASSWORD_IN_URI"),
        ("pkcs11:token=a;pinhunter2=x", "KEY_PASSWORD_IN_URI"),
        ("pkcs11:token=a;password=hunter2", "KEY_PASSWORD_IN_URI"),
        ("pkcs11:token=a?pin-source=file:/hunter2", "KEY_TOKEN_URI_PIN_SOURCE"),
        ("pkcs11:token=a?pin-source=|hunter2", "KEY_TOKEN_URI_PIN_SOURCE"),
        ("pkcs11:token=a?module-path=/hunter2.so", "KEY_TOKEN_URI_MODULE"),
        ("pkcs11:token=a;module-name=hunter2", "KEY_TOKEN_URI_MODULE"),
        ("pkcs11:token=a?Module-Path=/hunter2.so", "KEY_TOKEN_URI_MODULE"),
        ("pkcs11:token=a;x-vendor=hunter2", "KEY_TOKEN_URI_ATTRIBUTE"),
        ("pkcs11:Token=hunter2", "KEY_TOKEN_URI_ATTRIBUTE"),
        ("pkcs11:slot-id=hunter2", "KEY_TOKEN_URI_ATTRIBUTE"),
        ("pkcs11:token=a;token=hunter2", "KEY_TOKEN_URI_TWICE"),
        ("pkcs11:type=cert;object=hunter2", "KEY_TOKEN_URI_TYPE"),
        ("pkcs11:hunter2", "KEY_TOKEN_URI_SYNTAX"),
        ("pkcs11:pin%2Dvalue=hunter2", "KEY_TOKEN_URI_SYNTAX"),
        ("pkcs11:token=hunter2%", "KEY_TOKEN_URI_SYNTAX"),
        ("pkcs11:token=%ffhunter2", "KEY_TOKEN_URI_SYNTAX"),
        ("pkcs11:token=a\nhunter2", "KEY_TOKEN_URI_SYNTAX"),
        ("pkcs11:", "KEY_TOKEN_URI_SYNTAX"),
        ("pkcs11:" + "hunter2" * 1000, "KEY_TOKEN_URI_SYNTAX"),
    ],
)  # fmt: skip
def test_what_they_must_not_say(uri: str, code: str) -> None:
    for call in (TokenUri.parse, keys.open_signer, keys.open_key):
        if uri == "pkcs11:" and call is not TokenUri.parse:
            continue  # no kind of key at all
        with pytest.raises(UsageError) as caught:
            call(uri)  # type: ignore[operator]
        assert caught.value.code == code
        said = [repr(caught.value), repr(caught.value.params)]
        said += [caught.value.message(lang) + caught.value.hint(lang) for lang in ("en", "zh")]
        assert not any("hunter2" in text or "{" in text for text in said[2:])
        assert "hunter2" not in said[0] + said[1]


NAMES = st.sampled_from([*TOKEN_ATTRIBUTES, "object", "id", "type", "pin-value", "pin-source", "module-path", "x", ""])


@given(st.lists(st.tuples(NAMES, st.text(max_size=12)), max_size=5), st.sampled_from([";", "&", "?", ";;"]))
def test_any_text_is_read_or_refused(parts: list[tuple[str, str]], between: str) -> None:
    uri = "pkcs11:" + between.join(f"{name}={value}" for name, value in parts)
    try:
        found = TokenUri.parse(uri)
    except Error:
        return
    assert TokenUri.parse(str(found)) == found
    assert "pin" not in "".join(name for name, _ in found.token)


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "Zs", "S"]), max_size=20), st.binary(max_size=20))
def test_every_label_and_id_comes_back(label: str, key_id: bytes) -> None:
    uri = TokenUri((("token", label),), label, key_id)
    assert TokenUri.parse(str(uri)) == uri
