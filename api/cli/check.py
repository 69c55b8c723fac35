"""`rulewright check RULES`: every problem of the rules at once; with `--differential`, whether the evaluators agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from api.cli.output import complain, count, problem_json, say, say_json, show_problems, summary, waiting
from api.failures import ExitCode
from api.rules import programs
from engine.ir.program import Program
from engine.pipeline import Compiled
from engine.text.diagnostics import Severity

if TYPE_CHECKING:
    from api.batch.differential import Round


SHOWN_DIFFERENCES = 20


@dataclass(frozen=True, slots=True)
class Differential:
    """How many populations to compare, of how many people each, and where their randomness begins."""

    rounds: int
    people: int
    seed: int


def check_command(rules: str, reforms: Sequence[Path], as_json: bool, differential: Differential | None = None) -> int:
    """Print the problems and their number, or how much was checked."""
    with waiting("checking"):
        compiled = programs.check(rules, reforms)
    found = _compared(compiled.program, differential) if compiled.program is not None and differential else None
    if as_json:
        say_json(_as_json(compiled) | (_differential_json(found) if found is not None else {}))
    elif compiled.problems:
        show_problems(compiled.problems, to_stderr=False)
    if compiled.program is None:
        return ExitCode.RULES_INVALID
    if not as_json:
        say(_what_was_checked(compiled))
    if found is None:
        return ExitCode.DONE
    if not as_json:
        _show_differential(found)
    return ExitCode.DIFFERENCES_FOUND if any(one.differences for one in found) else ExitCode.DONE


def _compared(program: Program, differential: Differential) -> list[Round]:
    """The rounds, each told on stderr as it is done."""
    from api.batch.differential import rounds

    found: list[Round] = []
    for one in rounds(program, differential.rounds, differential.people, differential.seed):
        found.append(one)
        complain(
            f"round {len(found)} of {differential.rounds}: {one.people:,} people in {one.year}, "
            f"{count(one.compared, 'value')} compared, {count(len(one.differences), 'difference')}"
        )
    return found


def _show_differential(found: Sequence[Round]) -> None:
    different = [one for each in found for one in each.differences]
    for one in different[:SHOWN_DIFFERENCES]:
        say(str(one))
    if len(different) > SHOWN_DIFFERENCES:
        say(f"… and {len(different) - SHOWN_DIFFERENCES:,} more")
    compared = sum(one.compared for one in found)
    say(f"machine code and interpreter: {count(compared, 'value')} compared, {count(len(different), 'difference')}")


def _differential_json(found: Sequence[Round]) -> dict[str, object]:
    different = [str(one) for each in found for one in each.differences]
    compared = sum(one.compared for one in found)
    return {"compared": compared, "differing": len(different), "differences": different[:SHOWN_DIFFERENCES]}


def _as_json(compiled: Compiled) -> dict[str, object]:
    errors = [problem for problem in compiled.problems if problem.severity is Severity.ERROR]
    return {
        "ok": compiled.program is not None,
        "errors": len(errors),
        "warnings": len(compiled.problems) - len(errors),
        "fingerprint": compiled.program.fingerprint if compiled.program else None,
        "problems": [problem_json(problem) for problem in compiled.problems],
    }


def _what_was_checked(compiled: Compiled) -> str:
    program, ruleset = compiled.program, compiled.ruleset
    assert program is not None and ruleset is not None
    inputs = sum(one.is_input for one in program.definitions.values())
    parts = [
        count(len(ruleset.modules), "module"),
        count(inputs, "fact"),
        count(len(program.definitions) - inputs, "figure"),
        count(len(program.parameters) + len(program.tables) + len(program.scales), "dated constant"),
    ]
    return f"{program.settings.name}: {', '.join(parts)}; {summary(compiled.problems)}"
