"""Many tax units through one program: the one place that knows which evaluator does the work.

A unit is its people, each with a role, facts and documents, and facts of its own. What it does not list means what the
rules say of a complete case. Answers come in the order of the units: figures by name, or the message of an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from api.cases.naming import find_definition
from api.failures import Misuse
from api.taxsim.batch_columns import columns_of
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Failure, Known, Outcome
from engine.ir.program import Definition, Program
from engine.native import WORTH_COMPILING, evaluate
from engine.native.handover import entry_of, value_of
from engine.native.results import Figures
from engine.values.numbers import format_decimal, is_within, range_text
from engine.values.periods import Period
from engine.values.types import Value

GROUP = "tax_unit"


@dataclass(frozen=True, slots=True)
class Document:
    """A record of a person, such as a Form W-2: its entity, and facts by name."""

    entity: str
    facts: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Person:
    """One of a unit: a role in it, facts by name, and documents."""

    role: str
    facts: Mapping[str, Value]
    documents: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """People in order, and the facts of the unit itself."""

    people: tuple[Person, ...]
    facts: Mapping[str, Value]

    def all_facts(self) -> Iterator[Mapping[str, Value]]:
        """The facts of the unit, of its people, and of their documents."""
        yield self.facts
        for person in self.people:
            yield person.facts
            yield from (document.facts for document in person.documents)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Why a unit has no figures, and which figure or fact is at fault."""

    figure: str
    message: str

    def __str__(self) -> str:
        return f"{self.figure}: {self.message}"


Answer = Mapping[str, Value] | Unanswered


class Batch:
    """A program made ready for many units in one period, with the figures of the unit that are wanted."""

    def __init__(self, program: Program, period: Period, wanted: Sequence[str]) -> None:
        self.program = program
        self.period = period
        self.constants = Constants(program)
        self.wanted = [find_definition(program, name) for name in wanted]
        self._definitions: dict[str, Definition] = {}
        self._zeros: set[str] = set()  # facts that may be zero, as most are
        for definition in self.wanted:
            if definition.entity != GROUP:
                raise Misuse(f"`{definition.short_name}` is a figure of a {definition.entity}, not of a {GROUP}")

    def answers(self, units: Iterable[Unit]) -> Iterator[Answer]:
        """The wanted figures of each unit, in order. Many are computed by machine code, few by the interpreter."""
        everything = list(units)
        if len(everything) < WORTH_COMPILING:
            return map(self.answer, everything)
        return iter(self._compiled(everything))

    def _compiled(self, units: Sequence[Unit]) -> list[Answer]:
        """Machine code for all units whose facts are in range and fit in columns; a figure that is not a value is
        explained one by one."""
        faults = [self._apart(unit) for unit in units]
        sound = [unit for unit, fault in zip(units, faults, strict=True) if fault is None]
        members = [(row, person) for row, unit in enumerate(sound) for person in unit.people]
        people = [(row, member.role, member.facts) for row, member in members]
        documents = [
            (row, each.entity, each.facts) for row, (_, member) in enumerate(members) for each in member.documents
        ]
        units_facts = [unit.facts for unit in sound]
        columns = columns_of(
            self.program,
            self.period,
            GROUP,
            units_facts,
            people=people,
            documents=documents,
            definitions=self._definitions,
        )
        names = [definition.name for definition in self.wanted]
        figures = evaluate(self.program, columns, names).figures
        rows = iter(range(len(sound)))
        return [self._row(unit, next(rows), figures) if fault is None else fault
                for unit, fault in zip(units, faults, strict=True)]  # fmt: skip

    def _apart(self, unit: Unit) -> Answer | None:
        """The answer for a unit with a fact that is out of range, or that no column holds, such as a part of a cent;
        None for all others."""
        unheld = False
        for facts in unit.all_facts():
            for name, value in facts.items():
                definition = self._definition(name)
                if not value and name in self._zeros:
                    continue
                fault = out_of_range(definition, value)
                if fault:
                    return Unanswered(definition.short_name, fault)
                unheld = unheld or entry_of(self.program, definition, value) is None
        return self.answer(unit) if unheld else None

    def _row(self, unit: Unit, row: int, figures: Mapping[str, Figures]) -> Answer:
        statuses = [figures[definition.name].status for definition in self.wanted]
        if any(status is not None and status[row] for status in statuses):
            return self.answer(unit)
        return {
            definition.short_name: value_of(self.program, definition, int(figures[definition.name].entries[row]))
            for definition in self.wanted
        }

    def answer(self, unit: Unit) -> Answer:
        """The wanted figures of one unit."""
        case = self.case(unit)
        if isinstance(case, Unanswered):
            return case
        interpreter = Interpreter(self.program, case, self.constants)
        values: dict[str, Value] = {}
        for definition in self.wanted:
            outcome = interpreter.find(Fact(definition.name, GROUP, definition.period.containing(self.period.start)))
            if not isinstance(outcome, Known):
                return Unanswered(definition.short_name, _why(outcome))
            values[definition.short_name] = outcome.value
        return values

    def case(self, unit: Unit) -> Case | Unanswered:
        """The unit as a case of its own, or what is out of range in it."""
        people = {f"{person.role}{number}": person for number, person in enumerate(unit.people)}
        listed = [(id, each) for id, person in people.items() for each in person.documents]
        papers = {f"document{number}": paper for number, paper in enumerate(listed)}
        given: dict[Fact, Value] = {}
        holders: dict[tuple[str, str, str], tuple[str, ...]] = {}
        facts_of = {GROUP: unit.facts, **{id: person.facts for id, person in people.items()}}
        for instance, facts in (facts_of | {id: each.facts for id, (_, each) in papers.items()}).items():
            for name, value in facts.items():
                definition = self._definition(name)
                fault = out_of_range(definition, value)
                if fault:
                    return Unanswered(definition.short_name, fault)
                given[Fact(definition.name, instance, definition.period.containing(self.period.start))] = value
        for id, person in people.items():
            key = (GROUP, GROUP, person.role)
            holders[key] = (*holders.get(key, ()), id)
        return Case(
            at=self.period,
            instances={"person": tuple(people), GROUP: (GROUP,), **_by_entity(papers)},
            holders=holders,
            group_of={(GROUP, id): GROUP for id in people},
            owner_of={(each.entity, id): owner for id, (owner, each) in papers.items()},
            records={(entity, owner): ids for owner in people for entity, ids in _by_entity(papers, owner).items()},
            given=given,
            complete=True,
        )

    def _definition(self, name: str) -> Definition:
        if name not in self._definitions:
            definition = self._definitions[name] = find_definition(self.program, name)
            if not out_of_range(definition, 0):
                self._zeros.add(name)
        return self._definitions[name]


def _by_entity(papers: Mapping[str, tuple[str, Document]], owner: str = "") -> dict[str, tuple[str, ...]]:
    """The ids of documents by their entity; of one owner's, if one is named."""
    ids: dict[str, tuple[str, ...]] = {}
    for id, (whose, each) in papers.items():
        if not owner or whose == owner:
            ids[each.entity] = (*ids.get(each.entity, ()), id)
    return ids


def out_of_range(definition: Definition, value: Value) -> str:
    """What is wrong with a number outside the range of its fact; empty if nothing is."""
    if isinstance(value, bool) or not definition.type.is_number:
        return ""
    assert isinstance(value, int | Fraction)
    if is_within(value, definition.low, definition.high):
        return ""
    return f"{format_decimal(value)} is out of the range {range_text(definition.low, definition.high)}"


def _why(outcome: Outcome) -> str:
    return outcome.message if isinstance(outcome, Failure) else "cannot be determined from the facts that were given"
