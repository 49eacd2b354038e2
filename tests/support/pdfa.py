"""PDF/A documents of our own making (ISO 19005): an embedded font, an sRGB output intent, metadata that agree."""

from __future__ import annotations

import io
import struct
from functools import cache
from importlib import resources

from fontTools import subset
from fontTools.ttLib import TTFont

from support.pdfs import objects_to_pdf, stream

TEXT = "Notice 17"


def icc() -> bytes:
    """An ICC profile of version 2 with the primaries of sRGB and one gamma (ICC.1:2001-04)."""

    def fixed(*values: float) -> bytes:
        return struct.pack(f">{len(values)}i", *(round(v * 65536) for v in values))

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + fixed(*values)

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    text = b"sRGB, one gamma\0"
    described = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(4 + 4 + 2 + 1 + 67)
    tags = {
        b"desc": described + bytes(-len(described) % 4),
        b"cprt": b"text\0\0\0\0none" + bytes(4),
        b"wtpt": xyz(0.9505, 1.0, 1.089),
        b"rXYZ": xyz(0.4361, 0.2225, 0.0139),
        b"gXYZ": xyz(0.3851, 0.7169, 0.0971),
        b"bXYZ": xyz(0.1431, 0.0606, 0.7141),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += name + struct.pack(">II", start + len(body), len(value))
        body += value
    size = start + len(body)
    head = (
        struct.pack(">I", size)
        + b"lcms"
        + bytes((2, 0x40, 0, 0))
        + b"mntrRGB XYZ "
        + struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
    )
    head += (
        b"acsp"
        + bytes(4)
        + bytes(4)
        + bytes(4)
        + bytes(4)
        + bytes(8)
        + bytes(4)
        + fixed(0.9642, 1.0, 0.8249)
        + bytes(4)
    )
    return head.ljust(128, b"\0") + table + body


@cache
def font() -> tuple[bytes, TTFont]:
    """A packaged font cut down to ASCII, as a file and opened."""
    opened = TTFont(io.BytesIO(resources.files("eseal.seals").joinpath("fonts/latin.ttf").read_bytes()))
    cutter = subset.Subsetter()
    cutter.populate(unicodes=range(32, 127))
    cutter.subset(opened)
    out = io.BytesIO()
    opened.save(out)
    return out.getvalue(), opened


def metadata(part: int, conformance: str = "B", extra: str = "") -> bytes:
    """The XMP packet of a file that claims PDF/A (ISO 19005-1 6.7.11)."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
        '<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">'
        f"<pdfaid:part>{part}</pdfaid:part><pdfaid:conformance>{conformance}</pdfaid:conformance>"
        f'</rdf:Description>\n{extra}</rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>'
    ).encode()


def pdfa(
    part: int = 1,
    *,
    xmp: bytes | None = None,
    intent: bool = True,
    catalog: bytes = b"",
    page: bytes = b"",
    more: dict[int, bytes] | None = None,
) -> bytes:
    """A page of text that conforms to PDF/A-1b, -2b or -3b; `more` objects have numbers from 11."""
    data, opened = font()
    scale = 1000 / opened["head"].unitsPerEm
    names, metrics = opened.getBestCmap(), opened["hmtx"]
    widths = b" ".join(b"%d" % round(metrics[names[c]][0] * scale) if c in names else b"0" for c in range(32, 127))
    head = opened["head"]
    box = b" ".join(b"%d" % round(v * scale) for v in (head.xMin, head.yMin, head.xMax, head.yMax))
    ascent, descent = (b"%d" % round(v * scale) for v in (opened["hhea"].ascent, opened["hhea"].descent))
    intents = b"/OutputIntents [<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB) "
    intents += b"/DestOutputProfile 9 0 R >>] "
    content = b"BT /F1 24 Tf 0 0 0.5 rg 72 720 Td (" + TEXT.encode() + b") Tj ET"
    if not intent:
        content, intents = content.replace(b"0 0 0.5 rg", b"/CS0 cs 0.5 sc"), b""
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R /Metadata 10 0 R " + intents + catalog + b" >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> "
        b"/ColorSpace << /CS0 [/CalGray << /WhitePoint [0.9505 1 1.089] >>] >> >> " + page + b" >>",
        4: stream(content),
        5: b"<< /Type /Font /Subtype /TrueType /BaseFont /AAAAAA+Test /Encoding /WinAnsiEncoding /FirstChar 32 "
        b"/LastChar 126 /Widths [" + widths + b"] /FontDescriptor 6 0 R >>",
        6: b"<< /Type /FontDescriptor /FontName /AAAAAA+Test /Flags 32 /ItalicAngle 0 /StemV 80 /FontBBox ["
        + box
        + b"] /Ascent "
        + ascent
        + b" /Descent "
        + descent
        + b" /CapHeight "
        + ascent
        + b" /FontFile2 7 0 R >>",
        7: stream(data, b"/Length1 %d " % len(data)),
        8: b"null",
        9: stream(icc(), b"/N 3 "),
        10: stream(xmp if xmp is not None else metadata(part), b"/Type /Metadata /Subtype /XML "),
        **(more or {}),
    }
    version = b"1.4" if part == 1 else b"1.7"
    return objects_to_pdf(
        objects, version=version, extra=b"/ID [<00112233445566778899AABBCCDDEEFF> <00112233445566778899AABBCCDDEEFF>] "
    )
