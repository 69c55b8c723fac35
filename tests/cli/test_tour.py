"""The tours in README.md are what the commands say, but for moments, durations and links of the chain."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import ROOT
from tests.cli.logs import run

FILE = re.compile(r"In `([a-z0-9_]+\.yaml)`:\n\n((?:    .*\n)+)")
VARYING = ((r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "MOMENT"), (r"on \d{4}-\d\d-\d\d by", "on DAY by"),
           (r"in [0-9.]+ s\b", "in TIME"), (r"\b[0-9a-f]{64}\b", "LINK"))  # fmt: skip


def section() -> str:
    """The section, up to what follows the history of facts."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").split("## A history\n", 1)[1]
    return re.split(r"\n(?:#|<!--|    \$ rulewright (?:annual|follow))", text, maxsplit=1)[0] + "\n"


def steps(text: str) -> Iterator[tuple[str, str]]:
    """Each command, and what it printed."""
    for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.MULTILINE):
        lines = [line[4:] for line in block.strip("\n").split("\n")]
        starts = [at for at, line in enumerate(lines) if line.startswith("$ ")]
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=False):
            yield lines[start][2:], "\n".join(lines[start + 1 : end]).strip("\n")


def alike(text: str) -> str:
    """The text without what is different every time."""
    for pattern, word in VARYING:
        text = re.sub(pattern, word, text)
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))


def test_the_tour_of_a_case_is_real(tmp_path: Path) -> None:
    text = (
        (ROOT / "README.md")
        .read_text(encoding="utf-8")
        .split("## A tour\n", 1)[1]
        .split("    $ rulewright taxsim", 1)[0]
    )
    case = tmp_path / "family.yaml"
    for name, content in FILE.findall(text):
        (tmp_path / name).write_text("".join(line[4:] + "\n" for line in content.splitlines()), encoding="utf-8")
    stated = case.read_text(encoding="utf-8")
    unstated = stated.replace("complete: true\n", "").replace("employment_income: 31_000, ", "")
    assert len(stated) - len(unstated) > 40
    done = 0
    for command, printed in steps(text):
        case.write_text(unstated if "not determined" in printed else stated, encoding="utf-8")
        answer = run(*shlex.split(command)[1:], cwd=tmp_path)
        assert answer.returncode == 0, (command, answer.stderr)
        shown, expected = alike(answer.stdout.replace(f"{ROOT}/", "")), alike(printed)
        if expected.endswith("…"):
            expected = expected.removesuffix("…")
            shown = shown[: len(expected)]
        assert shown == expected, command
        done += 1
    assert done >= 5


def test_the_tour_of_history_is_real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = section()
    for name, content in FILE.findall(text):
        (tmp_path / name).write_text("".join(line[4:] + "\n" for line in content.splitlines()), encoding="utf-8")
    monkeypatch.setenv("LOGNAME", "clerk")
    done = 0
    for command, printed in steps(text):
        if command.startswith("export "):
            monkeypatch.setenv(*command.removeprefix("export ").split("=", 1))
            continue
        arguments, _, wanted = command.partition(" | grep ")
        answer = run(*shlex.split(arguments)[1:], cwd=tmp_path)
        assert answer.returncode == 0, (command, answer.stderr)
        shown = [line for line in answer.stdout.split("\n") if not wanted or wanted in line]
        assert alike("\n".join(shown)) == alike(printed), command
        done += 1
    assert done >= 6
