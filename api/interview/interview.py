"""What to ask next so that some figures are determined, computed anew from what is known: nothing is scripted.

1. The interpreter, with what is not known unknown, says which figures are open and which facts they still hang on. What
   is not among those is never asked.
2. Two completions: all of those facts absent, and those that most people have at their usual amount. In each, one fact
   at a time is something telling; machine code gives the figures of all in one batch. A fact's effect is the largest
   change of a wanted figure, times the share of people who have the fact.
3. The fact with the largest effect is asked first. Those that change nothing alone come in the order of the rules.

No state is kept: the case is the state, with the facts that nobody could tell beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

import numpy as np

from api.cases.calculate import Asked, Calculation, Of, Question, calculate, question
from api.cases.machine import columns_of
from api.cases.naming import period_for
from api.failures import Misuse
from api.interview.likely import likely
from api.interview.trying import figures_of_tries
from engine.explain.questions import sample_values
from engine.explain.words import humanized
from engine.interpret.cases import EVERY, Case
from engine.interpret.constants import Constants
from engine.interpret.domain import needs_of
from engine.interpret.further import EVERYTHING, is_list
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Possible
from engine.ir.program import Definition, Program
from engine.native.handover import entry_of
from engine.values.types import EnumValue, Kind, Value

COMMON = 0.5
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Step:
    """Where an interview stands: the figures so far, what to ask next (none: it is over), how many facts are open, and
    what kinds of answer there are."""

    figures: Calculation
    question: Question | None
    open: int
    options: tuple[str, ...] = ()


def next_step(
    program: Program,
    case: Case,
    wanted: Sequence[Definition],
    passed: Collection[Fact] = (),
    constants: Constants | None = None,
    *,
    complete: bool = False,
) -> tuple[Step, Fact | None]:
    """The next question about a case, and the fact that it asks for. `passed` are facts that nobody could tell.

    What the case does not list is open, too, unless the case is taken as `complete`. Ties go to what must be stated
    before what a complete case may leave out, then to the order of the rules.
    """
    constants = constants or Constants(program)
    whole = case.whole | {EVERY} if case.complete else case.whole
    asked_case = replace(case, complete=complete, whole=whole)
    found = calculate(program, asked_case, wanted, Asked(), constants=constants)
    needs = open_facts(program, asked_case, wanted, constants)
    left = [one for one in needs if one not in passed]
    if not left:
        return _about_lists(Step(found, None, len(needs)), asked_case, wanted, passed, constants)
    effects = _effects(program, asked_case, wanted, needs)
    best = max(left, key=lambda one: _rank(program, one, effects))
    return Step(found, question(program, best), len(needs), _options(program, program.definitions[best.name])), best


def open_facts(program: Program, case: Case, wanted: Sequence[Definition], constants: Constants) -> list[Fact]:
    """The facts on which the wanted figures of a case still hang, in the order of the rules."""
    needs = [one for one in _needs(program, case, wanted, constants) if not is_list(one)]
    return sorted(needs, key=lambda one: (_places(program)[one.name], str(one)))


def _about_lists(
    over: Step, case: Case, wanted: Sequence[Definition], passed: Collection[Fact], constants: Constants
) -> tuple[Step, Fact | None]:
    """When no fact is left to ask: whether there is anything that is not listed, all in one question."""
    lists = sorted(filter(is_list, _needs(constants.program, case, wanted, constants)), key=str)
    fact = Fact(EVERYTHING, "", case.at)
    if not lists or fact in passed:
        return over, None
    named = [f"{humanized(one.name.rpartition(':')[2])} of {one.instance}" for one in lists]
    more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    ask = f"Is there anything that is not listed: {', '.join(named[:MOST_NAMED])}{more}?"
    asked = Question("everything", Of("", ""), str(case.at), "list", ask, "Lists")
    return replace(over, question=asked, open=len(lists), options=("yes", "no")), fact


def _needs(program: Program, case: Case, wanted: Sequence[Definition], constants: Constants) -> frozenset[Fact]:
    """What the wanted figures still hang on: facts, and whether lists are whole."""
    interpreter = Interpreter(program, case, constants)
    facts = [
        Fact(one.name, instance, period_for(program, one, case.at))
        for one in wanted
        for instance in case.instances.get(one.entity, ())
    ]
    outcomes = [interpreter.find(fact) for fact in facts]
    return needs_of(*(one for one in outcomes if isinstance(one, Possible)))


def likeliest_first(
    program: Program, case: Case, wanted: Sequence[Definition], needs: Sequence[Fact]
) -> dict[Fact, float]:
    """The effects that are expected of facts, for an order of them; what has none expected is left out."""
    effects = _effects(program, case, wanted, needs)
    return {one: effects[one] for one in sorted(effects, key=lambda one: -effects[one]) if effects[one] > 0}


def _rank(program: Program, fact: Fact, effects: Mapping[Fact, float]) -> tuple[float, bool, int, tuple[int, ...]]:
    """The greatest is asked first."""
    must = program.definitions[fact.name].absent is None
    later = [-ord(one) for one in fact.instance]
    return effects.get(fact, 0.0), must, -_places(program)[fact.name], tuple(later)


_kept: dict[int, tuple[Program, dict[str, int]]] = {}


def _places(program: Program) -> Mapping[str, int]:
    """Where each definition stands in the rules. Kept for the last program."""
    found = _kept.get(0)
    if found is None or found[0] is not program:
        found = _kept[0] = (program, {name: at for at, name in enumerate(program.definitions)})
    return found[1]


def _effects(program: Program, case: Case, wanted: Sequence[Definition], needs: Sequence[Fact]) -> dict[Fact, float]:
    """How much each fact is expected to move the wanted figures: the share of people who have it, times the change of
    a completion by it, on average over its usual values. Of two completions the larger. Empty where columns cannot hold
    the case. A float, since it orders questions only: no figure comes of it."""
    found: dict[Fact, float] = {}
    plain = {fact: _usual(program, program.definitions[fact.name]) for fact in needs}
    common = {fact: _common(program.definitions[fact.name], value) for fact, value in plain.items()}
    for usual in (plain, common):
        for fact, effect in _moves(program, case, wanted, usual).items():
            share = likely(program.definitions[fact.name]).share
            found[fact] = max(found.get(fact, 0.0), share * effect)
    return found


def _moves(
    program: Program, case: Case, wanted: Sequence[Definition], usual: Mapping[Fact, Value]
) -> dict[Fact, float]:
    """By how much one fact after the other moves the figures of a completion, on average: one batch."""
    columns = columns_of(program, replace(case, given={**usual, **case.given}, within={}, complete=True))
    if columns is None:
        return {}
    tries = [
        (fact, entry)
        for fact, now in usual.items()
        for value in _telling(program, program.definitions[fact.name])
        if value != now and (entry := entry_of(program, program.definitions[fact.name], value)) is not None
    ]
    moved = np.zeros(len(tries), dtype=np.float64)
    changes = [(), *([one] for one in tries)]  # the first is the completion itself
    for values in figures_of_tries(program, case, columns, changes, wanted):
        moved = np.maximum(moved, np.abs(values[1:] - values[0]).max(axis=1, initial=0.0))
    found: dict[Fact, list[float]] = {}
    for (fact, _), effect in zip(tries, moved.tolist(), strict=True):
        found.setdefault(fact, []).append(effect)
    return {fact: sum(effects) / len(effects) for fact, effects in found.items()}


def _telling(program: Program, definition: Definition) -> Sequence[Value]:
    """Values to try: those that the sample has, within the fact's range, or a few of its type."""
    amounts = likely(definition).amounts if definition.type.kind is Kind.MONEY else ()
    return tuple(Fraction(one) for one in amounts) or sample_values(definition, program)


