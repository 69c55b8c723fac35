"""`rulewright cure RULES CASE CONDITION`: the smallest changes that cure a refusal, and waiting."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from api.cases.files import load_case
from api.cases.naming import find_definition
from api.cases.values import words_of_json
from api.cli.output import say, say_json, waiting
from api.cure.cure import Cured, cure
from api.failures import ExitCode
from api.find.condition import with_condition
from api.rules import programs
from api.schema import Json, as_data
from engine.ir.program import Program
from engine.values.types import Kind


def cure_command(
    rules: str,
    path: str,
    condition: str,
    at: str | None,
    of: str,
    every: bool,
    reforms: Sequence[Path],
    as_json: bool,
) -> int:
    """Print the cures of a requirement, or of a condition in the rule language."""
    with waiting("reading the rules"):
        program = programs.load_program(rules, reforms)
        case = load_case(program, path, at)
        wanted = program.find(condition)
        if wanted is None or wanted.type.kind is not Kind.BOOLEAN:
            program, wanted = with_condition(rules, reforms, condition, "", case.at)
    with waiting("looking for what would change it"):
        found = cure(program, case, wanted, of, every=every, reforms=[one.stem for one in reforms])
    if as_json:
        say_json(as_data(found))
    else:
        _report(program, found, condition)
    return ExitCode.DONE


def _report(program: Program, found: Cured, condition: str) -> None:
    if found.holds:
        say(f"`{condition}` holds for {found.of.id}")
        return
    say(f"`{condition}` does not hold for {found.of.id} at {found.basis.at}")
    for one in found.cures:
        parts = [
            f"{change.label or change.fact} ({change.fact} of {change.of.id}): "
            f"{_said(program, change.fact, change.from_)} -> {_said(program, change.fact, change.to)}"
            for change in one.changes
        ]
        say("  it would with " + "; and ".join(parts))
    if not found.cures:
        say(f"  no change of up to {found.size} facts makes it hold")
    if found.waiting:
        say(f"  waiting is enough: from {found.waiting}, all else as it is")
    if not found.settled:
        say("  not every set of facts could be decided")


def _said(program: Program, fact: str, value: Json) -> str:
    definition = find_definition(program, fact)
    return words_of_json(value, definition.type, program.settings)
