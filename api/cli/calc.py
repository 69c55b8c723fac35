"""`rulewright calc RULES CASE --want a,b`: figures of one case; where facts are missing, the range and what to ask."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from api.cases.calculate import Asked, Calculation, calculate
from api.cases.files import load_case
from api.cases.naming import exported_names, find_definitions, nobody
from api.cli.output import complain, say, say_json, waiting
from api.failures import ExitCode
from api.rules import programs
from api.schema import as_data
from engine.interpret.cases import instances_of

_ASK_AT_MOST = 5


def calc_command(rules: str, path: str, at: str | None, want: str, *, reforms: Sequence[Path], as_json: bool) -> int:
    """Print the wanted figures of everybody in the case who has them; all exported ones if none is named."""
    with waiting("reading the rules"):
        program = programs.load_program(rules, reforms)
    wanted = find_definitions(program, want)
    everything = [program.definitions[name] for name in exported_names(program)]
    case = load_case(program, path, at)
    names = [reform.stem for reform in reforms]
    calculation = calculate(program, case, wanted or everything, Asked(ask=True), reforms=names, must=bool(wanted))
    if as_json:
        say_json(as_data(calculation))
    else:
        _report(calculation)
    for line in calculation.unread:
        complain(line)
    nobodys = [figure for figure in wanted if not any(instances_of(case, figure))]
    for figure in nobodys:
        fault = nobody(program, case, figure)
        complain(f"{fault.message}; {fault.help}")
    return ExitCode.FAILED if calculation.failed or nobodys else ExitCode.DONE


def _report(calculation: Calculation) -> None:
    several = len({result.of.id for result in calculation.results}) > 1
    names = [f"{result.figure}{f' of {result.of.id}' if several else ''}" for result in calculation.results]
    width = max((len(name) for name in names), default=0)
    for name, result in zip(names, calculation.results, strict=True):
        days = f" ({result.period}, {result.days})" if result.days else ""
        say(f"{name:<{width}}  {result.text}{' (projected)' if result.projected else ''}{days}")
    if calculation.set_by_reforms:
        say()
    for line in calculation.set_by_reforms:
        say(line)
    missing = calculation.ask_next or ()
    if not missing:
        return
    say()
    say("To narrow it down, ask next:")
    for question in missing[:_ASK_AT_MOST]:
        say(f"  {question.ask}  ({question.fact} of {question.of.id} for {question.period})")
    if len(missing) > _ASK_AT_MOST:
        say(f"  … and {len(missing) - _ASK_AT_MOST} more facts that may matter")
