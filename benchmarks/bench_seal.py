"""Sealing: eseal against pyHanko as shipped, pyHanko tuned, and endesive (RSA alone); large files with peak memory.

Rounds are interleaved in one process and shown as ratios of medians: only these can be trusted on a shared machine.
"""

from __future__ import annotations

import asyncio
import io
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eseal import testpki
from eseal.sealing import seal

ROUNDS = 15
SIZES_MB = (0.1, 1, 10, 100)
OBJECTS = 20_000


def peak_memory() -> int:
    """Most bytes that this process ever held in memory; unlike ru_maxrss it does not begin with its parent's."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def document(size: int = 0, objects: int = 0) -> bytes:
    """A one-page PDF with a stream of `size` bytes that nothing shows and `objects` small objects."""
    content = b"BT /F1 24 Tf 72 720 Td (Notice) Tj ET"
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
    ]
    if size:
        block = bytes(range(1, 256)) * 4096
        filler = (block * (size // len(block) + 1))[:size]
        bodies.append(b"<< /Length %d >>\nstream\n%b\nendstream" % (size, filler))
    bodies += [b"<< /Number %d /Text (one of many) >>" % n for n in range(objects)]
    out, offsets = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, start)
    return bytes(out)


def contestants(algorithm: str) -> dict[str, Callable[[bytes], int]]:
    """Name -> function that seals bytes and gives the size of the result; all without a picture, level B."""
    at = datetime.now(UTC)
    credential = testpki.make("Benchmark", at, algorithm).seal
    signer = credential.signer()
    found: dict[str, Callable[[bytes], int]] = {"eseal": lambda data: sum(map(len, seal(data, signer, at=at).parts))}
    found |= _pyhanko(credential)
    if algorithm.startswith("rsa"):
        found |= _endesive(credential)
    return found


def _pyhanko(credential: testpki.Credential) -> dict[str, Callable[[bytes], int]]:
    from asn1crypto import keys, x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, padding
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import signers
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    key: Any = serialization.load_pem_private_key(credential.key_pem, None)
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    store = SimpleCertificateStore()
    store.register_multiple([x509.Certificate.load(c.der) for c in credential.chain])
    certificate = x509.Certificate.load(credential.certificate.der)

    class Tuned(signers.Signer):
        """The key is parsed once; nothing else differs."""

        async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
            if isinstance(key, ec.EllipticCurvePrivateKey):
                return key.sign(data, ec.ECDSA(hashes.SHA256()))
            return bytes(key.sign(data, padding.PKCS1v15(), hashes.SHA256()))

    shipped = signers.SimpleSigner(certificate, keys.PrivateKeyInfo.load(der), store)
    tuned = Tuned(signing_cert=certificate, cert_registry=store)
    loop = asyncio.new_event_loop()

    def signs(by: signers.Signer, reserved: int | None) -> Callable[[bytes], int]:
        def run(data: bytes) -> int:
            metadata = signers.PdfSignatureMetadata(
                field_name="Seal1", subfilter=SigSeedSubFilter.PADES, md_algorithm="sha256"
            )
            writer = IncrementalPdfFileWriter(io.BytesIO(data))
            pdf_signer = signers.PdfSigner(metadata, by)
            out = loop.run_until_complete(pdf_signer.async_sign_pdf(writer, bytes_reserved=reserved))
            return int(out.seek(0, io.SEEK_END))

        return run

    return {"pyHanko as shipped": signs(shipped, None), "pyHanko tuned": signs(tuned, 8192)}


def _endesive(credential: testpki.Credential) -> dict[str, Callable[[bytes], int]]:
    search = re.search

    def mended(pattern: Any, text: Any, flags: Any = 0) -> Any:
        # oscrypto 1.3.0 reads no OpenSSL version with a patch number of two digits.
        if isinstance(pattern, str) and pattern.startswith("\\b(\\d\\.\\d\\.\\d["):
            pattern = pattern.replace("\\d[a-z]", "\\d+[a-z]")
        return search(pattern, text, flags)

    re.search = mended  # type: ignore[assignment]
    try:
        from endesive.pdf import cms
    except Exception as error:
        # It does not import beside current releases of its own dependencies (pypdf, oscrypto): any kind of error.
        print(f"endesive skipped: {type(error).__name__}: {error}", file=sys.stderr)
        return {}
    finally:
        re.search = search
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(credential.key_pem, None)
    certificate = x509.load_der_x509_certificate(credential.certificate.der)
    others = [x509.load_der_x509_certificate(c.der) for c in credential.chain]
    options = {"sigflags": 3, "contact": "", "location": "", "reason": "", "signingdate": "D:20260101000000+00'00'"}
    return {"endesive": lambda data: len(data) + len(cms.sign(data, options, key, certificate, others, "sha256"))}


def compare(algorithm: str, data: bytes, rounds: int = ROUNDS) -> dict[str, float]:
    """Median seconds of every contestant over interleaved rounds."""
    runs = contestants(algorithm)
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run(data)
    for _ in range(rounds):
        for name, run in runs.items():
            started = time.perf_counter()
            run(data)
            times[name].append(time.perf_counter() - started)
    return {name: statistics.median(taken) for name, taken in times.items()}


def alone(name: str, file: Path, rounds: int) -> None:
    """In a process of its own: time, and peak memory over what stood before the file was read."""
    run = contestants("p256")[name]
    run(document())
    before = _peak()
    data = file.read_bytes()
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        run(data)
        taken.append(time.perf_counter() - started)
    peak = _peak()
    print(json.dumps({"seconds": statistics.median(taken), "more": peak - before, "input": len(data)}))


def _peak() -> int:
    """Peak resident bytes of this program alone: ru_maxrss would begin with that of the process that started it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return peak_memory()
    return next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))


def large() -> list[tuple[str, dict[str, dict[str, float]]]]:
    """Every size and the many objects, each contestant in a process of its own."""
    rows = []
    cases = [(f"{mb} MB", int(mb * 1_000_000), 0) for mb in SIZES_MB] + [(f"{OBJECTS} objects", 0, OBJECTS)]
    with tempfile.TemporaryDirectory() as folder:
        for label, size, objects in cases:
            file = Path(folder) / "input.pdf"
            file.write_bytes(document(size, objects))
            found = {}
            for name in ("eseal", "pyHanko tuned"):
                command = [sys.executable, "-m", "benchmarks.bench_seal", name, str(file)]
                answer = subprocess.run(command, capture_output=True, check=True, text=True).stdout
                found[name] = json.loads(answer.splitlines()[-1])
            rows.append((label, found))
    return rows


def main() -> None:
    """Print all tables."""
    print(f"Sealing a one-page PDF, level B, median of {ROUNDS} interleaved rounds (ratio: eseal = 1)")
    for algorithm, label in (("rsa2048", "RSA-2048"), ("p256", "P-256")):
        medians = compare(algorithm, document(30_000))
        for name, seconds in medians.items():
            print(f"  {label:9} {name:20} {seconds * 1000:9.2f} ms {seconds / medians['eseal']:7.1f}")
    print("Large files, P-256, one process each; memory: peak beyond the input and the imports")
    for label, found in large():
        for name, row in found.items():
            ratio = row["seconds"] / found["eseal"]["seconds"]
            extra = (row["more"] - row["input"]) / 1e6
            print(f"  {label:14} {name:14} {row['seconds'] * 1000:9.1f} ms {ratio:6.1f}   {extra:7.1f} MB more")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        alone(sys.argv[1], Path(sys.argv[2]), 5)
    else:
        main()
