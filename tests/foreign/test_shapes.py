"""Good documents in the shapes that foreign writers give them come out untouched, with all that follows a seal."""

from __future__ import annotations

import itertools

import pytest

from support.foreign import LOOK, Foreign, cms, judged, token

MODES = ("table", "stream", "objstm", "hybrid")
STYLES = ("merged", "split", "group", "deep", "bare")
STORES = ("plain", "itext", "typed", "raw", "direct", "arrays", "unrelated", "empty", "dated", "stamped")
KINDS = (b"/Type /DocTimeStamp ", b"/Type /Sig ", b"")
CHAINS = list(enumerate(itertools.product(STYLES, MODES, (False, True))))


def life(number: int, style: str, mode: str, visible: bool) -> Foreign:
    """Two seals, long-term data, a timestamp, more data, another timestamp: each written by someone else."""
    made = Foreign(MODES[(number + visible) % 4], tagged=number % 3 == 0, form=number % 2 == 0)
    place = {"rect": b"[72 400 272 460]", "look": LOOK}
    other = {} if visible else {"rect": b"[300 400 500 460]", "look": LOOK}
    made.sign(
        cms(("p256", "rsa2048")[number % 2]),
        mode=mode,
        style=style,
        page=number % 3 > 0,
        indirect=number % 2 == 1,
        turned=number % 4 == 1,
        **(place if visible else {}),
    )
    made.sign(cms(), b"S2", MODES[(number + 1) % 3], style=STYLES[number % 3], turned=number % 3 == 2, **other)
    if number % 2:
        made.catalog[b"Extensions"] = b"<< /ESIC << /BaseVersion /1.7 /ExtensionLevel %d >> >>" % (1 + number % 3)
    if number % 3 == 0:
        made.catalog[b"Version"] = b"/2.0"
    made.keep(STORES[number % len(STORES)], MODES[number % 3])
    made.stamp("table", b"T1", KINDS[number % 3])
    return made.keep(STORES[(number + 3) % len(STORES)]).stamp("stream", b"T2")


@pytest.mark.parametrize(
    ("number", "shape"), CHAINS, ids=lambda v: "-".join(map(str, v)) if isinstance(v, tuple) else v
)
def test_a_whole_life_in_every_shape(number, shape):
    assert judged(life(number, *shape).data) == ("yes", [])


@pytest.mark.parametrize(
    "options",
    [
        {"upper": True},
        {"spread": True},
        {"of_type": b""},
        {"eol": b"\r\n"},
        {"page": False},
        {"extra": b"/M (D:20260401000000+02'00') /Prop_Build << /App << /Name /X /OS [/Win] >> >> /Changes [0 0 0] "},
        {"sub_filter": b"/ETSI.CAdES.detached", "turned": True},
    ],
    ids=lambda o: "-".join(o),
)
def test_one_seal_spelled_otherwise(options):
    untouched, bad = judged(Foreign().sign(cms(), **options).data)
    # A PAdES signature without the certificate attribute is doubted for that alone.
    assert untouched == "yes" and all("CERTIFICATE" in code for _, code, _ in bad)


def test_line_ends_of_another_system_behind_the_unsigned_file():
    made = Foreign()
    made.data = made.data.rstrip(b"\n") + b"\r\n"
    assert judged(made.sign(cms()).data) == ("yes", [])


def test_a_timestamp_alone_is_untouched():
    made = Foreign().sign(token, sub_filter=b"/ETSI.RFC3161", of_type=b"/Type /DocTimeStamp ")
    assert judged(made.data)[0] == "yes"


@pytest.mark.parametrize("version", [b"1.3", b"1.4", b"2.0"])
def test_old_and_new_headers(version):
    assert judged(Foreign(version=version).sign(cms("rsa2048")).keep("itext").data) == ("yes", [])
