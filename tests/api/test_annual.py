"""The annual run: everybody once, as known when it began, whoever runs it how often; and two followers at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from api.assess import figures
from api.assess.annual import run_annual
from api.assess.follow import Follower
from api.failures import Failure
from api.history.tables import sample_tables
from citizens import (
    Advance,
    Assessment,
    Belongs,
    Draft,
    Membership,
    Movement,
    Origin,
    Receipt,
    Source,
    SqliteLog,
    Use,
    import_tables,
    open_log,
)
from engine.native import WORTH_COMPILING
from tests.api.households import (
    BORN,
    LIABILITY,
    PAY,
    UNIT,
    annual,
    bodies,
    correction,
    everything,
    facts,
    follow,
    moved,
    outcome,
    person,
    program,
    retraction,
    terms,
    terms_with,
)

DAY, UNITS = date(2024, 1, 1), 180


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    with open_log(tmp_path / "log") as log:
        yield log


def import_sample(log: SqliteLog, units: int) -> None:
    """The first tax units of the shipped sample."""
    tables = sample_tables()
    few = tables["tax_unit"].slice(0, units).drop_columns(["weight", "state_fips"])
    names = set(few["tax_unit_id"].to_pylist())
    people = tables["person"].filter([item in names for item in tables["person"]["tax_unit_id"].to_pylist()])
    member = Membership("tax_unit", "tax_unit", "tax_unit_id", role_column="role")
    sources = [
        Source(few, "tax_unit", "tax_unit_id", DAY),
        Source(people, "person", "person_id", DAY, memberships=(member,)),
    ]
    import_tables(log, sources, Origin("survey", "test", "none", "tax"), "sample")


def together(*works: Callable[[], object]) -> None:
    """Run at once, in threads of their own; what one raises is raised."""
    raised: list[BaseException] = []

    def guarded(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in raised:
        raise error


def test_machine_code_and_the_interpreter_assess_alike(
    log: SqliteLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_sample(log, UNITS)
    assert annual(log).assessed == UNITS > WORTH_COMPILING
    monkeypatch.setattr(figures, "WORTH_COMPILING", 10**9)
    with open_log(tmp_path / "interpreted") as other:
        import_sample(other, UNITS)
        annual(other)
        assert bodies(other, Assessment) == bodies(log, Assessment)


def test_an_assessment_names_the_law_the_facts_and_how_far_was_read(log: SqliteLog) -> None:
    log.append([person(1, 1, "head", pay="50000.00"), facts("person/1", "more", {"shoe_size": 43})])
    log.append([facts("tax_unit/1", "own", {"estimated_tax_payments": Decimal("10.00")})])
    annual(log)
    (made,) = bodies(log, Assessment)
    assert (made.program, made.read_to, made.valid_on) == (program().fingerprint, 3, date(2024, 12, 31))
    assert made.used == (Use("tax_unit/1", ("estimated_tax_payments",)), Use("person/1", (BORN, PAY, UNIT)))


def test_a_run_that_was_begun_with_other_rules_goes_on_only_if_told_to(
    log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_sample(log, 20)
    original = log.append

    def breaks(drafts: object, **advance: object) -> object:
        if "advance" in advance:
            return original(drafts, **advance)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(log, "append", breaks)
    with pytest.raises(KeyboardInterrupt):
        annual(log)
    monkeypatch.undo()
    changed = replace(program(), fingerprint="f" * 64)
    with pytest.raises(Failure, match="was begun with other rules"):
        run_annual(log, terms_with(changed))
    assert bodies(log, Assessment) == []
    assert run_annual(log, terms_with(changed), other_rules=True).assessed == 20
    assert {body.program for body in bodies(log, Assessment)} == {"f" * 64}
    finished = annual(log)
    assert (finished.finished, finished.program) == (True, "f" * 64)


def test_two_runs_at_once_assess_nobody_twice(log: SqliteLog) -> None:
    import_sample(log, 60)
    together(lambda: run_annual(log, terms(), block=7), lambda: run_annual(log, terms(), block=5))
    subjects = [event.subject for event in everything(log) if isinstance(event.body, Assessment)]
    assert len(subjects) == len(set(subjects)) == 60


def test_two_followers_at_once_correct_everything_once(log: SqliteLog, tmp_path: Path) -> None:
    import_sample(log, 60)
    people = [f"person/{id_}" for id_ in log.snapshot(DAY).tables["person"].ids[:60]]
    late = [correction(subject, f"late-{subject}", {PAY: Decimal("61000.00")}) for subject in people]
    annual(log)
    log.append(late)
    together(*[lambda: follow(log, window=4)] * 2)
    with open_log(tmp_path / "nothing") as other:
        import_sample(other, 60)
        other.append(late)
        annual(other)
        for unit in log.snapshot(DAY).tables["tax_unit"].ids:
            history, wanted = log.read_subject(f"tax_unit/{unit}"), outcome(other.read_subject(f"tax_unit/{unit}"))
            assert outcome(history) == wanted
            assert moved(history, Movement.LIABILITY) == wanted[LIABILITY]


def test_a_follower_that_comes_too_late_appends_nothing(log: SqliteLog, monkeypatch: pytest.MonkeyPatch) -> None:
    log.append([person(1, 1, "head", pay="50000.00")])
    annual(log)
    log.append([correction("person/1", "late", {PAY: Decimal("60000.00")})])
    slow, original = Follower(log, program()), log.append

    def overtaken(drafts: object, **advance: object) -> object:
        monkeypatch.undo()
        follow(log)
        return original(drafts, **advance)  # type: ignore[arg-type]

    monkeypatch.setattr(log, "append", overtaken)
    slow.step()
    assert (slow.report.changed, len(bodies(log, Assessment))) == (0, 2)


def test_people_in_no_group_are_counted(log: SqliteLog) -> None:
    log.append([person(1, 1, "head", pay="5.00"), person(2, 2, "head"), retraction("person/2", "left", UNIT)])
    report = annual(log)
    assert (report.groups, report.alone) == (1, 1)


def test_a_group_that_was_erased_is_reported_and_the_others_are_assessed(log: SqliteLog) -> None:
    log.append([person(1, 1, "head", pay="5.00"), person(2, 2, "head", pay="5.00")])
    log.append([facts("tax_unit/2", "own", {"estimated_tax_payments": Decimal("1.00")})])
    log.erase("tax_unit/2", actor="test", legal_basis="GDPR 17", reason="asked for")
    ((group, fault),) = annual(log).failed
    assert (group.startswith("tax_unit/erased-"), fault) == (True, "the group was erased, and people are still in it")
    log.append([correction(f"person/{item}", f"late-{item}", {PAY: Decimal("9.00")}) for item in (1, 2)])
    assert follow(log).changed == 1


def test_a_group_whose_name_fills_an_event_id_is_assessed(log: SqliteLog) -> None:
    name = "tax_unit/" + "x" * 985
    log.append([facts("person/1", "one", {UNIT: Belongs(name, "head"), BORN: date(1980, 1, 1)})])
    assert annual(log).assessed == 1


def test_a_log_of_which_nothing_was_known_is_refused_with_what_to_do(log: SqliteLog) -> None:
    with pytest.raises(Failure, match="nothing was known by then"):
        annual(log)
    log.append([person(1, 1, "head")])
    assert annual(log).assessed == 1, "a run that was refused was not begun"


def test_a_run_that_found_nobody_in_a_group_is_on_record_and_who_comes_later_is_followed(
    log: SqliteLog, tmp_path: Path
) -> None:
    alone = facts("person/9", "alone", {PAY: Decimal("1.00")})
    log.append([alone])
    report = annual(log)
    assert (report.groups, report.assessed, report.alone, report.failed) == (0, 0, 1, [])
    assert report.counted is not None
    assert report.counted.people == (0, 0, 1, 0, 0) and report.counted.money[2] == Decimal("1.00")
    again = annual(log)
    assert (again.finished, again.groups) == (True, 0)
    late = [person(1, 1, "head", pay="50000.00"), person(2, 1, "spouse", pay="7000.00"), person(3, 2, "head")]
    log.append(late)
    assert follow(log).reassessed == 2
    with open_log(tmp_path / "anew") as anew:
        anew.append([alone, *late])
        assert annual(anew).assessed == 2
        for group in ("tax_unit/1", "tax_unit/2"):
            assert outcome(log.read_subject(group)) == outcome(anew.read_subject(group))
            assert log.owed(group, "2024", "USD") == anew.owed(group, "2024", "USD")


def test_a_part_of_which_nothing_was_known_is_followed_from_its_first_event(log: SqliteLog) -> None:
    report = run_annual(log, terms(), empty=True)
    assert (report.horizon, report.groups) == (0, 0)
    assert run_annual(log, terms()).finished, "and it is not refused any more"
    log.append([person(1, 1, "head", pay="50000.00")])
    assert follow(log).reassessed == 1
    assert outcome(log.read_subject("tax_unit/1"))["adjusted_gross_income"] == 50_000


def test_a_run_where_nothing_was_known_that_was_cut_off_goes_on_from_there(log: SqliteLog) -> None:
    """People come between its beginning and its end."""
    starts = type(log).append

    class Cut(SqliteLog):
        def append(self, drafts: Sequence[Draft], *, advance: Advance | None = None) -> list[Receipt]:
            if any(draft.event_id.endswith("/finished") for draft in drafts):
                raise KeyboardInterrupt
            return starts(self, drafts, advance=advance)

    log.__class__ = Cut
    with pytest.raises(KeyboardInterrupt):
        run_annual(log, terms(), empty=True)
    log.__class__ = SqliteLog
    log.append([person(1, 1, "head")])
    report = run_annual(log, terms())
    assert (report.horizon, report.groups, report.finished) == (0, 0, False)
    assert follow(log).reassessed == 1


def test_a_follower_that_compaction_overtook_corrects_all_the_same(log: SqliteLog) -> None:
    log.append([person(1, 1, "head", pay="50000.00")])
    annual(log)
    log.append([correction("person/1", f"late-{pay}", {PAY: Decimal(pay)}) for pay in (60_000, 70_000)])
    log.compact({"tax": datetime.now(UTC)}, actor="test", legal_basis="none")
    assert follow(log).changed == 1
    history = log.read_subject("tax_unit/1")
    assert outcome(history)["adjusted_gross_income"] == 70_000
    assert moved(history, Movement.LIABILITY) == outcome(history)[LIABILITY]
