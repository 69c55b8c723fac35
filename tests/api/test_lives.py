"""People's lives in a year: who dies, leaves, moves, marries, is born, or turns out to be recorded twice.

Each has a rule, and everybody is counted: assessed, in a group that could not be, or in none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from api.assess.follow import Follower
from api.assess.recording import AnnualReport, together
from api.failures import Failure
from api.history.merging import merge
from citizens import Assessment, Belongs, Origin, Retraction, SqliteLog, Value, open_log
from tests.api.households import BORN, NEW_YEAR, PAY, UNIT, annual, facts, person, program
from tests.citizens.histories import TAX

MAY, NEXT = date(2024, 5, 1), date(2025, 1, 1)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    with open_log(tmp_path / "log") as log:
        log.append([person(1, 1, "head", pay="50000.00"), person(2, 1, "spouse", pay="30000.00")])
        log.append([person(3, 2, "head", pay="20000.00")])
        yield log


def agi(log: SqliteLog, unit: int) -> object:
    """The income of a unit's last assessment."""
    assessments = [event.body for event in log.read_subject(f"tax_unit/{unit}") if isinstance(event.body, Assessment)]
    assert not assessments[-1].fault, assessments[-1].fault
    figures = assessments[-1].figures
    assert isinstance(figures, tuple)
    return dict(figures).get("adjusted_gross_income")


def everybody(report: AnnualReport, people: int, stated: str) -> None:
    assert report.counted is not None
    money = sum(report.counted.money, report.counted.stray_money)
    assert (sum(report.counted.people), money) == (people, Decimal(stated))


def lives(report: AnnualReport) -> dict[str, int]:
    """What happened to people, as the run counts it; what happened to nobody is left out."""
    assert report.counted is not None
    return {name: number for name, number in asdict(report.counted.lives).items() if number}


def says(log: SqliteLog, subject: str, event_id: str, values: dict[str, Value], day: date = MAY) -> None:
    log.append([facts(subject, event_id, values, day)])


def test_who_dies_or_leaves_in_the_year_counts_in_the_last_group_of_that_year_and_not_in_the_next(
    log: SqliteLog,
) -> None:
    says(log, "person/3", "left", {UNIT: None})
    says(log, "person/2", "died", {UNIT: None})
    report = annual(log)
    assert (agi(log, 1), agi(log, 2)) == (Decimal("80000.00"), Decimal("20000.00"))
    everybody(report, 3, "100000.00")
    assert report.counted is not None and report.counted.people == (3, 0, 0, 0, 0)
    assert lives(report) == {"left": 2}
    says(log, "person/1", "next-1", {PAY: Decimal("1000.00")}, NEXT)
    later = annual(log, "2025")
    assert later.counted is not None and later.counted.people == (1, 0, 2, 0, 0)


def test_who_leaves_after_the_run_changes_nothing_of_the_year(log: SqliteLog) -> None:
    annual(log)
    says(log, "person/3", "left", {UNIT: None})
    follower = Follower(log, program())
    while follower.step():
        pass
    assert (follower.report.changed, agi(log, 2)) == (0, Decimal("20000.00"))


def test_who_moves_marries_or_divorces_counts_where_they_are_on_the_last_day(log: SqliteLog) -> None:
    says(log, "person/2", "divorced", {UNIT: Belongs("tax_unit/3", "head")})
    says(log, "person/3", "married", {UNIT: Belongs("tax_unit/1", "spouse")})
    report = annual(log)
    assert (agi(log, 1), agi(log, 3)) == (Decimal("70000.00"), Decimal("30000.00"))
    everybody(report, 3, "100000.00")
    assert lives(report) == {"moved": 2, "together": 2, "parted": 1}  # 1 and 3 came together, 2 parted from 1


def test_who_is_born_in_the_year_counts_from_then_on(log: SqliteLog) -> None:
    says(log, "person/4", "born", {UNIT: Belongs("tax_unit/1", "dependent"), BORN: MAY})
    report = annual(log)
    everybody(report, 4, "100000.00")
    assert lives(report) == {"joined": 1}
    assert any(use.subject == "person/4" for event in log.read_subject("tax_unit/1")
               if isinstance(event.body, Assessment) for use in event.body.used)  # fmt: skip


def test_a_duplicate_record_is_taken_back_and_its_money_with_it(log: SqliteLog) -> None:
    """Somebody recorded twice, or under a new id: the facts of the one record are retracted, with the reason."""
    log.append([person(9, 2, "spouse", pay="20000.00")])
    annual(log)
    assert agi(log, 2) == Decimal("40000.00")
    keys = tuple((change.attribute, change.valid_from) for change in log.timeline("person/9").changes)
    from citizens import Draft

    log.append([Draft("person/9", Retraction(keys, "the same person as person/3"), TAX, "merged")])
    follower = Follower(log, program())
    while follower.step():
        pass
    assert agi(log, 2) == Decimal("20000.00")


