"""`rulewright calc RULES CASE --want a,b`: figures of one case; where facts are missing, the range and what to ask."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from api.cases.calculate import REQUIREMENTS, Asked, Calculation, Result, calculate, questions_of
from api.cases.files import load_case
from api.cases.naming import chief_names, exported_names, find_definitions, nobody
from api.cli.output import complain, say, say_json, waiting
from api.cli.questions import say_questions
from api.failures import ExitCode
from api.rules import programs
from api.schema import as_data
from engine.explain.words import may_fail_words
from engine.interpret.cases import instances_of
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.ir.program import Definition

ALL = "all"
SHOWN_WHOLE = 60
"""So many figures of a case are all shown where none is named."""


def calc_command(rules: str, path: str, at: str | None, want: str, *, reforms: Sequence[Path], as_json: bool) -> int:
    """Print the wanted figures of everybody in the case who has them. If none is named: all exported ones, or the chief
    ones where these are many; of those the ones that come to something."""
    with waiting("reading the rules"):
        program = programs.load_program(rules, reforms)
    wanted = [] if want.strip() == ALL else find_definitions(program, want)
    everything = [program.definitions[name] for name in exported_names(program)]
    case = load_case(program, path, at)
    wanted = find_definitions(program, want, case.at) if wanted else []
    count = sum(1 for definition in everything for _ in instances_of(case, definition))
    brief = not want and not as_json and count > SHOWN_WHOLE
    if brief:
        everything = [program.definitions[name] for name in chief_names(program)]
    names = [reform.stem for reform in reforms]
    asked = Asked(REQUIREMENTS if as_json else "none", ask=as_json)
    interpreter = Interpreter(program, case, Constants(program))
    calculation = calculate(
        program, case, wanted or everything, asked, reforms=names, must=bool(wanted), interpreter=interpreter
    )
    if as_json:
        say_json(as_data(calculation))
    else:
        _report(calculation, brief)
        with waiting("looking for what to ask next, which takes some seconds the first time"):
            questions = questions_of(program, case, wanted or everything, interpreter)
        say_questions(questions)
        if brief:
            say(f"\nThese are the chief figures. Name others with `--want A,B`; `--want {ALL}` shows every one.")
    for line in (*calculation.unread, *calculation.stated_otherwise):
        complain(line)
    nobodys = [figure for figure in wanted if not any(instances_of(case, figure))]
    for figure in _told(nobodys, want):
        fault = nobody(program, case, figure)
        complain(f"{fault.message}; {fault.help}")
    return ExitCode.FAILED if calculation.failed or nobodys else ExitCode.DONE


def _told(nobodys: Sequence[Definition], want: str) -> Sequence[Definition]:
    """Of the figures that nobody has: those named one by one, and of a set the first of each entity."""
    first = {figure.entity: figure for figure in reversed(nobodys)}
    names = {name.strip() for name in want.split(",")}
    return [figure for figure in nobodys if figure.short_name in names or figure is first[figure.entity]]


def _is_nothing(result: Result) -> bool:
    """Whether a figure is no, nothing, or does not apply."""
    if result.status != "determined":
        return result.status == "not_applicable"
    return result.value is False or not str(result.value).strip("0.")


def _shared_reasons(results: Sequence[Result]) -> dict[str, str]:
    """The mark of each reason for which several figures may not be computed. It is told once, below them."""
    times = Counter(result.may_fail for result in results if result.may_fail)
    shared = (reason for reason, number in times.items() if number > 1)
    return {reason: f"[{number}]" for number, reason in enumerate(shared, 1)}


def _text(result: Result, notes: Mapping[str, str]) -> str:
    mark = notes.get(result.may_fail, "")
    return f"{result.text.removesuffix(may_fail_words(result.may_fail))} {mark}" if mark else result.text


def _report(calculation: Calculation, brief: bool) -> None:
    """The figures; `brief`: those that come to something. They are shown at once, before what may take longer."""
    results = [result for result in calculation.results if not (brief and _is_nothing(result))]
    several = len({result.of.id for result in results}) > 1
    names = [f"{result.figure}{f' of {result.of.id}' if several else ''}" for result in results]
    width = max((len(name) for name in names), default=0)
    notes = _shared_reasons(results)
    for name, result in zip(names, results, strict=True):
        days = f" ({result.period}, {result.days})" if result.days else ""
        say(f"{name:<{width}}  {_text(result, notes)}{' (projected)' if result.projected else ''}{days}")
    if notes:
        say()
    for reason, mark in notes.items():
        say(f"{mark} or it cannot be computed: {reason}")
    if calculation.set_by_reforms:
        say()
    for line in calculation.set_by_reforms:
        say(line)
    sys.stdout.flush()
