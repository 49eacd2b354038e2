"""Every PAdES level: eseal against pyHanko's same level, as shipped and tuned, in one run.

Both get the same key, the same timestamper in this process, the same trust and revocation data, and nothing else.
Tuned is pyHanko with its key parsed once, room for the signature that is known, no /VRI, and validation data together
with what comes next.
"""

from __future__ import annotations

import asyncio
import gc
import io
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from benchmarks.bench_seal import document
from eseal import TrustStore, testpki
from eseal.judging.collecting import Kept
from eseal.model import Digest
from eseal.sealing import LEVELS, Request, Services, seal_as
from eseal.timestamps import LocalTimestamper

ROUNDS = 15


def contestants(algorithm: str) -> dict[str, Callable[[bytes, str], bytes]]:
    """Name -> function that seals bytes at a level, without a picture, and gives the result."""
    at = datetime.now(UTC)
    pki = testpki.make("Benchmark", at, algorithm)
    stamper = LocalTimestamper(pki.timestamper.signer(), clock=lambda: datetime.now(UTC))
    trust = replace(TrustStore.from_certificates([pki.root]), data=pki.data)
    signer = pki.seal.signer()
    anew, batch = Services(stamper, trust), Services(stamper, trust, kept=Kept())

    def eseal(services: Services) -> Callable[[bytes, str], bytes]:
        return lambda data, level: seal_as(data, signer, Request(at=datetime.now(UTC), level=level), services).data

    return {"eseal": eseal(batch), "eseal, data collected anew": eseal(anew)} | _pyhanko(pki, stamper)


def _pyhanko(pki: testpki.TestPki, stamper: LocalTimestamper) -> dict[str, Callable[[bytes, str], bytes]]:
    from asn1crypto import cms, crl, keys, ocsp, x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, padding
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import signers, timestamps
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.signers.pdf_signer import DSSContentSettings, SigDSSPlacementPreference
    from pyhanko_certvalidator import ValidationContext
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    key: Any = serialization.load_pem_private_key(pki.seal.key_pem, None)
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    store = SimpleCertificateStore()
    store.register_multiple([x509.Certificate.load(c.der) for c in pki.seal.chain])
    certificate = x509.Certificate.load(pki.seal.certificate.der)

    class Tuned(signers.Signer):
        """The key is parsed once; nothing else differs."""

        async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
            if isinstance(key, ec.EllipticCurvePrivateKey):
                return key.sign(data, ec.ECDSA(hashes.SHA256()))
            return bytes(key.sign(data, padding.PKCS1v15(), hashes.SHA256()))

    class Stamper(timestamps.TimeStamper):
        """The same timestamper as eseal's; pyHanko asks it once more, and keeps that answer for its size."""

        async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> Any:
            return cms.ContentInfo.load(stamper.timestamp(Digest(md_algorithm, message_digest)))

    def context() -> ValidationContext:
        return ValidationContext(
            trust_roots=[x509.Certificate.load(pki.root.der)],
            other_certs=[x509.Certificate.load(pki.issuing.certificate.der)],
            crls=[crl.CertificateList.load(c) for c in pki.crls],
            ocsps=[ocsp.OCSPResponse.load(o) for o in pki.ocsps],
            allow_fetching=False,
            revocation_mode="require",
        )

    loop = asyncio.new_event_loop()
    shipped = signers.SimpleSigner(certificate, keys.PrivateKeyInfo.load(der), store)
    tuned = Tuned(signing_cert=certificate, cert_registry=store)

    def signs(by: signers.Signer, *, lean: bool) -> Callable[[bytes, str], bytes]:
        ask = Stamper()
        together = SigDSSPlacementPreference.TOGETHER_WITH_SIGNATURE
        settings = DSSContentSettings(include_vri=False, placement=together) if lean else DSSContentSettings()

        def run(data: bytes, level: str) -> bytes:
            lasting = level in ("LT", "LTA")
            metadata = signers.PdfSignatureMetadata(
                field_name="Seal1",
                subfilter=SigSeedSubFilter.PADES,
                md_algorithm="sha256",
                embed_validation_info=lasting,
                use_pades_lta=level == "LTA",
                validation_context=context() if lasting else None,
                dss_settings=settings,
            )
            writer = IncrementalPdfFileWriter(io.BytesIO(data))
            pdf_signer = signers.PdfSigner(metadata, by, timestamper=ask if level != "B" else None)
            room = (8192 if level == "B" else 16384) if lean else None
            out = loop.run_until_complete(pdf_signer.async_sign_pdf(writer, bytes_reserved=room))
            return bytes(out.getvalue())

        return run

    return {"pyHanko as shipped": signs(shipped, lean=False), "pyHanko tuned": signs(tuned, lean=True)}


def compare(algorithm: str, level: str, data: bytes, rounds: int = ROUNDS) -> dict[str, tuple[float, int]]:
    """Median seconds of every contestant over interleaved rounds, and how many bytes it adds."""
    runs = contestants(algorithm)
    times: dict[str, list[float]] = {name: [] for name in runs}
    sizes = {name: len(run(data, level)) - len(data) for name, run in runs.items()}
    for _ in range(rounds):
        for name, run in runs.items():
            gc.collect()
            started = time.perf_counter()
            run(data, level)
            times[name].append(time.perf_counter() - started)
    return {name: (statistics.median(taken), sizes[name]) for name, taken in times.items()}


def main() -> None:
    """Print the table."""
    print(f"Sealing a one-page PDF at every level, median of {ROUNDS} interleaved rounds (ratio: eseal = 1)")
    for algorithm, label in (("rsa2048", "RSA-2048"), ("p256", "P-256")):
        for level in LEVELS:
            found = compare(algorithm, level, document(30_000))
            for name, (seconds, size) in found.items():
                ratio = seconds / found["eseal"][0]
                print(f"  {label:9} B-{level:4} {name:27} {seconds * 1000:9.2f} ms {ratio:7.1f} {size:8} bytes added")


if __name__ == "__main__":
    main()
