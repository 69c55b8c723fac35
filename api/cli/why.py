"""`rulewright why RULES CASE VARIABLE`: what decided a figure, step by step, with the law."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from api.cases.files import load_case
from api.cases.naming import find_definition, period_for
from api.cli.output import say, say_json, waiting
from api.failures import ExitCode, Misuse, suggestion
from api.rules import programs
from engine.explain.tree import as_json as explanation_json
from engine.explain.tree import explain, render
from engine.interpret.cases import Case, instances_of
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Failure
from engine.ir.program import Definition


def why_command(
    rules: str, path: str, variable: str, at: str | None, of: str, reforms: Sequence[Path], as_json: bool
) -> int:
    """Print the explanation of a figure, of everybody who has it or of the one named `of`."""
    with waiting("reading the rules"):
        program = programs.load_program(rules, reforms)
    definition = find_definition(program, variable)
    case = load_case(program, path, at)
    interpreter = Interpreter(program, case)
    facts = [Fact(definition.name, one, period_for(definition, case.at)) for one in _whose(case, definition, of)]
    explanations = [explain(interpreter, fact) for fact in facts]
    if as_json:
        say_json(
            {
                "rules": program.settings.name,
                "at": str(case.at),
                "explanations": list(map(explanation_json, explanations)),
            }
        )
    else:
        for number, explanation in enumerate(explanations):
            say("\n" * bool(number) + "\n".join(render(explanation)))
    failed = any(isinstance(interpreter.find(fact), Failure) for fact in facts)
    return ExitCode.FAILED if failed else ExitCode.DONE


def _whose(case: Case, definition: Definition, of: str) -> list[str]:
    everybody = list(instances_of(case, definition))
    if not everybody:
        raise Misuse(f"the case has no {definition.entity}, whose figure `{definition.short_name}` is", "add one to it")
    if not of:
        return everybody
    if of not in everybody:
        known = ", ".join(f"`{one}`" for one in everybody[:10])
        raise Misuse(f"the case has no {definition.entity} `{of}`", suggestion(of, everybody, f"there is {known}"))
    return [of]
