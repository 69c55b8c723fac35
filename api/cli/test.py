"""`rulewright test RULES`: the worked examples that stand in the rules."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from api.cli.output import count, say, say_json, show_problems, waiting
from api.failures import ExitCode
from api.rules.examples import MismatchSaid, Ran, run
from api.rules.programs import find_rules
from api.schema import as_data
from engine.text.diagnostics import RulesInvalid

_LOOK_SECONDS = 0.3


def test_command(rules: str, reforms: Sequence[Path], only: str, as_json: bool, coverage: bool) -> int:
    """Run the examples whose module or name holds `only`, and print those that do not hold; with `coverage` also what
    no example tries, which fails too."""
    with waiting("running the examples"):
        ran = run(rules, reforms, only, coverage)
    if as_json:
        say_json(as_data(ran.result))
    else:
        _report(ran)
        if coverage:
            _report_gaps(ran)
    return ExitCode.DONE if ran.result.ok else ExitCode.EXAMPLES_FAILED


def _report(ran: Ran) -> None:
    result = ran.result
    if ran.problems:
        show_problems(ran.problems, to_stderr=False)
        say()
    for mismatch in result.mismatches:
        say(_line(mismatch))
    if result.mismatches:
        say()
    wrong = f"{count(len(result.mismatches), 'expectation')} not met" if result.mismatches else "all met"
    if result.unread and not result.mismatches:
        wrong = "not all could be read"
    say(f"{count(result.examples, 'example')}, {count(result.expectations, 'expectation')}: {wrong}")


def _report_gaps(ran: Ran) -> None:
    for gap in ran.gaps:
        say(f"{gap.span}: {gap}")
    left = f"{count(len(ran.gaps), 'gap')} left untried"
    say(left if ran.gaps else "every exported figure and every reason is tried")


def _line(mismatch: MismatchSaid) -> str:
    example = f" ({mismatch.example})" if mismatch.example else ""
    where = f"{mismatch.where.file}:{mismatch.where.line}:{mismatch.where.column}"
    head = f"{where}: {mismatch.figure} in {mismatch.module}{example}"
    reason = f": {mismatch.reason}" if mismatch.reason else ""
    return f"{head}\n    expected {mismatch.expected}\n    found    {mismatch.found}{reason}"


def watch_command(rules: str, reforms: Sequence[Path], only: str, coverage: bool) -> None:
    """Run the examples, and again each time that a file of the rules or a reform has changed, until interrupted."""
    seen: object = None
    while True:
        now = _state(rules, reforms)
        if now != seen:
            seen = now
            try:
                test_command(rules, reforms, only, False, coverage)
            except RulesInvalid as fault:
                show_problems(fault.problems, to_stderr=False)
            say("waiting for a change; Ctrl-C ends")
            sys.stdout.flush()
        time.sleep(_LOOK_SECONDS)


def _state(rules: str, reforms: Sequence[Path]) -> object:
    """When each file was last changed, and how long it is."""
    state = {}
    for path in [*find_rules(rules).rglob("*.yaml"), *reforms]:
        with suppress(OSError):  # an editor is just putting another in its place
            stat = path.stat()
            state[path] = (stat.st_mtime_ns, stat.st_size)
    return state
