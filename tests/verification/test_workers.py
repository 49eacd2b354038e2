"""A hostile document can cost a worker, nothing more: what kills one becomes a report, and the next job is answered."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

import eseal
from eseal.errors import Error, UsageError
from eseal.limits import Limits
from eseal.model import Digest, Proof
from eseal.processes import child
from eseal.report.model import Verdict
from eseal.trust.store import TrustStore
from eseal.verification import workers
from eseal.verification.workers import VerifierPool
from support.pdfs import simple_pdf

AT = datetime(2026, 11, 24, tzinfo=UTC)
PDF = simple_pdf()


def children() -> set[int]:
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        found |= {int(pid) for pid in (task / "children").read_text().split()}
    return found


@pytest.fixture
def pool():
    with VerifierPool(1, Limits(seconds=2)) as made:
        yield made


def worker_of(pool):
    before = children()
    assert pool.verify(PDF, TrustStore(), AT).verdict is Verdict.NO_SIGNATURE
    (pid,) = children() - before
    return pid


def codes(report):
    return [c.code for c in report.checks]


def test_workers_are_kept(pool):
    pid = worker_of(pool)
    before = children()
    report = pool.verify(PDF, TrustStore(), AT, file="name.pdf")
    assert children() == before and pid in before
    assert report.file == "name.pdf" and report.size == len(PDF)


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGSTOP, "WORKER_TIME"), (signal.SIGKILL, "WORKER_DIED")])
def test_a_lost_worker_is_a_report_and_the_next_job_is_answered(pool, sent, code):
    pid = worker_of(pool)
    os.kill(pid, sent)
    report = pool.verify(PDF, TrustStore(), AT)
    assert report.verdict is Verdict.UNREADABLE and not report.passed
    assert codes(report) == [code]
    assert report.digest.startswith("sha256:") and report.size == len(PDF)
    assert pid not in children()
    assert pool.verify(PDF, TrustStore(), AT).verdict is Verdict.NO_SIGNATURE


def test_memory_is_bounded():
    data = PDF + b"%" + b" " * 200_000_000
    with VerifierPool(1, Limits(memory_bytes=100_000_000)) as pool:
        report = pool.verify(data, TrustStore(), AT)
    assert report.verdict is Verdict.UNREADABLE
    assert codes(report)[0] in ("WORKER_MEMORY", "WORKER_DIED")


def test_too_large_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "large.pdf"
    with path.open("wb") as file:
        file.truncate(3_000_000)
    with VerifierPool(1, Limits(file_bytes=1_000_000)) as pool:
        report = pool.verify(path, TrustStore(), AT)
        assert codes(report) == ["DOCUMENT_TOO_LARGE"]
        assert pool.verify(b"x" * 1_000_001, TrustStore(), AT).verdict is Verdict.UNREADABLE


def test_a_file_that_cannot_be_opened_is_an_error_of_the_caller(pool, tmp_path):
    with pytest.raises(FileNotFoundError):
        pool.verify(tmp_path / "none.pdf", TrustStore(), AT)


def test_a_naive_time_is_refused(pool):
    with pytest.raises(UsageError) as caught:
        pool.verify(PDF, TrustStore(), datetime(2026, 11, 24))
    assert caught.value.code == "TIME_NAIVE"


def test_a_proof_by_an_unknown_digest_is_refused(pool):
    proof = Proof(AT, "log", Digest("crc32", b"1234"))
    for judge in (pool.verify, eseal.verify):
        with pytest.raises(UsageError) as caught:
            judge(PDF, TrustStore(), AT, proofs=(proof,))
        assert caught.value.code == "PROOF_DIGEST_UNKNOWN"


def test_no_worker_outlives_its_pool():
    before = children()
    with VerifierPool(2, Limits()) as pool:
        pool.verify(PDF, TrustStore(), AT)
    assert children() == before


def test_an_unknown_format_says_so(pool):
    report = pool.verify(b"PK\x03\x04 no document of ours", TrustStore(), AT)
    assert report.verdict is Verdict.UNREADABLE
    assert codes(report) == ["DOCUMENT_FORMAT_UNKNOWN"]


def test_an_error_in_the_worker_is_a_reason_and_the_worker_is_replaced(monkeypatch):
    failing = "from eseal import verification; verification.verify = lambda *a, **k: 1 / 0;"
    with VerifierPool(1, Limits(seconds=20)) as pool:
        with monkeypatch.context() as patched:
            patched.setattr(workers, "_PROGRAM", workers._PROGRAM.replace("main()", f"{failing} main()"))
            report = pool.verify(PDF, TrustStore(), AT)
        assert report.verdict is Verdict.UNREADABLE
        assert codes(report) == ["WORKER_ERROR"] and report.checks[0].params["kind"] == "ZeroDivisionError"
        assert pool.verify(PDF, TrustStore(), AT).verdict is Verdict.NO_SIGNATURE


# A worker that hostile bytes have taken over, or that is broken, may answer anything.
_ANSWERS = {
    "no JSON": "answer = b'{'",
    "no object": "answer = b'[]'",
    "nested": "answer = b'[' * 200_000",
    "no report": 'answer = b\'{"schema": 1, "verdict": "passed"}\'',
    "other schema": "answer = b'{\"schema\": 2}'",
    "strange end": "answer = b'{\"killed\": [1]}'",
    "nothing": "answer = b''",
    "half": "answer, size = b'{}', 1000",
    "endless": "answer, size = b'{}', 1 << 60",
}


@pytest.mark.parametrize("case", _ANSWERS)
def test_whatever_a_worker_answers_is_a_report(case, monkeypatch):
    program = f"""
