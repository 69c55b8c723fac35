"""Figures of one case: each determined, a range, not applicable or failed, with what to ask to narrow it down.

1. Compute every wanted figure of every instance that has it, with the interpreter.
2. Say what it came to in JSON's types and in words; on request why, as reasons or as a tree (`explain`).
3. On request rank the unknown facts on which ranges depend, and name what was taken as absent.

The same program, case and question give the same answer, so an answer can be had again by asking again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from api.cases.explain import Explained, Reasons, explained, reasons
from api.cases.json_values import as_json as value_json
from api.cases.naming import has_period, nobody, period_for
from api.cases.overlays import set_beyond_what_is_stated
from api.cases.stated_otherwise import contradicted, states_otherwise
from api.cases.unread import unread_facts
from api.schema import Citation, Json, citations
from api.version import engine_version
from engine.explain.words import humanized, outcome_words
from engine.interpret.cases import Case, instances_of
from engine.interpret.constants import Constants
from engine.interpret.domain import needs_of
from engine.interpret.further import is_list, place_of
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Choice, Fact, Failure, Interval, Known, NotApplicable, Outcome, Possible
from engine.ir.program import Definition, Program
from engine.records import record
from engine.text.citations import law_on

if TYPE_CHECKING:
    from api.cases.machine import Machine

EXPLANATIONS = ("none", "reasons", "tree")
REQUIREMENTS = "requirements"


@record(frozen=True, slots=True)
class Of:
    """Whose a figure is: an entity of the rules, and the id in the case."""

    entity: str
    id: str


@record(frozen=True, slots=True)
class Basis:
    """What an answer rests on: the law by its fingerprint, the period and, with a record, how far the log was read."""

    ruleset: str
    fingerprint: str
    reforms: tuple[str, ...]
    at: str
    currency: str
    engine: str
    offset: int | None = None
    valid_at: str | None = None
    known_at: str | None = None
    partition: int | None = None


@record(frozen=True, slots=True)
class Problem:
    """Why a figure has no value: where in the rules, and on the way to which figures, innermost first."""

    message: str
    where: str = ""
    path: tuple[str, ...] = ()


@record(frozen=True, slots=True)
class Result:
    """One figure of one instance. `status` says which fields there are:

    `determined` (`value`), `undetermined` (`low` and `high`, where an end may be missing, or `options`;
    `may_not_apply`, `may_fail`, and `needs`: how many unknown facts it hangs on), `not_applicable`, `failed`
    (`problem`). `text` is the same in words. `days` are the first and last day of a period that is not civil.
    """

    figure: str
    of: Of
    period: str
    label: str
    type: str
    status: str
    text: str
    law: tuple[Citation, ...]
    projected: bool
    value: Json = None
    low: Json = None
    high: Json = None
    options: tuple[Json, ...] = ()
    may_not_apply: bool = False
    may_fail: str = ""
    needs: int = 0
    problem: Problem | None = None
    reasons: Reasons | None = None
    explanation: Explained | None = None
    days: str = ""


@record(frozen=True, slots=True)
class Question:
    """A fact to ask for next: of whom, for when, and the question to put."""

    fact: str
    of: Of
    period: str
    type: str
    ask: str
    label: str = ""


@record(frozen=True, slots=True)
class Assumed:
    """A fact that nobody stated, and what stood in for it: `absent` (a complete case does not list it) or `default`
    (the law supplies it)."""

    fact: str
    of: Of
    period: str
    value: Json
    because: str


@record(frozen=True, slots=True)
class Calculation:
    """The answer to a question about a case. `ask_next` and `assumed` are there if they were asked for.

    `set_by_reforms` says of each constant that the law would project how it holds what a reform set; `unread`, which
    facts are stated for a time at which nothing reads them; `stated_otherwise`, which groups are stated otherwise than
    a figure makes them of the same people, and which months come to more than the year's figure that was read.
    """

    basis: Basis
    results: tuple[Result, ...]
    ask_next: tuple[Question, ...] | None = None
    assumed: tuple[Assumed, ...] | None = None
    set_by_reforms: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    stated_otherwise: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether any figure failed."""
        return any(result.status == "failed" for result in self.results)


@record(frozen=True, slots=True)
class Asked:
    """What to say beside the figures: `explain` is none, reasons, tree (down to `depth`), or REQUIREMENTS: the reasons
    of requirements alone; `ask` what to ask next."""

    explain: str = "none"
    depth: int = 12
    ask: bool = False


FIGURES_ONLY = Asked()


def calculate(
    program: Program,
    case: Case,
    wanted: Sequence[Definition],
    asked: Asked = FIGURES_ONLY,
    *,
    reforms: Sequence[str] = (),
    constants: Constants | None = None,
    machine: Machine | None = None,
    interpreter: Interpreter | None = None,
    must: bool = True,
) -> Calculation:
    """Every wanted figure of every instance that has it. With `must`, raises Misuse if nobody has any of them.

    `machine` may have code for the question, where no more is asked than the figures; it gives the same ones.
    `interpreter` is one of this case that somebody else goes on to ask.
    """
    interpreter = interpreter or Interpreter(program, case, constants or Constants(program))
    answers: Sequence[tuple[Fact, Outcome]] | None = None
    if machine is not None and asked.explain == "none" and not asked.ask and not states_otherwise(program, case):
        answers = machine.answers(case, wanted)
    if answers is None:
        answers = list(_answers(program, case, wanted, interpreter, must))
    if wanted and must and not answers:
        raise nobody(program, case, wanted[0])
    results = tuple(_result(program, fact, outcome) for fact, outcome in answers)
    if asked.explain in ("reasons", REQUIREMENTS):
        results = tuple(
            replace(result, reasons=reasons(interpreter, fact))
            if asked.explain == "reasons" or program.definitions[fact.name].requirement is not None
            else result
            for result, (fact, _) in zip(results, answers, strict=True)
        )
    elif asked.explain == "tree":
        pairs = zip(results, answers, strict=True)
        results = tuple(
            replace(result, explanation=explained(interpreter, fact, asked.depth)) for result, (fact, _) in pairs
        )
    basis = basis_of(program, case, reforms)
    beyond = set_beyond_what_is_stated(program, case.at.start)
    unread = unread_facts(program, case, wanted)
    if not asked.ask:
        otherwise = contradicted(interpreter)
        return Calculation(basis, results, set_by_reforms=beyond, unread=unread, stated_otherwise=otherwise)
    questions, assumed = _questions(program, case, answers), tuple(_assumed(interpreter))
    return Calculation(basis, results, questions, assumed, beyond, unread, contradicted(interpreter))


