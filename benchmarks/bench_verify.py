"""Verification: eseal with all its checks against pyHanko's validator, the same trust, no revocation, one run."""

from __future__ import annotations

import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.bench_seal import OBJECTS, SIZES_MB, document, peak_memory
from eseal import TrustStore, testpki, verify
from eseal.judging.policy import Policy
from eseal.model import Certificate, RevocationMode
from eseal.sealing import seal

ROUNDS = 15


def judges(root: Certificate) -> dict[str, Callable[[bytes], bool]]:
    """Name -> function that judges the bytes of a document."""
    from asn1crypto import x509
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    trust = TrustStore.from_certificates([root])
    policy = Policy(revocation=RevocationMode.IGNORE)
    anchor = x509.Certificate.load(root.der)

    def pyhanko(data: bytes) -> bool:
        reader = PdfFileReader(io.BytesIO(data))
        context = ValidationContext(trust_roots=[anchor], allow_fetching=False)
        return all(validate_pdf_signature(s, context).bottom_line for s in reader.embedded_signatures)

    return {"eseal": lambda data: verify(data, trust, policy=policy).passed, "pyHanko": pyhanko}


def compare(root: Certificate, data: bytes, rounds: int = ROUNDS) -> dict[str, float]:
    """Median seconds of both over interleaved rounds; both must call the document good."""
    runs = judges(root)
    times: dict[str, list[float]] = {name: [] for name in runs}
    for name, run in runs.items():
        assert run(data), name
    for _ in range(rounds):
        for name, run in runs.items():
            started = time.perf_counter()
            run(data)
            times[name].append(time.perf_counter() - started)
    return {name: statistics.median(taken) for name, taken in times.items()}


def alone(name: str, root: Path, small: Path, file: Path) -> None:
    """In a process of its own: time, and peak memory over what stood after a small document was judged."""
    run = judges(Certificate(root.read_bytes()))[name]
    assert run(small.read_bytes())
    before = peak_memory()
    data = file.read_bytes()
    taken = []
    for _ in range(5):
        started = time.perf_counter()
        assert run(data)
        taken.append(time.perf_counter() - started)
    peak = peak_memory()
    print(json.dumps({"seconds": statistics.median(taken), "more": peak - before, "input": len(data)}))


def main() -> None:
    """Print all tables."""
    at = datetime.now(UTC)
    print(f"Verifying, median of {ROUNDS} interleaved rounds (ratio: pyHanko = 1)")
    for algorithm, label in (("rsa2048", "RSA-2048"), ("p256", "P-256")):
        pki = testpki.make("Benchmark", at, algorithm)
        signer = pki.seal.signer()
        one = seal(document(30_000), signer, at=at).data
        several = one
        for _ in range(4):
            several = seal(several, signer, at=at).data
        for what, data in (("1 seal", one), ("5 seals", several)):
            medians = compare(pki.root, data)
            for name, seconds in medians.items():
                ratio = seconds / medians["pyHanko"]
                print(f"  {label:9} {what:8} {name:8} {seconds * 1000:9.2f} ms {ratio:7.2f}")
    print("Large files, P-256, one process each; memory: peak beyond the input and the imports")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        root, small, large = folder / "root.der", folder / "small.pdf", folder / "large.pdf"
        root.write_bytes(pki.root.der)
        small.write_bytes(one)
        cases = [(f"{mb} MB", int(mb * 1_000_000), 0) for mb in SIZES_MB] + [(f"{OBJECTS} objects", 0, OBJECTS)]
        for label, size, objects in cases:
            large.write_bytes(seal(document(size, objects), signer, at=at).data)
            found = {}
            for judge in ("eseal", "pyHanko"):
                command = [sys.executable, "-m", "benchmarks.bench_verify", judge, str(root), str(small), str(large)]
                answer = subprocess.run(command, capture_output=True, check=True, text=True).stdout
                found[judge] = json.loads(answer.splitlines()[-1])
            for judge, row in found.items():
                ratio = row["seconds"] / found["pyHanko"]["seconds"]
                extra = (row["more"] - row["input"]) / 1e6
                print(f"  {label:14} {judge:8} {row['seconds'] * 1000:9.1f} ms {ratio:6.2f}   {extra:7.1f} MB more")


if __name__ == "__main__":
    if len(sys.argv) == 5:
        alone(sys.argv[1], *map(Path, sys.argv[2:]))
    else:
        main()