def _common(definition: Definition, otherwise: Value) -> Value:
    """What a fact is in the completion in which people have what half of them or more have."""
    found = likely(definition)
    if definition.type.kind is Kind.MONEY and found.share >= COMMON and len(found.amounts) > 1:
        return Fraction(found.amounts[1])
    return otherwise


def _usual(program: Program, definition: Definition) -> Value:
    """What a fact is supposed to be in a completion; it serves the order only."""
    if definition.absent is not None:
        return definition.absent
    if definition.type.kind is Kind.DATE:
        return date(1984, 6, 15)
    return sample_values(definition, program)[0]


# --- answers


def _options(program: Program, definition: Definition) -> tuple[str, ...]:
    match definition.type.kind:
        case Kind.BOOLEAN:
            return ("yes", "no")
        case Kind.ENUM:
            return tuple(program.settings.enums[definition.type.enum].members)
    return ()


def read_whole(text: str) -> bool:
    """False, if the answer is that there is nothing that is not listed. Raises Misuse for any other."""
    if text.strip().lower() in ("no", "n", "false"):
        return False
    raise Misuse("what is not listed cannot be typed here", "add it to the case and start again, or answer `no`")


def read_answer(program: Program, definition: Definition, text: str) -> Value:
    """What was typed, as the fact's type has it. Raises Misuse with what an answer looks like."""
    typed = text.strip().replace("_", "").replace(",", "").lstrip("$£€")
    match definition.type.kind:
        case Kind.BOOLEAN:
            if typed.lower() in ("yes", "y", "true", "no", "n", "false"):
                return typed.lower() in ("yes", "y", "true")
            raise Misuse(f"`{text.strip()}` is neither yes nor no", "type `yes`, `no`, or `?` if you do not know")
        case Kind.ENUM:
            members = list(program.settings.enums[definition.type.enum].members)
            if text.strip() in members:
                return EnumValue(definition.type.enum, text.strip())
            raise Misuse(f"`{text.strip()}` is not one of the answers", f"type one of {', '.join(members)}")
        case Kind.DATE:
            try:
                return date.fromisoformat(typed)
            except ValueError:
                raise Misuse(f"`{text.strip()}` is no date", "type it as 1990-12-31") from None
    return _number(definition, typed, text.strip())


def _number(definition: Definition, typed: str, text: str) -> Value:
    whole = definition.type.kind is Kind.INTEGER
    try:
        number = Fraction(typed)
    except (ValueError, ZeroDivisionError):
        raise Misuse(f"`{text}` is no number", "type it in digits, or `?` if you do not know") from None
    step = Fraction(1) if whole or definition.grid is None else definition.grid.step
    if number % step:
        raise Misuse(f"`{text}` has more decimals than there are", "type a whole number" if whole else "type cents")
    if definition.low is not None and number < definition.low:
        raise Misuse(f"{text} is too little", f"it is at least {definition.low}")
    if definition.high is not None and number > definition.high:
        raise Misuse(f"{text} is too much", f"it is at most {definition.high}")
    return int(number) if whole else number
