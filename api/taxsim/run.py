"""Rows in, lines out, in bounded memory.

1. Read blocks of columns and check them; a row with faults is reported with its id and column, and left out.
2. Rows are computed block by block and by year; answers come in the order of the rows.
3. Marginal rates: the row is computed again with `step` more of the income that `mtr` names, and the taxes compared.
4. The columns are the standard ones, or the full ones if any row asks for them with `idtl` 2, for which a table with
   that column is read twice, the first time for it alone; then rows that ask for the standard leave the others empty. A
   row with `idtl` 5 is written as text, after the table.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from tempfile import TemporaryFile
from typing import BinaryIO

import numpy as np

from api.batch.ahead import ahead
from api.taxsim import answers, columns, units
from api.taxsim.batch import Unanswered
from api.taxsim.blocks import Block, Cents, Places
from api.taxsim.figures import Figures, rows_of, with_more
from api.taxsim.rates import raised, rates
from api.taxsim.reading import read_blocks
from api.taxsim.sound import sound
from api.taxsim.table import Fault, Row
from api.taxsim.units import check_row
from api.taxsim.writing import Spoken, Table, answers_of, open_table
from engine.ir.program import Program

MOST_NAMED = 10  # of the columns that are not read
Complain = Callable[[str], None]


@dataclass(slots=True)
class Report:
    """What a run did: rows computed, rows with faults, and the columns that it did not know."""

    computed: int = 0
    refused: int = 0
    ignored: tuple[str, ...] = ()


def run(
    program: Program,
    source: BinaryIO,
    sink: BinaryIO,
    complain: Complain,
    step: Fraction,
    *,
    form: str = "csv",
    progress: Callable[[int], None] = lambda rows: None,
) -> Report:
    """Compute every row of `source`. Raises Failure if it is not a table; what is wrong with a row goes to `complain`.

    `form` is that of the answers: `csv`, `tsv`, `parquet` or `arrow`. `progress` is told how many rows are done.
    """
    source = _again(source)
    place = source.tell()
    header, blocks = read_blocks(source, only="idtl")
    report = Report(ignored=header.ignored)
    complain("state tax (siitax, srate, v30-v41) is 0: there are no rules for states yet")
    if header.ignored:
        complain(_passed_over(header.ignored))
    shown: Sequence[str] = columns.STANDARD
    if "idtl" in header.places:
        if any((block.code("idtl") == units.FULL).any() for block in blocks):
            shown = columns.FULL
        source.seek(place)
        header, blocks = read_blocks(source)
    answered = _Answered(sink, shown, form, report, complain)
    calculator = _Calculator(program, step)
    for block in ahead(blocks):
        answered.add(block, calculator)
        progress(report.computed + report.refused)
    answered.finish()
    return report


def _again(source: BinaryIO) -> BinaryIO:
    """The source as one that can be read twice."""
    if source.seekable():
        return source
    held = TemporaryFile()  # noqa: SIM115 - it lives as long as it is read
    shutil.copyfileobj(source, held)
    held.seek(0, io.SEEK_SET)
    return held


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

    def amounts(self, block: Block, places: Places) -> tuple[dict[str, Cents], dict[int, Row]]:
        """The amounts of sound rows by column, for every place of the block; and the rows that have none, by place."""
        by_column: dict[str, Cents] = {}
        refused: dict[int, Row] = {}
        years, full = block.code("year")[places], block.code("idtl")[places] != units.STANDARD
        for year in np.flatnonzero(np.bincount(years)).tolist():
            for whole in (False, True):
                group = places[(years == year) & (full == whole)]
                if len(group):
                    self._group(block, group, year, whole, by_column=by_column, refused=refused)
        return by_column, refused

    def _group(
        self,
        block: Block,
        group: Places,
        year: int,
        full: bool,
        *,
        by_column: dict[str, Cents],
        refused: dict[int, Row],
    ) -> None:
        rows = rows_of(self.program, block, group, year)
        figures = self._figures(year, answers.WANTED_IN_FULL if full else answers.WANTED_ALWAYS).of(rows)
        step_up = with_more(self.program, rows, raised(block, group, int(100 * self.step)))
        more = self._figures(year, answers.WANTED_ALWAYS).of(step_up, like=rows)
        amounts = answers.full_columns(figures, year) if full else answers.standard_columns(figures)
        for name, values in (amounts | rates(figures, more, self.step)).items():
            if len(group) == len(block):
                by_column[name] = values
            else:
                by_column.setdefault(name, np.zeros(len(block), dtype=np.int64))[group] = values
        for at, fault in figures.faults.items():
            row = refused[int(group[at])] = block.row(int(group[at]))
            row.faults.append(_fault(fault))

    def _figures(self, year: int, wanted: tuple[str, ...]) -> Figures:
        if (year, wanted) not in self.ready:
            self.ready[year, wanted] = Figures(self.program, year, wanted)
        return self.ready[year, wanted]


class _Answered:
    """Where answers go: a table that begins with its first row, and what is for a reader."""

    def __init__(self, sink: BinaryIO, shown: Sequence[str], form: str, report: Report, complain: Complain) -> None:
        self.sink = sink
        self.shown = shown
        self.form = form
        self.report = report
        self.complain = complain
        self.spoken = Spoken()
        self.rows = 0
        self.table: Table | None = None

    def add(self, block: Block, calculator: _Calculator) -> None:
        """Compute and write a block; say what is wrong with its rows."""
        self.rows += len(block)
        inside = sound(block, calculator.years)
        refused = {place: block.row(place) for place in np.flatnonzero(~inside).tolist()}
        for row in refused.values():
            check_row(row, calculator.years)
        amounts, without = calculator.amounts(block, np.flatnonzero(inside))
        inside[list(without)] = False
        self._refuse(refused | without)
        spoken = block.code("idtl") == units.TEXT
        if not spoken.all():
            places = np.flatnonzero(inside & ~spoken)
            table = self._table()
            if len(places):
                table.write(answers_of(block, places, amounts, block.code("idtl") == units.FULL))
        for place in np.flatnonzero(inside & spoken).tolist():
            self.spoken.add(block, place, {name: int(values[place]) for name, values in amounts.items()})
        self.report.computed += int(inside.sum())

    def _table(self) -> Table:
        if self.table is None:
            self.table = open_table(self.sink, self.shown, self.form)
        return self.table

    def _refuse(self, rows: dict[int, Row]) -> None:
        self.report.refused += len(rows)
        for _, row in sorted(rows.items()):
            for fault in row.faults:
                self.complain(f"row {row.line}, taxsimid {row.taxsimid}, {fault.column}: {fault.message}")

    def finish(self) -> None:
        """Close the table, and write what is for a reader."""
        if self.table is not None or not self.rows:
            self._table().close()
        self.spoken.write(self.sink)


_COLUMN_OF = {fact: column for column, fact in reversed([*columns.HEAD.items(), *columns.UNIT.items()])} | {
    columns.OTHER_ITEMIZED: "otheritem"
}


def _fault(answer: Unanswered) -> Fault:
    """Name the column of a fact that is out of range; else say which figure there is none of."""
    return Fault(_COLUMN_OF.get(answer.figure, answer.figure), answer.message)
