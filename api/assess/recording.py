"""What an annual run records of the groups that it assessed, and what it came to.

1. Groups come in blocks, each appended in one transaction: as columns, or one by one if they were assessed so.
2. In a block of columns, a line that does not fit is odd: a group with a fault, one that nobody is in, one with a
   figure that does not apply, one that had something posted before, one with an amount beyond reason. Its drafts are
   made one by one, and take their place among the others.
3. Lines that were recorded before, by the part of the run that was cut off, and groups that were erased get no events.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from api.assess.drafts import first_drafts, first_id, first_ids_begin
from api.assess.everybody import Counted
from api.assess.figures import WIDE, Assessed, AssessedColumns
from api.assess.standings import is_erased, standing_of
from api.assess.terms import SOURCE, ZERO, Terms
from api.history.against_rules import recorded_in
from citizens import Common, Draft, FirstAssessments, History, Movement, PostingsOf, Recorded

Mask = NDArray[np.bool_]
ERASED = "the group was erased, and people are still in it"


@dataclass(slots=True)
class AnnualReport:
    """What a run did, with the program of that fingerprint.

    `already` were assessed before, `failed` are groups with the reason, `alone` are people in none.
    `totals` are sums by figure over everybody assessed, now or before, in steps of the money grid; `due` and `refunded`
    are what follows. `counted` is everybody by what became of them.
    `finished` says that an earlier run had done it all; nothing was computed then. `recorded` says when
    the facts that are read were recorded, `misplaced` tells of those that were recorded of another entity than theirs.
    """

    horizon: int
    program: str
    groups: int = 0
    assessed: int = 0
    already: int = 0
    alone: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    totals: dict[str, int] = field(default_factory=dict)
    due: Decimal = ZERO
    refunded: Decimal = ZERO
    finished: bool = False
    counted: Counted | None = None
    recorded: Mapping[str, Recorded] = field(default_factory=dict)
    misplaced: tuple[str, ...] = ()


def together(report: AnnualReport, other: AnnualReport) -> AnnualReport:
    """What the runs over two parts of a population did. The horizon is the first part's; it counts that part only."""
    both = report.counted + other.counted if report.counted and other.counted else report.counted or other.counted
    names = dict.fromkeys((*report.totals, *other.totals))
    return AnnualReport(
        report.horizon,
        report.program,
        report.groups + other.groups,
        report.assessed + other.assessed,
        report.already + other.already,
        report.alone + other.alone,
        [*report.failed, *other.failed],
        {name: report.totals.get(name, 0) + other.totals.get(name, 0) for name in names},
        report.due + other.due,
        report.refunded + other.refunded,
        report.finished and other.finished,
        both,
        recorded_in([report.recorded, other.recorded]),
        tuple(dict.fromkeys((*report.misplaced, *other.misplaced))),
    )


def blocks(each: AssessedColumns | Iterable[Assessed], size: int) -> Iterator[AssessedColumns | list[Assessed]]:
    """The same in pieces of at most `size`."""
    if isinstance(each, AssessedColumns):
        yield from (each.slice(start, min(start + size, len(each))) for start in range(0, len(each), size))
        return
    source = iter(each)
    while block := list(islice(source, size)):
        yield block


