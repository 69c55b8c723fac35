"""`rulewright simulate` with benefits of households: counted only where the population states what they ask."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import run

REFORM = """\
about: A household is expected to spend a quarter of its net income on food
law: A bill
set:
  snap_share_of_net_income: {2024-01-01: 25%}
"""
HOMES, MONTHS = 24, "@2024-01..2024-12"
HEADS = {
    "people": "person_id,tax_unit_id,tax_unit_role,snap_unit_id,snap_unit_role,family_id,family_role,ssi_unit_id,"
    "ssi_unit_role,tanf_unit_id,tanf_unit_role,dwelling_id,dwelling_role,birth_date,employment_income,"
    "state_of_residence_in_month,ssi_supplement_state,qualified_status_since",
    "tax_units": "tax_unit_id,weight",
    "snap_units": f"snap_unit_id,snap_state,snap_shelter_costs{MONTHS},pays_heating_or_cooling,takes_up_snap",
    "families": "family_id,family_state",
    "tanf_units": f"tanf_unit_id,tanf_state,tanf_amount_of_state{MONTHS}",
    "ssi_units": "ssi_unit_id",
    "dwellings": "dwelling_id",
}


def rows(name: str, at: int) -> list[str]:
    """The rows of home `at`: two adults with their own returns, of whom the first has a child; half take SNAP up."""
    of = f"s{at},{{snap}},f{at},family_member,i{at}{{who}},{{ssi}},c{at},tanf_member,d{at},occupant"
    adult, child = (of.format(snap="snap_member", ssi=role, who="{who}") for role in ("ssi_adult", "ssi_child"))
    tail = "ohio,another_state,2000-01-01"
    match name:
        case "people":
            return [
                f"a{at},t{at},head,{adult.format(who='a')},1990-01-01,{at * 1_500},{tail}",
                f"b{at},t{at},dependent,{child.format(who='a')},2015-01-01,0,{tail}",
                f"c{at},u{at},head,{adult.format(who='c')},1985-01-01,3000,{tail}",
            ]
        case "tax_units":
            return [f"t{at},2.5", f"u{at},2.5"]
        case "snap_units":
            return [f"s{at},ohio,600,true,{'true' if at % 2 else 'false'}"]
        case "families":
            return [f"f{at},ohio"]
        case "tanf_units":
            return [f"c{at},ohio,0"]
        case "ssi_units":
            return [f"i{at}a", f"i{at}c"]
    return [f"d{at}"]


def written(folder: Path, without: str = "", emptied: str = "") -> list[str]:
    """The population as files, without a column, or with an empty cell in the first row of one."""
    words = []
    for name, text in HEADS.items():
        head = text.split(",")
        cells = [row.split(",") for at in range(HOMES) for row in rows(name, at)]
        if emptied in head:
            cells[0][head.index(emptied)] = ""
        kept = [place for place, word in enumerate(head) if word != without]
        lines = [",".join(row[place] for place in kept) for row in (head, *cells)]
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
        words += ["--population", f"{name}.csv"]
    return words


def simulated(folder: Path, *more: str, **change: str) -> Any:
    (folder / "reform.yaml").write_text(REFORM)
    files = written(folder, **change)
    return run(
        "simulate", "us", "--reform", "reform.yaml", "--at", "2024", *files, "--bootstrap", "20", *more, cwd=folder
    )


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("benefits")
    done = simulated(folder, "--json", "--report", "out.html")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["years"][0] | {"folder": folder}


def test_snap_is_a_line_of_the_budget_and_part_of_the_net(answer: Any) -> None:
    budget = {line["figure"]: line for line in answer["reforms"][0]["budget"]}
    snap, net = budget["household_snap_taken_up"], budget["net"]
    assert (snap["kind"], snap["label"]) == ("benefit", "SNAP (households)")
    assert Fraction(snap["change"]) == -Fraction(net["change"]) > 0
    for side in ("before", "after"):
        taxes = sum(Fraction(line[side]) for line in budget.values() if line["kind"] == "tax")
        benefits = sum(Fraction(line[side]) for line in budget.values() if line["kind"] == "benefit")
        assert Fraction(net[side]) == taxes - benefits


def in_batch(folder: Path, figure: str) -> list[Fraction]:
    """A figure of 2024 of everybody who has it, by `batch` over all files: whatever group has it."""
    inputs = [word for name in HEADS for word in ("--input", f"{name}.csv")]
    done = run("batch", "us", "--at", "2024", *inputs, "--output", "-", "--want", figure, cwd=folder)
    assert done.returncode == 0, done.stderr
    return [Fraction(line.split(",")[1]) for line in done.stdout.splitlines()[1:]]


def test_snap_is_that_of_the_households_that_take_it_up(answer: Any, tmp_path: Path) -> None:
    """Each home's SNAP by another command; a home stands for as many as each of its units."""
    written(tmp_path)
    units = (tmp_path / "tax_units.csv").read_text().replace(",weight", "").replace(",2.5", "")
    (tmp_path / "tax_units.csv").write_text(units)
    owed, in_home = (in_batch(tmp_path, figure) for figure in ("snap_of_year", "household_snap_taken_up"))
    assert len(owed) == HOMES and all(amount > 0 for amount in owed[:4])
    taken_up = sum(amount for place, amount in enumerate(owed) if place % 2)
    assert sum(in_home) == taken_up
    snap = next(line for line in answer["reforms"][0]["budget"] if line["figure"] == "household_snap_taken_up")
    assert Fraction(snap["before"]) == taken_up * Fraction("2.5")


