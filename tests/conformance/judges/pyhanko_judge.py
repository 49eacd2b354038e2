"""pyHanko's own validator as a judge. usage: FILE ROOT.pem...; prints ROW, intact, valid, trusted, coverage."""

import sys
from pathlib import Path

from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko_certvalidator import ValidationContext

roots = [load_cert_from_pemder(p) for p in sys.argv[2:]]
with Path(sys.argv[1]).open("rb") as f:
    reader = PdfFileReader(f)
    for signature in reader.embedded_signatures:
        context = ValidationContext(trust_roots=roots, allow_fetching=False, revocation_mode="soft-fail")
        if signature.sig_object_type == "/DocTimeStamp":
            status = validate_pdf_timestamp(signature, validation_context=context)
        else:
            status = validate_pdf_signature(signature, signer_validation_context=context, ts_validation_context=context)
        print("ROW", status.intact, status.valid, status.trusted, status.coverage.name, sep="\t")
