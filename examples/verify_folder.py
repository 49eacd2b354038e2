"""Judge every PDF of a folder in worker processes with hard limits; one line of JSON each. usage: FOLDER ROOT.pem..."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from eseal import TrustStore
from eseal.verification.workers import VerifierPool


def main(folder: Path, *roots: str) -> None:
    trust = TrustStore.from_pem(*roots)
    files = sorted(folder.glob("*.pdf"))
    with VerifierPool(2) as pool, ThreadPoolExecutor(2) as threads:
        for report in threads.map(lambda f: pool.verify(f, trust, file=f.name), files):
            print(report.to_json().replace("\n", " "))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
