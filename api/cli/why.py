"""`rulewright why RULES CASE VARIABLE`: what decided a figure, step by step, with the law."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from api import rulesets
from api.case_files import load_case
from api.cli.calc import period_for
from api.cli.output import say, say_json, waiting
from api.failures import ExitCode, Misuse, suggestion
from api.naming import find_definition
from engine.cases import Case, instances_of
from engine.explain import as_json as explanation_json
from engine.explain import explain, render
from engine.interpreter import Interpreter
from engine.ir.program import Definition
from engine.outcomes import Fact, Failure


def why_command(
    rules: str, path: str, variable: str, at: str | None, of: str, reforms: Sequence[Path], as_json: bool
) -> int:
    """Print the explanation of a figure of one instance, or of everybody in the case who has it."""
    with waiting("reading the rules"):
        program = rulesets.load_program(rules, reforms)
    definition = find_definition(program, variable)
    case = load_case(program, path, at)
    facts = [Fact(definition.name, one, period_for(definition, case.at)) for one in _instances(case, definition, of)]
    interpreter = Interpreter(program, case)
    explanations = [explain(interpreter, fact) for fact in facts]
    if as_json:
        say_json({"fingerprint": program.fingerprint, "explanations": [explanation_json(one) for one in explanations]})
    else:
        for one in explanations:
            if len(explanations) > 1:
                say(f"{one.fact.instance}:")
            for line in render(one):
                say(line)
    failed = any(isinstance(interpreter.find(fact), Failure) for fact in facts)
    return ExitCode.FAILED if failed else ExitCode.DONE


def _instances(case: Case, definition: Definition, of: str) -> Sequence[str]:
    everybody = list(instances_of(case, definition))
    if of and of not in everybody:
        raise Misuse(f"there is no {definition.entity} `{of}` in the case", suggestion(of, everybody))
    if not everybody:
        raise Misuse(f"the case has no {definition.entity}", f"`{definition.short_name}` is a figure of one; add it")
    return [of] if of else everybody
