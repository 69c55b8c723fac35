"""Anchors kept elsewhere, through the real command: signed, on a schedule, and what `verify` then says of whom."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from citizens import open_log
from tests.citizens.histories import wages
from tests.cli.command import run


def recorded(log: Path, *names: str) -> None:
    with open_log(log) as opened:
        for name in names:
            opened.append([wages("person/1", "5.00", name)])


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of two events, a key that signs, and the environment that names neither."""
    recorded(tmp_path / "log", "a", "b")
    done = run("log", "anchor-key", tmp_path / "key", "--name", "archive")
    assert (done.returncode, done.stdout.split()[1].split("+")[0]) == (0, "archive"), done.stderr
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    return tmp_path / "log"


def anchored(log: Path) -> Path:
    done = run("log", "anchor", log.parent / "kept", "--key", f"file:{log.parent / 'key'}", "--log", log)
    assert done.returncode == 0, done.stderr
    return log.parent / "kept"


def verified(log: Path, *also: str | Path) -> tuple[int, dict[str, object]]:
    done = run("log", "verify", "--json", "--log", log, *also)
    return done.returncode, json.loads(done.stdout) if done.stdout else {"error": done.stderr}


def test_verify_says_up_to_where_nobody_or_nobody_without_a_key_changed_it(log: Path, tmp_path: Path) -> None:
    assert verified(log)[1]["unchanged_to"] == {
        "nobody": None, "nobody_without_the_signing_key": None, "nobody_without_the_key_store": 2,
        "not_checked_from": None,
    }  # fmt: skip
    kept = anchored(log)
    recorded(log, "c")
    (log / "anchor").unlink()  # without it nothing but the anchors speaks for the log
    code, told = verified(log, "--anchor", kept, "--public-key", tmp_path / "key.pub")
    assert (code, told["anchors"]) == (0, 1)
    assert told["unchanged_to"] == {
        "nobody": 2, "nobody_without_the_signing_key": 2, "nobody_without_the_key_store": 2, "not_checked_from": 3,
    }  # fmt: skip
    done = run("log", "verify", "--log", log, "--anchor", kept, "--public-key", tmp_path / "key.pub")
    assert "signed by archive" in done.stdout and "not checked: from offset 3 on" in done.stdout


def test_who_has_the_folder_and_its_keys_can_make_it_anew_and_the_anchor_shows_it(log: Path, tmp_path: Path) -> None:
    shutil.copytree(log, tmp_path / "before")
    recorded(log, "true")
    kept = anchored(log)
    shutil.rmtree(log)
    (tmp_path / "before").rename(log)
    recorded(log, "false")  # another history under the same identity and the same keys
    assert verified(log)[0] == 0
    for also in ((), ("--events-only",)):
        code, told = verified(log, "--anchor", kept, *also)
        assert (code, told["sound"]) == (1, False) and "offset 3 is not the one an anchor saw" in str(told["problems"])


def test_an_anchor_that_was_altered_or_signed_by_another_is_refused(log: Path, tmp_path: Path) -> None:
    kept = anchored(log)
    (path,) = kept.iterdir()
    whole = path.read_text()
    run("log", "anchor-key", tmp_path / "other", "--name", "archive")
    path.write_text(whole.replace("\n2\n", "\n1\n"))
    for public in ("key.pub", "other.pub"):
        code, told = verified(log, "--anchor", kept, "--public-key", tmp_path / public)
        assert (code, "is not signed by archive" in str(told["error"])) == (1, True)
        path.write_text(whole)


def test_an_anchor_is_written_only_if_something_was_recorded_since(log: Path) -> None:
    kept = anchored(log)
    recorded(log, "c")
    assert len(list(anchored(log).iterdir())) == len(list(anchored(log).iterdir())) == 2
    assert run("log", "anchor", log / "inside", "--log", log).returncode == 2
    assert run("log", "anchor", "--log", log).returncode == 2
    assert verified(log, "--anchor", kept)[0] == 0


def test_anchors_are_written_as_soon_as_so_many_events_came(log: Path) -> None:
    kept = anchored(log)
    command = [sys.executable, "-m", "api.cli", "log", "anchor", str(kept), "--log", str(log), "--events", "3"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        recorded(log, "c", "d")
        time.sleep(1.2)
        assert len(list(kept.glob("*.anchor"))) == 1
        recorded(log, "e")
        until = time.monotonic() + 20
        while len(list(kept.glob("*.anchor"))) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        running.send_signal(signal.SIGTERM)
    assert sorted(path.name.partition("-")[2] for path in kept.glob("*.anchor")) == [
        "000000000002.anchor",
        "000000000005.anchor",
    ]
