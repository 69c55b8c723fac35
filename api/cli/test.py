"""`rulewright test RULES`: the worked examples that stand in the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from api.cli.output import count, place_json, problem_json, say, say_json, show_problems, waiting
from api.failures import ExitCode, Misuse
from api.rules import programs
from engine.examples.run import ExamplesRun, Mismatch, run_examples
from engine.examples.untried import Untried, untried
from engine.reading.declarations import RuleModule, Ruleset
from engine.text.diagnostics import Diagnostics, RulesInvalid


def test_command(rules: str, reforms: Sequence[Path], only: str, as_json: bool, coverage: bool) -> int:
    """Run the examples whose module or name holds `only`, and print those that do not hold; with `coverage` also what
    no example tries, which fails too."""
    with waiting("running the examples"):
        compiled = programs.check(rules, reforms, lint=False)
        if compiled.ruleset is None or compiled.program is None:
            raise RulesInvalid(compiled.problems)
        problems = Diagnostics()
        chosen = _narrowed(compiled.ruleset, only)
        if only and not any(module.examples for module in chosen.modules):
            raise Misuse(f"no example's module or name holds `{only}`", "name a part of either, or leave `--only` out")
        run = run_examples(chosen, compiled.program, problems)
        gaps = untried(compiled.program, run.seen) if coverage else ()
    failed = bool(run.mismatches) or bool(problems.errors) or bool(gaps)
    if as_json:
        say_json(_as_json(run, problems, gaps if coverage else None))
    else:
        _report(run, problems)
        if coverage:
            _report_gaps(gaps)
    return ExitCode.EXAMPLES_FAILED if failed else ExitCode.DONE


def _narrowed(ruleset: Ruleset, only: str) -> Ruleset:
    def fitting(module: RuleModule) -> RuleModule:
        if only in module.name:
            return module
        return replace(module, examples=tuple(one for one in module.examples if only in one.name))

    return replace(ruleset, modules=tuple(fitting(module) for module in ruleset.modules))


def _report(run: ExamplesRun, problems: Diagnostics) -> None:
    if len(problems):
        show_problems(tuple(problems), to_stderr=False)
        say()
    for mismatch in run.mismatches:
        say(_line(mismatch))
    if run.mismatches:
        say()
    wrong = f"{count(len(run.mismatches), 'expectation')} not met" if run.mismatches else "all met"
    if problems.errors and not run.mismatches:
        wrong = "not all could be read"
    say(f"{count(run.examples, 'example')}, {count(run.expectations, 'expectation')}: {wrong}")


def _report_gaps(gaps: Sequence[Untried]) -> None:
    for gap in gaps:
        say(f"{gap.span}: {gap}")
    say("every exported figure and every reason is tried" if not gaps else f"{count(len(gaps), 'gap')} left untried")


def _line(mismatch: Mismatch) -> str:
    example = f" ({mismatch.example})" if mismatch.example else ""
    head = f"{mismatch.span}: {mismatch.figure} in {mismatch.module}{example}"
    return f"{head}\n    expected {mismatch.expected}\n    found    {mismatch.found}"


def _as_json(run: ExamplesRun, problems: Diagnostics, gaps: Sequence[Untried] | None) -> dict[str, object]:
    untried_names = {} if gaps is None else {"untried": [{"name": one.name, "how": one.how} for one in gaps]}
    return {
        "ok": not run.mismatches and not problems.errors and not gaps,
        **untried_names,
        "examples": run.examples,
        "expectations": run.expectations,
        "mismatches": [
            {
                "module": one.module,
                "example": one.example,
                "figure": one.figure,
                "expected": one.expected,
                "found": one.found,
                "where": place_json(one.span),
            }
            for one in run.mismatches
        ],
        "problems": [problem_json(problem) for problem in problems],
    }
