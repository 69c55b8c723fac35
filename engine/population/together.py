"""What rows of tables may not state together: a total beside what makes it up, and a fact against what others imply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.interpret.contradicted import words_of
from engine.ir.contradictions import Contradiction
from engine.ir.equal import settled
from engine.ir.exclusions import Exclusion, exclusions, part_of, refusal
from engine.ir.links import Link, is_below
from engine.ir.program import Program
from engine.population.columns import Cell, Column, GroupLink
from engine.population.contradicted import (
    Differ,
    against,
    as_claimed,
    as_stated,
    columns_against,
    differing,
    holding,
    value_of,
    with_empty,
)
from engine.population.figures import FigureReader
from engine.values.types import EnumValue, Value


def _pairs_of(exclusion: Exclusion, columns: Mapping[Cell, Column]) -> Iterator[tuple[Cell, Cell]]:
    """The columns that state two that exclude each other, for periods that touch."""
    seconds = [cell for cell in columns if cell.name == exclusion.second.name]
    firsts = [cell for cell in columns if seconds and cell.name == exclusion.first.name]
    for first in firsts:
        yield from ((first, second) for second in seconds if first.period.touches(second.period))


def _ends(exclusion: Exclusion) -> tuple[str, str]:
    """The entities of the two that exclude each other."""
    return exclusion.first.entity, exclusion.second.entity


def _code(program: Program, value: Value) -> int:
    """A boolean or an enum's member as the columns hold it."""
    if isinstance(value, EnumValue):
        return list(program.settings.enums[value.enum].members).index(value.member)
    return int(value is True)


def _says_something(column: Column) -> NDArray[np.bool_]:
    stated: NDArray[np.bool_] = np.not_equal(column.entries, 0)
    return stated if column.missing is None else np.logical_and(stated, ~column.missing)


