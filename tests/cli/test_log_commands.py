"""The commands of a log, from their entry point: what users see, and what they are told when it cannot be done.

Terminals, a second writer and a full disk need processes of their own; the rest runs in this one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import ROOT
from tests.cli.logs import BASIS, EVENTS, append, ask, run

# --- append


def test_what_is_appended_is_shown(log: Path) -> None:
    shown = run("log", "show", "person/ada", "--log", log).stdout
    assert shown.startswith("person/ada: 3 events, version 3\n")
    for line in (
        "by clerk, from employer, on Tax Act s. 1 (id w2-2024)",
        "wages     48,000.00              corrected by #3",
        "tax_unit  head of tax_unit/home",
        "zip       10001                  retracted by #4",
        "reason: amended return",
        "wages  49,000.50  (was 48,000.00, #1)",
        "zip  never was  (was 10001, #1)",
    ):
        assert line in shown, line


def test_a_second_delivery_of_a_file_changes_nothing(log: Path) -> None:
    again = append(log)
    assert (again["recorded"], again["duplicates"]) == (0, 4)
    assert [event["offset"] for event in again["events"]] == [1, 2, 3, 4]


def test_what_is_shown_can_be_appended_to_another_log(log: Path, tmp_path: Path) -> None:
    shown = ask("log", "show", "person/ada", "--log", log)["events"]
    given = ("subject", "id", "source", "actor", "legal_basis", "retention", "facts", "corrects", "retracts", "reason")
    lines = [json.dumps({key: event[key] for key in given if key in event}) for event in shown]
    other = tmp_path / "other"
    assert run("log", "append", "--create", "-", "--log", other, stdin="\n".join(lines)).returncode == 0
    copied = ask("log", "show", "person/ada", "--log", other)["events"]
    own = ("offset", "recorded_at", "version", "replaced_by", "takes_the_place_of")
    assert [{key: file[key] for key in file if key not in own} for file in copied] == [
        {key: item[key] for key in item if key not in own} for item in shown
    ]


def test_a_stale_expected_version_is_refused_with_its_place(log: Path) -> None:
    event = "subject: person/ada\nid: late\nexpected_version: 2\nfacts: {2024-01-01: {wages: 1}}"
    done = run("log", "append", "--create", "-", "--log", log, "--source", "x", *BASIS, stdin=event)
    assert done.returncode == 1
    assert "<stdin>:1:1: `person/ada`: subject is at version 3, the event expected 2; nothing was recorded" in (
        done.stderr
    )
    assert "read its timeline again" in done.stderr


def test_another_content_under_the_same_id_is_refused(log: Path) -> None:
    changed = EVENTS.replace("50_000.00", "50_001.00")
    done = run("log", "append", "--create", "-", "--log", log, "--source", "employer", *BASIS, stdin=changed)
    assert done.returncode == 1
    assert "delivered this event id before, with other content, at offset 1" in done.stderr


def test_all_faults_of_a_file_are_told_at_once_and_nothing_is_recorded(tmp_path: Path) -> None:
    (tmp_path / "events.yaml").write_text(
        "- subject: ada\n  id: 1\n  facts: {2024-02-30: {wages: 1}}\n"
        "- subject: person/ben\n  fact: {2024-01-01: {wages: 1}}\n"
        "- subject: person/cleo\n  id: 3\n  facts: {2024-01-01: {wages: 1, Wages: 2, blind: no, age: 0123, x: 1e3}}\n"
        "- just text\n",
        encoding="utf-8",
    )
    done = run(
        "log", "append", "--create", tmp_path / "events.yaml", "--log", tmp_path / "log", "--source", "x", *BASIS
    )
    assert done.returncode == 1
    for place, words in (
        ("events.yaml:1:12", "a subject is named"),
        ("events.yaml:3:11", "`2024-02-30` is not a day"),
        ("events.yaml:5:3", "an event has no `fact`"),
        ("events.yaml:4:3", "`id` is missing"),
        ("events.yaml:8:41", "an attribute is lower-case letters"),
        ("events.yaml:8:51", "`no` can be read in several ways"),
        ("events.yaml:8:60", "`0123` can be read in several ways"),
        ("events.yaml:8:69", "`1e3` can be read in several ways"),
        ("events.yaml:9:3", "an event is a mapping, not a single value"),
    ):
        assert place in done.stderr, place
        assert words in done.stderr, words
    assert "9 errors, 0 warnings\nnothing was recorded" in done.stderr
    assert not (tmp_path / "log").exists()


HOSTILE_LINES = (
    ("{" * 100_000, "is not JSON"),
    ("[" * 100_000 + "]" * 100_000, "nesting"),
    ('{"subject": "person/1", "subject": "person/2", "id": "a", "facts": {"2024-01-01": {"w": 1}}}', "appears twice"),
    ('{"subject": "person/1", "id": "a", "facts": {"2024-01-01": {"w": NaN}}}', "`NaN` is not a number"),
    ('{"subject": "person/1", "id": "a", "facts": {"2024-01-01": {"w": 1e400}}}', "`1e400` can be read in several"),
    ('{"subject": "person/1", "id": "a", "facts": {"2024-01-01": {"w": ' + "9" * 5_000 + "}}}", "over 18 digits"),
    ('{"subject": "person/1", "id": "a", "facts": {"2024-01-01": {"w": "\\ud800"}}}', "lone surrogate"),
    ('{"subject": "person/1", "id": "a", "facts": {"2024-01-01": {"w": "a\\u0000b"}}}', "cannot be printed"),
    ('{"subject": "person/1", "id": "a", "facts": {"2024-01-01": {"w": "a\\u202eb"}}}', "cannot be printed"),
    ('{"subject": "person/1", "id": "a", "facts": {"2024-01-01": {"w": [1]}}}', "a fact has one value"),
    ('{"subject": "person/1", "id": "a", "facts": {"2024-01-01": {"w": {"is": 1}}}}', "mapping of other keys"),
    ('{"subject": "person/1", "id": "a", "facts": {"2024-01-01": {"w": "2024-02-30"}}}', "there is no day"),
    ('{"subject": "person/1", "id": "a", "facts": {}}', "from which day"),
    ('{"subject": "person/1", "id": "", "facts": {"2024-01-01": {"w": 1}}}', "0 characters"),
    ('{"subject": "person/1", "id": "a", "facts": {"2024-01-01": {"w": 1}}, "hold": "b"}', "`facts` and `hold`"),
    ('{"subject": "person/1", "id": "a", "erasure": {"number": 1}}', "an event has no `erasure`"),
    ('{"subject": "person/1", "id": "a", "payment": {"amount": 1, "period": "2024", "cause": "x"}}', "`currency` is"),
    ('{"subject": "person/1", "id": "a", "payment": {"amount": "much"}}', "`amount` is not a number"),
    ("null", "a mapping, not a single value"),
)


def test_hostile_lines_are_told_each_with_its_line(tmp_path: Path) -> None:
    content = '{"subject": "person/9", "id": "ok", "facts": {"2024-01-01": {"w": 1}}}\n' + "\n".join(
        line for line, _ in HOSTILE_LINES
    )
    path = tmp_path / "events.jsonl"
    path.write_text(content, encoding="utf-8")
    done = run("log", "append", "--create", path, "--log", tmp_path / "log", "--source", "x", *BASIS, "--json")
    assert done.returncode == 1
    problems = json.loads(done.stdout)["problems"]
    for number, (_, words) in enumerate(HOSTILE_LINES, 2):
        assert any(words in problem["message"] and problem["line"] == number for problem in problems), (number, words)
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"[" * 30_000, "nesting"),
        (b"a: &x [*x]", "anchor"),
        (b"!!python/object/apply:os.system [ls]", "tag"),
        (b"subject: a\n---\nsubject: b", "second document"),
        (b"\xff\xfes\x00", "UTF-16"),
        (b'{"a": 1}\n\xff', "line 2 is not UTF-8"),
        (b"- " * 600_000, "give JSON lines"),
    ],
)
def test_what_is_no_file_of_events_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    done = run("log", "append", "--create", "-", "--log", tmp_path / "log", stdin=content)
    assert done.returncode == 1
    assert words in done.stderr
    assert not (tmp_path / "log").exists()


def test_an_event_that_does_not_say_on_what_authority_is_refused(tmp_path: Path) -> None:
    done = run("log", "append", "--create", "-", "--log", tmp_path / "log", "--source", "x", stdin=EVENTS)
    assert done.returncode == 1
    assert "write `legal_basis: …`, or give `--legal-basis` for the whole file" in done.stderr


# --- what held, as known when


def test_facts_are_as_valid_then_as_known_then(log: Path) -> None:
    def wages(valid: str, known: str) -> object:
        facts = ask("log", "as-of", "person/ada", "--valid", valid, "--known", known, "--log", log)["facts"]
        return facts["wages"]["value"] if "wages" in facts else None

    assert [wages("2024-03-01", known) for known in ("#1", "#3", "2100-01-01")] == ["48000.00"] + ["49000.50"] * 2
    assert (wages("2024-12-31", "#4"), wages("2023-12-31", "#4")) == ("50000.00", None)
    shown = run("log", "as-of", "person/ada", "--valid", "2024-03-01", "--known", "2", "--log", log).stdout
    assert shown.startswith("person/ada on 2024-03-01, as known at #2\n")
    assert "wages     48,000.00              2024-01-01  2024-07-01  #1 on " in shown


def test_a_history_from_a_moment_on(log: Path) -> None:
    def offsets(*options: str) -> list[int]:
        return [event["offset"] for event in ask("log", "show", "person/ada", *options, "--log", log)["events"]]

    assert offsets("--since", "#3") == [3, 4]
    assert (offsets("--since", "2000-01-01"), offsets("--since", "2100-01-01T00:00:00Z")) == ([1, 3, 4], [])
    assert (offsets("--since", "0001-01-01"), offsets("--known", "#3")) == ([1, 3, 4], [1, 3])


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["show", "person/nobody"], 1, "nothing is recorded of `person/nobody`"),
        (["show", "nobody"], 2, "`nobody` is not a subject"),
        (["show", "person/ada", "--since", "yesterday"], 2, "`yesterday` is not a moment"),
        (["as-of", "person/ada", "--known", "2024-01-01T12:00"], 2, "has no time zone"),
        (["as-of", "person/ada", "--known", "2024-02-30"], 2, "is not a moment"),
        (["as-of", "person/ada", "--known", "9999-12-31"], 2, "is not a moment"),
        (["as-of", "person/ada", "--valid", "#3"], 2, "`#3` is not a day"),
        (["as-of", "person/ada", "--known", "1999-01-01"], 1, "nothing was known of `person/ada` then"),
        (["show", "person/ada'; DROP TABLE events; --"], 1, "nothing is recorded of"),
    ],
)
def test_questions_that_have_no_answer(log: Path, arguments: list[str], code: int, words: str) -> None:
    done = run("log", *arguments, "--log", log)
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr


def test_a_narrow_terminal_gets_a_block_for_each_fact(log: Path) -> None:
    as_of = ["log", "as-of", "person/ada", "--valid", "2024-03-01", "--log", str(log)]
    command = [sys.executable, "-m", "api.cli", *as_of]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "40"}
    shown = subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout
    assert "wages\n  value     49,000.50\n  from      2024-01-01\n  until     2024-07-01\n  recorded  #3 on" in shown
    assert max(map(len, shown.splitlines())) <= 60
