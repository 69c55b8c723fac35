"""Random programs and populations with what changes from day to day: people who move from household to household,
groups that a figure makes, members on other days, and periods that begin on each household's own day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from random import Random

import numpy as np

from engine.interpret.stated import FIRST, LAST
from engine.ir import nodes as ir
from engine.ir.program import Definition, Program
from engine.native.samples import boundaries, random_entries
from engine.population.columns import Cell, Columns, GroupLink, OwnPeriods, Stays, column_of
from engine.population.dated import NOBODY, group_on
from engine.reading.declared_settings import Entity, Owner, Role
from engine.values.calendars import Calendar
from engine.values.periods import ETERNITY, Period, PeriodKind, Unit, kind_of
from engine.values.types import BOOLEAN, DATE, INTEGER, MONEY
from tests.native.made_constants import ENTITIES, MONTH, SPAN, TYPES, YEAR
from tests.native.populations import population_of
from tests.native.programs import _definition
from tests.native.wider import Wider, _figure, wider_program

DAY = PeriodKind(Unit.DAY)
AWARD = Calendar(name="award", size="month", of="household", starts="first_day")
BY = ir.Grouping("place", MONTH, "household")
KITCHEN = Entity(
    "kitchen", SPAN, plural="kitchens", of="person", roles=(Role("member", "members"),), within="household",
    further=(Owner("household", "household"),), may_have_none=True, by="place",
)  # fmt: skip


@dataclass(slots=True)
class Dated(Wider):
    """Writes formulas that ask who belongs together: in a made group, on another day, in the months of a year."""

    def link(self) -> tuple[ir.Link | None, str]:
        """Whom an aggregate runs over."""
        roll = self.random.random()
        if self.entity in ("person", "kitchen") and not self.bound and roll < 0.4:
            own = ir.Self("kitchen")
            kitchen = own if self.entity == "kitchen" else ir.GroupOf("kitchen", ir.Self("person"), True, BY)
            when = self.another_day() if roll < 0.1 else ir.ThisPeriod()
            return ir.Members("person", kitchen, ("member",), when, BY), "person"
        link, entity = Wider.link(self)
        if isinstance(link, ir.Members) and roll < 0.4:
            return replace(link, time=self.another_day()), entity
        return link, entity

    def another_day(self) -> ir.Time:
        """A day on which members are asked for: of the period, or of its year."""
        start = ir.PeriodBoundary(DATE, None, "start")
        year = ir.DateFunction(INTEGER, None, "year_of", (start,))
        month, day = ((ir.Literal(INTEGER, None, number)) for number in self.random.choice(((12, 31), (6, 1))))
        of_year = ir.DateFunction(DATE, None, "date", (year, month, day))
        return self.random.choice(
            (
                ir.Containing(DAY, at_end=self.random.random() < 0.5),
                ir.ContainingDate(DAY, of_year),
                ir.ContainingDate(DAY, ir.VariableRead(DATE, None, "household_date", self.home(), ir.ThisPeriod())),
            )
        )

    def home(self) -> ir.Subject:
        """The household whose day is asked for."""
        if self.entity == "kitchen":
            return ir.OwnerOf("household", ir.Self("kitchen"), "household")
        return ir.Self("household") if self.entity == "household" else ir.GroupOf("household", self.whoever())

    def subject(self, entity: str) -> tuple[ir.Subject | None, bool]:
        """Someone of an entity who can be reached, also the kitchen of a person, and the household of a kitchen."""
        if entity == "household" and self.entity == "kitchen" and not self.bound:
            return self.home(), False
        if entity == "kitchen" and self.entity == "person" and not self.bound:
            return ir.GroupOf("kitchen", ir.Self("person"), True, BY), True
        return Wider.subject(self, entity)

    def whoever(self) -> ir.Subject:
        """A person of the one that the formula is about."""
        own = ir.Self(self.entity)
        return own if self.entity == "person" else ir.HolderOf("person", own, "head", False)

    def integer(self, depth: int) -> ir.Expression:
        """A number, also of those who cook together, and of the kitchens of a household."""
        if self.entity == "household" and not self.bound and self.random.random() < 0.2:
            kitchens = ir.Records("kitchen", ir.Self("household"), "household", BY)
            name = self.fresh("k")
            cooks = ir.Members("person", ir.Bound("kitchen", name), ("member",), by=BY)
            body = ir.Aggregate(INTEGER, None, "count", cooks, self.fresh("c"), None, None)
            return ir.Aggregate(INTEGER, None, self.one_of("sum", "max"), kitchens, name, body, None)
        return Wider.integer(self, depth)

    def boolean(self, depth: int) -> ir.Expression:
        """A condition, also whether somebody cooks."""
        if self.entity == "person" and self.random.random() < 0.1:
            return ir.Nobody(BOOLEAN, None, ir.GroupOf("kitchen", ir.Self("person"), True, BY))
        return Wider.boolean(self, depth)

    def money(self, depth: int) -> ir.Expression:
        """An amount, also what is paid in the award months of a year."""
        if self.entity == "household" and self.period == YEAR and not self.bound and self.random.random() < 0.15:
            name = self.fresh("m")
            read = ir.VariableRead(MONEY, None, "award_pay", ir.Bound("person", name), ir.ThisPeriod())
            members = ir.Members("person", ir.Self("household"), ("head", "partner", "child"))
            paid = ir.Aggregate(MONEY, None, "sum", members, name, read, None)
            return ir.OverParts(MONEY, None, self.one_of("sum", "max"), paid, kind_of(AWARD), "ending")
        return Wider.money(self, depth)


def dated_program(random: Random, variables: int = 8, depth: int = 3) -> Program:
    """A program whose figures hang on who is where on which day."""
    plain = wider_program(random, variables=2, depth=3)
    figures = list(plain.definitions.values())
    maybe = replace(INTEGER, or_none=True)
    stove = replace(
        _definition("stove", "person", maybe, period=MONTH), low=Fraction(1), high=Fraction(3), may_not_apply=True
    )
    outside = ir.VariableRead(BOOLEAN, None, "person_boolean", ir.Self("person"), ir.Containing(YEAR))
    second = ir.Literal(INTEGER, None, 2)
    cooks = ir.If(
        maybe, None, outside, second, ir.VariableRead(maybe, None, "stove", ir.Self("person"), ir.ThisPeriod())
    )
    place = replace(_definition("place", "person", maybe, random, cooks, MONTH), may_not_apply=True)
    own = [
        stove,
        place,
        _definition("first_day", "household", DATE, period=ETERNITY.kind),
        _definition("award_pay", "person", MONEY, period=kind_of(AWARD)),
    ]
    functions = list(plain.functions.values())
    for number in range(variables):
        entity, kind = random.choice((*ENTITIES, "kitchen")), random.choice(TYPES)
        period = random.choice((YEAR, MONTH))
        maker = Dated(random, figures, entity=entity, period=period, functions=functions)
        figures.append(_figure(f"d{number}", entity, kind, random, maker, depth))
    definitions = {figure.name: figure for figure in [*own, *figures]}
    settings = replace(
        plain.settings,
        calendars={**plain.settings.calendars, "award": AWARD},
        entities={**plain.settings.entities, "kitchen": KITCHEN},
    )
    return replace(plain, settings=settings, definitions=definitions, order=tuple(definitions))


def dated_population(program: Program, at: Period, groups: int, seed: int, missing: float, density: float) -> Columns:
    """A population of such a program: some of the people move in the year, or are away for a time. One in three states
    who cooks together."""
    rng = np.random.default_rng(seed)
    left_out = [definition.name for definition in program.definitions.values() if definition.entity == "kitchen"]
    definitions = {
        name: definition for name, definition in program.definitions.items() if name not in ("award_pay", *left_out)
    }
    plain = population_of(replace(program, definitions=definitions), at, groups, seed, missing, density)
    link = GroupLink(plain.groups["household"].group.copy(), plain.groups["household"].role.copy())
    stays = _stays(link, groups, at, rng)
    group_on(stays, link.group, link.role, at.end)
    columns = replace(plain, groups={**plain.groups, "household": link}, stays={"household": stays})
    if seed % 3 == 0:
        columns = _with_stated_kitchens(columns, rng)
    return replace(columns, own_periods=_own_periods(program, columns, rng))


def _with_stated_kitchens(columns: Columns, rng: np.random.Generator) -> Columns:
    """Some people of a household cook together, others too, and some with nobody."""
    household = columns.groups["household"].group
    alone = (household < 0) | (rng.random(len(household)) < 0.1)
    kitchen = np.where(alone, -1, 2 * household + rng.integers(0, 2, len(household))).astype(np.int32)
    link = GroupLink(kitchen, np.zeros(len(kitchen), dtype=np.int8))
    counts = {**columns.counts, "kitchen": 2 * columns.counts["household"]}
    return replace(columns, groups={**columns.groups, "kitchen": link}, counts=counts)


def _stays(link: GroupLink, groups: int, at: Period, rng: np.random.Generator) -> Stays:
    """Some people are elsewhere, in another role, or in no household from some day of the year on."""
    rows: list[tuple[int, int, int, int, int]] = []
    for person in np.flatnonzero((link.group >= 0) & (rng.random(len(link.group)) < 0.08)).tolist():
        day = at.start + timedelta(int(rng.integers(1, 364)))
        group, role = int(link.group[person]), int(link.role[person])
        rows.append((person, group, role, FIRST.toordinal(), day.toordinal()))
        if rng.random() < 0.7:
            to = group if rng.random() < 0.7 else int(rng.integers(0, groups))
            rows.append((person, to, 2, day.toordinal() + 1, LAST.toordinal()))
    rows = rows or [(0, NOBODY, 0, LAST.toordinal(), FIRST.toordinal())]
    return Stays(*(np.array(values, dtype=np.int64) for values in zip(*rows, strict=True)))


def _own_periods(program: Program, columns: Columns, rng: np.random.Generator) -> tuple[OwnPeriods, ...]:
    """What people are paid in an award month of the household that they are in at the end."""
    first_days = columns.columns.get(Cell("first_day", ETERNITY))
    definition: Definition = program.definitions["award_pay"]
    people = columns.counts["person"]
    anchors, starts = np.zeros(people, dtype=np.int64), np.zeros(people, dtype=np.int64)
    for person, home in enumerate(columns.groups["household"].group.tolist()):
        known = first_days is not None and home >= 0 and (first_days.missing is None or not first_days.missing[home])
        if known and first_days is not None and rng.random() < 0.7:
            first = date.fromordinal(int(first_days.entries[home]))
            day = max(first, columns.at.start + timedelta(int(rng.integers(0, 365))))
            anchors[person] = first.toordinal()
            starts[person] = definition.period.anchored(first).containing(day).start.toordinal()
    entries = random_entries(program, definition, people, rng, boundaries(program, columns.at))
    return (OwnPeriods("award_pay", anchors, starts, column_of(entries)),)


__all__ = ["Dated", "dated_population", "dated_program"]
