"""Padding behind a signature that is the encrypted form of zeros, as PDFBox leaves it in encrypted files.

ISO 32000-2 7.6.2 exempts /Contents of a signature from encryption; PDFBox encrypts its empty slot all the same and then
writes the CMS over the beginning. What is left decrypts to zeros under the document's own key, so nobody chose it.
"""

from __future__ import annotations

from binascii import Error, unhexlify

from pyhanko.pdf_utils.reader import PdfFileReader

from eseal.documents.pdf.changes.graph import Key
from eseal.documents.pdf.framing import Frame

_BLOCK = 16


def is_encrypted_zeros(reader: PdfFileReader, holder: Key, data: bytes, frame: Frame) -> bool:
    """Whether the padding in /Contents of the signature in object `holder` of the file `data` is zeros, encrypted.

    With AES in CBC mode the first one or two blocks behind the CMS depend on bytes that it overwrote and are not told.
    """
    if not reader.encrypted or reader.security_handler is None:
        return False
    (_, start), (end, _) = frame.ranges
    try:
        contents = unhexlify(data[start + 1 : end - 1])
        cipher = reader.security_handler.get_string_filter()
        plain = cipher.decrypt(cipher.derive_object_key(*holder), contents)
    # Not hexadecimal, not whole blocks, no key: the padding stays what it is, unexplained.
    except (Error, ValueError, AttributeError, KeyError, NotImplementedError):
        return False
    first = len(frame.cms)
    if len(plain) != len(contents):
        # AES: an initialisation vector goes before, so that each byte moves one block to the front.
        first += -first % _BLOCK
    rest = plain[first:]
    return bool(rest) and not rest.strip(b"\0")
