"""Hostile input through the command itself: cases, tables, reforms, events, TAXSIM's rows, torn at random.

Each seed takes a good input, does a few things to it that editors, spreadsheets and attackers do, and runs the command
in this process. Whatever comes out is an exit code and words: never an exception, never more than `SECONDS`.
`python -m tests.cli.test_hostile_commands 500` tries as many seeds as one likes.
"""

from __future__ import annotations

import io
import random
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from api.cli.running import run as run_command
from tests.cli.command import CASE, write_rules

SECONDS = 10  # of this process, not of the clock: a loaded machine takes its time
SEEDS = 60
NASTY = (
    "\x00", "\x1b[2J", "\u202e", "\ud7ff", "\U0001f600", "é", "NaN", "-0", "1e999", "1e-9", "0x10", "'", '"', "`",
    "{", "}", "[", "]", ":", "- ", "&a", "*a", "!!str ", "<<: ", "|", ">", "#", "\t", "\r", "\n\n", ",", ";", "|",
    "\\", "../", "$(x)", "%n", "null", "none", "true", "no", "unknown", "2024-02-30", "0001-01-01", "9999-12-31",
    "1" * 400, "9" * 40, "a" * 5_000, "[" * 200, "{a: " * 80, "@2024", "@from 2024", "2024..2020", "-", "", "head",
    "person_id", "tax_unit_id", "ann", "home", "wages", "= 1", "if", "or none",
)  # fmt: skip

PEOPLE = "person_id,tax_unit_id,role,wages,age\n1,1,head,30000,40\n2,1,dependent,,3\n3,2,head,50000.25,60\n"
UNITS = "tax_unit_id\n1\n2\n"
REFORM = "about: More\nlaw: A bill\nset:\n  allowance: {2024-01-01: 3_000}\n"
EVENTS = """\
- {subject: person/ann, id: a, facts: {2024-01-01: {wages: 30_000, tax_unit: {group: tax_unit/1, role: head}}}}
- {subject: person/ann, id: b, corrects: {2024-01-01: {wages: 31_000}}, reason: late}
- {subject: tax_unit/1, id: c, payment: {amount: 5.00, period: 2024, currency: USD, cause: bank}}
"""
TAXSIM = "taxsimid,year,mstat,pwages,depx,age1\n1,2024,1,30000,1,5\n2,2024,2,50000.5,0,0\n"


class TookTooLong(BaseException):
    """Not an `Exception`, so that nobody takes it for a fault of the input."""


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def torn(text: str, draw: random.Random) -> str:
    """The text with some pieces cut out, doubled, moved or replaced."""
    for _ in range(draw.choice((1, 1, 1, 2, 3, 6))):
        start = draw.randrange(len(text) + 1)
        end = min(len(text), start + draw.choice((0, 1, 1, 2, 5, 12, 40)))
        piece = draw.choice((draw.choice(NASTY), text[start:end] * 2, "", draw.choice(NASTY) + text[start:end]))
        text = text[:start] + piece + text[end:]
    return text


def write(path: Path, text: str) -> str:
    path.write_bytes(text.encode("utf-8", errors="surrogatepass"))
    return str(path)


def a_case(folder: Path, draw: random.Random) -> list[str]:
    case = write(folder / "case.yaml", torn(CASE, draw))
    want = draw.choice((["--want", "income_tax"], [], ["--want", torn("income_tax", draw)], ["--json"]))
    at = draw.choice(([], [], ["--at", torn("2024", draw)]))
    command = draw.choice((["calc"], ["why"]))
    return [*command, str(folder / "land"), case, *(["income_tax"] if command == ["why"] else want), *at]


def a_reform(folder: Path, draw: random.Random) -> list[str]:
    reform = write(folder / "reform.yaml", torn(REFORM, draw))
    case = write(folder / "case.yaml", CASE)
    if draw.random() < 0.5:
        return ["check", str(folder / "land"), "--reform", reform]
    return ["calc", str(folder / "land"), case, "--want", "income_tax", "--reform", reform]


def a_table(folder: Path, draw: random.Random) -> list[str]:
    people = write(folder / "people.csv", torn(PEOPLE, draw) if draw.random() < 0.8 else PEOPLE)
    units = write(folder / "tax_units.csv", torn(UNITS, draw) if draw.random() < 0.4 else UNITS)
    more = draw.choice(
        ([], ["--missing", "unknown"], ["--part-rows", "1"], ["--marginal", "wages"], ["--keep", "wages"])
    )
    inputs = ["--input", people, "--input", units]
    output = ["--output", str(folder / "out.parquet"), "--want", "income_tax"]
    return ["batch", str(folder / "land"), "--at", "2024", *inputs, *output, *more]


def some_events(folder: Path, draw: random.Random) -> list[str]:
    events = write(folder / "events.yaml", torn(EVENTS, draw))
    basis = ["--source", torn("employer", draw) if draw.random() < 0.2 else "employer", "--legal-basis", "26 USC 6051"]
    return ["log", "append", "--create", events, "--log", str(folder / "log.db"), *basis]


def taxsim_rows(folder: Path, draw: random.Random) -> list[str]:
    write(folder / "in.csv", torn(TAXSIM, draw))
    return ["taxsim"]


KINDS: tuple[Callable[[Path, random.Random], list[str]], ...] = (
    *(a_case, a_case, a_reform, a_table, a_table, some_events, taxsim_rows),
)


def attempt(folder: Path, seed: int) -> tuple[int, list[str], str]:
    """The exit code of what a seed makes, its arguments, and what was told. Raises whatever the command raises."""
    draw = random.Random(seed)
    kind = draw.choice(KINDS)
    arguments = kind(folder, draw)
    stdin: Any = io.StringIO()
    if kind is taxsim_rows:
        stdin = io.TextIOWrapper(io.BytesIO((folder / "in.csv").read_bytes()), encoding="utf-8")
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="replace"), io.StringIO()
    patched = mock.patch.multiple(sys, argv=["rulewright", *arguments], stdin=stdin)
    with patched, redirect_stdout(out), redirect_stderr(err), at_most(SECONDS):
        code = run_command()
    out.seek(0)
    return int(code), arguments, out.read() + err.getvalue()


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    write_rules(folder / "land")
    return folder


@pytest.mark.parametrize("seed", range(SEEDS))
def test_hostile_input_is_answered_in_words(land: Path, seed: int) -> None:
    code, arguments, told = attempt(land, seed)
    assert code in range(6), arguments
    assert code == 0 or told.strip(), f"exit code {code} without a word: {arguments}"
    assert "Traceback" not in told
    assert "\x1b" not in told


if __name__ == "__main__":
    import tempfile
    import traceback

    with tempfile.TemporaryDirectory() as name:
        write_rules(Path(name) / "land")
        for number in range(int(sys.argv[1])):
            try:
                test_hostile_input_is_answered_in_words(Path(name), number)
            except BaseException:
                print(f"seed {number}:", file=sys.stderr)
                traceback.print_exc(limit=-4)
