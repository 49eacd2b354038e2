"""Seals a document: the one write pipeline. Bytes, values and a time in; the sealed document out, read back already.

Recipe (the numbers repeat at the steps; EN 319 142-1 6.3, ISO 32000-2 12.8):
 1 open the document by its first bytes, within limits; refuse what cannot be sealed as it is
 2 the certificate is fit for sealing at the time; its scheme fits its key; the level can be reached
 3 the seal is within its validity and permits this certificate
 4 the place is on the page and on no other field
 5 the seal's picture, its field and the signature dictionary are laid out; the slot is as large as the CMS can get
 6 the signer signs; from level T on the signature is timestamped
 7 the section is put together: what is written is the input and this section
 8 read back: opened again, the signature intact, everything covered, the input a prefix

`prepare` is 1 to 5, `complete` 6 to 8 with a signature made anywhere, `seal` both.
"""

from __future__ import annotations

from eseal.sealing.calls import places, rehearse, seal, seal_as
from eseal.sealing.completing import complete
from eseal.sealing.extending import Extended, extend
from eseal.sealing.levels import LEVELS, choose_level, read_level
from eseal.sealing.preparing import FOREIGN_ROOM, Prepared, prepare
from eseal.sealing.previewing import preview, preview_prepared
from eseal.sealing.request import Note, Request, Sealed, Services

__all__ = [
    "FOREIGN_ROOM",
    "LEVELS",
    "Extended",
    "Note",
    "Prepared",
    "Request",
    "Sealed",
    "Services",
    "choose_level",
    "complete",
    "extend",
    "places",
    "prepare",
    "preview",
    "preview_prepared",
    "read_level",
    "rehearse",
    "seal",
    "seal_as",
]
