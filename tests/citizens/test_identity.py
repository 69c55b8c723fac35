"""Which event is which: this program's own are told apart from all others; and one form of every name."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from citizens import (
    Belongs,
    DeliveryConflict,
    Draft,
    Facts,
    Hold,
    InvalidEvent,
    Movement,
    Origin,
    Point,
    Release,
    Value,
    check_payable,
    post,
    same_value,
)
from citizens.events import OWN_SOURCES
from citizens.events.checks import are_plain, check_new_subject
from citizens.sqlite import keys
from citizens.sqlite.keys import _check_new
from tests.citizens.histories import DAY, TAX, Clock, fresh, moment, wages

OWN = Origin("rulewright", "annual", "us, for 2024", "tax")


@pytest.mark.parametrize("source", [*OWN_SOURCES, "Rulewright", "LOG", "\uff4c\uff4f\uff47"])
def test_nobody_delivers_under_the_programs_own_sources(tmp_path: Path, source: str) -> None:
    origin = Origin(source, "clerk", "tax code 1", "tax")
    with fresh(tmp_path) as log:
        for event_id in ("compaction-2", "assessment/income_tax/2024/tax_unit/1"):
            with pytest.raises(InvalidEvent, match="kept for what this program"):
                log.append([Draft("person/1", Facts((Point("wages", DAY, 1),)), origin, event_id)])
        with pytest.raises(InvalidEvent, match="annual runs"):
            log.append([wages("annual_run/income_tax-2024", "1", "a")])
        assert log.head() == 0


def test_own_events_of_two_subjects_share_no_identity_whatever_the_ids(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        first, second = (
            Draft(f"tax_unit/{unit}", Facts((Point("a", DAY, 1),)), OWN, "the same id", own=True) for unit in "12"
        )
        assert [receipt.duplicate for receipt in log.append([first, second, first])] == [False, False, True]


def test_what_was_recorded_of_somebody_erased_is_not_known_of_a_successor(tmp_path: Path) -> None:
    own = Draft("tax_unit/1", Facts((Point("a", DAY, 1),)), OWN, "assessment/2024/tax_unit/1", own=True)
    with fresh(tmp_path) as log:
        log.append([own])
        assert log.delivered(OWN.source, [own.event_id], of=["tax_unit/1"]) == [True]
        log.erase("tax_unit/1", actor="dpo", legal_basis="GDPR", reason="request")
        assert log.delivered(OWN.source, [own.event_id], of=["tax_unit/1"]) == [False]
        log.append([wages("tax_unit/1", "5", "registered again")])
        assert log.delivered(OWN.source, [own.event_id], of=["tax_unit/1"]) == [False]
        assert not log.append([own])[0].duplicate


@pytest.mark.parametrize("again", [False, True])
def test_a_second_delivery_that_names_somebody_erased_is_a_duplicate_and_brings_no_name_back(
    tmp_path: Path, again: bool
) -> None:
    def joins(event_id: str, group: str = "tax_unit/Doe-7741") -> Draft:
        return Draft("person/1", Facts((Point("tax_unit", DAY, Belongs(group, "head")),)), TAX, event_id)

    with fresh(tmp_path) as log:
        log.append([joins("a")])
        log.erase("tax_unit/Doe-7741", actor="dpo", legal_basis="GDPR", reason="request")
        if again:
            log.append([wages("tax_unit/Doe-7741", "5", "new")])
        subjects = log.stats().subjects
        assert log.append([joins("a")])[0].duplicate
        assert log.stats().subjects == subjects
        with pytest.raises(DeliveryConflict):
            log.append([joins("a", "dwelling/Doe-7741")])
        assert log.stats().subjects == subjects
    for path in (path for path in tmp_path.rglob("*") if path.is_file() and not again):
        assert b"Doe-7741" not in path.read_bytes(), path


def test_a_compactions_record_is_nobodys_to_take(tmp_path: Path) -> None:
    clock = Clock()
    with fresh(tmp_path, clock) as log:
        log.append([wages("person/1", "1", "a")])
        clock.now = 1
        log.append([wages("person/1", "2", "b")])
        for number in range(1, 9):  # whatever it calls itself
            log.append([wages("person/1", "3", f"compaction-{number}")])
        assert log.compact({"tax": moment(5)}, actor="a", legal_basis="b").removed
        assert log.verify().sound


VALUES: tuple[Value, ...] = (
    True, False, 1, 0, Decimal(1), Decimal(0), Decimal("1.0"), "1", "true", "", None,
    date(1970, 1, 1), date(1970, 1, 2), Belongs("a/1", "r"), Belongs("a/2", "r"), Belongs("a/1", "q"),
)  # fmt: skip


@given(st.sampled_from(VALUES), st.sampled_from(VALUES))
def test_a_value_is_the_same_fact_only_if_kind_and_value_are(left: Value, right: Value) -> None:
    same = type(left) is type(right) and left == right
    assert same_value(left, right) is same
    points = Point("a", DAY, left), Point("a", DAY, right)
    assert (points[0] == points[1]) is same
    assert not same or hash(points[0]) == hash(points[1])


@pytest.mark.parametrize(
    "subject",
    [*("person/1 ", "person/ 1", "person/a  b", "person/e\u0301"), *("person/\u200b1", "person/1\t", "person/\uff11")],
)
def test_a_name_that_looks_like_another_is_refused_wherever_it_stands(tmp_path: Path, subject: str) -> None:
    with fresh(tmp_path) as log:
        with pytest.raises(InvalidEvent):
            log.append([wages(subject, "1", "a")])
        with pytest.raises(InvalidEvent):
            log.append([Draft("form/1", Facts((Point("person", DAY, Belongs(subject, "owner")),)), TAX, "b")])
        assert log.head() == 0


@pytest.mark.parametrize(
    ("period", "currency"), [(" 2024", "USD"), ("2024 ", "USD"), ("", "USD"), ("2024", "usd"), ("2024", "US")]
)
def test_a_posting_has_one_form(period: str, currency: str) -> None:
    with pytest.raises(InvalidEvent):
        post(Movement.PAYMENT, Decimal(1), period=period, currency=currency, cause="a")


@pytest.mark.parametrize(
    ("amount", "currency", "payable"),
    [("100.001", "USD", 0), ("100.01", "USD", 1), ("1.5", "JPY", 0), ("1.555", "KWD", 1), ("1E+2", "USD", 1)],
)
def test_an_amount_is_one_that_can_be_paid(amount: str, currency: str, payable: bool) -> None:
    if payable:
        check_payable(Decimal(amount), currency)
        return
    with pytest.raises(InvalidEvent):
        check_payable(Decimal(amount), currency)


@pytest.mark.parametrize("space", [" ", "  "])
def test_what_names_something_has_no_spaces_around_it(tmp_path: Path, space: str) -> None:
    """Else a delivery is recorded twice, a hold is not released, and `rulewright ` passes for the program itself."""
    body = wages("person/1", "5", "a").body
    drafts = [
        Draft("person/1", body, Origin(f"rulewright{space}", "a", "b", "tax"), "a"),
        Draft("person/1", body, TAX, f"{space}a"),
        Draft("person/1", Hold(f"appeal{space}", "open"), TAX, "h"),
        Draft("person/1", Release(f"appeal{space}", "closed"), TAX, "r"),
    ]
    with fresh(tmp_path) as log:
        for draft in drafts:
            with pytest.raises(InvalidEvent):
                log.append([draft])
        assert log.head() == 0


def test_a_month_is_written_in_one_way(tmp_path: Path) -> None:
    for period in ("2024-3", "2024-13", "2024-00", "02024", "24"):
        with pytest.raises(InvalidEvent, match=r"two digits|01 to 12|four digits"):
            post(Movement.PAYMENT, Decimal(5), period=period, currency="USD", cause="wire")
    with fresh(tmp_path) as log:
        for period in ("2024-03", "2024"):
            paid = post(Movement.PAYMENT, Decimal(5), period=period, currency="USD", cause="wire")
            log.append([Draft("tax_unit/1", paid, TAX, f"wire {period}")])
        assert log.head() == 2
    for period in ("2024-25", "1999-00", "2024-Q1", "2024-W53", "2024-03-05"):
        assert post(Movement.PAYMENT, Decimal(5), period=period, currency="USD", cause="wire").period == period


def test_who_was_registered_under_letters_that_look_like_others_keeps_the_name(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        with log.reader() as reader:
            before = reader.keys.last_number
        with pytest.raises(InvalidEvent, match="look like others"):
            log.append([wages("person/\ufb01", "1", "a")])
        with log.reader() as reader:
            assert reader.keys.last_number == before
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("citizens.sqlite.keys.check_letters", lambda _: None)  # as an earlier program had it
            log.append([wages("person/\ufb01", "1", "a")])
        assert log.append([wages("person/\ufb01", "2", "b")])[0].version == 2


@given(st.lists(st.one_of(st.text("a7-_. é１\n", max_size=4), st.sampled_from(["erased-1", "x" * 300, "A.b-c_9"]))))
@example(["A.b-c_9", "7"])
def test_ids_that_are_checked_all_at_once_would_pass_one_by_one(identifiers: list[str]) -> None:
    plain = are_plain(identifiers)
    assert plain or identifiers != ["A.b-c_9", "7"]
    for identifier in identifiers if plain else ():
        check_new_subject(f"person/{identifier}")
        _check_new(identifier)


def test_a_subject_is_found_among_more_than_are_kept_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"person/{number}" for number in range(40)]
    with fresh(tmp_path) as log:
        log.append([wages(name, "1", name) for name in names])
    monkeypatch.setattr(keys, "CACHED", 7)
    with fresh(tmp_path) as log:
        store = log._require_writer().reader.keys
        store.load([])
        store.load(range(1, 41))
        assert store.name(40) == "person/39"
        assert sorted(store.find_many([*names, "person/nobody", "thing/1"])) == sorted(names)
        numbers = store.add_many("person", [str(number) for number in range(42)]).numbers.tolist()
        assert len(set(numbers)) == 42
        assert numbers[:40] == [store.find(name) for name in names]
