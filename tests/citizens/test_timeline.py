"""As valid on V, as known at K: one subject's timeline and everybody's columns against the slow rule."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citizens import Belongs, Correction, Draft, Facts, InvalidEvent, Point, Refused, Retraction
from tests.citizens.histories import (
    DAY,
    DAYS,
    SUBJECTS,
    TAX,
    Clock,
    facts_in,
    fresh,
    histories,
    model_of,
    moment,
    wages,
    write_all,
)

VALID = st.sampled_from([DAY - timedelta(days=1), *DAYS, DAYS[2] + timedelta(days=3), DAY + timedelta(days=999)])


@settings(max_examples=60, deadline=None)
@given(histories(), VALID, st.data())
def test_timeline_and_snapshot_follow_the_rule(drafts: list[Draft], valid_on: date, data: st.DataObject) -> None:
    known = data.draw(st.integers(0, len(drafts)))
    model, clock = model_of(drafts), Clock()
    with tempfile.TemporaryDirectory() as folder, fresh(Path(folder), clock) as log:
        write_all(log, clock, drafts)
        everybody = log.snapshot(valid_on, known)
        for subject in SUBJECTS:
            expected = model.at(subject, valid_on, known)
            assert log.timeline(subject, known).at(valid_on) == expected
            assert log.timeline(subject, moment(known + 0.5)).at(valid_on) == expected
            known_facts = {name: value for name, value in expected.items() if value is not None}
            assert facts_in(everybody, subject) == known_facts


def test_a_late_fact_changes_what_is_known_not_what_was(tmp_path: Path) -> None:
    clock = Clock()
    with fresh(tmp_path, clock) as log:
        write_all(log, clock, [wages("person/1", "100", "a"), wages("person/1", "80", "b", day=date(2023, 6, 1))])
        write_all(log, clock, [Draft("person/1", Correction((Point("wages", DAY, Decimal(90)),), "typo"), TAX, "c")])
        at = {known: log.timeline("person/1", known).at(DAY)["wages"] for known in (1, 2, 3)}
        assert at == {1: 100, 2: 100, 3: 90}
        assert log.timeline("person/1", 1).at(date(2023, 7, 1)) == {}
        assert log.timeline("person/1", 2).at(date(2023, 7, 1)) == {"wages": 80}


def test_ending_and_retracting_differ(tmp_path: Path) -> None:
    later = DAY + timedelta(days=10)
    ended = Draft("person/1", Facts((Point("wages", later, None),)), TAX, "b")
    never = Draft("person/1", Retraction((("wages", later),), "a mistake"), TAX, "c")
    with fresh(tmp_path) as log:
        log.append([wages("person/1", "5", "a"), ended])
        assert log.timeline("person/1").at(later) == {"wages": None}
        assert not log.snapshot(later).tables["person"].columns["wages"].known.any()
        first, second = log.timeline("person/1").of("wages")
        assert (first.valid_until, second.valid_until) == (later, None)
        log.append([never])
        assert log.timeline("person/1").at(later) == {"wages": Decimal(5)}
        assert facts_in(log.snapshot(later), "person/1") == {"wages": Decimal(5)}


def test_columns_are_exact_and_typed(tmp_path: Path) -> None:
    points = (
        Point("wages", DAY, Decimal("10.5")),
        Point("age", DAY, 30),
        Point("married", DAY, True),
        Point("born", DAY, date(1990, 2, 3)),
        Point("state", DAY, "CA"),
        Point("tax_unit", DAY, Belongs("tax_unit/9", "spouse")),
    )
    other = (Point("wages", DAY, Decimal("0.125")), Point("state", DAY, "NY"), Point("age", DAY, Decimal("1.5")))
    with fresh(tmp_path) as log:
        log.append([Draft("person/1", Facts(points), TAX, "a"), Draft("person/2", Facts(other), TAX, "b")])
        people = log.snapshot(DAY).tables["person"]
        units = log.snapshot(DAY).tables["tax_unit"]
    wage, age, state = people.columns["wages"], people.columns["age"], people.columns["state"]
    assert (wage.kind, wage.scale, wage.values.tolist()) == ("decimal", 3, [10500, 125])
    assert (age.kind, age.values.tolist()) == ("decimal", [300, 15])
    assert [state.value(row) for row in (0, 1)] == ["CA", "NY"]
    assert people.columns["married"].known.tolist() == [True, False]
    assert people.columns["born"].value(0) == date(1990, 2, 3)
    link = people.links["tax_unit"]
    assert (link.entity, link.rows.tolist(), link.roles.tolist()) == ("tax_unit", [0, -1], [0, -1])
    assert (units.ids, link.role_names) == (("9",), ("spouse",))
    table = people.to_arrow()
    assert table.column("born").to_pylist() == [date(1990, 2, 3), None]
    assert table.column("state").to_pylist() == ["CA", "NY"]
    assert (table.schema.field("wages").metadata or {})[b"scale"] == b"3"


@pytest.mark.parametrize("value", ["text", True, date(2024, 1, 1), Belongs("tax_unit/1", "head")])
def test_an_attribute_of_two_kinds_is_refused_with_offsets(tmp_path: Path, value: object) -> None:
    with fresh(tmp_path) as log:
        log.append([wages("person/1", "1", "a")])
        log.append([Draft("person/2", Facts((Point("wages", DAY, value),)), TAX, "b")])  # type: ignore[arg-type]
        with pytest.raises(Refused, match="wages"):
            log.snapshot(DAY)
        log.append([Draft("person/2", Correction((Point("wages", DAY, 2),), "typo"), TAX, "c")])
        assert [log.snapshot(DAY).tables["person"].columns["wages"].value(row) for row in (0, 1)] == [1, 2]


def test_scales_too_far_apart_are_refused_not_rounded(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        log.append([wages("person/1", "1" * 18, "a"), wages("person/2", "0.000000000000000001", "b")])
        with pytest.raises(Refused, match="18 digits"):
            log.snapshot(DAY)


def test_only_the_asked_attributes_are_read(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        log.append([Draft("person/1", Facts((Point("a", DAY, 1), Point("b", DAY, 2))), TAX, "a")])
        assert set(log.snapshot(DAY, attributes=["b"]).tables["person"].columns) == {"b"}


def test_an_empty_log_has_an_empty_snapshot(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        assert log.snapshot(DAY).tables == {}
        assert log.timeline("person/1").changes == ()


def test_a_moment_needs_a_time_zone(tmp_path: Path) -> None:
    with fresh(tmp_path) as log, pytest.raises(InvalidEvent, match="time zone"):
        log.timeline("person/1", moment(1).replace(tzinfo=None))
