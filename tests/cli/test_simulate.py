"""`rulewright simulate` through the real command, on a small land whose answers can be worked out by hand."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from api.simulate.pictures import pictures
from tests.cli.command import ROOT, run, write_rules

VIEW = """\
unit: tax_unit
person: person
weight: weight
age: age
incomes: [wages]
taxes: {income_tax: Income tax}
borne: [income_tax]
earnings: wages
income_groups: [25_000, 50_000]
"""
REFORM = """\
about: No allowance
law: A bill
set:
  allowance: {2024-01-01: 0}
"""
FACT_ADDED = """\
about: Who votes pays nothing
law: A bill
add:
  module: votes
  exports: [votes]
  inputs:
    votes: {entity: person, period: year, type: boolean, label: Votes, absent: false, ask: "Did they vote?"}
replace:
  variables:
    income_tax:
      label: Income tax
      entity: tax_unit
      period: year
      type: money
      law: s. 6
      formula: |
        let children = count(m in dependents where m.age < 18)
        in if head.votes then 0 USD else max(0 USD, rates(taxed) - credits[min(2, children)])
"""


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("land")
    write_rules(folder / "rules")
    (folder / "view.yaml").write_text(VIEW)
    (folder / "reform.yaml").write_text(REFORM)
    (folder / "later.yaml").write_text(REFORM.replace("2024", "2026"))
    write_people(folder)
    return folder


def write_people(folder: Path) -> None:
    """200 units, of which every other one has a child."""
    people, units = ["person_id,tax_unit_id,role,age,wages"], ["tax_unit_id,weight"]
    for at in range(200):
        people.append(f"p{at},u{at},head,40,{500 * at + 500}")
        if at % 2:
            people.append(f"c{at},u{at},dependent,5,0")
        units.append(f"u{at},{100 + at}.25")
    (folder / "people.csv").write_text("\n".join(people) + "\n")
    (folder / "tax_units.csv").write_text("\n".join(units) + "\n")


def simulated(land: Path, *more: str | Path, reform: str = "reform.yaml", at: str = "2024") -> Any:
    return run(
        "simulate", "rules", "--view", "view.yaml", "--reform", reform, "--at", at, "--population", "people.csv",
        "--population", "tax_units.csv", "--bootstrap", "20", *more, cwd=land,
    )  # fmt: skip


@pytest.fixture(scope="module")
def answer(land: Path) -> Any:
    done = simulated(land, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def tax(wages: int, children: int, allowance: int) -> Fraction:
    taxed = max(0, wages - allowance)
    before = Fraction(min(taxed, 20_000), 10) + Fraction(max(0, taxed - 20_000), 5)
    return max(Fraction(0), before - (50 if children else 0))


def test_the_budget_is_what_the_law_gives_by_hand(answer: Any) -> None:
    line = answer["years"][0]["reforms"][0]["budget"][0]
    weights = [Fraction(10_025 + 100 * at, 100) for at in range(200)]
    before, after = (
        sum(w * tax(500 * at + 500, at % 2, allowance) for at, w in enumerate(weights)) for allowance in (2_000, 0)
    )
    assert Fraction(line["before"]) == before
    assert Fraction(line["after"]) == after
    assert Fraction(line["change"]) == after - before
    assert line["changed"] == sum(
        tax(500 * at + 500, at % 2, 0) != tax(500 * at + 500, at % 2, 2_000) for at in range(200)
    )
    assert Fraction(line["standard_error"]) > 0


def test_totals_of_every_table_add_up(answer: Any) -> None:
    reform = answer["years"][0]["reforms"][0]
    net = next(line for line in reform["budget"] if line["kind"] == "net")
    for way in reform["groups"]:
        *parts, everybody = way["rows"]
        assert Fraction(everybody["total_change"]) == -Fraction(net["change"])
        assert everybody["n"] == 200
        assert not any(part.get("suppressed") for part in parts), way["name"]
        for what in ("total_change", "weight", "n"):
            assert sum(Fraction(part[what]) for part in parts) == Fraction(everybody[what])
    *rows, everybody = reform["winners"]["rows"]
    assert sum(row["n"] for row in rows) == everybody["n"] == 200
    full = [row for row in rows if all(cell["n"] is not None for cell in row["cells"])]
    assert len(full) > 3
    tenths = {other_row["group"]: other_row for other_row in reform["groups"][0]["rows"]}
    for item in full:
        assert sum(cell["n"] for cell in item["cells"]) == item["n"]
        assert sum(Fraction(cell["weight"]) for cell in item["cells"]) == Fraction(tenths[item["group"]]["weight"])


def test_groups_of_income_have_the_edges_that_the_view_states(answer: Any) -> None:
    ways = {way["name"]: way for way in answer["years"][0]["reforms"][0]["groups"]}
    *rows, _ = ways["income before tax"]["rows"]
    bounds = {"under 25,000": (0, 49), "25,000 to 50,000": (49, 99), "50,000 or over": (99, 200)}
    assert {row["group"]: row["n"] for row in rows} == {name: high - low for name, (low, high) in bounds.items()}
    for row in rows:
        units = range(*bounds[row["group"]])
        weights = [Fraction(10_025 + 100 * at, 100) for at in units]
        lost = [tax(500 * at + 500, at % 2, 2_000) - tax(500 * at + 500, at % 2, 0) for at in units]
        assert Fraction(row["total_change"]) == sum(w * change for w, change in zip(weights, lost, strict=True))


def test_a_household_like_the_one_that_loses_most_is_explained(land: Path, answer: Any) -> None:
    example = answer["years"][0]["reforms"][0]["examples"][0]
    assert Fraction(example["change"]) < 0
    (land / "case.yaml").write_text(example["case"])
    figures = [
        json.loads(run("calc", "rules", "case.yaml", "--want", "income_tax", "--json", *more, cwd=land).stdout)
        for more in ((), ("--reform", "reform.yaml"))
    ]
    before, after = (Fraction(figure["results"][0]["value"]) for figure in figures)
    assert before - after == Fraction(example["change"])
    assert [step["figure"] for step in example["steps"]][-1] == "income_tax"


def test_small_groups_are_not_shown(answer: Any) -> None:
    for row in answer["years"][0]["reforms"][0]["winners"]["rows"]:
        assert all(cell["n"] is None or cell["n"] == 0 or cell["n"] >= 10 for cell in row["cells"])


def test_the_same_again_gives_the_same_bytes(land: Path) -> None:
    first = simulated(land, "--json", "--manifest", "manifest.json", "--report", "one.html", "--tables", "tables")
    second = run("simulate", "--again", "manifest.json", "--json", "--report", "two.html", cwd=land)
    assert (first.returncode, second.returncode) == (0, 0), second.stderr
    assert first.stdout == second.stdout
    assert (land / "one.html").read_bytes() == (land / "two.html").read_bytes()
    whole = json.loads((land / "manifest.json").read_text())["written"]
    digests = {f"tables/{path.name}": path for path in (land / "tables").iterdir()} | {"report": land / "one.html"}
    assert whole == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in digests.items()}
    assert (land / "tables" / "budget.csv").read_text().startswith('"year","projected","reform","figure"')
    page = (land / "one.html").read_text()
    charts = sorted((land / "tables").glob("chart_*.png"))
    assert len(charts) == page.count('<svg class="chart"') > 1
    assert all(chart.read_bytes().startswith(b"\x89PNG") for chart in charts)
    assert all("var(" not in chart and "fill: #0b5675" in chart for chart in pictures(page))
    regions = re.findall('role="region" aria-label="([^"]*)"', page)
    assert len(set(regions)) == len(regions)


@pytest.fixture
def manifest(land: Path) -> Any:
    """The manifest of a simulation with a report."""
    done = simulated(land, "--manifest", "kept.json", "--report", "kept.html")
    assert done.returncode == 0, done.stderr
    return json.loads((land / "kept.json").read_text())


def test_files_that_lie_by_the_manifest_are_found_there(land: Path, manifest: Any, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(land, moved)
    done = run("simulate", "--again", "moved/kept.json", "--report", "r.html", "--manifest", "m.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "r.html").read_bytes() == (land / "kept.html").read_bytes()
    assert json.loads((tmp_path / "m.json").read_text()) == manifest


def test_what_is_not_what_it_was_is_named_before_anything_is_computed(
    land: Path, manifest: Any, tmp_path: Path
) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(land, moved)
    manifest["versions"]["numpy"] = "1.0"
    (moved / "kept.json").write_text(json.dumps(manifest))
    people = (moved / "people.csv").read_text().splitlines()
    (moved / "people.csv").write_text("\n".join(people[:-1]) + "\n")
    (moved / "reform.yaml").write_text((moved / "reform.yaml").read_text().replace(": 0}", ": 1}"))
    refused = run("simulate", "--again", "kept.json", cwd=moved)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "numpy: then 1.0, now " in refused.stderr
    assert "the reform `reform.yaml`: its contents have changed" in refused.stderr
    assert "the population: its contents have changed" in refused.stderr


def test_other_bytes_than_those_of_the_manifest_are_told(land: Path, manifest: Any) -> None:
    manifest["written"]["report"] = "0" * 64
    (land / "other.json").write_text(json.dumps(manifest))
    done = run("simulate", "--again", "other.json", "--report", "again.html", cwd=land)
    assert done.returncode == 5
    assert "report: other bytes than when the manifest was written" in done.stderr


@pytest.mark.parametrize(("given", "named"), [(("--seed", "4"), "`--seed`"), (("rules",), "RULES")])
def test_nothing_that_the_manifest_says_is_asked_beside_it(land: Path, given: tuple[str, ...], named: str) -> None:
    refused = run("simulate", *given, "--again", "manifest.json", cwd=land)
    assert refused.returncode == 2
    assert f"{named} and `--again` cannot both be given" in refused.stderr


@pytest.mark.parametrize("change", [{"at": "2024"}, {"at": [2024]}, {"seed": "x"}, {"reforms": [1]}, {"rules": None}])
def test_what_is_no_manifest_is_refused(land: Path, manifest: Any, change: dict[str, Any]) -> None:
    (land / "no_manifest.json").write_text(json.dumps({**manifest, **change}))
    refused = run("simulate", "--again", "no_manifest.json", cwd=land)
    assert refused.returncode == 2
    assert "this is not a manifest of a simulation" in refused.stderr


def test_a_reform_of_another_calculator_is_told_how_to_translate(land: Path) -> None:
    (land / "bill.json").write_text('{"CTC_c": {"2026": 3000}}')
    refused = run("simulate", "rules", "--view", "view.yaml", "--reform", "bill.json", "--at", "2024", cwd=land)
    assert refused.returncode == 2
    assert "`rulewright translate bill.json > bill.yaml` makes one of it" in refused.stderr


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("reform", "set:\n  alowance: {2024-01-01: 0}"), "did you mean `allowance`?"),
        (("reform", "set:\n  allowance: {2024-01-01: 2_000}"), "already has these values"),
        (("tax_units", "tax_unit_id\nu0\n"), "no column of weights `weight`"),
        (("tax_units", "tax_unit_id,weight\nu0,-3\n"), "row 1: the weight -3 is below zero"),
        (("tax_units", "tax_unit_id,weight\nu0,\n"), "row 1: the weight is missing"),
        (("tax_units", "tax_unit_id,weight\nu0,many\n"), "`many` is not a number"),
        (("tax_units", "tax_unit_id,weight\n"), "`tax_units.csv` has no rows"),
        (("tax_units", "tax_unit_id,weight\nu0,0\n"), "every weight in `tax_units.csv` is zero"),
        (("people", "p0,u0,head,40,lots"), "row 1, wages: `lots` is not a number"),
        (("view", VIEW.replace("income_tax", "incme_tax")), "did you mean `income_tax`?"),
        (("view", VIEW.replace("unit:", "units:", 1)), "did you mean `unit`"),
        (("view", VIEW.replace("[25_000, 50_000]", "[50_000, 25_000]")), "no rising list of amounts above 0"),
    ],
)
def test_faults_are_told_with_a_remedy(land: Path, tmp_path: Path, change: tuple[str, str], told: str) -> None:
    which, content = change
    for name in ("people.csv", "tax_units.csv", "view.yaml", "reform.yaml"):
        (tmp_path / name).write_text((land / name).read_text())
    (tmp_path / "rules").symlink_to(land / "rules")
    suffix = "csv" if which in ("people", "tax_units") else "yaml"
    if which == "people":
        content = (land / "people.csv").read_text().replace("p0,u0,head,40,500", content)
    text = f"about: x\nlaw: A bill\n{content}\n" if which == "reform" else content
    (tmp_path / f"{which}.{suffix}").write_text(text)
    done = simulated(tmp_path)
    assert done.returncode != 0
    assert told in done.stderr
    assert done.stdout == ""


def test_nothing_is_told_of_a_population_of_fewer_than_ten(land: Path, tmp_path: Path) -> None:
    for name in ("view.yaml", "reform.yaml"):
        (tmp_path / name).write_text((land / name).read_text())
    (tmp_path / "rules").symlink_to(land / "rules")
    for name, rows in (("people.csv", 9 + 4), ("tax_units.csv", 9)):  # every other unit has a child
        (tmp_path / name).write_text("\n".join((land / name).read_text().splitlines()[: rows + 1]) + "\n")
    done = simulated(tmp_path, "--report", "small.html")
    assert (done.returncode, done.stdout) == (1, "")
    assert "has 9 units, and nothing is shown of fewer than 10" in done.stderr
    assert not (tmp_path / "small.html").exists()


def test_a_year_outside_what_the_rules_know(land: Path) -> None:
    done = simulated(land, at="2031")
    assert done.returncode == 2
    assert "the rules do not answer for 2031" in done.stderr


def test_a_reform_that_changes_nobody_is_told(land: Path) -> None:
    done = simulated(land, reform="later.yaml")
    assert done.returncode == 0
    assert "`later` changes no figure of anybody in this population in 2024" in done.stderr


def test_a_reform_that_sets_nothing_in_time_is_told_before_the_population_is_read(land: Path) -> None:
    told = "sets nothing else than the law has up to 2024-12-31: expect no change in 2024"
    for reform, expected in (("later.yaml", True), ("reform.yaml", False)):
        done = simulated(land, "--population", "nowhere.csv", reform=reform)
        assert (done.returncode, done.stdout) == (1, "")
        assert "nowhere.csv" in done.stderr  # the population is not there to be read
        assert (told in done.stderr) is expected


def test_a_fact_that_a_reform_adds_is_told(land: Path, tmp_path: Path) -> None:
    """Nobody states it: then it counts as not so, which the answer says; a column of it would be passed over."""
    for name in ("people.csv", "tax_units.csv", "view.yaml"):
        (tmp_path / name).write_text((land / name).read_text())
    (tmp_path / "rules").symlink_to(land / "rules")
    (tmp_path / "reform.yaml").write_text(FACT_ADDED)
    done = simulated(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "`reform` adds the fact `votes`, which nobody in the population states" in done.stdout
    assert "`reform` changes no figure" in done.stderr
    people = (land / "people.csv").read_text().splitlines()
    (tmp_path / "people.csv").write_text("\n".join([f"{people[0]},votes", *(f"{row},1" for row in people[1:])]) + "\n")
    done = simulated(tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "the population states `votes`, a fact that only the reform `reform` has" in done.stderr


def test_empty_cells_are_counted(land: Path, tmp_path: Path) -> None:
    for name in ("people.csv", "tax_units.csv", "view.yaml", "reform.yaml"):
        (tmp_path / name).write_text((land / name).read_text())
    (tmp_path / "rules").symlink_to(land / "rules")
    text = (tmp_path / "people.csv").read_text()
    assert "Empty cells" not in simulated(tmp_path).stdout
    (tmp_path / "people.csv").write_text(text.replace(",40,500\n", ",40,\n").replace(",40,1000\n", ",40,\n"))
    told = "Empty cells count as the rules assume of a complete return: `wages` of 2 of 300 people."
    assert told in simulated(tmp_path).stdout


def test_several_reforms_and_years_stand_side_by_side(land: Path) -> None:
    done = simulated(land, "--reform", "later.yaml", "--at", "2026", "--json", "--report", "several.html")
    assert "<h1>2 reforms side by side, 2024 to 2026</h1>" in (land / "several.html").read_text()
    years = json.loads(done.stdout)["years"]
    assert [year["year"] for year in years] == ["2024", "2026"]
    assert [reform["reform"] for reform in years[1]["reforms"]] == ["reform", "later"]
    first, second = (reform["budget"][0]["change"] for reform in years[1]["reforms"])
    assert first == second  # in 2026 both have taken the allowance away


def test_years_that_are_projected_are_marked_and_added_up(land: Path, tmp_path: Path) -> None:
    for name in ("people.csv", "tax_units.csv", "view.yaml", "reform.yaml"):
        (tmp_path / name).write_text((land / name).read_text())
    settings = write_rules(tmp_path / "rules") / "ruleset.yaml"
    settings.write_text(settings.read_text().replace("2026-12-31}", "2026-12-31, projected_to: 2030-12-31}"))
    done = simulated(tmp_path, "--json", "--report", "window.html", at="2025..2028")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert [(year["year"], year["projected"]) for year in answer["years"]] == [
        ("2025", False), ("2026", False), ("2027", True), ("2028", True),
    ]  # fmt: skip
    nets = [
        next(line["change"] for line in year["reforms"][0]["budget"] if line["kind"] == "net")
        for year in answer["years"]
    ]
    (net,) = [line for line in answer["window"] if line["kind"] == "net"]
    assert net["changes"] == nets
    assert Fraction(net["total"]) == sum(map(Fraction, nets))
    assert "2028 (projected)" in (tmp_path / "window.html").read_text()
    assert simulated(tmp_path, at="2029..2031").returncode == 2
    assert "`2024-03` is not a year" in simulated(tmp_path, at="2024-03").stderr
    assert "`2028..2025` is not a range of years" in simulated(tmp_path, at="2028..2025").stderr


def test_an_interrupted_run_leaves_nothing(land: Path) -> None:
    """From the first file that is begun to the last one: nothing half-written is left."""
    here = sorted(land.iterdir())
    stopped = [_interrupted(land, here, wait) for wait in (0.0, 0.05, 0.3)]
    assert any(stopped)


def _interrupted(land: Path, here: list[Path], wait: float) -> bool:
    """Whether Ctrl-C came before the run was over, so long after a place to write to had been made."""
    command = [
        sys.executable, "-m", "api.cli", "simulate", "rules", "--view", "view.yaml", "--reform", "reform.yaml",
        "--at", "2024", "--population", "people.csv", "--population", "tax_units.csv",
        "--report", "cut.html", "--tables", "cut", "--manifest", "cut.json",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = subprocess.Popen(command, cwd=land, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while started.poll() is None and not any(path.name.startswith(".cut") for path in land.iterdir()):
        time.sleep(0.001)
    time.sleep(wait)
    started.send_signal(signal.SIGINT)
    started.wait(timeout=120)
    left = [path.name for path in sorted(land.iterdir()) if path not in here]
    for name in left:
        shutil.rmtree(land / name) if (land / name).is_dir() else (land / name).unlink()
    assert {*left} <= {"cut", "cut.html", "cut.json"}  # each complete, since a place takes its name at the end
    return bool(started.returncode)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="a folder in which nobody can write")
def test_a_place_that_cannot_be_written_to_is_told_at_once(land: Path) -> None:
    done = simulated(land, "--report", "/proc/out.html", reform="nowhere.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing can be written in `/proc`" in done.stderr


def test_a_column_for_a_year_that_no_law_reads_is_noted(land: Path, tmp_path: Path) -> None:
    text = (land / "people.csv").read_text().replace(",wages\n", ",wages@2022\n", 1)
    (tmp_path / "people.csv").write_text(text)
    people = ("--population", str(tmp_path / "people.csv"), "--population", "tax_units.csv")
    at = ("--view", "view.yaml", "--reform", "reform.yaml", "--at", "2024", "--bootstrap", "20")
    done = run("simulate", "rules", *at, *people, cwd=land)
    assert "The column `wages@2022` is read by nothing" in done.stdout + done.stderr
