"""The commands of a log, from their entry point: what users see, and what they are told when it cannot be done.

Terminals, a second writer and a full disk need processes of their own; the rest runs in this one.
"""

from __future__ import annotations

import json
import os
import pty
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from api.history import access
from tests.api.http.assessed import ASSESSMENT
from tests.cli.command import ROOT, SETTINGS, write_rules
from tests.cli.logs import BASIS, EVENTS, append, ask, run


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with a small history."""
    append(tmp_path / "citizens.db")
    return tmp_path / "citizens.db"


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


# --- is it a log


def test_the_log_may_be_named_by_the_environment(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("log", "stats").returncode == 2
    assert "add `--log citizens.db`, or set RULEWRIGHT_LOG" in run("log", "stats").stderr
    monkeypatch.setenv("RULEWRIGHT_LOG", str(log))
    assert run("log", "stats").returncode == 0


def test_the_keys_may_lie_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "safe").mkdir()
    monkeypatch.setenv("RULEWRIGHT_KEYS", str(tmp_path / "safe" / "keys.db"))
    append(tmp_path / "log")
    assert ask("log", "stats", "--log", tmp_path / "log")["keys"]["path"] == str(tmp_path / "safe" / "keys.db")
    assert not (tmp_path / "log" / "keys.db").exists()


COMPACT = ["compact", "--horizon", "tax=2020-01-01", "--legal-basis", "x"]


@pytest.mark.parametrize("command", [["stats"], ["verify"], ["hold"], ["show", "person/a"], COMPACT])
def test_what_is_no_log_is_refused_and_left_alone(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "letter.txt").write_text("dear")
    (tmp_path / "file").write_text("x")
    for name, words in (("none", "there is no log"), ("file", "is a file"), ("folder", "there is no log")):
        if (command[0], name) == ("compact", "folder"):
            continue
        done = run("log", *command, "--log", tmp_path / name)
        assert (done.returncode, words in done.stderr) == (1, True), done.stderr
    assert not (tmp_path / "none").exists()


def test_a_new_log_is_not_made_among_other_files(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    for place, words in ((tmp_path, "holds other files (`letter.txt`)"), (tmp_path / "letter.txt", "is a file")):
        done = run("log", "append", "--create", "-", "--log", place, "--source", "x", *BASIS, stdin=EVENTS)
        assert (done.returncode, words in done.stderr) == (1, True)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


HOLDER = "import sys, citizens\nlog = citizens.open_log(sys.argv[1])\nprint('open', flush=True)\ninput()\nlog.close()"


AGES = """\
- {subject: person/ada, id: ada-age, facts: {2024-01-01: {age: 40}}}
- {subject: person/ben, id: ben-age, facts: {2024-01-01: {age: 4}}}
"""


@contextmanager
def held_open(log: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that writes the log until it reads a line."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", HOLDER, str(log)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        try:
            yield writer
        finally:
            if writer.poll() is None:
                writer.communicate("\n")


def test_a_log_that_is_being_written_is_refused_to_a_second_writer(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "PATIENCE", 0.1)
    with held_open(log) as writer:
        done = run("log", "append", "--create", "-", "--log", log, "--source", "x", *BASIS, stdin=EVENTS)
        assert done.returncode == 1
        assert f"is being written by process {writer.pid}" in done.stderr
        assert run("log", "stats", "--log", log).returncode == 0
    assert append(log)["duplicates"] == 4


def test_a_writer_that_is_about_to_finish_is_waited_for(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "PATIENCE", 60.0)
    with held_open(log) as writer:
        assert writer.stdin is not None
        waits: list[float] = []

        def let_go(seconds: float) -> None:
            """Instead of sleeping: have the other writer finish, the second time."""
            waits.append(seconds)
            if len(waits) == 2:
                writer.communicate("\n")

        monkeypatch.setattr(access, "sleep", let_go)
        assert append(log)["duplicates"] == 4
        assert len(waits) == 2


@pytest.mark.parametrize("command", ["append", "annual"])
def test_who_waits_for_another_writer_is_told_once(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(access, "TELLS_AFTER", 0.02)
    append_event: tuple[str | Path, ...] = ("log", "append", "-", "--source", "x", *BASIS, "--log", log)
    assert run(*append_event, stdin=AGES).returncode == 0
    rules = write_rules(tmp_path / "land", settings=SETTINGS + ASSESSMENT)
    arguments = append_event if command == "append" else ("annual", rules, "--year", "2024", "--log", log)
    with held_open(log) as writer:
        waits: list[float] = []

        def let_go(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 10:
                writer.communicate("\n")

        monkeypatch.setattr(access, "sleep", let_go)
        done = run(*arguments, stdin=AGES)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(f"waiting until another process has written {log}") == 1


def test_a_full_disk_is_said_and_costs_nothing(log: Path) -> None:
    size = max(path.stat().st_size for path in log.iterdir())

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    facts = ", ".join(f"fact{number}: text{number}" for number in range(2_000))
    event = f"subject: person/ada\nid: large\nfacts: {{2024-01-01: {{{facts}}}}}"
    command = [sys.executable, "-c", "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
               "import sys\nfrom api.cli import main\nsys.exit(main())",
               "log", "append", "--create", "-", "--log", str(log), "--source", "x", *BASIS]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, input=event, capture_output=True, text=True, env=environment, preexec_fn=limit)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "open the log again" in done.stderr
    assert ask("log", "verify", "--log", log)["sound"] is True
    assert ask("log", "show", "person/ada", "--log", log)["version"] == 3


# --- verify


def test_a_sound_log_is_sound_and_gives_an_anchor(log: Path, tmp_path: Path) -> None:
    anchor = tmp_path / "anchor.json"
    done = run("log", "verify", "--log", log, "--write-anchor", anchor)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "sound: 4 events, up to offset 4")
    assert json.loads(anchor.read_text())["chain"] == done.stdout.split()[-1]
    assert run("log", "verify", "--log", log, "--anchor", anchor).returncode == 0
    (log / "keys.db").unlink()
    assert ask("log", "verify", "--log", log, "--events-only", "--anchor", anchor)["sound"] is True
    done = run("log", "verify", "--log", log)
    assert (done.returncode, "keys.db cannot be opened" in done.stderr) == (1, True)


def test_damage_is_told_with_its_offset(log: Path, tmp_path: Path) -> None:
    import apsw

    (tmp_path / "anchor.json").write_text("{}")
    assert run("log", "verify", "--log", log, "--anchor", tmp_path / "anchor.json").returncode == 1
    assert run("log", "verify", "--log", log, "--anchor", tmp_path / "none").returncode == 2
    events = log / (log / "current").read_text().strip()
    connection = apsw.Connection(str(events))
    connection.execute("UPDATE events SET payload = zeroblob(length(payload)) WHERE offset = 3")
    connection.close()
    done = run("log", "verify", "--log", log)
    assert done.returncode == 1
    assert "the event at offset 3 does not match the chain" in done.stderr
    assert "the first at offset 3\n  = help: restore the log from a backup" in done.stderr
    answer = json.loads(run("log", "verify", "--log", log, "--json").stdout)
    assert (answer["sound"], answer["problems"][0]["offset"]) == (False, 3)
    for command in (["show", "person/ada"], ["as-of", "person/ada"]):
        done = run("log", *command, "--log", log)
        assert (done.returncode, "offset 3" in done.stderr) == (1, True)


@pytest.mark.parametrize("name", ["events-000001.db", "keys.db", "current", "anchor", "erasures.log"])
def test_files_of_nonsense_are_told_as_sentences(log: Path, name: str) -> None:
    (log / name).write_bytes(b"\x00nonsense\xff" * 700)
    for command in (["verify"], ["stats"], ["append", "-", "--source", "x", *BASIS]):
        done = run("log", *command, "--log", log, stdin=EVENTS)
        told = done.returncode == 1 and "  = help: " in done.stderr
        assert told or (name == "erasures.log" and command != ["append"]) or name == "anchor", (command, done.stderr)


# --- compaction, holds, erasure, backups


SUPERSEDED = """\
- {subject: person/ada, id: a1, facts: {2024-01-01: {wages: 1}}}
- {subject: person/ada, id: a2, facts: {2024-01-01: {wages: 2}}}
- {subject: person/ada, id: a3, facts: {2024-01-01: {age: 3}}}
"""
WHY = ("--legal-basis", "limitation act s. 5", "--actor", "archivist")


def recorded_on(log: Path) -> str:
    day: str = ask("log", "stats", "--log", log)["recorded"][1][:10]
    return day


def test_what_is_superseded_can_be_forgotten_and_earlier_questions_are_refused(tmp_path: Path) -> None:
    log = tmp_path / "log"
    append(log, SUPERSEDED)
    horizon = f"tax={recorded_on(log)}"
    done = run("log", "compact", "--horizon", horizon, *WHY, "--log", log)
    assert (done.returncode, done.stdout.split(";")[0]) == (0, "forgot 1 event")
    assert ask("log", "as-of", "person/ada", "--log", log)["facts"]["wages"]["value"] == 2
    early = run("log", "as-of", "person/ada", "--known", "#1", "--log", log)
    assert (early.returncode, "has been compacted up to offset 3" in early.stderr) == (1, True)
    assert "ask as known at offset 3 or later" in early.stderr
    assert run("log", "compact", "--horizon", horizon, *WHY, "--log", log).stdout.startswith("nothing to forget")
    shown = run("log", "show", "person/ada", "--log", log).stdout
    assert shown.startswith("person/ada: 2 events, 1 compacted away, version 3")
    stats = ask("log", "stats", "--log", log)
    assert (stats["compacted"], stats["horizons"]) == (1, {"tax": 3})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--horizon", "tax", *WHY], "`tax` is not a horizon"),
        (["--horizon", "tax=soon", *WHY], "`soon` is not a day"),
        (["--horizon", "taxx=2020-01-01", *WHY], "did you mean `tax`?"),
        (["--horizon", "tax=2099-01-01", *WHY], "lies in the future"),
        (["--horizon", "tax=2020-01-01", "--horizon", "tax=2021-01-01", *WHY], "two horizons"),
        (["--horizon", "tax=2020-01-01"], "the authority is missing"),
        ([], "--horizon"),
    ],
)
def test_horizons_that_cannot_be_understood(log: Path, options: list[str], words: str) -> None:
    done = run("log", "compact", *options, "--log", log)
    assert (done.returncode, words in done.stderr) == (2, True), done.stderr


def test_a_hold_keeps_everything_until_it_is_released(tmp_path: Path) -> None:
    log, why = tmp_path / "log", ("--reason", "appeal", *WHY)
    append(log, SUPERSEDED)
    hold = ["log", "hold", "person/ada", "--case", "appeal 1", *why, "--log", str(log)]
    assert run(*hold).stdout == "person/ada is held for appeal 1\n"
    assert run(*hold).stdout == "nothing to do: person/ada is held for appeal 1\n"
    assert run("log", "hold", "--log", log).stdout == "subject     held for\nperson/ada  appeal 1\n"
    compact = ["log", "compact", "--horizon", f"tax={recorded_on(log)}", *WHY, "--log", str(log)]
    assert run(*compact).stdout.startswith("nothing to forget")
    erased = run("log", "erase", "person/ada", "--yes", *why, "--log", log)
    assert (erased.returncode, "under legal hold for appeal 1" in erased.stderr) == (1, True)
    assert "--release --case 'appeal 1'" in erased.stderr
    assert run(*hold, "--release").stdout == "person/ada is not held\n"
    assert ask(*compact)["removed"] == 1
    assert run(*hold).stdout == "person/ada is held for appeal 1\n", "a case may be opened again"
    done = run("log", "hold", "person/nobody", "--case", "x", *why, "--log", log)
    assert (done.returncode, "nothing is recorded of `person/nobody`" in done.stderr) == (1, True)
    for options, words in (
        (["person/ada"], "the case is not named"),
        (["--release"], "the subject of the hold is missing"),
    ):
        done = run("log", "hold", *options, "--log", log)
        assert (done.returncode, words in done.stderr) == (2, True)


def test_an_erased_subject_stays_erased_after_a_restore(log: Path, tmp_path: Path) -> None:
    why = ("--reason", "request", "--legal-basis", "GDPR art. 17")
    done = run("log", "backup", tmp_path / "copy", "--log", log)
    assert (done.returncode, done.stdout) == (0, f"copied up to offset 4 into {tmp_path / 'copy'}\n")
    assert run("log", "backup", tmp_path / "copy", "--log", log).returncode == 1
    assert run("log", "backup", log / "inside", "--log", log).returncode == 2
    bare = run("log", "erase", "person/ada", "--log", log)
    assert (bare.returncode, "--legal-basis" in bare.stderr, "--reason" in bare.stderr) == (2, True, True), bare.stderr
    unasked = run("log", "erase", "person/ada", *why, "--log", log)
    assert (unasked.returncode, "add `--yes`" in unasked.stderr) == (2, True)
    assert ask("log", "show", "person/ada", "--log", log)["version"] == 3
    assert ask("log", "erase", "person/ada", "--yes", *why, "--log", log)["events"] == 3
    assert run("log", "show", "person/ada", "--log", log).returncode == 1
    assert run("log", "erase", "person/ada", "--yes", *why, "--log", log).returncode == 1
    over = run("log", "restore", tmp_path / "copy", "--log", log)
    assert (over.returncode, "add `--yes` to put the backup in its place" in over.stderr) == (2, True)
    done = run("log", "restore", tmp_path / "copy", "--yes", "--log", log)
    assert (done.returncode, done.stdout) == (0, f"restored {log}: 5 events, up to offset 5, verified\n")
    assert run("log", "show", "person/ada", "--log", log).returncode == 1
    assert ask("log", "show", "person/ben", "--log", log)["version"] == 1
    assert ask("log", "stats", "--log", log)["erased"] == 1


def test_a_restore_elsewhere_asks_for_the_ledger_of_erasures(log: Path, tmp_path: Path) -> None:
    copy, other = tmp_path / "copy", tmp_path / "other"
    assert run("log", "backup", copy, "--log", log).returncode == 0
    run("log", "erase", "person/ada", "--yes", "--reason", "r", "--legal-basis", "b", "--log", log)
    done = run("log", "restore", copy, "--log", other)
    assert (done.returncode, "no ledger of erasures is left but the backup's own" in done.stderr) == (1, True)
    assert run("log", "restore", copy, "--erasures", tmp_path / "none", "--log", other).returncode == 2
    assert run("log", "restore", copy, "--erasures", log / "erasures.log", "--log", other).returncode == 0
    assert run("log", "show", "person/ada", "--log", other).returncode == 1
    assert run("log", "restore", tmp_path / "nothing", "--yes", "--log", other).returncode == 2
    (copy / "events.db").write_bytes(b"changed")
    done = run("log", "restore", copy, "--yes", "--log", other)
    assert (done.returncode, "is not as it was copied" in done.stderr) == (1, True)
    assert ask("log", "verify", "--log", other)["sound"] is True


def at_a_terminal(answer: bytes, *arguments: str | Path) -> tuple[int, str]:
    """The command with a terminal for stdin and stderr; the exit code and what it showed there."""
    own, its = pty.openpty()
    command = [sys.executable, "-m", "api.cli", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    os.write(own, answer)
    process = subprocess.Popen(command, stdin=its, stderr=its, stdout=subprocess.DEVNULL, env=environment)
    os.close(its)
    shown = b""
    try:
        while block := os.read(own, 10_000):
            shown += block
    except OSError:  # the terminal was closed at the other end
        pass
    os.close(own)
    return process.wait(), shown.decode()


def test_an_erasure_is_asked_for_at_a_terminal(log: Path) -> None:
    erase = ("log", "erase", "person/ada", "--reason", "r", "--legal-basis", "b", "--log", log)
    code, shown = at_a_terminal(b"n\n", *erase)
    assert (code, "erase person/ada (3 events) for ever? [y/N]" in shown) == (1, True)
    assert "nothing was erased" in shown
    code, shown = at_a_terminal(b"yes\n", *erase)
    assert code == 0
    assert run("log", "show", "person/ada", "--log", log).returncode == 1


def test_progress_is_shown_at_a_terminal_and_wiped_out(tmp_path: Path) -> None:
    code, shown = at_a_terminal(b"", "log", "import", "--sample", "--log", tmp_path / "log")
    assert code == 0
    assert "recording: " in shown
    assert "of 29,204" in shown
    assert shown.rsplit("recording: ", 1)[1].count("\r\x1b[K") == 1


def test_no_command_makes_a_log_by_mistake(tmp_path: Path) -> None:
    """A mistyped path is told; a log is made by `log create`, by `--create`, or for the sample."""
    there, empty = tmp_path / "there", tmp_path / "empty"
    empty.mkdir()
    for folder in (tmp_path / "mistyped", empty):
        done = run("log", "append", "-", "--log", folder, "--source", "x", *BASIS, stdin=EVENTS)
        assert done.returncode == 1 and "there is no log" in done.stderr and "log create" in done.stderr, done.stderr
        done = run("log", "import", "people.csv", "--log", folder, "--valid-from", "2024-01-01", *BASIS)
        assert done.returncode == 1 and "there is no log" in done.stderr, done.stderr
    assert not (tmp_path / "mistyped").exists() and not list(empty.iterdir())
    assert ask("log", "create", "--log", there) == {"log": str(there)}
    assert run("log", "append", "-", "--log", there, "--source", "x", *BASIS, stdin=EVENTS).returncode == 0
    assert "a log already" in run("log", "create", "--log", there).stderr
