"""What to ask next so that some figures are determined, computed anew from what is known: nothing is scripted.

1. The interpreter, with what is not known unknown, says which figures are open and which facts they still hang on. What
   is not among those is never asked. Nor, of permissions, is what is proved to be idle (`differing`); where nothing
   that is open can matter, the figure is determined, though ranges do not tell.
2. Two completions: all of those facts absent, and those that most people have at their usual amount. In each, one fact
   at a time is something telling; machine code gives the figures of all in one batch. A fact's effect is the largest
   change of a wanted figure, times the share of people who have the fact.
3. The fact with the largest effect is asked first. Those that change nothing alone come in the order of the rules.

The case is the whole state, with the facts that nobody could tell beside it; interpreters that are kept only save work.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from api.cases.calculate import Asked, Calculation, Of, Question, calculate, question
from api.cases.interpreters import Interpreters
from api.cases.ranking import effects_ranked, in_order_of_rules
from api.failures import Misuse
from api.interview.constant import Constant
from api.interview.differing import Told, Way, examined, figures_wanted
from api.interview.idle import Proof
from api.interview.telling import Telling
from engine.explain.questions import sample_values
from engine.explain.words import humanized
from engine.interpret.cases import EVERY, Case
from engine.interpret.constants import Constants
from engine.interpret.domain import needs_of
from engine.interpret.further import EVERYTHING, is_list
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Possible
from engine.ir.program import Definition, Program
from engine.values.types import NONE, EnumValue, Kind, Value

MOST_NAMED = 5
MOST_COMPLETED = 20
"""So many times what figures turn out to need is stated until a case is complete."""
MOST_WORK, EACH_WORK, CONSTANT_WORK = 6_000, 1_500, 1_500
"""So much work (`Figures.work`) goes into finding a question that can matter, some 60 ms, where none is seen to at
once; into a witness, or a proof, of each; and into a proof that all is determined."""
FEW_OPEN = 15
"""With more open facts than these it is not tried whether all is determined: it never was."""


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
    interpreters: Interpreters | None = None,
    *,
    complete: bool = False,
) -> tuple[Step, Fact | None]:
    """The next question about a case, and the fact that it asks for. `passed` are facts that nobody could tell.

    What the case does not list is open, too, unless the case is taken as `complete`. Ties go to what must be stated
    before what a complete case may leave out, then to the order of the rules. `interpreters` of earlier steps make this
    one faster, and nothing else.
    """
    interpreters = interpreters or Interpreters(program)
    whole = case.whole | {EVERY} if case.complete else case.whole
    asked_case = replace(case, complete=complete, whole=whole)
    interpreter = interpreters.begin(asked_case)
    calculated = calculate(program, asked_case, wanted, Asked(), interpreter=interpreter)
    needs = _needs(interpreter, wanted)
    interpreters.keep(interpreter)
    facts = _with_what_is_listed(program, asked_case, wanted, needs, interpreters)
    ranked = [pair for pair in effects_ranked(program, asked_case, wanted, facts) if pair[0] not in passed]
    best, told = _first_that_may_matter(ranked, asked_case, wanted, interpreters)
    if best is None:
        over = Step(calculated, None, len(facts))
        if told is Told.SAME and not any(map(is_list, needs)):
            over = Step(_determined(program, asked_case, wanted, calculated), None, 0)
        return _about_lists(over, asked_case, needs, passed)
    return Step(
        calculated, question(program, best), len(facts), _options(program, program.definitions[best.name])
    ), best


def _with_what_is_listed(
    program: Program, case: Case, wanted: Sequence[Definition], needs: Collection[Fact], interpreters: Interpreters
) -> list[Fact]:
    """The facts that may be asked. Of permissions, which are quickly found, not those that matter only if somebody or
    something is not listed: nobody can state that here, so no answer to them would decide anything."""
    facts = [fact for fact in needs if not is_list(fact)]
    quick = all(figure.type.kind is Kind.BOOLEAN for figure in wanted)
    if not quick or case.complete or len(facts) == len(needs):
        return facts
    listed = interpreters.begin(replace(case, whole=case.whole | {EVERY}))
    mattering = _needs(listed, wanted)
    interpreters.keep(listed)
    return [fact for fact in facts if fact in mattering]


def _first_that_may_matter(
    ranked: Sequence[tuple[Fact, float]], case: Case, wanted: Sequence[Definition], interpreters: Interpreters
) -> tuple[Fact | None, Told]:
    """The first fact that moves a figure, or, of permissions, which are quickly found, that decides one somewhere; else
    the first of which it is not proved that it is idle. None where all are, or where the figures are the same whatever
    is answered; with what is known then."""
    if not ranked or ranked[0][1] or not all(figure.type.kind is Kind.BOOLEAN for figure in wanted):
        return next((fact for fact, _ in ranked), None), Told.OPEN
    figures, left, unproved = figures_wanted(interpreters.program, case, wanted), MOST_WORK, list[Fact]()
    listed = replace(case, whole=case.whole | {EVERY})
    if len(ranked) <= FEW_OPEN and Constant(interpreters, figures, CONSTANT_WORK).is_proved(listed):
        return None, Told.SAME
    telling = Telling.of(interpreters.program, case, *wanted)
    for fact, _ in ranked:
        told, _, unspent = examined(interpreters, case, figures, fact, min(left, EACH_WORK), ways=(Way.NEAREST,))
        left -= min(left, EACH_WORK) - unspent
        if told is Told.OPEN:
            proof = Proof(interpreters, telling, figures, fact, min(left, EACH_WORK))
            told = proof.told(case)
            left -= min(left, EACH_WORK) - max(proof.left, 0)
        if told is Told.DECIDES:
            return fact, told
        if told is Told.SAME:
            return None, told
        unproved += [fact] if told is Told.OPEN else []
    return next(iter(unproved), None), Told.IDLE


def _determined(program: Program, case: Case, wanted: Sequence[Definition], open_: Calculation) -> Calculation:
    """The figures of a case that are the same in every completion, as they are in one."""
    constants = Constants(program)
    for _ in range(MOST_COMPLETED):
        interpreter = Interpreter(program, case, constants)
        calculated = calculate(program, case, wanted, Asked(), interpreter=interpreter)
        needs = _needs(interpreter, wanted)
        if not needs:
            return replace(open_, results=calculated.results)
        case = replace(case, given={**case.given, **{fact: _any(program, fact) for fact in needs}})
    return open_


def _any(program: Program, fact: Fact) -> Value:
    definition = program.definitions[fact.name]
    return definition.absent if definition.absent is not None else sample_values(definition, program)[0]


def open_facts(program: Program, case: Case, wanted: Sequence[Definition], interpreters: Interpreters) -> list[Fact]:
    """The facts on which the wanted figures of a case still hang, in the order of the rules."""
    interpreter = interpreters.begin(case)
    needs = _needs(interpreter, wanted)
    interpreters.keep(interpreter)
    return in_order_of_rules(program, [fact for fact in needs if not is_list(fact)])


def _about_lists(over: Step, case: Case, needs: Collection[Fact], passed: Collection[Fact]) -> tuple[Step, Fact | None]:
    """When no fact is left to ask: whether there is anything that is not listed, all in one question."""
    lists = sorted(filter(is_list, needs), key=str)
    fact = Fact(EVERYTHING, "", case.at)
    if not lists or fact in passed:
        return over, None
    named = [f"{humanized(fact_list.name.rpartition(':')[2])} of {fact_list.instance}" for fact_list in lists]
    more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    ask = f"Is there anything that is not listed: {', '.join(named[:MOST_NAMED])}{more}?"
    asked = Question("everything", Of("", ""), str(case.at), "list", ask, "Lists")
    return replace(over, question=asked, open=len(lists), options=("yes", "no")), fact


def _needs(interpreter: Interpreter, wanted: Sequence[Definition]) -> frozenset[Fact]:
    """What the wanted figures still hang on: facts, and whether lists are whole."""
    outcomes = [interpreter.find(fact) for fact in figures_wanted(interpreter.program, interpreter.case, wanted)]
    return needs_of(*(outcome for outcome in outcomes if isinstance(outcome, Possible)))


# --- answers


def choices_of(program: Program, definition: Definition) -> dict[str, str]:
    """The answers to choose from, by name, with what each is called; none where an answer is typed freely."""
    kind = definition.type
    return dict(program.settings.enums[kind.enum].members) if kind.kind is Kind.ENUM else {}


def options_of(program: Program, definition: Definition) -> str:
    """What an answer looks like as it is typed: `yes / no`, a number of those to choose from, a day."""
    match definition.type.kind:
        case Kind.BOOLEAN:
            return "yes / no"
        case Kind.ENUM:
            return f"a number from 1 to {len(choices_of(program, definition))}"
        case Kind.DATE:
            return "a day such as 1990-12-31" + (", or `none`" if definition.type.or_none else "")
    return ""


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


def read_typed(program: Program, definition: Definition, line: str) -> Value:
    """What was typed of a fact: `none` is no day, and of an amount that there is none; of those to choose from, a
    number, a name or what it is called. Raises Misuse as read_answer."""
    if line.strip().lower() in ("none", "no") and definition.type.or_none:
        return NONE
    if line.strip().lower() in ("none", "no") and definition.type.is_number and definition.absent is not None:
        return definition.absent
    choices = choices_of(program, definition)
    if line.strip() not in choices:
        numbered = dict(zip(map(str, range(1, len(choices) + 1)), choices, strict=True))
        called = {label.lower(): name for name, label in choices.items()}
        line = numbered.get(line.strip()) or called.get(line.strip().lower()) or line
    return read_answer(program, definition, line)


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
                none = ", or `none` if there is none" if definition.type.or_none else ""
                raise Misuse(f"`{text.strip()}` is not a date", f"type it as 1990-12-31{none}") from None
    return _number(definition, typed, text.strip())


def _number(definition: Definition, typed: str, text: str) -> Value:
    whole = definition.type.kind is Kind.INTEGER
    try:
        number = Fraction(typed)
    except (ValueError, ZeroDivisionError):
        raise Misuse(f"`{text}` is not a number", "type it in digits, or `?` if you do not know") from None
    step = Fraction(1) if whole or definition.grid is None else definition.grid.step
    if number % step:
        raise Misuse(f"`{text}` has more decimals than there are", "type a whole number" if whole else "type cents")
    if definition.low is not None and number < definition.low:
        raise Misuse(f"{text} is too little", f"it is at least {definition.low}")
    if definition.high is not None and number > definition.high:
        raise Misuse(f"{text} is too much", f"it is at most {definition.high}")
    return int(number) if whole else number