def basis_of(program: Program, case: Case, reforms: Sequence[str] = ()) -> Basis:
    """What answers about a case rest on."""
    settings = program.settings
    return Basis(settings.name, program.fingerprint, tuple(reforms), str(case.at), settings.currency, engine_version())


def _answers(
    program: Program, case: Case, wanted: Sequence[Definition], interpreter: Interpreter, must: bool
) -> Iterator[tuple[Fact, Outcome]]:
    for definition in wanted:
        personal = definition.period.is_personal
        if not must and not personal and not has_period(program, definition, case.at):
            continue  # nobody named it, and it is of another time
        for instance in instances_of(case, definition):
            own = interpreter.period_of(definition, instance, case.at) if personal else None
            if own is None and personal and not must:
                continue
            fact = Fact(definition.name, instance, own or period_for(program, definition, case.at))
            yield fact, interpreter.find(fact)


def of(program: Program, fact: Fact) -> Of:
    """Whose a fact is."""
    entity = place_of(fact).link if is_list(fact) else program.definitions[fact.name].entity
    return Of(entity, fact.instance)


def _result(program: Program, fact: Fact, outcome: Outcome) -> Result:
    definition = program.definitions[fact.name]
    settings = program.settings
    blank = Result(
        definition.short_name,
        of(program, fact),
        str(fact.period),
        definition.label,
        str(definition.type),
        "not_applicable",
        outcome_words(outcome, definition.type, settings),
        citations(law_on(definition.law, fact.period.start)),
        settings.is_projection(fact.period.start),
        days="" if fact.period.kind.is_civil else fact.period.days,
    )

    def data(value: object) -> Json:
        return None if value is None else value_json(value, definition.type, settings)  # type: ignore[arg-type]

    match outcome:
        case Known():
            return replace(blank, status="determined", value=data(outcome.value))
        case NotApplicable():
            return blank
        case Failure():
            where = _place(str(outcome.span)) if outcome.span is not None else ""
            return replace(
                blank, status="failed", problem=Problem(outcome.message, where, tuple(map(str, outcome.path)))
            )
        case Possible():
            loose = replace(
                blank,
                status="undetermined",
                may_not_apply=outcome.may_not_apply,
                may_fail=outcome.may_fail,
                needs=len(outcome.needs),
            )
            match outcome.range:
                case Choice(options):
                    return replace(loose, options=tuple(sorted(map(data, options), key=lambda option: (str(option),))))
                case Interval(low, high):
                    return replace(loose, low=data(low), high=data(high))


def _place(where: str) -> str:
    """A place in the shipped rules without the folder in which this program happens to lie."""
    root = f"{Path(__file__).parents[2]}/"
    return where.removeprefix(root)


def questions_of(
    program: Program, case: Case, wanted: Sequence[Definition], interpreter: Interpreter
) -> tuple[Question, ...]:
    """What to ask next, after `calculate` with the same interpreter. To put facts in order takes machine code, which
    takes seconds to make the first time: so figures can be shown before."""
    return _questions(program, case, _answers(program, case, wanted, interpreter, must=False))


def _questions(program: Program, case: Case, answers: Iterable[tuple[Fact, Outcome]]) -> tuple[Question, ...]:
    """The unknown facts on which undetermined answers depend, the most useful to ask first."""
    undetermined = {fact: outcome for fact, outcome in answers if isinstance(outcome, Possible)}
    if not undetermined:
        return ()
    from api.cases.ranking import ranked

    needs = needs_of(*undetermined.values())
    return tuple(question(program, fact, case) for fact in ranked(program, case, list(undetermined), needs))


def question(program: Program, fact: Fact, case: Case | None = None) -> Question:
    """How a fact is asked for; where it is known in which case, also how that case can say that a list is whole."""
    if is_list(fact):
        from engine.explain.questions import asks_for_list

        word = fact.name.rpartition(":")[2]
        return Question(word, of(program, fact), str(fact.period), "list", asks_for_list(fact, case), humanized(word))
    definition = program.definitions[fact.name]
    return Question(
        definition.short_name,
        of(program, fact),
        str(fact.period),
        str(definition.type),
        definition.ask or definition.label,
        definition.label,
    )


def _assumed(interpreter: Interpreter) -> Iterator[Assumed]:
    """The facts that were read and that nobody stated, in the order in which they were read."""
    program = interpreter.program
    for fact, step in interpreter.steps.items():
        if step.source in ("absent", "default") and isinstance(step.outcome, Known):
            value = value_json(step.outcome.value, step.definition.type, program.settings)
            yield Assumed(step.definition.short_name, of(program, fact), str(fact.period), value, step.source)
