"""Seal many PDFs with one key in a token, several at a time.

usage: MODULE.so URI PIN_FILE CHAIN.pem OUT_FOLDER IN.pdf...

One signer serves all threads: the token is logged in to once, and has a session for each thread, as far as it can.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import eseal
from eseal import files

THREADS = 4


def main(module: str, uri: str, pin_file: str, chain: str, out: str, *sources: str) -> None:
    pin = Path(pin_file).read_bytes().rstrip(b"\n")
    signer = eseal.open_signer(uri, cert=chain, password=pin, module=module, sessions=THREADS)

    def one(source: str) -> str:
        sealed = eseal.seal(Path(source).read_bytes(), signer, at=datetime.now(UTC), level="B")
        target = Path(out) / Path(source).name
        files.write(target, sealed.parts)
        return f"{target} {sealed.level}"

    with ThreadPoolExecutor(THREADS) as threads:
        for line in threads.map(one, sources):
            print(line)


if __name__ == "__main__":
    main(*sys.argv[1:])
