"""What an annual run appends as columns is, to the byte, what it appends one draft at a time."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from api.assess.annual import run_annual
from citizens import Advance, Assessment, Belongs, Draft, Movement, Receipt, SqliteLog, open_log, post
from citizens.sqlite import assessing
from citizens.sqlite import opened as log_opening
from citizens.sqlite.crypto import MANY
from citizens.sqlite.keys import KeyStore
from citizens.sqlite.sealed import COUNTER_BITS
from tests.api.households import ORIGIN, PAY, UNIT, annual, bodies, correction, facts, form, person, retraction, terms
from tests.api.test_annual import import_sample

DAY, UNITS, NOW_US = date(2024, 1, 1), 3 * MANY, 1_750_000_000_000_000
EVENTS = "SELECT offset, recorded_at_us, kind, subject, version, origin, hex(delivery) FROM events ORDER BY offset"


def opened(folder: Path) -> SqliteLog:
    return open_log(folder, clock=lambda: NOW_US)


def stored(log: SqliteLog) -> list[tuple[object, ...]]:
    """All that is stored, in the clear."""
    with log._reader() as reader:
        plains = [reader.payload(row) for row in reader.rows("ORDER BY offset")]
        events = reader.connection.execute(EVENTS).fetchall()
        rest = [
            row
            for table in ("uses", "deliveries", "origins", "members", "positions")
            for row in reader.connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")
        ]
    return [*zip(events, plains, strict=True), *rest]


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each block was taken as columns."""
    made: list[bool] = []
    take = assessing.take

    def noting(*given: object) -> assessing.Taken | None:
        result = take(*given)  # type: ignore[arg-type]
        made.append(result is not None)
        return result

    monkeypatch.setattr(assessing, "take", noting)
    return made


def both_ways(folder: Path, monkeypatch: pytest.MonkeyPatch, taken: list[bool]) -> SqliteLog:
    """A log assessed as columns, after comparing it with the same assessed one by one."""
    shutil.copytree(folder, folder.with_name("one by one"))
    with opened(folder) as log:
        together = annual(log)
        expected = stored(log)
        assert log.verify().sound
    assert any(taken), "nothing was taken as columns"
    monkeypatch.setattr(assessing, "take", lambda *_: None)
    with opened(folder.with_name("one by one")) as log:
        alone = annual(log)
        assert stored(log) == expected
    assert together == alone
    return open_log(folder, write=False)


def random_log(log: SqliteLog, draw: random.Random) -> None:
    """The sample, with what does not fit columns strewn over it: people in no group or of another one, deaths, facts
    of another kind, amounts beyond reason, money that was paid before."""
    import_sample(log, UNITS)
    tables = log.snapshot(DAY).tables
    people = [f"person/{name}" for name in tables["person"].ids]
    units = [f"tax_unit/{name}" for name in tables["tax_unit"].ids]
    drafts = [form(1, 900_002, "81000.50"), person(900_001, 900_001, "head"), person(900_002, 900_002, "head")]
    for number, subject in enumerate(draw.sample(people, 40)):
        drafts.append(strewn(subject, f"late-{number}", draw, units))
    for number, unit in enumerate(draw.sample(units, 5)):
        paid = post(Movement.PAYMENT, Decimal("120.00"), period="2024", currency="USD", cause="till", account="cash")
        drafts.append(Draft(unit, paid, ORIGIN, f"paid-{number}"))
    log.append(drafts)


def strewn(subject: str, event_id: str, draw: random.Random, units: list[str]) -> Draft:
    """Something that happened to somebody, or was recorded wrongly."""
    day = date(2024, draw.randrange(1, 13), 3)
    match draw.randrange(6):
        case 0:
            return retraction(subject, event_id, UNIT)
        case 1:
            return correction(subject, event_id, {PAY: "unknown"})
        case 2:
            return correction(subject, event_id, {PAY: Decimal(draw.randrange(10**17, 10**18)).scaleb(-2)})
        case 3:
            return facts(subject, event_id, {"date_of_death": day})
        case 4:
            return facts(subject, event_id, {UNIT: None}, day)
        case _:
            return facts(subject, event_id, {UNIT: Belongs(draw.choice(units), "dependent")}, day)


@pytest.mark.parametrize("seed", range(3))
def test_a_random_log_is_assessed_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: list[bool], seed: int
) -> None:
    folder = tmp_path / "log"
    with opened(folder) as log:
        random_log(log, random.Random(seed))
    with both_ways(folder, monkeypatch, taken) as log:
        assert {body.fault != "" for body in bodies(log, Assessment)} == {False, True}


def test_a_run_that_was_cut_off_goes_on_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: list[bool]
) -> None:
    folder = tmp_path / "log"
    with opened(folder) as log:
        import_sample(log, UNITS)
        cut_off(log, monkeypatch, after=2)
        begun = len(bodies(log, Assessment))
        assert 0 < begun < UNITS
    taken.clear()
    with both_ways(folder, monkeypatch, taken) as log:
        assert len(bodies(log, Assessment)) == UNITS


def cut_off(log: SqliteLog, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Begin a run that breaks after some appends."""
    original, done = log.append, [0]

    def breaks(drafts: Sequence[Draft], *, advance: Advance | None = None) -> list[Receipt]:
        done[0] += 1
        if done[0] > after:
            raise KeyboardInterrupt
        return original(drafts, advance=advance)

    with monkeypatch.context() as patched:
        patched.setattr(log, "append", breaks)
        with pytest.raises(KeyboardInterrupt):
            run_annual(log, terms(), block=MANY)


def test_a_partition_of_a_population_is_assessed_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: list[bool]
) -> None:
    """Numbers of subjects have the partition in their upper bits."""
    monkeypatch.setattr(log_opening, "KeyStore", partial(KeyStore, partition=3))
    folder = tmp_path / "log"
    with opened(folder) as log:
        import_sample(log, UNITS)
        assert log.snapshot(DAY).tables["tax_unit"].numbers.min() > 3 << COUNTER_BITS
    both_ways(folder, monkeypatch, taken).close()


def test_a_subject_that_was_erased_after_the_facts_were_read_is_not_taken_as_a_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: list[bool]
) -> None:
    with opened(tmp_path / "log") as log:
        import_sample(log, UNITS)
        (erased, *_) = log.snapshot(DAY).tables["person"].ids
        original = log.append

        def erases(drafts: Sequence[Draft], *, advance: Advance | None = None) -> list[Receipt]:
            if advance is None:
                log.erase(f"person/{erased}", actor="test", legal_basis="GDPR 17", reason="asked for")
            return original(drafts, advance=advance)

        with monkeypatch.context() as patched:
            patched.setattr(log, "append", erases)
            annual(log)
        assert taken == [False]
