"""A hostile document can cost a worker, nothing more: what kills one becomes a report, and the next job is answered."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eseal.errors import UsageError
from eseal.limits import Limits
from eseal.report.model import Verdict
from eseal.trust.store import TrustStore
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


def test_no_worker_outlives_its_pool():
    before = children()
    with VerifierPool(2, Limits()) as pool:
        pool.verify(PDF, TrustStore(), AT)
    assert children() == before


def test_an_unknown_format_says_so(pool):
    report = pool.verify(b"PK\x03\x04 no document of ours", TrustStore(), AT)
    assert report.verdict is Verdict.UNREADABLE
    assert codes(report) == ["DOCUMENT_FORMAT_UNKNOWN"]
