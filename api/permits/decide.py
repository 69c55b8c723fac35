"""A decision that a permit states: whether a requirement holds on a day, until when, and for which vehicles.

Until when: the last day up to which, all else as it is, it goes on holding at every day on which it may turn
(`api.cure.turning`), at most so many days ahead. For vehicles the requirement is asked once for each member of an enum
fact (`drives`): those for which it holds are its privileges, with the codes of ISO 18013-5 where the enum says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from api.cases.json_values import as_json
from api.cases.naming import find_definition, period_for
from api.cases.reach import reached
from api.cure.turning import turning_days
from api.failures import Misuse
from api.permits.decision import Circumstance, Decision, Privilege
from engine.explain.words import value_words
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known, NotApplicable, Outcome
from engine.ir.program import Definition, Program, ReasonInfo
from engine.text.articles import with_article
from engine.values.periods import Unit
from engine.values.types import EnumValue, Kind

ISO_18013_5 = "iso_18013_5"
VEHICLE_CATEGORIES = frozenset("AM A1 A2 A B1 B BE C1 C1E C CE D1 D1E D DE".split())
"""The categories of ISO/IEC 18013-1 Annex B, which 18013-5 takes over: all others are the jurisdiction's own."""

UNDETERMINED = "not determined"
"""Why a decision does not hold where facts are missing."""


def decide(
    program: Program, case: Case, requirement: Definition, instance: str, *, days: int, over: Definition | None = None
) -> Decision:
    """Decide a daily requirement of somebody in a complete case. Raises Misuse for what is not one."""
    if requirement.type.kind is not Kind.BOOLEAN or requirement.period.unit is not Unit.DAY:
        raise Misuse(
            f"`{requirement.short_name}` is not a permission of a day", "name a requirement with `period: day`"
        )
    if case.at.kind.unit is not Unit.DAY:
        raise Misuse(f"{case.at} is not a day", "write `--at 2024-05-10`")
    asked = Fact(over.name, instance, period_for(program, over, case.at)) if over is not None else None
    asking = _Asking(program, Constants(program), requirement, instance, days, asked)
    if over is None:
        outcome = asking.outcome(case)
        holds = _holds(outcome)
        until = asking.until(case) if holds else case.at.start
        decision = asking.told(case, holds, until, "" if holds else asking.reasons(case, outcome))
        return decision if holds or decision.text == UNDETERMINED else replace(decision, unmet=asking.unmet([case]))
    privileges = tuple(asking.privileges(case, over))
    until = max((privilege.last for privilege in privileges), default=case.at.start)
    decision = asking.told(case, bool(privileges), until, "" if privileges else asking.refused_of_all(case, over))
    unmet = () if privileges else asking.unmet([assumed for _, assumed in asking.assumed(case, over)])
    return replace(decision, privileges=privileges, unmet=unmet)


def member_facts(program: Program, name: str, requirement: Definition) -> Definition:
    """The enum fact over whose members a requirement is asked. Raises Misuse."""
    definition = find_definition(program, name)
    if definition.type.kind is not Kind.ENUM or not definition.is_input or definition.entity != requirement.entity:
        raise Misuse(
            f"`{name}` is not a fact of {with_article(requirement.entity)} with a list of answers", "such as `drives`"
        )
    return definition


