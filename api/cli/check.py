"""`rulewright check RULES`: every problem of the rules at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from api import rulesets
from api.cli.output import count, problem_json, say, say_json, show_problems, summary, waiting
from api.failures import ExitCode
from engine.diagnostics import Severity
from engine.pipeline import Compiled


def check_command(rules: str, reforms: Sequence[Path], as_json: bool) -> int:
    """Print the problems and their number, or how much was checked."""
    with waiting("checking"):
        compiled = rulesets.check(rules, reforms)
    if as_json:
        say_json(_as_json(compiled))
    elif compiled.problems:
        show_problems(compiled.problems, to_stderr=False)
    if compiled.program is None:
        return ExitCode.RULES_INVALID
    if not as_json:
        say(_what_was_checked(compiled))
    return ExitCode.DONE


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
