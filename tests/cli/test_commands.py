"""Help, errors, exit codes, inputs and forms of the commands."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from eseal import messages
from eseal.cli import base, settings, values
from eseal.cli.app import TABLE, main
from eseal.cli.verify import gravest
from eseal.errors import Error, UsageError
from eseal.report.json import schema

Run = Callable[..., Any]
VALIDATOR = jsonschema.Draft202012Validator(schema())
COMMANDS = (
    [[name] for name in TABLE]
    + [["seals", n] for n in ("draw", "make", "list", "show", "suspend", "resume", "revoke")]
    + [["config", "show"]]
)
COMMANDS += [["trust", n] for n in ("add", "list", "show", "update", "close", "remove")]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("command", [[], *COMMANDS], ids=" ".join)
def test_help_begins_with_examples_and_ends_with_exit_codes(run: Run, command: list[str], lang: str) -> None:
    for flag in ("-h", "--help"):
        ran = run("--lang", lang, *command, flag)
        assert ran.code == 0
        assert ran.out.splitlines()[0] == messages.text("CLI_EXAMPLES", lang) + ":"
        assert ran.out.splitlines()[1].strip().startswith("eseal ")
        assert messages.text("CLI_EXIT_CODES", lang).splitlines()[0] in ran.out
        assert not re.search(r"\bCLI_[A-Z_]+", ran.out)


def test_every_option_in_an_example_is_there(run: Run) -> None:
    for command in (c for c in COMMANDS if c not in (["seals"], ["config"], ["trust"])):
        examples = messages.text(f"CLI_{'_'.join(command).upper()}_EXAMPLES", "en")
        shown = run(*command, "-h").out
        for option in re.findall(r"(--[a-z-]+|-[a-z])(?= |$)", examples):
            assert option in shown.split(messages.text("CLI_EXAMPLES", "en"))[1].split("Usage", 1)[1], (command, option)


def test_every_command_of_the_table_loads() -> None:
    for name in TABLE:
        found = main.get_command(None, name)  # type: ignore[arg-type]
        assert found is not None and found.name == name


def test_version(run: Run) -> None:
    assert re.fullmatch(r"eseal \d+\.\d+\.\d+\n", run("--version").out)


@pytest.mark.parametrize(
    ("arguments", "code", "hint"),
    [
        (["sael"], "CLI_NO_SUCH_COMMAND_NEAR", "eseal seal"),
        (["seals", "lst"], "CLI_NO_SUCH_COMMAND_NEAR", "eseal seals list"),
        (["frobnicate"], "CLI_NO_SUCH_COMMAND", "eseal -h"),
        (["verify", "--ofline", "x"], "CLI_NO_SUCH_OPTION_NEAR", "--offline"),
        (["verify"], "CLI_MISSING", "eseal verify -h"),
        (["verify", "x", "--format", "xml"], "CLI_BAD_CHOICE", "jsonl"),
        (["seals", "draw", "--owner", "x", "--dpi", "none", "-o", "a.png"], "CLI_BAD_VALUE", "seals draw -h"),
        (["verify", "x", "--at", "2026-11-24"], "CLI_TIME_DATE_ONLY", "2026-11-24T00:00:00+08:00"),
        (["verify", "x", "--at", "2026-11-24T12:00:00"], "TIME_NAIVE", "+08:00"),
        (["verify", "x", "--at", "yesterday"], "CLI_TIME_UNREADABLE", "2026-11-24T12:00:00+08:00"),
        (["verify", "x", "--tz", "Mars/Olympus"], "CLI_ZONE_UNKNOWN", "Asia/Shanghai"),
        (["verify", "x", "y", "--format", "html"], "CLI_ONE_INPUT", "jsonl"),
        (["seal", "x", "-o", "y", "--place", "here"], "CLI_PLACE_UNREADABLE", "1:130,200"),
        (["seal", "x", "-o", "y", "--size", "40x40"], "CLI_SIZE_WITHOUT_PICTURE", "--picture"),
        (["seal", "x", "y", "-o", "z"], "CLI_OUTPUT_FOLDER", "-o"),
        (["seal", "x", "-o", "y"], "CLI_NO_AUTHORITY", "eseal init"),
        (["seal", "x", "-o", "y", "--cert", "c"], "CLI_CERT_WITHOUT_KEY", "--key"),
        (["seals", "draw", "--owner", "x", "-o", "seal.gif"], "CLI_PICTURE_KIND", ".svg"),
    ],
)
def test_wrong_usage_says_what_and_the_next_step(run: Run, arguments: list[str], code: str, hint: str) -> None:
    for lang in ("en", "zh"):
        ran = run("--lang", lang, *arguments)
        assert ran.code == 2
        assert ran.out == ""
        assert ran.err.startswith("eseal: ")
        assert hint in ran.err
        wanted = messages.text(code, lang).split("{")[0].strip()
        assert wanted in ran.err
        assert len(ran.err.splitlines()) <= 6


def test_for_programs_an_error_is_an_object(run: Run) -> None:
    ran = run("verify", "x", "--at", "2026-11-24T12:00:00", "--format", "json")
    VALIDATOR.validate(ran.json)
    assert ran.json["error"]["code"] == "TIME_NAIVE"
    assert ran.json["error"]["hint"]
    # Even where the arguments could not be parsed.
    assert run("verify", "--format", "jsonl", "--zzz", "x").json["error"]["code"].startswith("CLI_NO_SUCH_OPTION")


def test_exit_codes_follow_the_kind_of_error() -> None:
    from eseal import errors

    wanted = {"VerificationFailed": 1, "UsageError": 2, "DocumentError": 5, "KeyAccessError": 6, "ServiceError": 7}
    wanted |= {"PolicyError": 8, "Error": 2}
    for name, code in wanted.items():
        assert base.exit_code(getattr(errors, name)("X")) == code
    kinds = {v for v in vars(errors).values() if isinstance(v, type) and issubclass(v, Error)}
    assert kinds == {getattr(errors, name) for name in wanted}


def test_the_gravest_counts() -> None:
    assert gravest(iter([0, 3, 4, 5, 1])) == 1
    assert gravest(iter([0, 3, 4, 5])) == 5
    assert gravest(iter([0, 3, 4])) == 4
    assert gravest(iter([0, 3])) == 3
    assert gravest(iter([0, 0])) == 0


def test_many_inputs_each_get_a_line_in_order_and_a_summary_ends_them(
    run: Run, sealed: Path, page: Path, office: Path
) -> None:
    Path("folder").mkdir()
    Path("bad.pdf").write_bytes(b"%PDF-1.7\nrubbish")
    names = [str(sealed), str(page), "gone.pdf", "folder", "bad.pdf", str(sealed)]
    ran = run("verify", *names, "--authority", office, "--format", "jsonl", "--offline")
    *reports, summary = ran.lines
    for value in ran.lines:
        VALIDATOR.validate(value)
    assert [r["file"] for r in reports] == names
    assert [r["verdict"] for r in reports] == ["passed", "no-signature", *["unreadable"] * 3, "passed"]
    codes = [r["checks"][0]["code"] for r in reports[2:4]]
    assert codes == ["INPUT_NOT_FOUND", "INPUT_IS_FOLDER"]
    assert ran.code == 5
    assert summary["summary"]["counts"]["unreadable"] == 3
    assert summary["summary"]["exit_code"] == 5


def test_a_missing_input_named_like_a_command_or_nearly_like_a_file(run: Run) -> None:
    Path("notice.pdf").write_bytes(b"")
    ran = run("verify", "list", "demo", "notcie.pdf")
    assert ran.code == 5
    assert "eseal seals list" in ran.out and "`eseal demo`" in ran.out and "Did you mean notice.pdf" in ran.out
    assert "eseal seals show" in run("seal", "show", "-o", "x.pdf", "--key", "k").err + run("verify", "show").out


def test_standard_input_and_a_report_file(run: Run, sealed: Path, office: Path) -> None:
    ran = run("verify", "-", "--authority", office, "--format", "html", "-o", "report.html", input=sealed.read_bytes())
    assert ran.code == 0
    assert ran.out == ""
    assert "report.html" in ran.err and "PASSED" in ran.err
    assert Path("report.html").read_text().startswith("<!DOCTYPE html>")
    again = run("verify", "-", "--format", "html", "-o", "report.html", input=sealed.read_bytes())
    assert again.code == 2 and "--force" in again.err


def test_languages_and_hostile_reasons(run: Run, sealed: Path, office: Path) -> None:
    ran = run("verify", sealed, "--authority", office, "--lang", "zh", "--tz", "+08:00", "-v")
    assert ran.out.startswith("通过 [测试]")
    assert "+08:00" in ran.out and "+00:00" not in ran.out.split("算法")[0].split("证明时间")[1].splitlines()[0]
    assert "ok⟨U+001B⟩[2J⟨U+202E⟩<b>" in ran.out
    assert "a⟨U+000A⟩b" in ran.out
    assert "\x1b" not in ran.out and "\u202e" not in ran.out
    assert run("verify", sealed, "--authority", office, "-q").out.splitlines() == [f"PASSED [TEST]  {sealed}"]


def test_the_language_follows_the_locale(run: Run) -> None:
    assert run("frob", env={"LANG": "zh_CN.UTF-8"}).err.startswith("eseal: 没有命令")
    assert run("frob", env={"LANG": "zh_CN.UTF-8", "ESEAL_LANG": "en"}).err.startswith("eseal: There is no")
    assert run("--lang", "zh", "frob", env={"ESEAL_LANG": "en"}).err.startswith("eseal: 没有命令")


def test_verify_takes_no_trust_from_the_current_folder(
    run: Run, sealed: Path, office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(office)
    ran = run("verify", sealed)
    assert ran.code == 3
    assert ran.out.startswith("NOT CERTAIN")


def test_sealing_takes_the_authority_of_the_current_folder_only_if_nobody_else_can_change_it(
    run: Run, page: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert run("init", "office", "--name", "Demo", "-q").out == ""
    office = Path("office").absolute()
    monkeypatch.chdir(office)
    out = tmp_path / "out.pdf"
    assert run("seal", page, "-o", out, "--dry-run").code == 0
    for path, mode in ((office / "eseal.toml", 0o664), (office, 0o777)):
        before = path.stat().st_mode
        path.chmod(mode)
        ran = run("seal", page, "-o", out)
        assert ran.code == 2
        assert "chmod" in ran.err or "others" in ran.err
        path.chmod(before)
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "eseal.toml").symlink_to(office / "eseal.toml")
    monkeypatch.chdir(linked)
    assert run("seal", page, "-o", out).code == 2
    assert not out.exists()


def test_trust_from_the_users_own_configuration(run: Run, sealed: Path, office: Path) -> None:
    folder = Path.home() / ".config" / "eseal"
    folder.mkdir(parents=True)
    roots = sorted((office / "trust").rglob("*.pem"))
    root = next(r for r in roots if "anchors" in r.parts)
    (folder / "config.toml").write_text(f'version = 1\ntrust = ["{root}"]\nrevocation = "ignore"\n')
    assert run("verify", sealed).code == 0
    ran = run("config", "show", "--origin")
    assert re.search(r"^revocation = ignore +# user .*config.toml$", ran.out, re.M)
    assert re.search(r"^lang = - +# default$", ran.out, re.M)
    shown = run("config", "show", "--format", "json", env={"ESEAL_LEVEL": "B"}).json["settings"]
    assert shown["level"] == {"value": "B", "origin": "environment", "place": "ESEAL_LEVEL"}
    (folder / "config.toml").write_text('version = 1\nrevocatoin = "ignore"\n')
    wrong = run("config", "show")
    assert wrong.code == 2 and "revocation" in wrong.err


def test_a_batch_goes_on_and_says_what_failed(run: Run, page: Path, office: Path) -> None:
    Path("a.pdf").write_bytes(page.read_bytes())
    Path("b.pdf").write_bytes(b"no pdf")
    Path("out").mkdir()
    ran = run("seal", "a.pdf", "b.pdf", "-o", "out", "--authority", office, "--format", "jsonl")
    assert ran.code == 9
    for value in ran.lines:
        VALIDATOR.validate(value)
    assert ran.lines[0]["sealed"]["output"] == "out/a.pdf"
    assert ran.lines[1]["file"] == "b.pdf" and ran.lines[1]["error"]["code"]
    assert ran.lines[2]["summary"]["counts"] == {"sealed": 1, "failed": 1}
    assert sorted(p.name for p in Path("out").iterdir()) == ["a.pdf"]


def test_a_dry_run_signs_and_writes_nothing(run: Run, page: Path, office: Path) -> None:
    journal = (office / "journal.jsonl").read_bytes()
    ran = run("seal", page, "-o", "out.pdf", "--authority", office, "--dry-run", "--format", "json")
    assert ran.code == 0
    VALIDATOR.validate(ran.json)
    assert ran.json["sealed"]["dry_run"] is True and ran.json["sealed"]["digest"] is None
    assert not Path("out.pdf").exists()
    assert (office / "journal.jsonl").read_bytes() == journal
    assert run("seal", page, "-o", "o.pdf", "--authority", office, "--dry-run", "--place", "1:500,1").code == 2


def test_sealing_to_standard_output(run: Run, page: Path, office: Path) -> None:
    ran = run("seal", "-", "-o", "-", "--authority", office, "--level", "B", input=page.read_bytes())
    assert ran.code == 0
    assert ran.raw.startswith(page.read_bytes()) and ran.raw.rstrip().endswith(b"%%EOF")
    assert "PAdES B-B" in ran.err


def test_a_picture_of_ones_own(run: Run, page: Path, office: Path) -> None:
    assert run("seals", "draw", "--owner", "Demo", "-o", "own.png").code == 0
    given = ["--picture", "own.png", "--size", "30x30", "--place", "-1:10,10"]
    assert run("seal", page, "-o", "out.pdf", "--authority", office, *given).code == 0


def test_seals_are_listed_and_shown(run: Run, office: Path) -> None:
    listed = run("seals", "list", "--authority", office)
    assert listed.code == 0 and "TEST 杭州市示范局" in listed.out
    one = listed.out.split()[0]
    shown = run("seals", "show", one, "--authority", office, "-o", "seal.svg", "--format", "json")
    assert shown.json["seal"]["id"].startswith(one)
    assert Path("seal.svg").read_text().startswith(("<svg", "<?xml"))
    assert run("seals", "show", "none", "--authority", office).code == 2


def test_secrets_have_no_flag() -> None:
    for command in (main.get_command(None, name) for name in TABLE):  # type: ignore[arg-type]
        names = {option for param in command.params for option in param.opts}  # type: ignore[union-attr]
        assert not names & {"--password", "--pin", "--passphrase", "--secret"}


def test_an_interrupt_is_130_and_a_defect_is_70_without_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def raises(error: BaseException) -> Callable[..., object]:
        def called(*_: object, **__: object) -> object:
            raise error

        return called

    monkeypatch.setattr("eseal.cli.options.resolved", raises(KeyboardInterrupt()))
    ran = run("config", "show")
    assert ran.code == 130 and ran.err.strip() == "Interrupted."
    monkeypatch.setattr("eseal.cli.options.resolved", raises(RuntimeError("oops\x1b[2J")))
    ran = run("config", "show")
    assert ran.code == 70
    assert "RuntimeError" in ran.err and "Traceback" not in ran.err and "\x1b" not in ran.err


def test_lines_are_flushed_one_by_one(sealed: Path, tmp_path: Path) -> None:
    """The first answer is there while the second input is still to come."""
    fifo = tmp_path / "late.pdf"
    os.mkfifo(fifo)
    command = [sys.executable, "-m", "eseal.cli", "verify", str(sealed), str(fifo), "--format", "jsonl", "--offline"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert b'"verdict": "indeterminate"' in first
        fifo.write_bytes(b"no pdf")
        rest = process.stdout.read()
    assert b'"unreadable"' in rest
    assert process.returncode == 5


def test_an_interrupt_while_waiting_for_input(tmp_path: Path) -> None:
    fifo = tmp_path / "late.pdf"
    os.mkfifo(fifo)
    command = [sys.executable, "-m", "eseal.cli", "verify", str(fifo), "--offline"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with process, fifo.open("wb"):  # opens once the command reads
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 130
    assert out == b"" and err.strip() == b"Interrupted."


def test_a_reader_that_goes_away_is_no_verdict(sealed: Path) -> None:
    command = [sys.executable, "-m", "eseal.cli", "verify", *[str(sealed)] * 3, "--format", "jsonl", "--offline"]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert done.returncode == 141
    assert b"Traceback" not in done.stderr


def test_an_output_that_knows_no_chinese_gets_escapes(sealed: Path) -> None:
    command = [sys.executable, "-m", "eseal.cli", "verify", str(sealed), "--offline", "--lang", "zh"]
    environ = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(command, capture_output=True, env=environ, check=False)
    assert done.returncode == 3
    assert b"\\u" in done.stdout


def test_completion_is_clicks_own() -> None:
    command = [sys.executable, "-c", "from eseal.cli import main; main(prog_name='eseal')"]
    for shell in ("bash", "zsh", "fish"):
        environ = {**os.environ, "_ESEAL_COMPLETE": f"{shell}_source"}
        done = subprocess.run(command, capture_output=True, env=environ, check=False)
        assert b"_ESEAL_COMPLETE" in done.stdout


@pytest.mark.parametrize("text", ["2026-11-24T12:00:00Z", "2026-11-24T20:00:00+08:00", " 20261124T120000+0000 "])
def test_times_with_an_offset_are_read(text: str) -> None:
    when = values.time(text)
    assert when is not None and when.isoformat() == "2026-11-24T12:00:00+00:00"


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "x", "", "2026-13-01"])
def test_times_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        values.time(text)


@pytest.mark.parametrize("text", ["0:1,1", "1:-1,1", "1:1", "1:nan,1", "1:1e5,1", "x"])
def test_places_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        values.place(text)


def test_settings_are_seen_in_raw_arguments() -> None:
    found = settings.early(["--lang=zh", "verify", "--format", "jsonl", "x"], {})
    assert (found.lang, found.format, found.json) == ("zh", "jsonl", True)
    assert settings.early(["verify", "--", "--lang", "zh"], {}).lang == "en"
    assert settings.early(["--format"], {"LANG": "zh_CN"}).lang == "zh"


def test_an_authority_that_is_named_and_not_there_yet_can_be_made(run: Run) -> None:
    named = {"ESEAL_AUTHORITY": "office"}
    assert run("seals", "draw", "--owner", "示范局", "-o", "seal.svg", env=named).code == 0
    assert run("seals", "list", env=named).code == 2
    assert run("init", "office", "--name", "示范局", env=named).code == 0
    assert run("seals", "list", env=named).code == 0
