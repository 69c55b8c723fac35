"""Which folder is a log, who may write it, and what is told of damage, from the entry point of the command."""

from __future__ import annotations

import json
import os
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
