"""The facts of a case as they are written: for `at` or for stated times, within bounds, or as not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import cached_property

from engine.interpret.case_names import help_for
from engine.interpret.cases import Case, Stay, unit_of
from engine.interpret.outcomes import Fact
from engine.interpret.stated import Days, Held, NotATime, bare, settled_days, stated_for
from engine.ir.program import Definition, Program
from engine.reading.context import Context
from engine.reading.declared_settings import Entity
from engine.reading.scalars import read_value
from engine.syntax.nodes import Mapping as YamlMapping
from engine.syntax.nodes import MappingEntry, Node, Scalar, Style, shown
from engine.text.articles import with_article
from engine.text.diagnostics import Diagnostics, Note
from engine.text.source import Span
from engine.values.dates import EARLIEST_FACT, LATEST_FACT
from engine.values.numbers import format_decimal, is_within, range_text
from engine.values.periods import ETERNITY, Period
from engine.values.types import Kind, Value, ValueType

MOST_UNKNOWN_DAYS = 3_660


class FactReader:
    """Reads what is stated of people, groups and records."""

    def __init__(self, program: Program, problems: Diagnostics) -> None:
        self.program = program
        self.problems = problems
        self.entities = program.settings.entities
        self.instances: dict[str, dict[str, Span]] = {}
        self.holders: dict[tuple[str, str, str], list[tuple[str, Span]]] = {}
        self.stays: dict[tuple[str, str], list[tuple[Stay, Span]]] = {}
        self.further: dict[tuple[str, str, str], tuple[str, Span]] = {}
        self.owner_of: dict[tuple[str, str], tuple[str, Span]] = {}
        self.given: dict[Fact, Value] = {}
        self.places: dict[Fact, Span] = {}
        self.settings = program.settings
        self.personal: list[tuple[Definition, str, MappingEntry]] = []
        self.held: dict[tuple[str, str], tuple[Held, ...]] = {}
        self.places_held: dict[tuple[str, str], Span] = {}
        self.within: dict[Fact, tuple[Value | None, Value | None]] = {}
        self.unnamed: set[str] = set()
        self.complete = False
        self.listed: set[str] = set()
        self.more: set[tuple[str, str]] = set()
        self.whole: set[tuple[str, str]] = set()
        self.dated = True

    @cached_property
    def by_short_name(self) -> dict[str, list[Definition]]:
        """The definitions by what people call them. Most cases name every fact exactly, and never need it."""
        by_name: dict[str, list[Definition]] = {}
        for definition in self.program.definitions.values():
            by_name.setdefault(definition.short_name, []).append(definition)
        return by_name

    def report(self, code: str, message: str, span: Span, help: str, notes: Sequence[Note] = ()) -> None:
        self.problems.add(code, message, span, help=help, notes=notes)

    def suggest(self, word: str, known: list[str]) -> str:
        return Context(self.program.settings, self.problems).did_you_mean(word, known)

    def fact(self, entity: Entity, name: str, entry: MappingEntry, at: Period) -> None:
        definition = self.definition(entity, entry)
        if definition is None:
            return
        if definition.period.is_personal:
            self.personal.append((definition, name, entry))
            return
        self.stated(definition, name, entry, at)

    def settle_personal(self, whole: Case) -> None:
        """What is stated of periods that begin on somebody's own day, once it is known whose they are."""
        for definition, name, entry in self.personal:
            kind = definition.period
            unit = unit_of(kind, whole, self.program.settings, (definition.entity, name))
            first = self.given.get(Fact(kind.calendar.starts, unit or "", ETERNITY))
            if not isinstance(first, date):
                message = f"`{entry.name}` is per {kind}, and the case does not state `{kind.calendar.starts}`"
                help_text = f"state it of the {kind.calendar.of}: its periods are counted from that day"
                self.report("E802", message, entry.key.span, help=help_text)
                continue
            own = kind.anchored(first)
            self.settings = replace(
                self.program.settings, calendars={**self.program.settings.calendars, str(kind): own.calendar}
            )
            self.stated(replace(definition, period=own), name, entry, whole.at)

    def stated(self, definition: Definition, name: str, entry: MappingEntry, at: Period) -> None:
        if not isinstance(entry.value, YamlMapping) or _is_bounds(entry.value):
            self.bare(definition, name, entry, at)
            return
        if not len(entry.value.entries):
            help = f"leave `{entry.name}` out if it is not known, or write a value"
            self.report("E802", f"`{entry.name}` states no value for any time", entry.key.span, help=help)
        stated: list[tuple[Days, Value]] = []
        taken: list[tuple[date, date, str]] = []
        for dated in entry.value:
            self.dated_value(definition, name, dated, stated, taken)
        if stated:
            self.held[(definition.name, name)] = settled_days(stated)
            self.places_held[(definition.name, name)] = entry.key.span

    def bare(self, definition: Definition, name: str, entry: MappingEntry, at: Period) -> None:
        """A fact that is stated without a time."""
        if not self.dated:
            return  # that the case has no period was reported
        try:
            periods = bare(definition, at)
        except NotATime as fault:
            self.report("E802", fault.message, entry.key.span, help=fault.remedy)
            return
        for period in periods:
            self.give(definition, name, period, entry.value, entry.key.span)

    def dated_value(
        self,
        definition: Definition,
        name: str,
        dated: MappingEntry,
        stated: list[tuple[Days, Value]],
        taken: list[tuple[date, date, str]],
    ) -> None:
        """One `time: value` of a fact; E806 if another says something of one of its days."""
        try:
            time = stated_for(definition, dated.name, self.settings)
        except NotATime as fault:
            self.report("E802", fault.message, dated.key.span, help=fault.remedy)
            return
        days = time if isinstance(time, Days) else Days(time[0].start, time[-1].end)
        if not self.is_free(definition, dated, days, taken):
            return
        if isinstance(time, Days) and self.is_unknown(definition, dated.value):
            self.unknown_days(definition, name, dated, time)
            return
        if isinstance(time, Days):
            value = self.value_of(definition, dated.value, dated.key.span)
            if value is not None:
                stated.append((time, value))
            return
        for period in time:
            self.give(definition, name, period, dated.value, dated.key.span)

    def unknown_days(self, definition: Definition, name: str, dated: MappingEntry, days: Days) -> None:
        """A stock or status that was asked for and is not known on some days."""
        if days.is_open or (days.last - days.first).days > MOST_UNKNOWN_DAYS:
            message = f"`{definition.short_name}` cannot be unknown without an end"
            self.report("E802", message, dated.key.span, help="leave the fact out, or write `A..B: unknown`")
            return
        period = definition.period.containing(days.first)
        while period.end <= days.last:
            self.within[Fact(definition.name, name, period)] = (None, None)
            period = period.shift(1)

    def is_free(
        self, definition: Definition, dated: MappingEntry, days: Days, taken: list[tuple[date, date, str]]
    ) -> bool:
        """Whether nothing else is stated for any of those days. Of two that are open the later ends the earlier."""
        opens = "from " if days.is_open else ""
        for first, last, text in taken:
            both_open = bool(opens) and text.startswith("from ") and first != days.first
            if first <= days.last and days.first <= last and not both_open:
                message = f"`{definition.short_name}` is stated twice: for {text} and for {dated.name}"
                self.report("E806", message, dated.key.span, help="leave one of the two out, or part their days")
                return False
        taken.append((days.first, days.last, dated.name))
        return True

    def definition(self, entity: Entity, entry: MappingEntry) -> Definition | None:
        exact = self.program.definitions.get(entry.name)
        listed = [exact] if exact is not None else self.by_short_name.get(entry.name, [])
        fitting = [definition for definition in listed if definition.entity == entity.name]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            names = ", ".join(f"`{definition.name}`" for definition in fitting)
            self.report("E801", f"`{entry.name}` may be {names}", entry.key.span, help="write the whole name")
        elif listed:
            message = (
                f"`{entry.name}` is a figure of {with_article(listed[0].entity)}, not of {with_article(entity.name)}"
            )
            self.report("E801", message, entry.key.span, help=f"put it under {with_article(listed[0].entity)}")
        else:
            message = f"{with_article(entity.name)} has no figure `{shown(entry.name)}`"
            help = help_for(self.program, Context(self.settings, self.problems), entity, entry.name)
            self.report("E801", message, entry.key.span, help=help)
        return None

    def give(self, definition: Definition, name: str, period: Period, node: Node, place: Span) -> None:
        if isinstance(node, YamlMapping):
            self.places[Fact(definition.name, name, period)] = place
            self.bounds(definition, Fact(definition.name, name, period), node)
            return
        if self.is_unknown(definition, node):
            self.within[Fact(definition.name, name, period)] = (None, None)
            return
        value = self.value_of(definition, node, place)
        if value is not None:
            fact = Fact(definition.name, name, period)
            self.given[fact], self.places[fact] = value, place

    def is_unknown(self, definition: Definition, node: Node) -> bool:
        """Whether a fact is stated as one that was asked and is not known."""
        said = isinstance(node, Scalar) and node.text == "unknown"
        enum = definition.type.enum
        return said and not (enum and "unknown" in self.program.settings.enums[enum].members)

    def value_of(self, definition: Definition, node: Node, place: Span) -> Value | None:
        """The value that is stated; None if it is stated as not known, or after a report."""
        if isinstance(node, Scalar) and node.style is Style.PLAIN and node.text in ("null", "~", ""):
            return None
        value = self.typed(definition, node, place)
        return value if value is not None and self.in_range(definition, value, node) else None

    def bounds(self, definition: Definition, fact: Fact, node: YamlMapping) -> None:
        """`{at_least: 1, at_most: 11_600}`: a number or date of which only that is known."""
        if not definition.type.is_number and definition.type.kind is not Kind.DATE:
            message = f"`{definition.short_name}` has no order, so that nothing lies between bounds"
            self.report("E802", message, node.span, help="state its value, or leave it out")
            return
        ends: dict[str, Value | None] = {"at_least": definition.low, "at_most": definition.high}
        strange = next((entry for entry in node if entry.name not in ends), None)
        if strange is not None or not node.entries:
            message = f"`{shown(strange.name)}` is no bound" if strange is not None else "there are no bounds here"
            help = "write the value, or `{at_least: …, at_most: …}`"
            self.report("E802", message, strange.key.span if strange is not None else node.span, help=help)
            return
        for entry in node:
            ends[entry.name] = self.value_of(definition, entry.value, entry.key.span)
        low, high = ends["at_least"], ends["at_most"]
        if low is not None and high is not None and low > high:  # type: ignore[operator]
            self.report("E802", "nothing lies between these bounds", node.span, help="write the lower as `at_least`")
            return
        self.within[fact] = (low, high)

    def typed(self, definition: Definition, node: Node, place: Span) -> Value | None:
        diagnostics = Diagnostics()
        value = read_value(
            Context(self.program.settings, diagnostics), node, stated_type(self.program, definition), place
        )
        for problem in diagnostics:
            self.problems.add("E802", problem.message, problem.span, help=problem.help)
        return None if len(diagnostics) else value

    def in_range(self, definition: Definition, value: Value, node: Node) -> bool:
        if isinstance(value, date) and not EARLIEST_FACT <= value <= LATEST_FACT:
            message = f"dates of facts lie in {EARLIEST_FACT} .. {LATEST_FACT}"
            self.report("E802", message, node.span, help="correct the date")
            return False
        if not definition.type.is_number or not isinstance(value, int | Fraction):
            return True
        if not is_within(value, definition.low, definition.high):
            message = f"`{definition.short_name}` lies in {range_text(definition.low, definition.high)}"
            self.report("E802", message, node.span, help="correct the value, or the range in the rules")
            return False
        if definition.grid is not None and definition.is_input and value % definition.grid.step != 0:
            message = f"`{definition.short_name}` is a multiple of {format_decimal(definition.grid.step)}"
            self.report("E802", message, node.span, help="round it first")
            return False
        return True


def stated_type(program: Program, definition: Definition) -> ValueType:
    """The type of what may be stated of a fact or figure: `none` too, of one that may not apply."""
    members = program.settings.enums[definition.type.enum].members if definition.type.enum else ()
    or_none = definition.may_not_apply and "none" not in members
    return replace(definition.type, or_none=or_none)


def _is_bounds(node: Node) -> bool:
    """Whether a mapping states bounds, and not times."""
    return (
        isinstance(node, YamlMapping)
        and {entry.name for entry in node} <= {"at_least", "at_most"}
        and bool(node.entries)
    )