TAXES = "income_tax,tax_unit_employee_share_of_payroll_tax"
SNAP = "household_snap_taken_up"
Wages = dict[str, list[Fraction]]  # of the two heads of each home, `a` and `c`
EARNED: Wages = {"a": [Fraction(at * 1_500) for at in range(HOMES)], "c": [Fraction(3_000)] * HOMES}


class Batches:
    """What `batch` makes of the homes with other earnings: figures of each unit or home, added up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[str, list[Fraction]] = {}
        (folder / "reform.yaml").write_text(REFORM)

    def sums(self, figures: str, wages: Wages, reform: bool) -> list[Fraction]:
        key = f"{figures} {wages} {reform}"
        if key not in self.known:
            self.known[key] = self._computed(figures, wages, reform)
        return self.known[key]

    def _computed(self, figures: str, wages: Wages, reform: bool) -> list[Fraction]:
        written(self.folder)
        units = (self.folder / "tax_units.csv").read_text()
        (self.folder / "tax_units.csv").write_text(units.replace(",weight", "").replace(",2.5", ""))
        cells = [row.split(",") for row in (self.folder / "people.csv").read_text().splitlines()]
        for row in cells[1:]:
            if row[0][0] in wages:
                row[cells[0].index("employment_income")] = f"{float(wages[row[0][0]][int(row[0][1:])]):.2f}"
        (self.folder / "people.csv").write_text("\n".join(map(",".join, cells)) + "\n")
        inputs = [word for name in HEADS for word in ("--input", f"{name}.csv")]
        more = ("--reform", "reform.yaml") if reform else ()
        done = run("batch", "us", "--at", "2024", *inputs, "--output", "-", "--want", figures, *more, cwd=self.folder)
        assert done.returncode == 0, done.stderr
        return [sum(map(Fraction, line.split(",")[1:-1]), Fraction(0)) for line in done.stdout.splitlines()[1:]]

    def taken(self, head: str, earned: list[Fraction], reform: bool = False) -> list[Fraction]:
        """What taxes and the loss of SNAP take where one head of each home earns `earned` instead."""
        moved, first = {**EARNED, head: earned}, "ac".index(head)
        snap, taxes = ([self.sums(each, wages, reform) for wages in (EARNED, moved)] for each in (SNAP, TAXES))
        lost = [before - after for before, after in zip(*snap, strict=True)]
        more = [after - before for before, after in zip(*(each[first::2] for each in taxes), strict=True)]
        return [each + tax for each, tax in zip(lost, more, strict=True)]

    def rates(self, head: str, reform: bool = False) -> list[Fraction]:
        more = [wages + 1_200 for wages in EARNED[head]]
        return [each / 1_200 for each in self.taken(head, more, reform)]


@pytest.fixture(scope="module")
def batches(tmp_path_factory: pytest.TempPathFactory) -> Batches:
    return Batches(tmp_path_factory.mktemp("batches"))


def test_rates_count_the_benefit_that_the_home_loses_by_one_unit(answer: Any, batches: Batches) -> None:
    """Two heads in each home, of whom one at a time earns more, or nothing."""
    marginal, participation = answer["reforms"][0]["rates"]
    assert "of 1,200 more of wages, salaries and tips (`employment_income`)" in marginal["about"]
    assert "the loss of the household's SNAP" in participation["about"]
    for side, reform in (("mean_before", False), ("mean_after", True)):
        rates = [*batches.rates("a", reform), *batches.rates("c", reform)]
        assert float(marginal[side]) == pytest.approx(float(100 * sum(rates) / len(rates)), abs=0.0051)
    of_all = [
        -change / wages
        for head in "ac"
        for change, wages in zip(batches.taken(head, [Fraction(0)] * HOMES), EARNED[head], strict=True) if wages
    ]  # fmt: skip
    assert float(participation["mean_before"]) == pytest.approx(float(100 * sum(of_all) / len(of_all)), abs=0.0051)


def test_benefits_are_computed_anew_where_earnings_respond(answer: Any, batches: Batches, tmp_path: Path) -> None:
    done = simulated(tmp_path, "--json", "--elasticity", "0.25")
    assert done.returncode == 0, done.stderr
    reform = json.loads(done.stdout)["years"][0]["reforms"][0]
    moved = {}
    for head in "ac":
        both = zip(batches.rates(head), batches.rates(head, reform=True), strict=True)
        times = [1 + (((1 - after) / (1 - before) - 1) / 4 if before < 1 else 0) for before, after in both]
        moved[head] = [wages * each for wages, each in zip(EARNED[head], times, strict=True)]
    lines = {line["figure"]: line for line in reform["behaviour"]["budget"]}
    snap = sum(batches.sums(SNAP, moved, reform=True)) * Fraction("2.5")
    assert Fraction(lines[SNAP]["after"]) == snap != Fraction(lines[SNAP]["before"])
    taxes = sum(Fraction(line["after"]) for line in lines.values() if line["kind"] == "tax")
    benefits = sum(Fraction(line["after"]) for line in lines.values() if line["kind"] == "benefit")
    assert Fraction(lines["net"]["after"]) == taxes - benefits
    static = json.loads(simulated(tmp_path, "--json").stdout)["years"][0]["reforms"][0]
    assert {**reform, "behaviour": None} == {**static, "behaviour": None}


def test_households_have_it_in_their_income_and_units_have_not(answer: Any) -> None:
    reform = answer["reforms"][0]
    change = next(line["change"] for line in reform["budget"] if line["kind"] == "net")
    assert Fraction(reform["households"]["groups"][0]["rows"][-1]["total_change"]) == -Fraction(change)
    assert Fraction(reform["groups"][0]["rows"][-1]["total_change"]) == 0
    assert not reform["changes_nothing"]


def test_what_is_counted_and_what_is_not_is_said(answer: Any) -> None:
    (counted,) = (note for note in answer["notes"] if note.startswith("Benefits that are counted"))
    assert counted.startswith("Benefits that are counted household by household: SNAP. ")
    (left,) = (note for note in answer["notes"] if note.startswith("Benefits that are not counted"))
    assert "Supplemental Security Income (`takes_up_ssi`)" in left
    assert "SNAP (households)" in (answer["folder"] / "out.html").read_text()


def test_who_takes_snap_up_is_never_assumed(tmp_path: Path) -> None:
    done = simulated(tmp_path, "--json", without="takes_up_snap")
    assert done.returncode == 0, done.stderr
    year = json.loads(done.stdout)["years"][0]
    assert not any(line["figure"].startswith("household_") for line in year["reforms"][0]["budget"])
    (left,) = (note for note in year["notes"] if note.startswith("Benefits that are not counted"))
    assert "SNAP (`takes_up_snap`)" in left


def test_a_household_of_which_it_is_not_known_is_told(tmp_path: Path) -> None:
    done = simulated(tmp_path, emptied="takes_up_snap")
    assert (done.returncode, done.stdout) == (1, "")
    assert "`household_snap_taken_up` cannot be computed for 1 of the population; row 1" in done.stderr


def test_a_search_counts_what_snap_costs(tmp_path: Path) -> None:
    files = written(tmp_path)
    done = run(
        "seek", "us", "snap_share_of_net_income", "--from", "25%", "--to", "30%", "--step", "5%", "--at", "2024",
        *files, "--json", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    costs = {trial["value"]: Fraction(trial["net_change"]) for trial in json.loads(done.stdout)["tried"]}
    assert costs["25%"] < 0 == costs["30%"]


def test_who_takes_snap_up_can_be_drawn(tmp_path: Path) -> None:
    shares = {}
    for part in ("0%", "50%", "100%"):
        done = simulated(tmp_path, "--json", "--take-up", f"takes_up_snap={part}", without="takes_up_snap")
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        budget = {line["figure"]: line for line in answer["years"][0]["reforms"][0]["budget"]}
        shares[part] = Fraction(budget["household_snap_taken_up"]["before"])
        assert any(f"drawn at random: takes_up_snap={part}. Everybody claims" in line for line in answer["method"])
    assert 0 == shares["0%"] < shares["50%"] < shares["100%"]


def test_a_set_of_figures_stands_for_all_of_its_benefits(tmp_path: Path) -> None:
    done = simulated(tmp_path, "--json", "--take-up", "benefits=0%", without="takes_up_snap")
    assert done.returncode == 0, done.stderr
    budget = {line["figure"]: line for line in json.loads(done.stdout)["years"][0]["reforms"][0]["budget"]}
    for figure in ("household_snap_taken_up", "household_tanf_taken_up", "household_lifeline_taken_up"):
        assert Fraction(budget[figure]["before"]) == 0


def test_who_takes_snap_up_is_not_drawn_where_it_is_stated(tmp_path: Path) -> None:
    done = simulated(tmp_path, "--take-up", "takes_up_snap=50%")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the population states `takes_up_snap` itself" in done.stderr


def test_take_up_is_not_drawn_of_a_population_without_such_households(tmp_path: Path) -> None:
    (tmp_path / "reform.yaml").write_text(REFORM)
    done = run(
        "simulate", "us", "--reform", "reform.yaml", "--at", "2024", "--take-up", "takes_up_snap=50%", cwd=tmp_path
    )
    assert done.returncode == 2
    assert "the population has no snap_units, of whom `takes_up_snap` is drawn" in done.stderr


def test_the_population_of_the_manual_counts_snap(tmp_path: Path) -> None:
    """The home that api/simulate/README.md writes down, twelve times over."""
    manual = (Path(__file__).parents[2] / "api/simulate/README.md").read_text(encoding="utf-8")
    part = manual.partition("## A population with SNAP")[2]
    files = re.findall(r"^(\w+\.csv)\n\n((?:    .+\n)+)", part, re.MULTILINE)
    words: list[str] = []
    for name, text in files:
        head, *lines = (line.strip() for line in text.splitlines())
        copies = [re.sub(r"\b([a-z])1\b", rf"\g<1>{home}", line) for home in range(12) for line in lines]
        (tmp_path / name).write_text("\n".join([head, *copies]) + "\n", encoding="utf-8")
        words += ["--population", name]
    assert len(files) == len(HEADS)
    (tmp_path / "reform.yaml").write_text(REFORM)
    done = run(
        "simulate", "us", "--reform", "reform.yaml", "--at", "2024", *words, "--take-up", "takes_up_snap=100%",
        "--bootstrap", "20", "--json", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    budget = {line["figure"]: line for line in json.loads(done.stdout)["years"][0]["reforms"][0]["budget"]}
    assert Fraction(budget["household_snap_taken_up"]["change"]) > 0
