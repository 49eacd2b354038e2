"""`eseal demo`: authority, seal, sealed notice, verification, two forgeries found out; then what to open."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from eseal import files
from eseal.authority import Authority
from eseal.cli import base, options, output
from eseal.cli.demo_forgery import change_byte, lay_over
from eseal.cli.demo_page import SEAL_AT, notice
from eseal.cli.settings import Settings, t
from eseal.errors import Error
from eseal.model import Placement
from eseal.report import html
from eseal.report.escape import terminal
from eseal.report.model import Report, Verdict
from eseal.report.text import answer_rows, explain, headline, width
from eseal.seals.render import to_png
from eseal.trust.store import TrustStore
from eseal.verification.workers import VerifierPool

NAME = "杭州市示范局"


@click.command(cls=base.Command, code="CLI_DEMO")
@click.argument("folder", metavar="DIR", type=options.path, default=Path("eseal-demo"))
@options.option("--name", default=NAME, metavar="NAME", help="CLI_OPT_NAME")
@options.alone
def demo(folder: Path, name: str, settings: Settings) -> int:
    """Show the whole story."""
    # Made aside and renamed whole: a demonstration that fails leaves no half of itself.
    with files.new_folder(folder, last="office") as inside:
        _Story(inside, folder, name, settings).tell()
    return base.PASSED


@dataclass(frozen=True, slots=True)
class _Story:
    inside: Path
    """Where the files are made."""
    folder: Path
    """Where they will be: what is said names this."""
    name: str
    settings: Settings

    def tell(self) -> None:
        """All steps; each shows the command that does the same."""
        with VerifierPool() as pool:
            office_at, named = self._quoted("office"), shlex.quote(self.name)
            self._step("CLI_DEMO_INIT", f"eseal init {office_at} --name {named}")
            office = Authority.create(self.inside / "office", name=self.name)
            command = f"eseal seals show {named} -o {self._quoted('seal.png')} --authority {office_at}"
            self._step("CLI_DEMO_DRAW", command)
            files.write(self.inside / "seal.png", to_png(office.find().picture, 300))
            sealed = self._seal(office)
            self._verify(pool, office, sealed)
            self._forge(pool, office, sealed)
        self._end()

    def _seal(self, office: Authority) -> bytes:
        page = notice(self.name, datetime.now().astimezone().date())
        files.write(self.inside / "notice.pdf", page)
        place = Placement(1, *SEAL_AT)
        command = f"eseal seal {self._quoted('notice.pdf')} -o {self._quoted('sealed.pdf')}"
        command += f" --place 1:{place.x:g},{place.y:g} --authority {self._quoted('office')}"
        self._step("CLI_DEMO_SEAL", command)
        return office.seal(page, placement=place, out=self.inside / "sealed.pdf").data

    def _verify(self, pool: VerifierPool, office: Authority, sealed: bytes) -> None:
        self._step("CLI_DEMO_VERIFY", f"eseal verify {self._quoted('sealed.pdf')} --authority {self._quoted('office')}")
        report = self._judge(pool, office.trust, sealed, "sealed.pdf", Verdict.PASSED)
        page = html.render(report, self.settings.lang, None)
        files.write(self.inside / "report.html", page.encode())

    def _forge(self, pool: VerifierPool, office: Authority, sealed: bytes) -> None:
        for code, name, forged in (
            ("CLI_DEMO_BYTE", "forged-byte.pdf", change_byte(sealed)),
            ("CLI_DEMO_NOTE", "forged-note.pdf", lay_over(sealed)),
        ):
            files.write(self.inside / name, forged)
            self._step(code, f"eseal verify {self._quoted(name)} --authority {self._quoted('office')}")
            self._judge(pool, office.trust, forged, name, None)
        self._step("CLI_DEMO_UNKNOWN", f"eseal verify {self._quoted('sealed.pdf')}")
        self._judge(pool, TrustStore(), sealed, "sealed.pdf", Verdict.INDETERMINATE)

    def _judge(self, pool: VerifierPool, trust: TrustStore, data: bytes, name: str, wanted: Verdict | None) -> Report:
        report = pool.verify(data, trust, file=self._at(name))
        # The demonstration is a test too: what it shows must be so.
        right = report.verdict is wanted if wanted else report.verdict in (Verdict.FAILED, Verdict.INDETERMINATE)
        lang = self.settings.lang
        tone = {Verdict.PASSED: "green", Verdict.FAILED: "red"}.get(report.verdict, "yellow")
        output.result("   " + headline(report, lang), tone=tone)
        for line in explain(report, lang, None).splitlines():
            output.result("     " + line)
        rows = list(answer_rows(report, lang))
        widest = max(width(question) for question, _ in rows)
        for question, answer in rows[:2]:
            output.result(f"     {question}{' ' * (widest - width(question) + 2)}{answer}")
        if not right:
            raise Error("CLI_DEMO_FAILED", what=f"{name}: {report.verdict}")
        return report

    def _step(self, code: str, command: str) -> None:
        output.result("")
        output.result(t(code), tone="cyan")
        output.result("   $ " + terminal(command))

    def _end(self) -> None:
        output.result("")
        output.result(t("CLI_DEMO_OPEN"), tone="cyan")
        rows = (
            ("sealed.pdf", "CLI_DEMO_OPEN_SEALED"),
            ("report.html", "CLI_DEMO_OPEN_REPORT"),
            ("forged-byte.pdf", "CLI_DEMO_OPEN_FORGED"),
            ("forged-note.pdf", "CLI_DEMO_OPEN_FORGED"),
            ("seal.png", "CLI_DEMO_OPEN_SEAL"),
        )
        widest = max(width(self._at(name)) for name, _ in rows)
        for name, code in rows:
            shown = self._at(name)
            output.result(f"   {terminal(shown)}{' ' * (widest - width(shown) + 2)}{t(code)}")
        command = f"eseal seal FILE.pdf -o sealed.pdf --authority {self._quoted('office')}"
        output.result(t("CLI_DEMO_TRY", command=terminal(command)))

    def _quoted(self, name: str) -> str:
        return shlex.quote(self._at(name))

    def _at(self, name: str) -> str:
        return str(self.folder / name)
