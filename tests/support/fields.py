"""Documents with a form: a text field and an empty signature field with rules of its own."""

from __future__ import annotations

from support.pdfs import objects_to_pdf, stream

TEXT = (
    b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (%s) /V (%s) /F 4 /Rect [50 %d 250 %d] /P 3 0 R "
    b"/DA (/Helv 12 Tf 0 g) /AP << /N %d 0 R >> >>"
)


def look(text: bytes) -> bytes:
    """The appearance of a text field."""
    return stream(
        b"/Tx BMC q BT /Helv 12 Tf 0 g 2 5 Td (" + text + b") Tj ET Q EMC",
        b"/Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources << /Font << /Helv 5 0 R >> >> ",
    )


def form(
    rules: bytes = b"", *, looks: bool = True, more: dict[int, bytes] | None = None, catalog: bytes = b""
) -> bytes:
    """Text fields "Name" (object 7) and "Sum" (8), an empty signature field "Approval" (6) with `rules`.

    Without `looks` the viewer draws the text fields. `more` objects have numbers from 11.
    """
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [6 0 R 7 0 R 8 0 R] /DA (/Helv 0 Tf 0 g) "
        b"/DR << /Font << /Helv 5 0 R >> >> >> " + catalog + b" >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /Helv 5 0 R >> >> /Annots [6 0 R 7 0 R 8 0 R] >>",
        4: stream(b"BT /Helv 24 Tf 72 720 Td (Notice No. 17) Tj ET"),
        5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        6: b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Approval) /F 4 /Rect [300 100 500 200] /P 3 0 R "
        + rules
        + b" >>",
        7: text_field(7, b"old", looks),
        8: text_field(8, b"100", looks),
        9: look(b"old"),
        10: look(b"100"),
        **(more or {}),
    }
    return objects_to_pdf(objects)


def text_field(number: int, text: bytes, looks: bool = True) -> bytes:
    """The field 7, "Name", or 8, "Sum"."""
    name, place = (b"Name", 600) if number == 7 else (b"Sum", 560)
    field = TEXT % (name, text, place, place + 20, number + 2)
    return field if looks else field.replace(b"/AP << /N %d 0 R >>" % (number + 2), b"")


def filled(number: int, text: bytes, looks: bool = True) -> dict[int, bytes]:
    """Objects that fill a text field in: 7 is "Name", 8 is "Sum"."""
    return {number: text_field(number, text, looks), **({number + 2: look(text)} if looks else {})}
