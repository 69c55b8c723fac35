"""Compaction, holds, erasure and backups of a log, from the entry point of the command; also at a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import ROOT
from tests.cli.logs import append, ask, run

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
