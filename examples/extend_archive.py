"""Extend every sealed PDF of an archive folder whose proof ends soon. usage: AUTHORITY ARCHIVE DAYS

Run it from a timer, with DAYS longer than the time between two runs. A file is replaced whole or not at all; one that
cannot be extended is named and left as it is.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import eseal


def main(authority: str, archive: str, days: int) -> int:
    office = eseal.Authority.open(authority)
    limit = datetime.now(UTC) + timedelta(days=days)
    left = 0
    for path in sorted(Path(archive).rglob("*.pdf")):
        try:
            report = eseal.verify(path.read_bytes(), trust=office.trust, seals=office.register)
            end = ends(report)
            if report.passed and end is not None and end > limit:
                continue
            made = office.extend(path, "LTA", out=path, force=True)
            print(path.name, made.level, made.until, *(note.message() for note in made.notes))
        except (eseal.Error, OSError) as error:
            left += 1
            print(path.name, error)
    return left


def ends(report: eseal.Report) -> datetime | None:
    """When the certificate of the newest document timestamp ends; None where nothing lasting is there."""
    signers = [s.signer for s in report.signatures if s.kind == "timestamp" and s.signer is not None]
    return signers[-1].not_after if signers else None


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1], sys.argv[2], int(sys.argv[3])) else 0)