import socket, struct, sys
sock = socket.socket(fileno=int(sys.argv[2]))
sock.sendall(b"\\x01")
socket.recv_fds(sock, 8, 1)
size = None
{_ANSWERS[case]}
sock.sendall(struct.pack("!Q", len(answer) if size is None else size) + answer)
"""
    monkeypatch.setattr(workers, "_PROGRAM", program)
    before = children()
    with VerifierPool(1, Limits(seconds=20)) as pool:
        report = pool.verify(PDF, TrustStore(), AT)
        assert children() == before
    assert report.verdict is Verdict.UNREADABLE
    assert codes(report)[0] in ("WORKER_ERROR", "WORKER_DIED")
    assert report.digest.startswith("sha256:") and report.size == len(PDF)


def test_an_answer_in_drops_does_not_hold_the_caller(monkeypatch):
    program = """
import socket, struct, sys, time
sock = socket.socket(fileno=int(sys.argv[2]))
sock.sendall(b"\\x01" + struct.pack("!Q", 1000))
while True:
    sock.sendall(b" ")
    time.sleep(0.05)
"""
    monkeypatch.setattr(workers, "_PROGRAM", program)
    with VerifierPool(1, Limits(seconds=0.3)) as pool:
        assert codes(pool.verify(PDF, TrustStore(), AT)) == ["WORKER_TIME"]


def test_an_interrupt_leaves_the_pool_whole(monkeypatch, pool):
    worker_of(pool)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with monkeypatch.context() as patched:
        patched.setattr(child, "receive", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            pool.verify(PDF, TrustStore(), AT)
    assert pool.verify(PDF, TrustStore(), AT).verdict is Verdict.NO_SIGNATURE
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def _interrupted(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize("executable", ["/nowhere/python", "", None])
def test_a_worker_that_cannot_be_started_is_an_error_of_the_machine(executable, monkeypatch, pool):
    before = len(list(Path("/proc/self/fd").iterdir()))
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", executable)
        with pytest.raises(Error) as caught:
            pool.verify(PDF, TrustStore(), AT)
        assert caught.value.code == "WORKER_NOT_STARTED"
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert pool.verify(PDF, TrustStore(), AT).verdict is Verdict.NO_SIGNATURE


def test_a_worker_that_ends_at_once_says_why(monkeypatch, pool):
    monkeypatch.setattr(workers, "_PROGRAM", "import no_such_module")
    with pytest.raises(Error) as caught:
        pool.verify(PDF, TrustStore(), AT)
    assert caught.value.code == "WORKER_NOT_STARTED"
    assert "no_such_module" in caught.value.params["reason"]


def test_a_closed_pool_answers_at_once(monkeypatch):
    pool = VerifierPool(1)
    pool.close()
    with pytest.raises(UsageError) as caught:
        pool.verify(PDF, TrustStore(), AT)
    assert caught.value.code == "POOL_CLOSED"
    pool.close()


def test_who_waits_for_a_worker_is_told_when_the_pool_closes(pool):
    pid = worker_of(pool)
    os.kill(pid, signal.SIGSTOP)
    found: list[object] = []

    def ask():
        try:
            found.append(codes(pool.verify(PDF, TrustStore(), AT))[0])
        except UsageError as error:
            found.append(error.code)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    while pool._pool._turns._value:  # until one of them has the worker
        pass
    pool.close()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert sorted(found) == ["POOL_CLOSED", "POOL_CLOSED", "WORKER_TIME"]


class _Held:
    def __init__(self):
        self.lock = threading.Lock()


def test_a_fetcher_that_cannot_be_sent_is_a_mistake_of_the_caller(pool):
    with pytest.raises(UsageError) as caught:
        pool.verify(PDF, TrustStore(), AT, fetcher=_Held())
    assert caught.value.code == "FETCHER_NOT_SENT"
    assert pool.verify(PDF, TrustStore(), AT).verdict is Verdict.NO_SIGNATURE


def test_no_secret_and_no_planted_module_reaches_a_worker(monkeypatch, tmp_path, pool):
    for name in ("json.py", "eseal.py", "resource.py", "sitecustomize.py"):
        (tmp_path / name).write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ESEAL_PASSWORD", "correct horse")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", "."]))
    pid = worker_of(pool)
    assert b"ESEAL_" not in Path(f"/proc/{pid}/environ").read_bytes()
    assert Path(f"/proc/{pid}/cwd").readlink() == Path("/")
    assert not (tmp_path / "ran").exists()


_LIMITED = """
import resource
from datetime import UTC, datetime
from eseal.trust.store import TrustStore
from eseal.verification.workers import VerifierPool
resource.setrlimit(resource.RLIMIT_AS, (900_000_000, 900_000_000))
resource.setrlimit(resource.RLIMIT_CPU, (600, 600))
with VerifierPool() as pool:
    for _ in range(2):
        print(pool.verify(open({path!r}, "rb").read(), TrustStore(), datetime(2026, 11, 24, tzinfo=UTC)).verdict)
"""


def test_limits_that_the_system_sets_lower_stay(tmp_path):
    (tmp_path / "a.pdf").write_bytes(PDF)
    program = _LIMITED.format(path=str(tmp_path / "a.pdf"))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["no-signature"] * 2, done.stderr


_ELSEWHERE = """
import sys
for name in ("resource", "fcntl", "pwd", "grp", "termios"):
    sys.modules[name] = None
import eseal.verification.workers, eseal.authority, eseal.cli.verify, eseal.cli.seal
"""


def test_where_the_system_is_no_unix_everything_can_still_be_imported():
    subprocess.run([sys.executable, "-W", "error", "-c", _ELSEWHERE], check=True)
