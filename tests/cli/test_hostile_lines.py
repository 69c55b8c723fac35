"""Command lines made at random: every command, with arguments and options that are right, odd or hostile.

Each seed draws a command, then for each argument and option a value: a good one, a file of the wrong kind, a folder,
links to nothing and in circles, dates at the ends of calendars, enormous numbers, torn words. Whatever comes of it is
an exit code and words, in little time, and no file that was there is changed but by a command whose work that is.
`python -m tests.cli.test_hostile_lines 500 1000` tries 500 seeds from 1000 on.
"""

from __future__ import annotations

import io
import os
import random
import shutil
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import typer

from api.cli.app import app
from api.cli.running import run as run_command
from tests.cli.command import CASE, write_rules
from tests.cli.test_hostile_commands import EVENTS, NASTY, PEOPLE, REFORM, TAXSIM, UNITS, at_most

SECONDS = 10
SEEDS = 30
ENDLESS = {"lsp", "serve", "bench", "demo", "follow", "log replicate", "log publish", "log anchor"}
CHANGING = {"fmt", "log", "population"}
NO_OPTIONS = {"help", "version", "ray", "workers", "large", "watch", "differential", "threads", "sample"}
GOOD = {
    "rules": "land", "log": "log", "case": "case.yaml", "reform": "reform.yaml", "input": "people.csv", "at": "2024",
    "file": "events.yaml", "source": "employer", "legal_basis": "law", "files": "people.csv", "path": "allowance",
    "condition": "income_tax > 5 USD", "variable": "income_tax", "want": "income_tax", "output": "out.parquet",
    "subject": "person/ann", "vary": "wages=0..1000", "show": "income_tax", "actor": "me", "reason": "why",
    "other": "other", "population": "people.csv", "name": "income_tax", "year": "2024", "known": "#1",
}  # fmt: skip
FILES = {
    "case.yaml": CASE, "people.csv": PEOPLE, "tax_units.csv": UNITS, "reform.yaml": REFORM, "events.yaml": EVENTS,
    "in.csv": TAXSIM, "empty": "", "nul.csv": "person_id\0,wages\n1,\0\n", "head.csv": "person_id,tax_unit_id,role\n",
    "mixed.csv": PEOPLE.replace("\n", "\r\n", 2),
}  # fmt: skip
LINKS = {"link": "case.yaml", "dangling": "gone", "circle": "circle", "link.csv": "people.csv"}
PLACES = (
    *FILES, *LINKS, "folder", "land", "log", "gone", "gone/x", "out.parquet", "out.csv", "/dev/null", "/dev/full", "",
    ".", "-", "case.yaml/", "person=people.csv", "person=", "=people.csv", "land/tax.yaml", "a" * 300, "with space",
)  # fmt: skip
TIMES = (
    "2024", "2024-02", "2024-02-29", "2023-02-29", "9999-12-31", "0001-01-01", "10000", "2024-13", "2024..2020",
    "from 2024", "#1", "#99999", "-5", "1900", "2030", "2024,2025", "week:2024-01-01",
)  # fmt: skip
WORDS = (
    "wages", "income_tax", "ann", "person/ann", "tax_unit/1", "income_tax,taxed", ",", "wages=-1..1", "wages=0..1e9",
    "head.age > 3", "true", "1 = 1", "rates", "none", "0", "-1", "99999999999999999999", "1.5", "nan",
)  # fmt: skip
HARMLESS = tuple(text for text in NASTY if "\0" not in text)


@cache
def commands() -> tuple[tuple[str, Any], ...]:
    return tuple(item for item in _commands(typer.main.get_command(app), ()) if item[0] not in ENDLESS)


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "commands"):
        yield " ".join(path), command
        return
    for name, inner in command.commands.items():
        yield from _commands(inner, (*path, name))


def drawn(draw: random.Random, name: str) -> str:
    if name in GOOD and draw.random() < 0.85:
        return GOOD[name]
    return draw.choice(draw.choice((PLACES, TIMES, WORDS, HARMLESS)))


def line(draw: random.Random) -> list[str]:
    """A command with its arguments."""
    name, command = draw.choice(commands())
    arguments = name.split()
    for parameter in command.params:
        if parameter.name in NO_OPTIONS or (parameter.param_type_name == "argument" and draw.random() < 0.04):
            continue
        if parameter.param_type_name == "argument":
            arguments.append(drawn(draw, parameter.name))
        elif draw.random() < (0.9 if parameter.required or parameter.name in GOOD else 0.18):
            arguments.append(parameter.opts[-1])
            arguments += [] if parameter.is_flag else [drawn(draw, parameter.name)]
    return arguments


def laid_out(folder: Path) -> Path:
    """Rules, a case, tables, a log and things that are none of these, in a new folder."""
    here = folder / "here"
    shutil.rmtree(here, ignore_errors=True)
    here.mkdir()
    write_rules(here / "land")
    write_rules(here / "other")
    (here / "folder").mkdir()
    for name, text in FILES.items():
        (here / name).write_bytes(text.encode())
    for name, target in LINKS.items():
        (here / name).symlink_to(target)
    shutil.copytree(folder / "log", here / "log")
    return here


def run_here(arguments: list[str], content: bytes = b"") -> tuple[int, str]:
    """The exit code and all that was told."""
    stdin = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8")
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="replace"), io.StringIO()
    patched = mock.patch.multiple(sys, argv=["rulewright", *arguments], stdin=stdin)
    with patched, redirect_stdout(out), redirect_stderr(err), at_most(SECONDS):
        code = run_command()
    out.seek(0)
    return int(code), out.read() + err.getvalue()


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_log(tmp_path_factory.mktemp("lines"))


def with_log(folder: Path) -> Path:
    (folder / "events.yaml").write_text(EVENTS, encoding="utf-8")
    made = ("log", "append", "--create", f"{folder}/events.yaml", "--log", f"{folder}/log", "--source", "employer")
    code, told = run_here([*made, "--legal-basis", "law"])
    assert code == 0, told
    return folder


def texts(here: Path) -> dict[str, bytes]:
    named = [here / name for name in FILES] + [*(here / "land").iterdir()]
    return {str(path.relative_to(here)): path.read_bytes() for path in named if path.is_file()}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_any_command_line_is_answered_in_words(lines: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(laid_out(lines))
    check(lines / "here", seed)


def check(here: Path, seed: int) -> None:
    draw = random.Random(seed)
    arguments, before = line(draw), texts(here)
    code, told = run_here(arguments, draw.choice((b"", CASE.encode(), PEOPLE.encode(), b"\0\xff")))
    assert code in range(6), arguments
    assert code == 0 or told.strip(), f"exit code {code} without a word: {arguments}"
    assert "Traceback" not in told and "\x1b" not in told, arguments
    named = [name for name, content in texts(here).items() if before.get(name) != content and name not in arguments]
    assert not named or arguments[0] in CHANGING, (arguments, named)


if __name__ == "__main__":
    import tempfile
    import traceback

    with tempfile.TemporaryDirectory() as name:
        place = with_log(Path(name))
        for number in range(int(sys.argv[2]), int(sys.argv[2]) + int(sys.argv[1])):
            try:
                os.chdir(laid_out(place))
                check(place / "here", number)
            except BaseException:
                print(f"seed {number}:", file=sys.stderr)
                traceback.print_exc(limit=-4)
