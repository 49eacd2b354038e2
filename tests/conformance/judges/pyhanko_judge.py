"""pyHanko's own validator as a judge of many files, with nothing trusted but the roots.

usage: ROOT.pem...; one FILE a line of input. Prints ROW: file, intact, valid, trusted, coverage; for seals also whether
all is in order and what changed afterwards, for document timestamps "True" and "TIMESTAMP".
"""

import logging
import sys
from pathlib import Path

from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko_certvalidator import ValidationContext

logging.disable(logging.CRITICAL)
ROOTS = [load_cert_from_pemder(p) for p in sys.argv[1:]]


def judge(file):
    with Path(file).open("rb") as f:
        for signature in PdfFileReader(f).embedded_signatures:
            context = ValidationContext(trust_roots=ROOTS, allow_fetching=False, revocation_mode="soft-fail")
            if signature.sig_object_type == "/DocTimeStamp":
                status = validate_pdf_timestamp(signature, validation_context=context)
                rest = (True, "TIMESTAMP")
            else:
                status = validate_pdf_signature(
                    signature, signer_validation_context=context, ts_validation_context=context
                )
                rest = (status.bottom_line, status.modification_level.name)
            print("ROW", file, status.intact, status.valid, status.trusted, status.coverage.name, *rest, sep="\t")


for line in sys.stdin.read().splitlines():
    judge(line)
