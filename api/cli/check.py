"""`rulewright check RULES`: every problem of the rules at once; with `--differential`, whether the evaluators agree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from api.cli.output import complain, count, say, say_json, show_problems, summary, waiting
from api.failures import ExitCode
from api.interview.screens import check_screens
from api.rules.check import Check, Comparison, Differential, check
from api.rules.programs import find_rules, load_program
from api.schema import as_data
from engine.ir.program import Program

if TYPE_CHECKING:
    from api.batch.differential import Round


def check_command(rules: str, reforms: Sequence[Path], as_json: bool, differential: Differential | None = None) -> int:
    """Print the problems and their number, or how much was checked."""

    def on_round(number: int, round_: Round) -> None:
        of = differential.rounds if differential is not None else 0
        complain(
            f"round {number} of {of}: {round_.people:,} people in {round_.year}, "
            f"{count(round_.compared, 'value')} compared, {count(len(round_.differences), 'difference')}"
        )

    def comparing(program: Program) -> Comparison:
        from api.batch.differential import compare

        assert differential is not None
        return compare(program, differential, on_round)

    with waiting("checking"):
        result = check(rules, reforms, comparing if differential is not None else None)
    if as_json:
        say_json(as_data(result.checked))
    else:
        _report(result)
    if not result.checked.ok:
        return ExitCode.RULES_INVALID
    check_screens(find_rules(rules), lambda: load_program(rules, reforms))
    compared = result.checked.differential
    return ExitCode.DIFFERENCES_FOUND if compared is not None and compared.differing else ExitCode.DONE


def _report(result: Check) -> None:
    if result.problems:
        show_problems(result.problems, to_stderr=False)
    size = result.checked.size
    if size is None:
        return
    parts = [
        count(size.modules, "module"),
        count(size.facts, "fact"),
        count(size.figures, "figure"),
        count(size.constants, "dated constant"),
    ]
    say(f"{result.checked.ruleset}: {', '.join(parts)}; {summary(result.problems)}")
    if result.checked.not_proved:
        searched = count(result.checked.not_proved, "condition")
        say(f"not proved, being too large to search: {searched}, whether exceptions clash or a branch is dead")
    if result.checked.differential is not None:
        _show_differential(result.checked.differential)


def _show_differential(comparison: Comparison) -> None:
    for difference in comparison.differences:
        say(difference)
    if comparison.differing > len(comparison.differences):
        say(f"… and {comparison.differing - len(comparison.differences):,} more")
    say(
        f"machine code and interpreter: {count(comparison.compared, 'value')} compared, "
        f"{count(comparison.differing, 'difference')}"
    )