def test_who_is_in_no_group_and_who_is_at_fault_are_counted_with_their_money(log: SqliteLog) -> None:
    log.append([facts("person/7", "alone", {PAY: Decimal("7.00")})])
    log.append([person(8, 4, "head", pay="8.00"), facts("person/8", "odd", {"is_blind": "perhaps"}, NEW_YEAR)])
    report = annual(log)
    assert report.counted is not None
    assert report.counted.people == (3, 1, 1, 0, 0)
    assert report.counted.money[:3] == (Decimal("100000.00"), Decimal("8.00"), Decimal("7.00"))


def followed(log: SqliteLog) -> None:
    follower = Follower(log, program())
    while follower.step():
        pass


def test_who_stays_in_another_role_or_comes_together_within_the_group_is_told(log: SqliteLog) -> None:
    log.append([person(4, 2, "dependent")])
    says(log, "person/4", "grown up", {UNIT: Belongs("tax_unit/2", "spouse")})
    assert lives(annual(log)) == {"other_role": 1, "together": 2}


def test_what_counts_for_nobody_is_told_and_the_sums_are_those_of_the_log(log: SqliteLog) -> None:
    log.append([facts("person/7", "hobby", {"plays_chess": True}), facts("person/6", "odd", {PAY: "much"})])
    log.append([facts("form_1099_int/1", "stray", {"int_interest": Decimal("5.00")})])
    owner: dict[str, Value] = {"int_interest": Decimal("6.00"), "person": Belongs("person/unheard-of", "owner")}
    log.append([facts("form_1099_int/2", "owned", owner)])
    odd_owner: dict[str, Value] = {"int_interest": Decimal("9.00"), "person": "Bob"}
    log.append([facts("form_1099_int/3", "odd owner", odd_owner)])
    merge(log, "person/3", "person/33", MERGE, "a new register")
    says(log, "person/3", "since", {"taxable_interest_income": Decimal("11.00")})
    report = annual(log)
    assert report.counted is not None
    assert report.counted.people == (3, 0, 1, 1, 2)
    assert report.counted.money == tuple(map(Decimal, ("100000.00", "0", "6.00", "11.00", "0")))
    assert (report.counted.strays, report.counted.stray_money) == (2, Decimal("14.00"))


def test_the_parts_of_a_population_add_up(log: SqliteLog) -> None:
    says(log, "person/3", "left", {UNIT: None})
    report = annual(log)
    both = together(report, report)
    assert both.counted is not None and both.counted.people == (6, 0, 0, 0, 0) and lives(both) == {"left": 2}
    assert both.counted.money[0] == Decimal("200000.00")


def test_a_follower_tells_who_moved_came_and_went(log: SqliteLog) -> None:
    annual(log)
    says(log, "person/2", "moved", {UNIT: Belongs("tax_unit/2", "spouse")})
    log.append([person(5, 2, "dependent", born=2024)])
    merge(log, "person/1", "person/11", MERGE, "a new register")
    follower = Follower(log, program())
    while follower.step():
        pass
    report = follower.report
    assert {name for _, name in report.came & report.went} == {"person/2"}
    assert {name for _, name in report.came - report.went} == {"person/5", "person/11"}
    assert ({name for _, name in report.went - report.came}, report.duplicates) == ({"person/1"}, {"person/1"})


MERGE = Origin("registry", "clerk", "registry act 4", "tax")


def test_who_was_recorded_twice_is_one_again_with_all_records_and_is_erased_with_the_other(log: SqliteLog) -> None:
    log.append([person(9, 2, "spouse", pay="20000.00"), facts("person/9", "more", {"interest_x": Decimal("5.00")})])
    log.append(
        [facts("form_1099_int/1", "int", {"int_interest": Decimal("700.00"), "person": Belongs("person/9", "owner")})]
    )
    everybody(annual(log), 4, "120700.00")
    assert agi(log, 2) == Decimal("40700.00")
    done = merge(log, "person/9", "person/3", MERGE, "one passport")
    assert (done.carried, done.given, done.differing) == (1, 1, ("tax_unit",))
    followed(log)
    assert agi(log, 2) == Decimal("20700.00")  # the wages once, and the form of the duplicate
    later = annual(log, "2025")
    assert later.counted is not None and later.counted.people == (3, 0, 0, 1, 0)
    assert log.timeline("person/3").at(NEW_YEAR)["interest_x"] == Decimal("5.00")
    done_erasing = log.erase("person/3", actor="a", legal_basis="b", reason="c")
    assert len(done_erasing.entries) == 3 and log.version("person/9") == 0


def test_who_goes_by_a_new_id_is_assessed_as_before(log: SqliteLog) -> None:
    log.append(
        [facts("form_1099_int/1", "int", {"int_interest": Decimal("700.00"), "person": Belongs("person/3", "owner")})]
    )
    annual(log)
    before = agi(log, 2)
    done = merge(log, "person/3", "person/new-3", MERGE, "a new register")
    assert (done.differing, done.given) == ((), 1)
    followed(log)
    assert agi(log, 2) == before == Decimal("20700.00")
    for pair in (("person/3", "person/new-3"), ("person/1", "person/1"), ("person/1", "tax_unit/1")):
        with pytest.raises(Failure):
            merge(log, *pair, MERGE, "again")
