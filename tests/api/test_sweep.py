"""sweep: pieces against every single point, jumps against a scan by the dollar, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import floor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.failures import Misuse
from api.rules.programs import load_program
from api.simulate.left import left_of
from api.sweep.pieces import fewest_decimals, shape_of
from api.sweep.points import Points
from api.sweep.sweep import Law, Vary, curves_of, sweep, varied
from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics
from tests.api.http.client import CASE as SENT
from tests.api.http.client import land, serving
from tests.api.scanned import family as random_family
from tests.api.scanned import jumps_of, missed
from tests.cli.command import CASE, run, write_rules

WHOLE = CASE.replace("complete: [dependents]", "complete: true")

HIGH = 200_000
knot = st.tuples(st.integers(1, HIGH - 1), st.integers(-90, 90), st.integers(-5_000, 5_000))
knots = st.lists(knot, max_size=5, unique_by=lambda point: point[0])


def curve(parts: Sequence[tuple[int, int, int]], x: int) -> int:
    """A sum of bends and jumps, rounded once: at each knot the slope changes by hundredths, the height by a jump."""
    total = Fraction(0)
    for at, slope, jump in parts:
        if x >= at:
            total += Fraction(slope * (x - at), 100) + (jump if abs(jump) > 100 else 0)
    return floor(total + Fraction(1, 2))


@given(knots)
@settings(max_examples=60, deadline=None)
def test_every_point_lies_on_its_piece_and_every_jump_is_between_two(parts: list[tuple[int, int, int]]) -> None:
    shape = shape_of(lambda points: [curve(parts, x) for x in points], 0, HIGH)
    assert (shape.pieces[0].low, shape.pieces[-1].high) == (0, HIGH)
    for left, right in pairwise(shape.pieces):
        assert right.low in (left.high, left.high + 1)
    for at, _, jump in parts:
        if abs(jump) > 300:
            assert any(item.low == at and other.high == at - 1 for other, item in pairwise(shape.pieces)), at
    for piece in shape.pieces:
        assert piece.at_low is not None
        for share in range(11):
            x = piece.low + (piece.high - piece.low) * share // 10
            assert abs(curve(parts, x) - piece.at_low - piece.slope * (x - piece.low)) <= 3 * shape.tolerance


def test_the_slope_is_the_laws_own_number() -> None:
    assert fewest_decimals(Fraction(76_499, 10**6), Fraction(76_503, 10**6)) == Fraction(765, 10_000)
    shape = shape_of(lambda points: [min(x * 34 // 100, 421_300) for x in points], 0, 2_000_000)
    assert [piece.slope for piece in shape.pieces] == [Fraction(34, 100), 0]
    assert abs(shape.pieces[0].high - 1_239_118) <= 3


# --- the shipped rules


@pytest.fixture(scope="module")
def us() -> Program:
    return load_program("us")


def family(program: Program, people: dict[str, dict[str, object]], **roles: object) -> Case:
    problems = Diagnostics()
    data = {"at": "2024", "complete": True, "people": people, "tax_units": {"home": roles}}
    case = case_from_data(program, data, problems)
    assert case is not None, list(problems)
    return case


def lone_parent(program: Program, wages: int) -> Case:
    people: dict[str, dict[str, object]] = {"ada": {"age": 34, "employment_income": wages}, "ben": {"age": 9}}
    return family(program, people, head="ada", dependents=["ben"])


def test_the_credit_ends_at_once_where_investment_income_does(us: Program) -> None:
    swept = sweep(
        Law(us), None, lone_parent(us, 20_000), Vary("taxable_interest_income", "0", "20000", "ada"), ["eitc"]
    )
    (credit,) = swept.law.curves
    assert [(segment.from_, segment.to, segment.slope) for segment in credit.segments] == [
        ("0.00", "2720.00", "0"),
        ("2720.00", "11600.00", "-0.1598"),
        ("11600.01", "20000.00", "0"),
    ]
    bend, jump = credit.breaks
    assert bend.kind == "bend"
    assert (jump.kind, jump.at, jump.jump) == ("jump", "11600.01", "-2793.98")
    assert [cause.figure for cause in jump.causes] == ["eitc_eligible.investment_income_within_limit"]
    assert jump.causes[0].law


def test_the_child_credit_goes_in_forty_steps(us: Program) -> None:
    swept = sweep(Law(us), None, lone_parent(us, 0), Vary("employment_income", "190000", "250000", "ada"), ["ctc"])
    jumps = swept.law.curves[0].breaks
    assert [jump.at for jump in jumps] == [f"{200_000 + 1_000 * step}.01" for step in range(40)]
    assert {jump.jump for jump in jumps} == {"-50.00"}


@pytest.mark.parametrize("number", [1, 17])
def test_every_jump_that_a_scan_by_the_dollar_finds(us: Program, number: int) -> None:
    """Of more families: `python -m tests.api.scanned 200`."""
    assert list(missed(us, number)) == []


def test_the_jumps_that_are_told_are_those_that_are_found(us: Program) -> None:
    case, vary = random_family(us, 17)
    fact, ends = varied(us, case, vary)
    points = Points(us, case, fact, curves_of(us, case, ["eitc", "ctc"], fact), Constants(us))
    for place, curve in enumerate(sweep(Law(us), None, case, vary, ["eitc", "ctc"]).law.curves):
        told = {Fraction(str(each.at)): Fraction(str(each.jump)) for each in curve.breaks if each.kind == "jump"}
        found = jumps_of(points, place, ends)
        assert told == {Fraction(at, 100): Fraction(size, 100) for at, size in found.items()}


# --- the command and the route


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rules(tmp_path_factory.mktemp("rules") / "land")


def test_the_command_draws_pieces_with_a_reform_beside(rules: Path, tmp_path: Path) -> None:
    reform, drawing = tmp_path / "half.yaml", tmp_path / "out.svg"
    reform.write_text("about: Half\nlaw: Bill 1\nset:\n  allowance: {2024-01-01: 1_000}\n", encoding="utf-8")
    case = WHOLE
    asked = ("sweep", rules, "-", "--vary", "wages=0..50000", "--of", "ann", "--show", "income_tax", "--reform", reform)
    picture = tmp_path / "out.png"
    done = run(*asked, "--svg", drawing, "--png", picture, stdin=case)
    assert done.returncode == 0, done.stderr
    assert "it bends" in done.stdout
    assert "Income tax (income_tax): 0 for each more -> 0.1 for each more [s. 6]" in done.stdout
    drawn = drawing.read_text(encoding="utf-8")
    assert drawn.startswith("<svg")
    assert 'stroke-dasharray="6,4"' in drawn  # the reform's, for whoever cannot tell the colours
    assert picture.read_bytes().startswith(b"\x89PNG")
    answer = json.loads(run(*asked, "--json", stdin=case).stdout)
    assert [segment["slope"] for segment in answer["law"]["curves"][0]["segments"]] == ["0", "0.1", "0.2"]
    assert answer["reform"]["basis"]["reforms"] == ["half"]
    starts = [law["curves"][0]["segments"][1]["from"] for law in (answer["law"], answer["reform"])]
    assert starts == ["2500.00", "1500.00"]


@pytest.mark.parametrize(
    ("vary", "more", "words"),
    [
        ("wages", (), "does not say what to move"),
        ("wage=0..10", ("--of", "ann"), "did you mean `wages`"),
        ("wages=0..10", (), "add `--of`: `ann`, `bo`"),
        ("wages=0..10", ("--of", "cy"), "there is no person `cy`"),
        ("wages=10..0", ("--of", "ann"), "before it begins"),
        ("wages=0..2000000", ("--of", "ann"), "lies in 0 .. 1,000,000"),
        ("wages=0..0.001", ("--of", "ann"), "not on the grid"),
        ("wages=0..10", ("--of", "ann", "--show", "income_tax age"), "is not a sum of figures"),
        ("income_tax=0..abc", (), "`abc` is no money"),
    ],
)
def test_what_cannot_be_swept(rules: Path, vary: str, more: tuple[str, ...], words: str) -> None:
    done = run("sweep", rules, "-", "--vary", vary, *more, stdin=WHOLE)
    assert done.returncode == 2
    assert words in done.stderr


def test_an_open_case_is_refused(us: Program) -> None:
    problems = Diagnostics()
    case = case_from_data(us, {"at": "2024", "people": {"ada": {}}, "tax_units": {"home": {"head": "ada"}}}, problems)
    assert case is not None
    with pytest.raises(Misuse, match="not complete"):
        sweep(Law(us), None, case, Vary("employment_income", "0", "10"), ["eitc"])


def test_the_route_gives_the_same_pieces(tmp_path: Path) -> None:
    from api.http.config import Config

    with serving(Config(rules=(land(tmp_path),))) as client:
        vary = {"of": "ann", "fact": "wages", "from": 0, "to": "50000"}
        question = {"ruleset": "land", "at": "2024", "case": {**SENT, "complete": True}, "vary": vary}
        done = client.post("/v1/sweep", json={**question, "show": ["income_tax"]})
        assert done.status_code == 200, done.text
        assert [segment["slope"] for segment in done.json()["law"]["curves"][0]["segments"]] == ["0", "0.1", "0.2"]
        wrong = client.post("/v1/sweep", json={**question, "vary": {**vary, "of": "nobody"}})
        assert wrong.status_code == 422
        assert "nobody" not in wrong.text


def test_the_causes_of_breaks_take_over_what_was_found_at_the_point_before(us: Program) -> None:
    """They computed the whole case anew at each side of each break."""
    case = lone_parent(us, 20_000)
    fact, _ = varied(us, case, Vary("employment_income", "0", "60000", "ada"))
    done: list[int] = []
    points = Points(us, case, fact, curves_of(us, case, ["eitc"], fact), Constants(us), done.append)
    works = []
    for entry in (2_000_000, 2_000_100, 2_000_200):
        interpreter = points.interpreter(entry)
        for _, figure in points.facts(points.curves[0]):
            interpreter.find(figure)
        works.append(interpreter.work)
    assert max(works[1:]) < works[0] and done == [1, 2, 3]


def test_what_is_left_is_less_what_is_withheld_too(us: Program) -> None:
    """26 USC 3101: no return assesses the employee's share, and it was left out of what is left."""
    case = lone_parent(us, 0)
    (curve_left,) = sweep(
        Law(us), None, case, Vary("employment_income", "0", "30000", "ada"), [], left=left_of(us)
    ).law.curves
    assert curve_left.label == "What is left"
    slopes = [(segment.slope, segment.taken) for segment in curve_left.segments]
    assert slopes[:2] == [("1.2635", "-0.2635"), ("1.4135", "-0.4135")]  # of 1.34 and 1.49 less 0.062 and 0.0145
    assert abs(Fraction(str(curve_left.segments[1].from_)) - 2_500) <= Fraction(2, 100)


