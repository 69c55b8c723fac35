"""Snapshots of some subjects, and of attributes narrowed down to days and kinds."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from citizens import Advance, Belongs, Draft, Facts, Misfit, Point, Retraction, Scalar, Wanted
from tests.citizens.histories import DAY, DAYS, SUBJECTS, TAX, Clock, facts_in, fresh, histories, write_all

LATER = date(2025, 1, 1)
KINDS = {"wages": Wanted(kinds="di"), "age": Wanted(kinds="i"), "tax_unit": Wanted(kinds="r", group="tax_unit")}


@settings(max_examples=40, deadline=None)
@given(drafts=histories(), some=st.sets(st.sampled_from(SUBJECTS)), on=st.sampled_from(DAYS))
def test_a_snapshot_of_some_subjects_says_of_them_what_everybodys_says(
    drafts: list[Draft], some: set[str], on: date
) -> None:
    with TemporaryDirectory() as folder, fresh(Path(folder) / "log") as log:
        write_all(log, Clock(), drafts)
        known = len(drafts) * 2 // 3
        everybody, narrowed = log.snapshot(on, known), log.snapshot(on, known, subjects=some)
        for subject in some:
            assert facts_in(narrowed, subject) == facts_in(everybody, subject)
        for subject in set(SUBJECTS) - some:
            assert facts_in(narrowed, subject) == {}


def recorded(folder: Path, *points: Point) -> tuple[dict[str, object], tuple[Misfit, ...]]:
    with fresh(folder / "log") as log:
        log.append([Draft("person/1", Facts(points), TAX, "facts")])
        made = log.snapshot(LATER, attributes=KINDS)
        return dict(facts_in(made, "person/1")), made.misfits


def test_values_of_another_kind_are_left_out_and_named(tmp_path: Path) -> None:
    values: dict[str, Scalar | Belongs] = {"wages": "many", "age": 40, "tax_unit": Belongs("household/1", "head")}
    result, misfits = recorded(tmp_path, *(Point(name, DAY, value) for name, value in values.items()))
    assert result == {"age": 40}
    assert {(misfit.subject, misfit.attribute, misfit.kind, misfit.offset) for misfit in misfits} == {
        ("person/1", "wages", "text", 1),
        ("person/1", "tax_unit", "household", 1),
    }


def test_change_points_from_before_the_day_do_not_count(tmp_path: Path) -> None:
    with fresh(tmp_path / "log") as log:
        points = (Point("wages", DAY, Decimal("10.00")), Point("wages", LATER, Decimal("20.00")))
        log.append([Draft("person/1", Facts(points), TAX, "facts")])
        since = {"wages": Wanted(since=LATER)}
        assert facts_in(log.snapshot(LATER, attributes=since), "person/1") == {"wages": Decimal("20.00")}
        log.append([Draft("person/1", Retraction((("wages", LATER),), "never paid"), TAX, "retraction")])
        assert facts_in(log.snapshot(LATER, attributes=since), "person/1") == {}


def test_an_attribute_may_have_a_column_for_each_of_several_spans_of_days(tmp_path: Path) -> None:
    with fresh(tmp_path / "log") as log:
        points = tuple(Point("wages", day, Decimal(index)) for index, day in enumerate(DAYS, 1))
        log.append([Draft("person/1", Facts(points), TAX, "facts")])
        spans = {f"wages@{day}": Wanted(since=day, until=day, attribute="wages") for day in DAYS[1:3]}
        facts = facts_in(log.snapshot(LATER, attributes=spans), "person/1")
        assert facts == {f"wages@{DAYS[1]}": Decimal(2), f"wages@{DAYS[2]}": Decimal(3)}
        assert facts_in(log.snapshot(DAYS[1], attributes=spans), "person/1") == {f"wages@{DAYS[1]}": Decimal(2)}


def test_a_consumers_positions_and_deliveries_can_be_asked_for(tmp_path: Path) -> None:
    with fresh(tmp_path / "log") as log:
        log.append([Draft("person/1", Facts((Point("age", DAY, 1),)), TAX, "one")], advance=Advance("reader", 0, 1))
        assert log.positions() == {"reader": 1}
        assert log.delivered(TAX.source, ["one", "two"]) == [True, False]
        assert log.delivered("another", ["one"]) == [False]
        assert [event.offset for event in log.read_facts(0, 1)] == [1]
        assert log.read_facts(1, 9) == []
        assert log.posted(1) == set()
