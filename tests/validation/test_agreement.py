"""Our figures against other calculators', on a part of the cases; `python -m tests.validation` takes all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.validation import (
    consensus,
    consensus_classes,
    direct_file,
    policyengine,
    policyengine_report,
    programs,
    snap_qc,
    taxcalc_peer,
)
from tests.validation.classes import CLASSES
from tests.validation.compare import Tally
from tests.validation.reforms import classes as reforms_classes

DIFFERENCES = Path(__file__).parent / "DIFFERENCES.md"


@pytest.fixture(scope="module")
def consensus_tallies() -> list[Tally]:
    return list(consensus.compare(consensus.rows(every=45)))


@pytest.fixture(scope="module")
def taxcalc_tallies() -> list[Tally]:
    return list(taxcalc_peer.compare(taxcalc_peer.rows(every=4)))


def test_we_agree_where_taxsim_and_policyengine_do(consensus_tallies: list[Tally]) -> None:
    assert sum(tally.cases for tally in consensus_tallies) > 2_500
    assert {tally.year for tally in consensus_tallies} == set(range(2021, 2026))
    for tally in consensus_tallies:
        assert tally.runnable == tally.cases
        assert not tally.unexplained, tally.unexplained
        assert tally.share > 0.95, tally.figure


def test_every_difference_with_taxcalc_is_explained(taxcalc_tallies: list[Tally]) -> None:
    assert sum(tally.runnable for tally in taxcalc_tallies) > 1_500
    for tally in taxcalc_tallies:
        assert tally.runnable == tally.cases
        assert not tally.unexplained, tally.unexplained
        assert tally.share > 0.7, tally.figure


def test_what_a_dependent_saves_for_health_is_explained() -> None:
    dependents = [row for row in taxcalc_peer.rows() if float(row["e03290"]) > 0 and row["DSI"] == "1"]
    differing = [tally for tally in taxcalc_peer.compare(dependents) if tally.figure == "AGI" and tally.differences]
    assert dependents and differing
    assert not any(tally.unexplained for tally in differing)


def test_differences_are_not_explained_by_everything() -> None:
    """The classes are narrow: of all cases, most could be in none for the figure of taxable income."""
    rows = taxcalc_peer.rows(every=3)
    possible = [
        row for row in rows if any("taxable income" in class_.figures and class_.holds(row) for class_ in CLASSES)
    ]
    assert len(possible) < len(rows) * 0.6


def test_each_class_has_its_chapter() -> None:
    text = DIFFERENCES.read_text(encoding="utf-8")
    headings = {line.removeprefix("### ") for line in text.splitlines() if line.startswith("### ")}
    names = {class_.name for class_ in (*CLASSES, *consensus_classes.CLASSES)}
    names |= {figure["chapter"] for figure in direct_file.EXPLAINED.values()}
    names |= set(policyengine.mapping()["explained"]) | set(policyengine_report.explanations().chapters)
    names |= snap_qc.CHAPTERS | programs.CHAPTERS | {change.name for change in reforms_classes.CLASSES}
    assert names <= headings
    assert headings - names == {"What is given, not compared"}


def test_direct_file_returns_agree_on_every_line() -> None:
    (tally,) = direct_file.compare(direct_file.returns())
    assert tally.runnable == tally.cases == 161
    assert tally.share > 0.95
    assert not tally.unexplained, tally.unexplained
