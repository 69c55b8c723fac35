"""Rows in, lines out.

1. Read each row and check it; a row with faults is reported on stderr with its id and column, and left out.
2. Rows are computed in blocks by year; answers come in the order of the rows.
3. Marginal rates: the row is computed again with `step` more of the income that `mtr` names, and the taxes compared.
4. The columns are the standard ones, or the full ones if any row asks for them with `idtl` 2; then rows that ask for
   the standard leave the others empty. A row with `idtl` 5 is written as text, after the table.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fractions import Fraction
from typing import TextIO

from api.taxsim import answers, columns
from api.taxsim.batch import Unanswered
from api.taxsim.figures import Figures
from api.taxsim.table import Fault, Row, read_rows
from api.taxsim.units import JOINT, check_row
from engine.ir.program import Program

BLOCK = 10_000
MOST_NAMED = 10  # of the columns that are not read
Complain = Callable[[str], None]


@dataclass(slots=True)
class Report:
    """What a run did: rows computed, rows with faults, and the columns that it did not know."""

    computed: int = 0
    refused: int = 0
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A row with its answer: the amounts by column in hundredths, of a dollar or of a percent."""

    row: Row
    amounts: dict[str, int]


def run(program: Program, source: TextIO, sink: TextIO, complain: Complain, step: Fraction) -> Report:
    """Compute every row of `source`. Raises Failure if it is no table; what is wrong with a row goes to `complain`."""
    header, rows = read_rows(source)
    report = Report(ignored=header.ignored)
    complain("state tax (siitax, srate, v30-v41) is 0: there are no rules for states yet")
    if header.ignored:
        complain(_passed_over(header.ignored))
    everything = list(rows)
    shown = columns.FULL if any(row.codes.get("idtl") == 2 for row in everything) else columns.STANDARD
    writer = csv.writer(sink, lineterminator="\n")
    texts: list[str] = []
    calculator = _Calculator(program, step)
    if not everything or any(row.codes.get("idtl") != 5 for row in everything):
        writer.writerow(shown)
    for start in range(0, len(everything), BLOCK):
        for line in calculator.lines(everything[start : start + BLOCK]):
            if line.row.faults:
                report.refused += 1
                for fault in line.row.faults:
                    complain(f"row {line.row.line}, taxsimid {line.row.taxsimid}, {fault.column}: {fault.message}")
                continue
            report.computed += 1
            if line.row.codes.get("idtl") == 5:
                texts.append(_text(line))
            else:
                writer.writerow(_cells(line, shown))
    for text in texts:
        sink.write(text)
    return report


def _passed_over(names: Sequence[str]) -> str:
    """Which columns are not read, and what one that is nearly a column may be meant for."""
    spoken = []
    for name in names[:MOST_NAMED]:
        near = get_close_matches(name, sorted(columns.KNOWN), n=1, cutoff=0.8) if name not in columns.ANSWERS else []
        spoken.append(f"`{name}`" + (f" (did you mean `{near[0]}`?)" if near else ""))
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"columns that are not read: {', '.join(spoken)}{more}"


class _Calculator:
    """Figures by year, made ready when they are first needed."""

    def __init__(self, program: Program, step: Fraction) -> None:
        self.program = program
        self.step = step
        self.ready: dict[tuple[int, tuple[str, ...]], Figures] = {}
        settings = program.settings
        self.years = range(settings.covers_from.year, settings.covers_to.year + 1)

    def lines(self, rows: Sequence[Row]) -> Iterator[Line]:
        """The rows with their answers, in order."""
        for row in rows:
            check_row(row, self.years)
        found: dict[int, dict[str, int]] = {}
        for (year, full), group in _grouped([row for row in rows if not row.faults]).items():
            found |= zip(map(id, group), self._amounts(year, full, group), strict=True)
        for row in rows:
            yield Line(row, found.get(id(row), {}))

    def _amounts(self, year: int, full: bool, rows: Sequence[Row]) -> Iterator[dict[str, int]]:
        """The amounts of each row. One that has none gets a fault."""
        found = self._figures(year, answers.WANTED_IN_FULL if full else answers.WANTED_ALWAYS).of(rows)
        raised = [_raised(row, int(100 * self.step)) for row in rows]
        more = self._figures(year, answers.WANTED_FOR_RATES).of(raised)
        amounts = answers.full_columns(found, year) if full else answers.standard_columns(found)
        shown = {name: each.tolist() for name, each in amounts.items()} | answers.rates(found, more, self.step)
        for row, fault, values in zip(rows, found.faults, zip(*shown.values(), strict=True), strict=True):
            if fault is not None:
                row.faults.append(_fault(fault))
            yield dict(zip(shown, values, strict=True))

    def _figures(self, year: int, wanted: tuple[str, ...]) -> Figures:
        if (year, wanted) not in self.ready:
            self.ready[year, wanted] = Figures(self.program, year, wanted)
        return self.ready[year, wanted]


def _grouped(rows: Sequence[Row]) -> dict[tuple[int, bool], list[Row]]:
    groups: dict[tuple[int, bool], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.codes["year"], row.codes.get("idtl", 0) != 0), []).append(row)
    return groups


def _raised(row: Row, step: int) -> Row:
    """The row with `step` cents more of the income that its `mtr` names; two incomes share it as they share the
    total."""
    names = columns.MARGINAL[row.codes.get("mtr", 0) or columns.DEFAULT_MARGINAL]
    if row.codes["mstat"] != JOINT:
        if names == ("swages",):
            return row
        names = names[:1]
    total = sum(row.money.get(name, 0) for name in names)
    money = dict(row.money)
    left = step
    for name in names[1:]:
        part = round(Fraction(step * money.get(name, 0), total)) if total else 0
        money[name] = money.get(name, 0) + part
        left -= part
    money[names[0]] = money.get(names[0], 0) + left
    return replace(row, money=money)


_COLUMN_OF = {fact: column for column, fact in reversed([*columns.HEAD.items(), *columns.UNIT.items()])} | {
    columns.OTHER_ITEMIZED: "otheritem"
}


def _fault(answer: Unanswered) -> Fault:
    """Name the column of a fact that is out of range; else say which figure there is none of."""
    return Fault(_COLUMN_OF.get(answer.figure, answer.figure), answer.message)


def _cells(line: Line, shown: Sequence[str]) -> list[str]:
    row = line.row
    codes = {"taxsimid": row.taxsimid, "year": str(row.codes["year"]), "state": str(row.codes.get("state", 0))}
    return [
        codes[name] if name in codes else answers.written(line.amounts[name]) if name in line.amounts else ""
        for name in shown
    ]


def _text(line: Line) -> str:
    """A unit's figures for a reader, one a line."""
    row = line.row
    lines = [f"Tax unit {row.taxsimid}, {row.codes['year']}"]
    for name in columns.FULL:
        if name in columns.LABELS and name in line.amounts:
            lines.append(f"  {name:<7} {columns.LABELS[name]:<45} {answers.written(line.amounts[name]):>16}")
    return "\n".join(lines) + "\n\n"
