"""`rulewright why RULES CASE VARIABLE`: what decided a figure, step by step, with the law."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from api.cases.calculate import basis_of
from api.cases.explain import why
from api.cases.files import load_case
from api.cases.naming import find_definition
from api.cases.unread import unread_facts
from api.cli.output import complain, say, say_json, waiting
from api.failures import ExitCode
from api.rules import programs
from api.schema import as_data
from engine.explain.tree import render


def why_command(
    rules: str, path: str, variable: str, at: str | None, *, of: str, reforms: Sequence[Path], as_json: bool
) -> int:
    """Print the explanation of a figure, of everybody who has it or of the one named `of`."""
    with waiting("reading the rules"):
        program = programs.load_program(rules, reforms)
    definition = find_definition(program, variable)
    case = load_case(program, path, at)
    explained = why(program, case, definition, of)
    unread = unread_facts(program, case, [definition])
    if as_json:
        basis = basis_of(program, case, [reform.stem for reform in reforms])
        told = {"basis": as_data(basis), "explanations": as_data(explained.explanations)}
        notes = {"unread": list(unread), "stated_otherwise": list(explained.stated_otherwise)}
        say_json({**told, **{name: lines for name, lines in notes.items() if lines}})
    else:
        for number, tree in enumerate(explained.trees):
            say("\n" * bool(number) + "\n".join(render(tree)))
    for line in (*unread, *explained.stated_otherwise):
        complain(line)
    return ExitCode.FAILED if explained.failed else ExitCode.DONE
