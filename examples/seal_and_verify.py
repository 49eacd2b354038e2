"""Make an authority for trials, seal a PDF, verify it, and see what a changed copy is worth."""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import eseal


def main(source: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        office = eseal.Authority.create(Path(folder) / "office", name="杭州市示范局", at=datetime.now(UTC))
        sealed = office.seal(source.read_bytes())
        report = eseal.verify(sealed.data, trust=office.trust)
        print(report.verdict, "-", report.explain("en"))

        changed = bytearray(sealed.data)
        changed[len(source.read_bytes()) // 2] ^= 1
        report = eseal.verify(bytes(changed), trust=office.trust)
        print(report.verdict, "-", report.explain("en"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