@dataclass(frozen=True, slots=True)
class _Asking:
    program: Program
    constants: Constants
    requirement: Definition
    instance: str
    days: int
    over: Fact | None = None

    def outcome(self, case: Case) -> Outcome:
        fact = Fact(self.requirement.name, self.instance, period_for(self.program, self.requirement, case.at))
        return Interpreter(self.program, case, self.constants).find(fact)

    def told(self, case: Case, holds: bool, until: date, text: str) -> Decision:
        definition = self.requirement
        decision = Decision(
            definition.short_name, definition.label, definition.entity, self.instance, case.at.start, holds, until, text
        )
        return replace(decision, circumstances=tuple(self.circumstances(case)))

    def circumstances(self, case: Case) -> Iterator[Circumstance]:
        """The kinds and measures of the day that the case states and the requirement reads: the category of the
        vehicle, the mass of its trailer. Without them a permit would seem to hold for any."""
        read = {cell.name for cell in reached(self.program, case.at, (self.requirement,))}
        for fact, value in case.given.items():
            definition = self.program.definitions[fact.name]
            of_day = definition.period.unit is Unit.DAY and fact.period == case.at and fact.instance == self.instance
            if of_day and fact.name in read and definition.type.kind in (Kind.ENUM, Kind.INTEGER) and fact != self.over:
                told = value_words(value, definition.type, self.program.settings)
                stated = as_json(value, definition.type, self.program.settings)
                yield Circumstance(definition.short_name, definition.label, stated, told)

    def until(self, case: Case) -> date:
        """The last day up to which it holds at every day on which it may turn."""
        last = min(case.at.start + timedelta(days=self.days), self.program.settings.covers_to)
        for day in turning_days(self.program, case, self.requirement, last):
            if not _holds(self.outcome(case_on(case, day))):
                return day - timedelta(days=1)
        return max(last, case.at.start)

    def privileges(self, case: Case, over: Definition) -> Iterator[Privilege]:
        enum = self.program.settings.enums[over.type.enum]
        for member, assumed in self.assumed(case, over):
            code, label = member.upper(), enum.members[member]
            international = enum.codes == ISO_18013_5 and code in VEHICLE_CATEGORIES
            if _holds(self.outcome(assumed)):
                yield Privilege(code, case.at.start, self.until(assumed), label, international)

    def assumed(self, case: Case, over: Definition) -> Iterator[tuple[str, Case]]:
        """Each member of a fact, and the case with it."""
        asked = Fact(over.name, self.instance, period_for(self.program, over, case.at))
        for member in self.program.settings.enums[over.type.enum].members:
            yield member, replace(case, given={**case.given, asked: EnumValue(over.type.enum, member)})

    def refused_of_all(self, case: Case, over: Definition) -> str:
        """Why it holds for no member of a fact: the reasons that are not met for any of them."""
        common = [_told(part) for part in self._common([assumed for _, assumed in self.assumed(case, over)])]
        return f"for none of `{over.short_name}`" + (f", not met: {'; '.join(common)}" if common else "")

    def unmet(self, cases: Sequence[Case]) -> tuple[str, ...]:
        """The reasons that are not met in any of some cases, in words."""
        return tuple(part.fails or part.label or part.name.rpartition(".")[2] for part in self._common(cases))

    def _common(self, cases: Sequence[Case]) -> list[ReasonInfo]:
        parts = [self._unmet(case) for case in cases]
        return [part for part in parts[0] if all(part in others for others in parts)] if parts else []

    def reasons(self, case: Case, outcome: Outcome) -> str:
        """What is not met, by name and in words."""
        if not isinstance(outcome, Known | NotApplicable):
            return UNDETERMINED
        return "not met: " + "; ".join(map(_told, self._unmet(case)))

    def _unmet(self, case: Case) -> list[ReasonInfo]:
        info = self.requirement.requirement
        parts: Sequence[ReasonInfo] = info.parts if info is not None else ()
        interpreter = Interpreter(self.program, case, self.constants)
        period = period_for(self.program, self.requirement, case.at)
        return [part for part in parts if not _holds(interpreter.find(Fact(part.name, self.instance, period)))]


def _told(reason: ReasonInfo) -> str:
    """A reason by its name, and what is told where it is not met."""
    name = reason.name.rpartition(".")[2]
    return f"{name}: {reason.fails.rstrip('.')}" if reason.fails else name


def case_on(case: Case, day: date) -> Case:
    """The case on another day: what is given for its own is given for that one."""
    at = case.at.kind.containing(day)
    given = {fact._replace(period=at) if fact.period == case.at else fact: value for fact, value in case.given.items()}
    within = {
        fact._replace(period=at) if fact.period == case.at else fact: bounds for fact, bounds in case.within.items()
    }
    return replace(case, at=at, given=given, within=within)


def _holds(outcome: Outcome) -> bool:
    return isinstance(outcome, Known) and outcome.value is True