class TogetherReader(FigureReader):
    """Reports what is stated against something else."""

    __slots__ = ()

    def exclusions(
        self, columns: Mapping[Cell, Column], groups: Mapping[str, GroupLink], owners: Mapping[str, NDArray[np.int32]]
    ) -> None:
        """Report rows in which something is stated beside what stands for it; rows at fault already say nothing."""
        for exclusion in exclusions(self.program):
            for first, second in _pairs_of(exclusion, columns):
                above, below = _says_something(columns[first]), _says_something(columns[second])
                rows = self.rows_of_first(exclusion.link, _ends(exclusion), len(below), groups, owners)
                both = below & (rows >= 0) & ~self.bad[exclusion.second.entity]
                both[both] = above[rows[both]]
                of_part = rows[both] if exclusion.total is exclusion.second else np.flatnonzero(both)
                both[both] = self.fulfilled(exclusion, columns)[of_part]
                for row in np.flatnonzero(both):
                    whose = (exclusion.first, int(rows[row])), (exclusion.second, int(row))
                    message, remedy = refusal(exclusion, *(self.name_of(*of) if self.named else "" for of in whose))
                    self.report(
                        exclusion.second.entity, int(row) + 1, exclusion.second.short_name, message, remedy=remedy
                    )

    def fulfilled(self, exclusion: Exclusion, columns: Mapping[Cell, Column]) -> NDArray[np.bool_]:
        """For each row of what the total stands for, whether the conditions hold; what is missing is as if absent."""
        count = self.tables[part_of(exclusion).entity].num_rows
        held: NDArray[np.bool_] = np.ones(count, dtype=bool)
        for condition in exclusion.where:
            definition = self.program.definitions[condition.name]
            codes = [_code(self.program, value) for value in condition.values]
            absent = definition.absent in condition.values
            stated = [column for cell, column in columns.items() if cell.name == condition.name]
            so: NDArray[np.bool_] = np.full(count, absent and not stated)
            for column in stated:
                among = np.isin(column.entries, codes)
                so |= among if column.missing is None else np.where(column.missing, absent, among)
            held &= so
        return held

    def contradictions(
        self,
        columns: Mapping[Cell, Column],
        groups: Mapping[str, GroupLink],
        owners: Mapping[str, NDArray[np.int32]],
        complete: bool,
    ) -> None:
        """Report rows in which something is stated although others, which are stated too, imply the contrary."""
        definitions = self.program.definitions
        for contradiction in self.program.contradictions:
            if contradiction.needed and complete:
                columns = with_empty(self.program, contradiction, columns)
            for cell, given in columns_against(contradiction, columns):
                of = (definitions[cell.name].entity, definitions[given[0].name].entity)
                said, others = columns[cell], [columns[other] for other in given]
                refused = against(self.program, contradiction, said, complete) & ~self.bad[of[0]]
                held = holding(self.program, contradiction.given, others) & ~self.bad[of[1]]
                held &= ~self.apart(contradiction, columns, cell, len(held))
                self.only_role(contradiction, of, refused, held, groups)
                differ = self.differing(contradiction, columns, cell, given)
                pairs = self.paired(contradiction.link, of, refused, held, differ, groups=groups, owners=owners)
                for row, other in pairs:
                    self.contradiction(contradiction, (cell, row, said), list(zip(given, others, strict=True)), other)

    def differing(
        self, contradiction: Contradiction, columns: Mapping[Cell, Column], claimed: Cell, given: Sequence[Cell]
    ) -> Differ | None:
        """What tells which pairs of rows state two values, of facts that have one."""
        for cell in given:
            if cell.name == contradiction.claim.equal_to:
                differ = differing(self.program, contradiction, claimed, cell)
                mine, its = columns[claimed].entries, columns[cell].entries
                return lambda rows, others: differ(mine[rows], its[others])
        return None

    def apart(
        self, contradiction: Contradiction, columns: Mapping[Cell, Column], claimed: Cell, count: int
    ) -> NDArray[np.bool_]:
        """For each row of the others whether something is stated beside which all may be."""
        rows: NDArray[np.bool_] = np.zeros(count, dtype=bool)
        for claim in contradiction.apart:
            for cell, column in columns.items():
                if cell.name == claim.name and cell.period.contains(claimed.period):
                    rows |= as_claimed(self.program, claim, column)
        return rows

    def only_role(
        self,
        contradiction: Contradiction,
        of: tuple[str, str],
        refused: NDArray[np.bool_],
        held: NDArray[np.bool_],
        groups: Mapping[str, GroupLink],
    ) -> None:
        """Leave out those who do not hold the role of whom a contradiction is."""
        entities = self.program.settings.entities
        for (entity, group), rows in ((of, refused), (of[::-1], held)):
            if contradiction.role and entities[group].of == entity:
                roles = [role.name for role in entities[group].roles]
                rows &= groups[group].role == roles.index(contradiction.role)

    def contradiction(
        self,
        contradiction: Contradiction,
        claimed: tuple[Cell, int, Column],
        given: Sequence[tuple[Cell, Column]],
        other: int,
    ) -> None:
        """Report a row in which something is stated against what another, or the same one, states."""
        cell, row, said = claimed
        told = [
            as_stated(self.program, at, column, place, self.whose(at, place))
            for at, column, place in ((cell, said, row), *((at, column, other) for at, column in given))
        ]
        for at, column in given:
            if at.name == contradiction.claim.equal_to:
                value = value_of(self.program, self.program.definitions[at.name], int(column.entries[other]))
                contradiction = settled(self.program, contradiction, value)
        message, remedy = words_of(self.program, contradiction, told[0], told[1:])
        definition = self.program.definitions[cell.name]
        self.report(definition.entity, row + 1, definition.short_name, message, remedy=remedy)

    def whose(self, cell: Cell, row: int) -> str:
        """Of whom a row is, where the ids mean something to whoever reads the messages."""
        return self.name_of(self.program.definitions[cell.name], row) if self.named else ""

    def paired(
        self,
        link: Link,
        of: tuple[str, str],
        refused: NDArray[np.bool_],
        held: NDArray[np.bool_],
        differ: Differ | None,
        *,
        groups: Mapping[str, GroupLink],
        owners: Mapping[str, NDArray[np.int32]],
    ) -> Iterator[tuple[int, int]]:
        """The rows of the first entity that are refused, each with one of the second that goes with it and holds, or
        differs."""
        below = link is Link.SAME or is_below(self.program.settings, *of)
        ends = (of[1], of[0]) if below else of
        seconds, firsts = (refused, held) if below else (held, refused)
        rows = self.rows_of_first(link, ends, len(seconds), groups, owners)
        both = seconds & (rows >= 0)
        both[both] = firsts[rows[both]]
        if differ is not None:
            seconds_there, firsts_there = np.flatnonzero(both), rows[both]
            both[both] = differ(seconds_there, firsts_there) if below else differ(firsts_there, seconds_there)
        pairs: dict[int, int] = {}
        for row in np.flatnonzero(both).tolist():
            claimed, other = (row, int(rows[row])) if below else (int(rows[row]), row)
            pairs.setdefault(claimed, other)
        yield from pairs.items()

    def rows_of_first(
        self,
        link: Link,
        entities: tuple[str, str],
        count: int,
        groups: Mapping[str, GroupLink],
        owners: Mapping[str, NDArray[np.int32]],
    ) -> NDArray[np.int32]:
        """For each row of the second of two entities, the row of the first that it goes with; -1 if none."""
        first, second = entities
        match link:
            case Link.SAME:
                return np.arange(count, dtype=np.int32)
            case Link.RECORD:
                return owners[second]
            case Link.MEMBER:
                return groups[first].group if first in groups else np.full(count, -1, dtype=np.int32)
            case Link.RECORD_OF_MEMBER:
                return groups[first].group[owners[second]]
