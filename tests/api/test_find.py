"""find: equal to asking each one by one, three answers, ranks and sums, and looks that are logged."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.failures import Misuse
from api.find.candidates import Among, Together
from api.find.condition import with_condition
from api.find.find import SearchResult, Wanted, find
from api.find.together import together
from api.http.config import Config
from api.http.service import Service
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known, Possible
from engine.ir.program import Definition, Program
from engine.native.fillings import filled
from engine.native.handover import case_of
from engine.population.door import from_arrow
from engine.values.periods import parse_period
from tests.api.http.client import land, serving
from tests.api.http.logs import people
from tests.cli.command import run, write_rules

YEAR = parse_period("2024")
CONDITION = "income_tax > 1_000 USD and count(m in dependents where m.age < 18) >= 1"


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rules(tmp_path_factory.mktemp("rules") / "land")


@pytest.fixture(scope="module")
def law(rules: Path) -> tuple[Program, Definition]:
    return with_condition(str(rules), [], CONDITION, "", YEAR)


def population(program: Program, seed: int, gaps: float) -> Among:
    """Forty families at random; some cells are empty."""
    rng = random.Random(seed)
    units = [f"u{number}" for number in range(40)]
    rows: list[dict[str, Any]] = []
    for unit in units:
        for place in range(rng.randint(1, 4)):
            wages = None if rng.random() < gaps else str(rng.choice([0, 2_000, 12_500, 30_000, 90_000]))
            age = None if rng.random() < gaps else rng.randint(0, 60)
            role = "dependent" if place else "head"
            rows.append(
                {"person_id": f"{unit}p{place}", "tax_unit_id": unit, "tax_unit_role": role, "wages": wages, "age": age}
            )
    tables = {"person": pa.Table.from_pylist(rows), "tax_unit": pa.table({"tax_unit_id": units})}
    admitted = from_arrow(program, YEAR, tables)
    assert admitted.columns is not None, admitted.problems
    columns = admitted.columns
    return Among(columns, lambda entity, row: str(columns.ids[entity][row]))


def one_by_one(program: Program, condition: Definition, among: Among, unknown: bool) -> list[str]:
    """What the interpreter says of each unit, with what is empty unknown, or absent."""
    together, result = Together(program, among.columns), []
    for row in range(among.columns.counts["tax_unit"]):
        case = case_of(program, among.columns, together.rows("tax_unit", row))
        if unknown:
            gaps = {
                Fact(cell.name, str(at), cell.period): (None, None)
                for cell, column in among.columns.columns.items()
                for at in range(len(column.entries))
                if column.missing is not None and column.missing[at]
            }
            case = replace(case, within=gaps)
        outcome = Interpreter(program, case, Constants(program)).find(Fact(condition.name, str(row), YEAR))
        match outcome:
            case Known():
                result.append("yes" if outcome.value else "no")
            case Possible():
                result.append("not_known")
            case _:
                result.append("failed")
    return result


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.1, 0.4]), st.booleans())
@settings(max_examples=8, deadline=None)
def test_the_same_as_asking_each_one(law: tuple[Program, Definition], seed: int, gaps: float, unknown: bool) -> None:
    program, condition = law
    among = population(program, seed, gaps)
    outcome = find(program, condition, CONDITION, YEAR, among=among, wanted=Wanted(top=1_000, unknown=unknown))
    expected = one_by_one(program, condition, among, unknown)
    counts = {
        "yes": outcome.count.yes,
        "no": outcome.count.no,
        "not_known": outcome.count.not_known,
        "failed": outcome.count.failed,
    }
    assert counts == {answer: expected.count(answer) for answer in counts}
    shown = {other_row.of.id: other_row.answer for other_row in outcome.rows}
    assert shown == {f"u{row}": answer for row, answer in enumerate(expected) if answer in ("yes", "not_known")}
    assert all(each_row.ask is not None for each_row in outcome.rows if each_row.answer == "not_known")


def test_who_fails_is_named_with_the_reason(rules: Path) -> None:
    """It said `1 failed`, and not who or why."""
    text = "10 USD / income_tax > 1"
    program, condition = with_condition(str(rules), [], text, "", YEAR)
    among, touched = population(program, 3, 0.0), list[str]()
    outcome = find(program, condition, text, YEAR, among=among, wanted=Wanted(top=2), touched=touched)
    failed = one_by_one(program, condition, among, False).count("failed")
    assert outcome.count.failed == failed > 2
    assert len(outcome.failing) == 2 and {each.of.id for each in outcome.failing} <= set(touched)
    assert all("zero" in each.why for each in outcome.failing)
    nobody = find(program, condition, text, YEAR, among=among, wanted=Wanted(top=0))
    assert nobody.count.failed == failed and not nobody.failing, "counts name nobody"


@pytest.mark.parametrize("seed", [2, 7])
def test_who_hangs_on_which_fact(law: tuple[Program, Definition], seed: int) -> None:
    program, condition = law
    among = population(program, seed, 0.3)
    wanted = Wanted(top=1_000, unknown=True, count_missing=True)
    outcome = find(program, condition, CONDITION, YEAR, among=among, wanted=wanted)
    asked = one_by_one(program, condition, among, unknown=True)
    cells = {cell.name.rpartition(":")[2]: cell for cell in among.columns.columns}
    for name in ("wages", "age"):
        others = [cell for other, cell in cells.items() if other != name]
        alone = one_by_one(program, condition, replace(among, columns=filled(program, among.columns, others)), True)
        both = [item == two == "not_known" for item, two in zip(alone, asked, strict=True)]
        assert outcome.hanging_on.get(name, 0) <= sum(both)  # the interpreter does not see that two facts go together
    assert outcome.hanging_on["wages"] > 0


def test_ranked_added_up_and_grouped(law: tuple[Program, Definition]) -> None:
    program, condition = law
    among = population(program, 3, 0.0)
    tax = program.definitions["income_tax"]
    outcome = find(
        program, condition, CONDITION, YEAR, among=among, wanted=Wanted(by=tax, top=3, sums=(tax,), group=tax)
    )
    sizes = [Fraction(str(group.group)) for group in outcome.groups]
    assert len(sizes) > 2 and sizes == sorted(sizes)
    amounts = [float(str(row.figures["income_tax"])) for row in outcome.rows]
    assert len(amounts) == 3
    assert amounts == sorted(amounts, reverse=True)
    every = find(program, condition, CONDITION, YEAR, among=among, wanted=Wanted(by=tax, top=1_000)).rows
    assert float(str(outcome.count.sums["income_tax"])) == sum(float(str(item.figures["income_tax"])) for item in every)
    assert sum(group.yes for group in outcome.groups) == outcome.count.yes
    assert sum(group.yes + group.no for group in outcome.groups) == among.columns.counts["tax_unit"]


@pytest.mark.parametrize("seed", range(6))
def test_who_is_ranked_like_the_last_shown_is_counted(law: tuple[Program, Definition], seed: int) -> None:
    program, condition = law
    by = program.find("income_tax")
    assert by is not None
    halves = [population(program, seed + number, 0.0) for number in (0, 100)]

    def asked(among: Among, top: int) -> SearchResult:
        return find(program, condition, CONDITION, YEAR, among=among, wanted=Wanted(by=by, top=top))

    ranks = [[str(row.figures["income_tax"]) for row in asked(among, 10_000).rows] for among in halves]
    for top in (1, 2, 3, 5, 10_000):
        cut = [asked(among, top) for among in halves]
        for rank, answer in zip(ranks, cut, strict=True):
            assert answer.tied == rank[top:].count(rank[top - 1]) if len(rank) > top else answer.tied == 0
        whole, _ = together(program, cut, Wanted(by=by, top=top))
        every = sorted((Fraction(rank) for part in ranks for rank in part), reverse=True)
        assert whole.tied == (every[top:].count(every[top - 1]) if len(every) > top else 0)


def test_a_figure_that_hangs_on_a_gap_is_not_added_up(law: tuple[Program, Definition], rules: Path) -> None:
    program, condition = with_condition(str(rules), [], "income_tax >= 0", "", YEAR)
    tax = program.definitions["income_tax"]
    among = population(program, 5, 0.3)
    outcome = find(
        program,
        condition,
        "income_tax >= 0",
        YEAR,
        among=among,
        wanted=Wanted(by=tax, top=1_000, sums=(tax,), unknown=True),
    )
    assert outcome.count.yes == 40
    assert outcome.count.not_added == sum(row.figures["income_tax"] is None for row in outcome.rows) > 0


@pytest.mark.parametrize(
    ("condition", "of", "words"),
    [
        ("income_tx > 0", "tax_unit", "unknown name `income_tx`"),
        ("1 > 0", "", "names no fact or figure"),
        ("income_tax > 0", "house", "there is no entity `house`"),
        ("income_tax > ", "", "cannot be read: at character 12, the formula ends"),
        ("income_tax", "", "cannot be read"),
    ],
)
def test_a_condition_that_does_not_check(rules: Path, condition: str, of: str, words: str) -> None:
    with pytest.raises(Misuse, match=words):
        with_condition(str(rules), [], condition, of, YEAR)


def test_figures_of_another_entity_are_refused(law: tuple[Program, Definition]) -> None:
    program, condition = law
    with pytest.raises(Misuse, match="`wages` is of a person"):
        find(
            program,
            condition,
            CONDITION,
            YEAR,
            among=population(program, 1, 0),
            wanted=Wanted(by=program.definitions["wages"]),
        )


def test_over_a_log_and_the_looks_are_in_it(rules: Path, tmp_path: Path) -> None:
    people(tmp_path).close()
    log = ("--log", tmp_path / "log")
    done = run("find", rules, "wages > 5_000 USD", "--at", "2024", *log, "--by", "wages", "--why", "take-up", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert [row["of"]["id"] for row in answer["rows"]] == ["person/ann", "person/eve"]
    assert answer["count"]["yes"] == 2
    assert answer["offset"] >= 1
    looked = run("log", "show", "access/ann", *log)
    assert "take-up" in looked.stdout
    assert "wages > 5_000 USD" in looked.stdout
    taxed = run("find", rules, "income_tax > 100 USD", "--at", "2024", *log, "--why", "refund")
    assert taxed.returncode == 0, taxed.stderr
    assert "refund" in run("log", "show", "access/ann", *log).stdout
    nobody = run("find", rules, "income_tax > 1_000_000 USD", "--at", "2024", *log)
    assert nobody.stdout.startswith("0 yes, 2 no")


def test_a_count_of_few_is_a_look_at_each_and_every_question_is_kept(rules: Path, tmp_path: Path) -> None:
    people(tmp_path).close()
    log = ("--log", tmp_path / "log")
    counted = ("find", rules, "wages > 5_000 USD", "--at", "2024", *log, "--top", "0", "--why", "curious", "--json")
    done = run(*counted)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["count"]["yes"] == 2
    assert not answer.get("rows")
    assert "curious" in run("log", "show", "access/ann", *log).stdout  # two are few: each of them is told of
    query = run("log", "show", f"query/{answer['offset'] + 1}", *log).stdout
    for words in ("wages > 5_000 USD", "curious", "asked", "yes"):
        assert words in query


@pytest.mark.parametrize("seed", [1, 4, 6])
def test_of_whom_a_count_tells(law: tuple[Program, Definition], seed: int) -> None:
    program, condition = law
    among = population(program, seed, 0.2)
    answers = one_by_one(program, condition, among, unknown=True)
    tax = program.definitions["income_tax"]
    touched: list[str] = []
    wanted = Wanted(top=0, unknown=True)
    find(program, condition, CONDITION, YEAR, among=among, wanted=wanted, touched=touched)
    told = {f"u{row}" for row, answer in enumerate(answers) if answers.count(answer) < 10}
    assert set(touched) == told
    grouped: list[str] = []
    shares = find(
        program, condition, CONDITION, YEAR, among=among, wanted=replace(wanted, group=tax), touched=grouped
    ).groups
    cells = [number for share in shares for number in (share.yes, share.no, share.not_known)]
    assert len(grouped) >= sum(number for number in cells if number < 10)
    assert told <= set(grouped)


def test_the_route_counts_ranks_and_refuses(tmp_path: Path) -> None:
    log = people(tmp_path)
    config = Config(rules=(land(tmp_path),))
    with serving(config, Service(config, log)) as client:
        question = {"ruleset": "land", "at": "2024", "condition": "income_tax > 100 USD", "by": "income_tax"}
        done = client.post("/v1/find", json=question)
        assert done.status_code == 200, done.text
        assert [row["of"]["id"] for row in done.json()["rows"]] == ["tax_unit/home", "tax_unit/other"]
        wrong = client.post("/v1/find", json={**question, "condition": "incme_tax > 100 USD", "of": "tax_unit"})
        assert wrong.status_code == 422
        assert wrong.json()["errors"][0]["pointer"] == "/condition"
