"""A second round of hostile input, through the command itself: see `hostile_again` for what is right of each."""

from __future__ import annotations

import shlex
from fractions import Fraction
from pathlib import Path

import pytest

from tests.cli import hostile_again as again
from tests.cli.command import write_rules
from tests.cli.hostile_again import OPEN, Right
from tests.cli.hostile_land import LAND, LAND_SETTINGS, REFUSED, Attempt
from tests.cli.logs import BASIS, run
from tests.cli.test_hostile_by_hand import CASE, HEADER, OTHER, batch, calc, furnished
from tests.cli.test_hostile_shapes import answered, outcome


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnished(tmp_path_factory.mktemp("again"))


def check(arguments: list[str], right: Right, stdin: str = "") -> None:
    """An amount is answered with exit code 0, what is open is said to be so, and a refusal is told in words."""
    attempt = Attempt(arguments, None, stdin)
    code, out, err = outcome(attempt)
    assert "Traceback" not in out + err
    if right == REFUSED:
        assert code in range(1, 6) and (out + err).strip(), (arguments, out, err)
    elif right == OPEN:
        assert answered(attempt, out) is None and "determined" in out, (out, err)
    else:
        assert (code, answered(attempt, out)) == (0, Fraction(right)), (out, err)


@pytest.mark.parametrize("facts", again.FACTS)
def test_facts(here: Path, facts: str) -> None:
    check(calc(here), again.FACTS[facts], CASE % facts)


@pytest.mark.parametrize("case", again.CASES, ids=lambda case: repr(case)[:60])
def test_cases(here: Path, case: str) -> None:
    check(calc(here), again.CASES[case], case)


@pytest.mark.parametrize("time", again.TIMES)
def test_times(here: Path, time: str) -> None:
    check(calc(here, "--at", time), REFUSED, CASE % "wages: 30_000")
    check(calc(here), REFUSED, CASE % f"wages: {{'{time}': 5}}")


@pytest.mark.parametrize("cell", again.CELLS, ids="=".join)
def test_cells(here: Path, tmp_path: Path, cell: tuple[str, str]) -> None:
    text = f"person_id,tax_unit_id,role,{cell[0]}\n1,1,head,{cell[1]}\n2,2,head,\n"
    (tmp_path / "people.csv").write_text(text, encoding="utf-8")
    check(batch(here, tmp_path / "people.csv"), again.CELLS[cell])


@pytest.mark.parametrize("rows", again.ROWS)
def test_rows(here: Path, tmp_path: Path, rows: str) -> None:
    (tmp_path / "people.csv").write_bytes((HEADER + rows + OTHER).encode())
    check(batch(here, tmp_path / "people.csv"), again.ROWS[rows])


@pytest.mark.parametrize("reform", again.REFORMS)
def test_reforms(here: Path, tmp_path: Path, reform: str) -> None:
    (tmp_path / "reform.yaml").write_text(f"about: More\nlaw: A bill\n{reform}\n", encoding="utf-8")
    check(calc(here, "--reform", str(tmp_path / "reform.yaml")), again.REFORMS[reform], CASE % "wages: 30_000")


@pytest.mark.parametrize("change", again.CHANGES, ids=" -> ".join)
def test_rules(tmp_path: Path, change: tuple[str, str]) -> None:
    assert change[0] in LAND
    write_rules(tmp_path / "land", LAND.replace(*change), LAND_SETTINGS)
    check(["check", str(tmp_path / "land")], REFUSED)


@pytest.mark.parametrize("event", again.EVENTS)
def test_events(tmp_path: Path, event: str) -> None:
    options = ("--log", tmp_path / "log", "--source", "office", *BASIS)
    done = run("log", "append", "--create", "-", *options, stdin=f"- {event}\n" if event[0] == "{" else event)
    assert done.returncode in range(1, 6) and (done.stdout + done.stderr).strip(), done
    assert run("log", "show", "person/x", "--log", tmp_path / "log").returncode != 0


@pytest.mark.parametrize("line", again.LINES)
def test_lines(here: Path, tmp_path: Path, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    meant = {"LAND": here / "land", "CASE": here / "case.yaml", "PEOPLE": here / "people.csv"}
    for word, path in meant.items():
        line = line.replace(word, str(path))
    check(shlex.split(line), REFUSED)
