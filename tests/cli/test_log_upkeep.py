"""`rulewright log migrate`, `correct-time`, `rekey` and `erase` of many, through the real command."""

from __future__ import annotations

import json
import re
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from citizens import Advance, open_log
from tests.cli.command import run

FORMAT_1 = Path(__file__).parents[1] / "citizens" / "data" / "format1.tar.gz"
EVENTS = """
- {subject: person/ada, id: a, facts: {2024-01-01: {wages: 5.00}}}
- {subject: person/bob, id: b, facts: {2024-01-01: {wages: 6.00}}}
- {subject: form_w2/1, id: c, facts: {2024-01-01: {w2_wages: 7.00, person: {group: person/ada, role: owner}}}}
"""
ORIGIN = ("--source", "payroll", "--legal-basis", "tax code 1")
ORDER = ("--legal-basis", "GDPR art. 17", "--reason", "request")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of three events."""
    (tmp_path / "events.yaml").write_text(EVENTS)
    done = run("log", "append", "--create", tmp_path / "events.yaml", "--log", tmp_path / "log", *ORIGIN)
    assert done.returncode == 0, done.stderr
    return tmp_path / "log"


def test_an_old_log_is_refused_with_the_command_that_helps(tmp_path: Path) -> None:
    with tarfile.open(FORMAT_1) as archive:
        archive.extractall(tmp_path, filter="data")
    old = tmp_path / "log"
    for command in (("stats",), ("verify",), ("backup", tmp_path / "copy"), ("verify", "--events-only")):
        done = run("log", *command, "--log", old)
        assert (done.returncode, "log migrate" in done.stderr) == (1, True), (command, done.stderr)
    done = run("log", "migrate", "--log", old)
    assert (done.returncode, "11 events" in done.stdout) == (0, True), done.stderr
    assert run("log", "verify", "--log", old).returncode == 0
    assert "nothing to bring up to date" in run("log", "migrate", "--log", old).stderr


def test_subjects_are_erased_from_a_list_with_a_certificate_that_names_nobody(log: Path, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("person/ada\nperson/bob\n")
    done = run(
        "log", "erase", "--from", tmp_path / "list", "--certificate", tmp_path / "cert", "--yes", "--log", log, *ORDER
    )
    assert (done.returncode, "1 record of theirs" in done.stdout) == (0, True), done.stderr
    certificate = json.loads((tmp_path / "cert").read_text())
    assert len(certificate["destroyed"]) == 3 and not re.search(r"\bada\b", str(certificate))
    assert run("log", "show", "form_w2/1", "--log", log).returncode == 1
    assert run("log", "erase", "--yes", "--log", log, *ORDER).returncode == 2


def test_the_clock_can_be_vouched_for(log: Path) -> None:
    done = run("log", "correct-time", "--log", log, "--legal-basis", "operations", "--reason", "checked with NTP")
    assert (done.returncode, "offset 4" in done.stdout) == (0, True), done.stderr
    assert run("log", "correct-time", "--log", log).returncode == 2


def test_a_key_store_is_wrapped_and_opens_with_its_key_alone(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kek").write_text("ab" * 32)
    (tmp_path / "kek").chmod(0o600)
    done = run("log", "rekey", "--to", f"file:{tmp_path / 'kek'}", "--log", log)
    assert (done.returncode, "RULEWRIGHT_KEK=" in done.stdout) == (0, True), done.stderr
    done = run("log", "show", "person/ada", "--log", log)
    assert (done.returncode, "RULEWRIGHT_KEK" in done.stderr) == (1, True)
    monkeypatch.setenv("RULEWRIGHT_KEK", f"file:{tmp_path / 'kek'}")
    assert run("log", "show", "person/ada", "--log", log).returncode == 0
    assert run("log", "backup", tmp_path / "copy", "--log", log).returncode == 0
    assert run("log", "restore", tmp_path / "copy", "--log", tmp_path / "again", "--erasures-lost").returncode == 0
    assert run("log", "rekey", "--to", "kek", "--log", log).returncode == 1


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ("{subject: person/x, id: a, source: rulewright, facts: {2024-01-01: {a: 1}}}", "kept for what this program"),
        ("{subject: 'person/x ', id: a, facts: {2024-01-01: {a: 1}}}", "spaces around it"),
        ("{subject: annual_run/x, id: a, facts: {2024-01-01: {a: 1}}}", "annual runs"),
        ("{subject: access/ada, id: a, facts: {2024-01-01: {by: nobody}}}", "who looked at whose record"),
        ("{subject: access/ada, id: a, corrects: {2024-01-01: {by: eve}}, reason: r}", "who looked at whose record"),
        ("{subject: query/9, id: a, facts: {2024-01-01: {by: nobody}}}", "who put a question"),
        ("{subject: tax_unit/1, id: a, payment: {amount: 1.00, period: ' 2024', currency: USD, cause: c}}", "a period"),
        ("{subject: tax_unit/1, id: a, payment: {amount: 1.00, period: 2024, currency: usd, cause: c}}", "three"),
        ("{subject: tax_unit/1, id: a, payment: {amount: 0.001, period: 2024, currency: USD, cause: c}}", "2 decimals"),
    ],
)  # fmt: skip
def test_what_is_not_in_the_one_form_is_refused_in_words(log: Path, tmp_path: Path, event: str, words: str) -> None:
    (tmp_path / "one.yaml").write_text(f"- {event}\n")
    done = run("log", "append", "--create", tmp_path / "one.yaml", "--log", log, *ORIGIN)
    assert (done.returncode, words in done.stderr) == (1, True), done.stderr


def test_two_unicode_forms_of_a_name_are_one_subject(log: Path, tmp_path: Path) -> None:
    for number, name in enumerate(("Zoe\u0308", "Zo\u00eb")):
        (tmp_path / "one.yaml").write_text(
            f"- {{subject: person/{name}, id: z{number}, facts: {{2024-01-01: {{a: 1}}}}}}\n"
        )
        assert run("log", "append", "--create", tmp_path / "one.yaml", "--log", log, *ORIGIN).returncode == 0
    done = run("log", "show", "person/Zoe\u0308", "--log", log, "--json")
    assert len(json.loads(done.stdout)["events"]) == 2


def test_verify_says_who_could_have_changed_the_log(log: Path, tmp_path: Path) -> None:
    done = run("log", "verify", "--log", log, "--write-anchor", tmp_path / "anchor")
    assert "nobody without the key store" in done.stdout and "not checked" in done.stdout
    done = run("log", "verify", "--log", log, "--anchor", tmp_path / "anchor")
    assert "nobody has changed that" in done.stdout and "\nnot checked" not in done.stdout


def test_the_doctor_says_the_state_and_the_next_step(log: Path) -> None:
    done = run("log", "doctor", "--log", log)
    assert (done.returncode, done.stdout) == (0, "the log is at rest, and nothing is left to do\n")
    with open_log(log) as opened:
        opened.append([], advance=Advance("annual-income_tax-2024", 0, 2, needs="state"))
        opened.append([], advance=Advance("follow-income_tax-2023", 0, 1))
        while_written = run("log", "doctor", "--log", log, "--json")
    told = json.loads(while_written.stdout)
    assert (told["usable"], len(told["findings"])) == (True, 2)
    assert "was not finished" in told["findings"][0]["message"] and "follow" in told["findings"][1]["remedy"]
    (log / "keys.db").chmod(0o644)
    done = run("log", "doctor", "--log", log)
    assert (done.returncode, "chmod 600" in done.stdout) == (1, True)
    (log / "keys.db").chmod(0o600)
    (log / "restoring").touch()
    done = run("log", "doctor", "--log", log)
    assert (done.returncode, "log restore" in done.stdout) == (1, True)


def test_a_copy_follows_is_promoted_and_compared(log: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    done = run("log", "replicate", copy, "--log", log)
    assert (done.returncode, "carried 3 events" in done.stdout) == (0, True), done.stderr
    (tmp_path / "late.yaml").write_text("- {subject: person/ada, id: late, facts: {2024-01-01: {wages: 9.00}}}\n")
    refused = run("log", "append", tmp_path / "late.yaml", "--log", copy, *ORIGIN)
    assert (refused.returncode, "log promote" in refused.stderr) == (1, True)
    assert run("log", "append", tmp_path / "late.yaml", "--log", log, *ORIGIN).returncode == 0
    assert run("log", "promote", "--log", copy).returncode == 2
    done = run("log", "promote", "--log", copy, "--legal-basis", "plan 7", "--reason", "fire")
    assert (done.returncode, "life 2" in done.stdout) == (0, True), done.stderr
    done = run("log", "replicate", copy, "--log", log, "--json")
    assert (done.returncode, "agree" in done.stderr or "promoted" in done.stderr) == (1, True)
    done = run("log", "compare", log, "--log", copy, "--rest", tmp_path / "rest.jsonl")
    assert (done.returncode, "alike up to offset 3" in done.stdout, "id late" in done.stdout) == (1, True, True)
    done = run("log", "append", tmp_path / "rest.jsonl", "--log", copy)
    assert done.returncode == 0, done.stderr
    assert "9.00" in run("log", "as-of", "person/ada", "--valid", "2024-06-01", "--log", copy).stdout
    assert run("log", "verify", "--log", copy).returncode == 0


def test_a_log_is_copied_to_a_folder_and_again(log: Path, tmp_path: Path) -> None:
    done = run("log", "copy", log, tmp_path / "copy")
    assert (done.returncode, "copied 3 events" in done.stdout) == (0, True), done.stderr
    assert "copied 0 events" in run("log", "copy", log, tmp_path / "copy").stdout
    (tmp_path / "own.yaml").write_text("- {subject: person/cy, id: own, facts: {2024-01-01: {wages: 9.00}}}\n")
    assert run("log", "append", tmp_path / "own.yaml", "--log", tmp_path / "copy", *ORIGIN).returncode == 0
    done = run("log", "copy", log, tmp_path / "copy")
    assert (done.returncode, "gone on by itself" in done.stderr) == (1, True)
    assert run("log", "copy", log, log).returncode == 2


def test_increments_and_a_point_in_time(log: Path, tmp_path: Path) -> None:
    assert run("log", "backup", tmp_path / "whole", "--log", log).returncode == 0
    (tmp_path / "more.yaml").write_text("- {subject: person/eve, id: d, facts: {2024-01-01: {wages: 8.00}}}\n")
    assert run("log", "append", tmp_path / "more.yaml", "--log", log, *ORIGIN).returncode == 0
    done = run("log", "backup", tmp_path / "more", "--since", tmp_path / "whole", "--log", log)
    assert (done.returncode, "offset 4" in done.stdout) == (0, True), done.stderr
    again = (tmp_path / "whole", tmp_path / "more", "--log", tmp_path / "again", "--erasures-lost", "--yes")
    for also, head in (((), 4), (("--to", "#2"), 2)):
        done = run("log", "restore", *again, *also)
        assert (done.returncode, f"offset {head}," in done.stdout) == (0, True), done.stderr
    done = run("log", "restore", *again, "--to", "#9")
    assert (done.returncode, "reaches offset 4" in done.stderr) == (1, True), done.stderr


def test_a_retention_class_that_has_run_out_is_erased_with_a_certificate(log: Path, tmp_path: Path) -> None:
    erase = ("log", "erase", "--log", log, "--yes", *ORDER, "--certificate")
    nobody, cert = tmp_path / "nobody", tmp_path / "cert"
    assert run(*erase, cert, "--expired", "texes=2020-12-31").returncode == 2
    assert run(*erase, cert, "person/ada", "--expired", "tax=2020-12-31").returncode == 2
    done = run(*erase, nobody, "--expired", "tax=2020-12-31")
    assert (done.returncode, "erased: 0 subjects" in done.stdout) == (0, True), done.stderr
    today = datetime.now(UTC).date()
    done = run(*erase, nobody, "--expired", f"tax={today}")
    assert (done.returncode, "is already there" in done.stderr) == (2, True)
    done = run(*erase, cert, "--expired", f"tax={today}")
    assert (done.returncode, "erased: 3 subjects" in done.stdout) == (0, True), done.stderr
    assert len(json.loads(cert.read_text())["destroyed"]) == 3
