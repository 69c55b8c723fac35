"""A correction reads of a household's history what it needs: the facts, the newest assessment, and sums of postings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from api.assess.standings import standing_in, standing_of
from citizens import Draft, Event, Movement, Origin, SqliteLog, Value, open_log, post
from citizens.kinds import ASSESSMENT, POSTING
from citizens.sqlite.reader import Reader, StoredEvent
from tests.api.households import PAY, annual, correction, follow, person, terms


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    with open_log(tmp_path / "log") as log:
        log.append([person(1, 1, "head", pay="50000.00"), person(2, 2, "head", pay="30000.00")])
        annual(log)
        yield log


def corrected(log: SqliteLog, pays: Sequence[str | None]) -> None:
    """Corrections of the first person's pay, each followed by itself; None for pay that is at fault."""
    for pay in pays:
        values: dict[str, Value] = {PAY: "at fault" if pay is None else Decimal(pay)}
        log.append([correction("person/1", f"c{log.head()}", values)])
        follow(log)


def test_where_a_group_stands_is_the_same_read_from_either_end(log: SqliteLog) -> None:
    wire = post(Movement.PAYMENT, Decimal("70.00"), period="2024", currency="USD", cause="wire")
    other = post(Movement.PAYMENT, Decimal("90.00"), period="2023", currency="USD", cause="wire")
    euros = post(Movement.PAYMENT, Decimal("80.00"), period="2024", currency="EUR", cause="wire")
    each: list[list[str | None]] = [[], [None, None], ["60000.00"], ["10.00", None]]
    for pays in each:
        corrected(log, pays)
        for body in (wire, other, euros):
            log.append([Draft("tax_unit/1", body, Origin("bank", "clerk", "law", "tax"), f"wire-{log.head()}")])
        for group in ("tax_unit/1", "tax_unit/2", "tax_unit/none"):
            assert standing_in(log, group, terms()) == standing_of(log.read_subject(group), terms())
    assert log.owed("tax_unit/1", "2023", "USD") == Decimal("-360.00")
    assert log.users_of("person/1") == {"tax_unit/1"}
    log.erase("tax_unit/1", actor="a", legal_basis="b", reason="c")
    assert not log.assessments_of("tax_unit/1") and log.users_of("person/1") == set()


def test_a_correction_opens_one_assessment_of_its_group_and_no_posting(
    log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []
    event = Reader.event

    def noted(reader: Reader, row: StoredEvent) -> Event:
        opened.append(row.kind)
        return event(reader, row)

    monkeypatch.setattr(Reader, "event", noted)
    corrected(log, [f"{40_000 + number}.00" for number in range(6)])
    opened.clear()
    corrected(log, ["45000.00"])
    assert (opened.count(ASSESSMENT), opened.count(POSTING)) == (1, 0)