def test_what_is_spent_is_no_income_that_is_left(us: Program) -> None:
    vary = Vary("charitable_cash_donations", "0", "20000", "ada")
    (curve_left,) = sweep(Law(us), None, lone_parent(us, 60_000), vary, [], left=left_of(us)).law.curves
    assert curve_left.name == "- income_tax - tax_unit_employee_share_of_payroll_tax"
    assert {segment.taken for segment in curve_left.segments} == {""}


def test_rounding_of_the_figures_of_a_sum_makes_no_pieces() -> None:
    """Four figures, each rounded by itself: the line is one, and its slope the law's own."""
    rates = (Fraction("0.062"), Fraction("0.0145"), Fraction("0.1"), Fraction("0.1106"))

    def rounded(x: int) -> int:
        return x - sum(floor(rate * x + Fraction(1, 2)) for rate in rates)

    shape = shape_of(lambda points: [rounded(x) for x in points], 2_516_667, 3_414_999)
    assert [piece.slope for piece in shape.pieces] == [1 - sum(rates, Fraction(0))]


def test_the_command_says_which_mark_is_which_and_the_marginal_rate(tmp_path: Path) -> None:
    reform = tmp_path / "larger.yaml"
    reform.write_text("about: Larger\nlaw: A bill\nset:\n  refundable_ctc_each: {2024-01-01: 3_000}\n")
    case = (
        "at: 2024\ncomplete: true\npeople: {ada: {age: 34}, ben: {age: 9}}\n"
        "tax_units: {home: {head: ada, dependents: [ben]}}\n"
    )
    asked = ("sweep", "us", "-", "--vary", "employment_income=0..30000", "--of", "ada", "--reform", reform)
    done = run(*asked, stdin=case)
    assert done.returncode == 0, done.stderr
    assert "* current law   + larger, where it differs" in done.stdout
    assert "marginal rate\n" in done.stdout
    assert "-26.35%\n" in done.stdout
