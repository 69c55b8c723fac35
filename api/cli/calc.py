"""`rulewright calc RULES CASE --want a,b`: figures of one case; where facts are missing, the range and what to ask."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from api.cases.files import load_case
from api.cases.naming import exported_names, find_definitions, period_for
from api.cases.outcomes import as_json as outcome_json
from api.cases.outcomes import as_text, questions
from api.cli.output import say, say_json, waiting
from api.failures import ExitCode, Misuse
from api.rules import programs
from engine.explain.questions import most_useful_first
from engine.interpret.cases import Case, instances_of
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Failure, Outcome, Possible
from engine.ir.program import Definition, Program

Answer = tuple[Definition, Fact, Outcome]
_ASK_AT_MOST = 5


def calc_command(rules: str, path: str, at: str | None, want: str, reforms: Sequence[Path], as_json: bool) -> int:
    """Print the wanted figures of everybody in the case who has them; all exported ones if none is named."""
    with waiting("reading the rules"):
        program = programs.load_program(rules, reforms)
    wanted = find_definitions(program, want) or [program.definitions[name] for name in exported_names(program)]
    case = load_case(program, path, at)
    answers = answer_all(program, case, wanted)
    if want and not answers:
        raise _nobody(program, case, wanted[0])
    missing = next_facts(program, case, answers)
    if as_json:
        say_json(_as_json(program, case, answers, missing))
    else:
        _report(program, answers, missing)
    return ExitCode.FAILED if any(isinstance(outcome, Failure) for _, _, outcome in answers) else ExitCode.DONE


def _nobody(program: Program, case: Case, definition: Definition) -> Misuse:
    """There is none of the entity whose figure is wanted: how to add one."""
    entity = program.settings.entities[definition.entity]
    someone = next(iter(case.instances.get(entity.of, ())), "ada")
    role = next((role.name for role in entity.roles if role.minimum), "")
    inner = f"{{home: {{{role}: {someone}}}}}" if role else "{ada: {…}}"
    message = f"`{definition.short_name}` is a figure of a {entity.name}, and the case has none"
    return Misuse(message, f"add one: `{entity.plural}: {inner}`")


def answer_all(program: Program, case: Case, wanted: Sequence[Definition]) -> list[Answer]:
    """Every wanted figure of every instance that has it."""
    interpreter = Interpreter(program, case)
    answers = []
    for definition in wanted:
        for instance in instances_of(case, definition):
            fact = Fact(definition.name, instance, period_for(definition, case.at))
            answers.append((definition, fact, interpreter.find(fact)))
    return answers


def next_facts(program: Program, case: Case, answers: Sequence[Answer]) -> list[Fact]:
    """The unknown facts on which undetermined answers depend, the most useful to ask first."""
    return most_useful_first(program, case, [fact for _, fact, outcome in answers if isinstance(outcome, Possible)])


def _report(program: Program, answers: Sequence[Answer], missing: Sequence[Fact]) -> None:
    several = len({fact.instance for _, fact, _ in answers}) > 1
    names = [f"{one.short_name}{f' of {fact.instance}' if several else ''}" for one, fact, _ in answers]
    width = max((len(name) for name in names), default=0)
    for name, (definition, fact, outcome) in zip(names, answers, strict=True):
        note = " (projected)" if program.settings.is_projection(fact.period.start) else ""
        say(f"{name:<{width}}  {as_text(outcome, definition, program.settings)}{note}")
    if not missing:
        return
    say()
    say("To narrow it down, ask next:")
    for question in questions(missing[:_ASK_AT_MOST], program):
        say(f"  {question['ask']}  ({question['fact']} of {question['of']} for {question['at']})")
    if len(missing) > _ASK_AT_MOST:
        say(f"  … and {len(missing) - _ASK_AT_MOST} more facts that may matter")


def _as_json(program: Program, case: Case, answers: Sequence[Answer], missing: Sequence[Fact]) -> dict[str, object]:
    results = [
        {
            "figure": definition.short_name,
            "of": fact.instance,
            "entity": definition.entity,
            "at": str(fact.period),
            "type": str(definition.type),
            "label": definition.label,
            "law": definition.law,
            "projected": program.settings.is_projection(fact.period.start),
            **outcome_json(outcome, definition, program.settings),
        }
        for definition, fact, outcome in answers
    ]
    return {
        "rules": program.settings.name,
        "fingerprint": program.fingerprint,
        "at": str(case.at),
        "currency": program.settings.currency,
        "results": results,
        "ask_next": questions(missing, program),
    }
