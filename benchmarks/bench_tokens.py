"""The signer of a token against the bare module: signatures a second in as many threads, on SoftHSM, one run.

Repeat alone: python -m benchmarks.bench_tokens (needs softhsm2 and the extra pkcs11). "bare" is python-pkcs11 signing a
digest that is there already; eseal's signer hashes the message, lends sessions and writes ECDSA values in DER. Rounds
are interleaved; the ratio is the median of their ratios, since other work on the machine slows both.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from eseal.crypto import der
from eseal.keys import BareKey, open_key

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")
THREADS = (1, 2, 4)
SECONDS = 0.4
ROUNDS = 9
PIN = "1234"
MESSAGE = bytes(400)
"""As long as the signed attributes of a seal."""


def prepared(folder: Path, module: str) -> Any:
    """A token with an RSA-2048 and a P-256 key; the module, loaded by eseal and so with locks."""
    import pkcs11
    from pkcs11.util.ec import encode_named_curve_parameters

    from eseal.keys.pkcs11.module import load

    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    command = ["softhsm2-util", "--init-token", "--free", "--label", "bench", "--so-pin", "87654321", "--pin", PIN]
    subprocess.run(command, check=True, capture_output=True)
    lib = load(Path(module)).lib
    token = next(lib.get_tokens(token_label="bench"))
    session = token.open(rw=True, user_pin=PIN)
    session.generate_keypair(pkcs11.KeyType.RSA, 2048, label="RSA-2048", store=True)
    curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
    session.create_domain_parameters(pkcs11.KeyType.EC, curve, local=True).generate_keypair(label="P-256", store=True)
    session.close()
    return token


def bare(token: Any, label: str) -> Callable[[], Callable[[], object]]:
    """Makes, for each thread, what signs with a session of its own."""
    import pkcs11

    digest = hashlib.sha256(MESSAGE).digest()
    info = der.sequence(der.sequence(der.oid("2.16.840.1.101.3.4.2.1"), der.null()), der.octets(digest))
    data, mechanism = (info, pkcs11.Mechanism.RSA_PKCS) if label[0] == "R" else (digest, pkcs11.Mechanism.ECDSA)
    wanted = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY, pkcs11.Attribute.LABEL: label}

    def thread() -> Callable[[], object]:
        key = next(iter(token.open().get_objects(wanted)))
        return lambda: key.sign(data, mechanism=mechanism)

    return thread


def rate(thread: Callable[[], Callable[[], object]], threads: int) -> float:
    """Signatures a second of all threads together."""
    signs = [thread() for _ in range(threads)]
    counts = [0] * threads
    started = time.perf_counter()
    end = started + SECONDS

    def work(number: int) -> None:
        while time.perf_counter() < end:
            signs[number]()
            counts[number] += 1

    workers = [threading.Thread(target=work, args=(n,)) for n in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts) / (time.perf_counter() - started)


def main() -> None:
    """Print the table."""
    module = next((m for m in MODULES if Path(m).exists()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        print("token signer skipped: SoftHSM is not installed", file=sys.stderr)
        return
    print(
        f"Signing on SoftHSM, median of {ROUNDS} interleaved rounds (ratio: bare python-pkcs11 in as many threads = 1)"
    )
    with tempfile.TemporaryDirectory() as name:
        token = prepared(Path(name), module)
        for label in ("RSA-2048", "P-256"):
            key: BareKey = open_key(
                f"pkcs11:token=bench;object={label}", password=PIN.encode(), module=module, sessions=max(THREADS)
            )
            raw = bare(token, label)
            for threads in THREADS:
                rows = [(rate(raw, threads), rate(partial(partial, key.sign, MESSAGE), threads)) for _ in range(ROUNDS)]
                ratio = statistics.median(mine / other for other, mine in rows)
                for what, values in (("bare", [r[0] for r in rows]), ("eseal", [r[1] for r in rows])):
                    shown = 1.0 if what == "bare" else ratio
                    print(f"  {label:9} {threads} threads {what:6} {statistics.median(values):9.0f} /s {shown:6.2f}")


if __name__ == "__main__":
    main()
