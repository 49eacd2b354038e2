"""Long-term updates as EN 319 142-1 5.4 has them pass at every certification level; what hides in them does not."""

from __future__ import annotations

import pytest

LEVELS = [None, 1, 2, 3]


def make(sealed, level):
    return sealed() if level is None else sealed().certified(level)


def store(parts, extra=b""):
    return {
        70: b"<< /Type /DSS /Certs [71 0 R] /CRLs 73 0 R /VRI << /0123456789ABCDEF0123456789ABCDEF01234567 72 0 R >> "
        + extra
        + b" >>",
        71: parts.stream(parts.certificate),
        72: b"<< /Type /VRI /Cert [71 0 R] /TU (D:20260101000000Z) >>",
        73: b"[74 0 R]",
        74: parts.stream(b"\x30\x03\x02\x01\x01"),
    }


@pytest.mark.parametrize("level", LEVELS)
def test_validation_data_extensions_version_and_metadata_pass(sealed, parts, level):
    document = make(sealed, level)
    extra = b"/DSS 70 0 R /Version /2.0 /Extensions << /ESIC << /BaseVersion /1.7 /ExtensionLevel 5 >> >> /Lang"
    document.update(
        store(parts)
        | {
            1: document.objects[1].replace(b"/Lang", extra),
            6: b"<< /Title (Licence) /ModDate (D:20261124000000Z) /Producer (eseal) >>",
            42: parts.stream(b"<x:xmpmeta>new</x:xmpmeta>", b"/Type /Metadata /Subtype /XML "),
        }
    )
    verdict, codes = document.worst()
    assert verdict == "passed"
    assert codes == {"CHANGE_LONG_TERM", "CHANGE_VERSION", "CHANGE_EXTENSIONS", "CHANGE_METADATA"}


@pytest.mark.parametrize("level", LEVELS)
def test_a_document_timestamp_passes(sealed, level):
    document = make(sealed, level)
    document.update(
        {
            5: document.objects[5].replace(b"17 0 R]", b"17 0 R 80 0 R]"),
            3: document.objects[3].replace(b"20 0 R]", b"20 0 R 80 0 R]"),
            80: b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (stamp) /V 81 0 R /Rect [0 0 0 0] /F 132 /P 3 0 R >>",
            81: b"<< /Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161 /ByteRange [0 1 2 3] >>",
        }
    )
    assert document.worst("stamp") == ("passed", {"CHANGE_TIMESTAMP"})


def test_a_store_may_grow_and_be_written_anew(sealed, parts):
    first = sealed()
    catalog = first.objects[1].replace(b"/Lang", b"/DSS 70 0 R /Lang")
    document = sealed(_1=catalog, **{f"_{k}": v for k, v in store(parts).items()})
    document.update({70: b"<< /Certs [71 0 R 75 0 R] /OCSPs [] >>", 75: parts.stream(parts.certificate)})
    assert document.worst() == ("passed", {"CHANGE_LONG_TERM"})


@pytest.mark.parametrize(
    ("number", "old", "new"),
    [
        (70, b"/Certs [71 0 R]", b"/Certs [8 0 R]"),
        (70, b"/Certs [71 0 R]", b"/Certs [7 0 R]"),
        (70, b"/Type /DSS", b"/Type /DSS /Contents 8 0 R"),
        (72, b"/Type /VRI", b"/Type /VRI /Page 3 0 R"),
        (71, b"<< ", b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] "),
    ],
)
def test_a_store_that_holds_something_else_is_unknown(sealed, parts, number, old, new):
    objects = store(parts)
    assert old in objects[number]
    objects[number] = objects[number].replace(old, new)
    document = sealed()
    document.update(objects | {1: document.objects[1].replace(b"/Lang", b"/DSS 70 0 R /Lang")})
    assert document.worst()[0] == "unknown"


def test_a_store_removed_is_unknown(sealed, parts):
    catalog = sealed().objects[1].replace(b"/Lang", b"/DSS 70 0 R /Lang")
    document = sealed(_1=catalog, **{f"_{k}": v for k, v in store(parts).items()})
    document.update({1: sealed().objects[1]})
    assert document.worst() == ("unknown", {"CHANGE_DSS_REMOVED"})


@pytest.mark.parametrize(
    ("trailer", "code"),
    [(b"/Hidden 8 0 R ", "CHANGE_TRAILER"), (b"/ID [8 0 R 9 0 R] ", "CHANGE_TRAILER")],
)
def test_the_trailer_is_no_hiding_place(sealed, trailer, code):
    assert sealed().update({60: b"1"}, trailer).worst() == ("unknown", {code})


def test_info_holds_only_strings_and_names(sealed):
    assert sealed().update({6: b"<< /Title (Licence) /Trapped 8 0 R >>"}).worst()[0] == "unknown"


def test_extensions_hold_plain_values(sealed):
    entry = b"/Extensions << /ESIC << /BaseVersion /1.7 /ExtensionLevel %s >> >> /Lang"
    catalog = sealed().objects[1]
    document = sealed(_1=catalog.replace(b"/Lang", entry % b"5"))
    for value in (b"8 0 R", b"2 /Hidden << /A 8 0 R >>"):
        other = sealed(_1=document.objects[1])
        other.update({1: catalog.replace(b"/Lang", entry % value)})
        assert other.worst() == ("unknown", {"CHANGE_EXTENSIONS_UNCLEAR"})


@pytest.mark.parametrize("after", [b"/ESIC << /BaseVersion /1.7 /ExtensionLevel 2 >>", b"", None])
def test_extensions_of_another_writer_may_be_lowered_or_dropped(sealed, after):
    entry = b"/Extensions << %s >> /Lang"
    catalog = sealed().objects[1]
    document = sealed(_1=catalog.replace(b"/Lang", entry % b"/ESIC << /BaseVersion /1.7 /ExtensionLevel 5 >>"))
    document.update({1: catalog if after is None else catalog.replace(b"/Lang", entry % after)})
    assert document.worst() == ("passed", {"CHANGE_EXTENSIONS"})


def test_permissions_stay(sealed):
    document = sealed().certified(2)
    assert document.edit(1, b" /Perms << /DocMDP 14 0 R >>", b"").worst() == ("failed", {"CHANGE_PERMISSIONS"})
    late = sealed()
    late.edit(1, b"/Lang", b"/Perms << /DocMDP 14 0 R >> /Lang")
    assert late.worst() == ("unknown", {"CHANGE_CERTIFICATION_ADDED"})