class Recording:
    """Appends what groups have not had yet, and counts it in the report. With `check`, some may have been recorded
    before."""

    def __init__(self, log: History, terms: Terms, report: AnnualReport, check: bool) -> None:
        self._log, self._terms, self._report, self._check = log, terms, report, check
        self._posted = log.posted(report.horizon)
        places = {name: place for place, name in enumerate(terms.rules.figures)}
        self._weights = [(places[name], weight) for name, weight in terms.weights().items()]

    def take(self, block: AssessedColumns | Sequence[Assessed]) -> None:
        """Append a block of groups in one transaction, and count it."""
        drafts = self._columns(block) if isinstance(block, AssessedColumns) else self._each(block)
        if len(drafts):
            self._log.append(drafts)

    def _each(self, chunk: Sequence[Assessed]) -> Sequence[Draft]:
        """What is to be recorded of groups that were assessed one by one."""
        drafts: list[Draft] = []
        for assessed, before in zip(chunk, self._stand([each.group for each in chunk]), strict=True):
            if is_erased(assessed.group):
                self._report.failed.append((assessed.group, ERASED))
                continue
            balance = self._balance(assessed.group)
            if not before:
                drafts += first_drafts(self._terms, assessed, balance, self._report.horizon)
            self._count(assessed, balance, before)
        return drafts

    def _columns(self, block: AssessedColumns) -> Sequence[Draft]:
        """The same of groups that were assessed together."""
        names = block.groups.names() if self._check or self._posted else []
        stand = np.array(self._stand(names) if self._check else [False] * len(block), np.bool_)
        starts: Any = pc.starts_with(block.groups.ids, "erased-")
        erased: Mask = starts.to_numpy(zero_copy_only=False)
        balances = {line: self._balance(name) for line, name in enumerate(names) if name in self._posted}
        self._count_columns(block, balances, stand, erased)
        return first_assessments(self._terms, block, balances, stand | erased, self._report.horizon)

    def _stand(self, groups: list[str]) -> list[bool]:
        """Which groups have their first assessment."""
        if not self._check:
            return [False] * len(groups)
        ids = [first_id(self._terms, group) for group in groups]
        return self._log.delivered(SOURCE, ids, of=groups)

    def _balance(self, group: str) -> Decimal:
        """What a group owed for the period as known at the horizon, before its first assessment."""
        if group not in self._posted:
            return ZERO
        return standing_of(self._log.read_subject(group, self._report.horizon), self._terms).balance

    def _count(self, assessed: Assessed, balance: Decimal, before: bool) -> None:
        report = self._report
        if assessed.fault:
            report.failed.append((assessed.group, assessed.fault))
            return
        report.already += before
        report.assessed += not before
        if assessed.values:
            for name, value in zip(self._terms.rules.figures, assessed.values, strict=True):
                report.totals[name] += value or 0
            steps = sum(weight * (assessed.values[place] or 0) for place, weight in self._weights)
            balance += self._terms.money(steps)
        self._settle(balance)

    def _count_columns(
        self, block: AssessedColumns, balances: Mapping[int, Decimal], stand: Mask, erased: Mask
    ) -> None:
        report = self._report
        for line in sorted({*block.faults, *np.flatnonzero(erased).tolist()}):
            report.failed.append((block.groups.name(line), ERASED if erased[line] else block.faults[line]))
        counts = ~erased
        counts[list(block.faults)] = False
        report.already += int((counts & stand).sum())
        report.assessed += int((counts & ~stand).sum())
        values = block.values_of(counts)
        for name, column in zip(self._terms.rules.figures, values.T, strict=True):
            report.totals[name] += sum(column.tolist())
        owed = sum((weight * values[:, place] for place, weight in self._weights), np.zeros(len(block), np.int64))
        for line, balance in balances.items():
            if counts[line]:
                self._settle(balance + self._terms.money(int(owed[line])))
        owed[list(balances)] = 0
        report.due += self._terms.money(sum(owed[owed > 0].tolist()))
        report.refunded -= self._terms.money(sum(owed[owed < 0].tolist()))

    def _settle(self, owed: Decimal) -> None:
        """Count what is owed by (above zero) or to a group."""
        if owed > 0:
            self._report.due += owed
        else:
            self._report.refunded -= owed


def first_assessments(
    terms: Terms, block: AssessedColumns, balances: Mapping[int, Decimal], skipped: Mask, read_to: int
) -> FirstAssessments:
    """The first assessments of a block, but for the lines `skipped`. `balances` are what groups owe for the period
    before, where they had something posted."""
    plain = block.whole & ((block.values < WIDE) & (block.values > -WIDE)).all(axis=1)
    plain[[*balances, *np.flatnonzero(skipped).tolist()]] = False

    def drafts_of(line: int, assessed: Assessed) -> list[Draft]:
        return [] if skipped[line] else first_drafts(terms, assessed, balances.get(line, ZERO), read_to)

    binding, currency = terms.binding, terms.program.settings.currency
    common = Common(
        terms.origin, str(terms.period), binding.valid_on, terms.program.fingerprint, read_to,
        shape=terms.shape, currency=currency, places=terms.places,
    )  # fmt: skip
    begin = pa.scalar(f"{first_ids_begin(terms)}{block.groups.entity}/")
    return FirstAssessments(
        common,
        pc.binary_join_element_wise(begin, block.groups.ids, ""),
        block.values,
        block.used,
        list(_postings(terms, block.values)),
        {line: drafts_of(line, block.at(line)) for line in np.flatnonzero(~plain).tolist()},
        lambda: [draft for line, assessed in enumerate(block) for draft in drafts_of(line, assessed)],
    )


def _postings(terms: Terms, values: NDArray[np.int64]) -> Iterator[PostingsOf]:
    """What each line moves in the ledger, and what is then paid back."""
    place_of = {name: place for place, name in enumerate(terms.rules.figures)}
    owed = np.zeros(len(values), np.int64)
    for move in terms.moves:
        weights = [(place_of[name], weight) for name, weight in move.weights.items() if name in place_of]
        amounts = sum((weight * values[:, place] for place, weight in weights), np.zeros(len(values), np.int64))
        owed += move.sign * amounts
        yield PostingsOf(move.movement, move.account, amounts)
    yield PostingsOf(Movement.REFUND, "", np.maximum(-owed, 0))
