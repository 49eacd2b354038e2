"""Seal a PDF with a key that another program holds: prepare, sign elsewhere, complete.

usage: IN.pdf OUT.pdf CHAIN.pem KEY.pem        (the key is read by openssl alone, never by this program)
"""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from eseal import files
from eseal.model import Certificate
from eseal.sealing import Prepared, Request, complete, prepare


def main(source: str, out: str, chain: str, key: str) -> None:
    document = Path(source).read_bytes()
    leaf, *issuers = Certificate.load_all(Path(chain).read_bytes())
    request = Request(at=datetime.now(UTC), level="B", reason="two steps")
    prepared = prepare(document, leaf, request, scheme="ecdsa-sha256", chain=tuple(issuers))

    # What is stored holds no secret; it may lie for days, and go to another computer with the document.
    stored = prepared.to_bytes()

    signing = ["openssl", "dgst", "-sha256", "-sign", key]
    signature = subprocess.run(signing, input=prepared.to_sign, capture_output=True, check=True).stdout

    sealed = complete(Prepared.from_bytes(stored, document), signature)
    files.write(Path(out), sealed.parts)
    print(out, sealed.level, sealed.field)


if __name__ == "__main__":
    main(*sys.argv[1:])
