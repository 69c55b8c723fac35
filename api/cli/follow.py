"""`rulewright follow --log citizens.db`: late facts correct what was assessed, once or as they arrive.

One process writes a log at a time. So a follower that goes on waiting holds it only while there is something to do: it
looks, for reading, whether a position is behind the log's end, and writes only then, in turn with others.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from api.assess.follow import Corrected, Follower, FollowReport, followed
from api.cli.output import complain, count, say, say_json, waiting
from api.failures import ExitCode, Failure
from api.history.access import login_name, reading, sharing
from api.rules import programs
from citizens import LogLocked
from engine.ir.program import Program
from engine.values.numbers import with_commas

SHOWN = 20


def follow_command(
    rules: str,
    log: Path | None,
    once: bool,
    every: float,
    retry: bool,
    as_json: bool,
    permits: Callable[[Program], int] | None = None,
) -> int:
    """Correct what late facts touch; until interrupted, or `once`. `permits` asks again about permits, each round, and
    gives the log's end that it read up to."""
    with waiting("reading the rules"):
        program = programs.load_program(rules)
    if once:
        report, positions, changes = _round(program, log, retry)
        if permits is not None:
            permits(program)
        if not positions and permits is not None:
            return ExitCode.DONE
        if not positions:
            raise Failure("no year has been assessed yet", "run `rulewright annual us --year 2024 --log …` first")
        say_json(_as_json(report, positions, changes)) if as_json else _show(report, positions, changes)
        return ExitCode.FAILED if report.failed else ExitCode.DONE
    complain("following; Ctrl-C ends it")
    seen = permits(program) if permits is not None else None
    while True:
        _wait(log, every, seen)
        try:
            report, positions, changes = _round(program, log, retry)
        except LogLocked:  # somebody else writes: look again later
            time.sleep(every)
            continue
        retry = False
        seen = permits(program) if permits is not None else None
        if as_json:
            print(json.dumps(_as_json(report, positions, changes)), flush=True)
        elif changes:
            _show(report, positions, changes)


def _round(program: Program, log: Path | None, retry: bool) -> tuple[FollowReport, Mapping[str, int], list[Corrected]]:
    """Follow to the log's end."""
    changes: list[Corrected] = []
    with sharing(log) as opened:
        follower = Follower(opened, program, login_name(), changes.append)
        with waiting("following"):
            while follower.step():
                pass
            if retry:
                follower.retry()
        return follower.report, follower.positions(), changes


def _wait(log: Path | None, every: float, seen: int | None) -> None:
    """Return when there is something to follow; where permits are, when anything was recorded after what was `seen`."""
    while True:
        with reading(log) as opened:
            head = opened.head()
            if any(at < head for at in followed(opened).values()) or (seen is not None and head > seen):
                return
        time.sleep(every)


def _show(report: FollowReport, positions: Mapping[str, int], changes: list[Corrected]) -> None:
    for change in changes[:SHOWN]:
        told = ", ".join(f"{name} {_signed(change, name)}" for name, _ in change.differences)
        say(f"{change.assessment}  {change.period}  {change.group}  {change.fault or told or 'assessed'}")
    if len(changes) > SHOWN:
        say(f"… and {len(changes) - SHOWN:,} more")
    anew = f"{count(report.facts, 'event')} with facts: {count(report.reassessed, 'group')} assessed anew"
    say(f"{anew}, {report.changed:,} changed, {len(report.failed):,} could not be assessed")
    say("followed " + ", ".join(f"{key.replace('-', ' ', 1)} to offset {at:,}" for key, at in positions.items()))
    for (period, group), fault in report.failed.items():
        complain(f"{period}  {group}: {fault}")


def _signed(corrected: Corrected, name: str) -> str:
    amount = dict(corrected.differences)[name]
    return ("+" if amount > 0 else "") + with_commas(format(amount, "f"))


def _as_json(report: FollowReport, positions: Mapping[str, int], changes: list[Corrected]) -> dict[str, object]:
    return {
        "facts": report.facts,
        "assessed_anew": report.reassessed,
        "changed": [
            {
                "assessment": change.assessment,
                "period": change.period,
                "group": change.group,
                "differences": {name: format(amount, "f") for name, amount in change.differences},
                "fault": change.fault or None,
            }
            for change in changes
        ],
        "failed": [
            {"period": period, "group": group, "fault": fault} for (period, group), fault in report.failed.items()
        ],
        "followed_to": dict(positions),
    }
