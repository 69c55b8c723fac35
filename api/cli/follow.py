"""`rulewright follow --log citizens.db`: late facts correct what was assessed, once or as they arrive.

One process writes a log at a time. So a follower that goes on waiting holds it only while there is something to do: it
looks, for reading, whether a position is behind the log's end, and writes only then, in turn with others.

A population in several partitions is followed by as many processes as are started: Kafka's consumer group shares the
partitions out among them, and gives those of a process that dies to the others. Two that believe they follow the same
partition do no harm: the later one fences the earlier, and a position is moved by compare-and-set.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from api.assess.follow import Corrected, Follower, FollowReport, followed
from api.cli.output import complain, count, say, say_json, waiting
from api.failures import ExitCode, Failure
from api.history import kafka
from api.history.access import log_folder, login_name, reading, sharing
from api.history.against_rules import unknown_entities
from api.history.letters import settle
from api.history.parts import part_name, parts_of
from api.rules import programs
from citizens import LogLocked, LogUnavailable
from engine.ir.program import Program
from engine.values.numbers import with_commas

SHOWN = 20


Permits = Callable[[Program], Sequence[int]]


def follow_command(
    rules: str,
    log: Path | None,
    once: bool,
    every: float,
    *,
    retry: bool,
    as_json: bool,
    permits: Permits | None = None,
) -> int:
    """Correct what late facts touch; until interrupted, or `once`. `permits` asks again about permits, each round, and
    gives the end of each log that it read up to."""
    with waiting("reading the rules"):
        program = programs.load_program(rules)
    parts = parts_of(log)
    settle(parts)
    if once:
        return _once(program, parts, retry, as_json, permits)
    complain("following; Ctrl-C ends it")
    following = _Following(program, every, retry, as_json, permits, parts)
    if len(parts) == 1:
        while True:
            following.wait(parts[0])
            following.do(parts[0])
    if not kafka.is_address(log_folder(log)):
        while True:
            following.do_each(parts)
            time.sleep(every)
    with kafka.group_of(log_folder(log)) as group:
        while True:
            following.do_each([parts[number] for number in group.wait(every)])
            time.sleep(every)


def _once(
    program: Program,
    parts: list[Path],
    retry: bool,
    as_json: bool,
    permits: Permits | None,
) -> int:
    """Follow every part to its end."""
    corrects = _corrects(program, permits)
    rounds = [_round(program, part, retry) for part in parts] if corrects else []
    unread = unknown_entities(program, [name for done in rounds for name in done.entities])
    for line in unread:
        complain(line)
    if permits is not None:
        permits(program)
    followed_now = [done for done in rounds if done.positions]
    if not followed_now and permits is not None:
        return ExitCode.DONE
    if not followed_now:
        raise Failure("no year has been assessed yet", "run `rulewright annual us --year 2024 --log …` first")
    if as_json:
        each = [_as_json(done) for done in rounds]
        said = each[0] if len(parts) == 1 else {"partitions": each}
        say_json({**said, "unread": unread})
    for part, done in zip(parts, rounds, strict=True):
        if not as_json and done.positions:
            _show(done, part_name(part) if len(parts) > 1 else "")
    return ExitCode.FAILED if any(done.report.failed for done in rounds) else ExitCode.DONE


def _corrects(program: Program, permits: Permits | None) -> bool:
    """Whether assessments are followed: not by rules that have none and are followed for their permits, in a log that
    others assess."""
    return permits is None or bool(program.settings.assessments)


@dataclass(slots=True)
class _Following:
    """Following until interrupted."""

    program: Program
    every: float
    retry: bool
    as_json: bool
    permits: Permits | None
    parts: Sequence[Path]
    seen: dict[Path, int] = field(default_factory=dict)
    """By log, the end up to which permits were asked about."""
    told: set[str] = field(default_factory=set)
    """Kinds of subjects that were met; those that the rules do not know are told of once."""

    def wait(self, part: Path) -> None:
        """Return when there is something to follow."""
        self._ask_about_permits(part)
        while not self._is_behind(part):
            time.sleep(self.every)

    def _is_behind(self, part: Path) -> bool:
        """Whether a position is behind the log's end, or, where permits are, anything was recorded since."""
        seen = self.seen.get(part)
        with reading(part) as opened:
            head = opened.head()
            positions = followed(opened).values() if _corrects(self.program, self.permits) else ()
            return any(at < head for at in positions) or (seen is not None and head > seen)

    def _ask_about_permits(self, part: Path) -> None:
        """Ask again about every permit, unless that was done as known at the end of this log or later."""
        if self.permits is not None and part not in self.seen:
            self.seen = dict(zip(self.parts, self.permits(self.program), strict=True))

    def do_each(self, parts: Sequence[Path]) -> None:
        """Follow those of several partitions that are behind. One that another process has taken meanwhile is its."""
        for part in parts:
            try:
                self._ask_about_permits(part)
                if self._is_behind(part):
                    self.do(part, part_name(part))
            except (LogUnavailable, LogLocked) as error:
                complain(f"{part_name(part)}: {error.message}; looking again")

    def do(self, part: Path, name: str = "") -> None:
        """Follow a part to its end, and say what was done."""
        try:
            done = _round(self.program, part, self.retry) if _corrects(self.program, self.permits) else None
        except LogLocked:  # somebody else writes: look again later
            time.sleep(self.every)
            return
        self.retry = self.retry and bool(name)
        self.seen.pop(part, None)
        self._ask_about_permits(part)
        if done is None:
            return
        for line in unknown_entities(self.program, set(done.entities) - self.told):
            complain(line)
        self.told.update(done.entities)
        if self.as_json:
            print(json.dumps(_as_json(done) | ({"partition": name} if name else {})), flush=True)
        elif done.changes:
            _show(done, name)


@dataclass(frozen=True, slots=True)
class _Round:
    """What following one log to its end did, where each assessment stands, and the kinds of subjects in the log."""

    report: FollowReport
    positions: Mapping[str, int]
    changes: Sequence[Corrected]
    entities: Sequence[str]


def _round(program: Program, part: Path, retry: bool) -> _Round:
    """Follow to the log's end."""
    changes: list[Corrected] = []
    with sharing(part) as opened:
        follower = Follower(opened, program, login_name(), changes.append)
        with waiting("following"):
            while follower.step():
                pass
            if retry:
                follower.retry()
        return _Round(follower.report, follower.positions(), changes, opened.entities())


def _show(done: _Round, name: str) -> None:
    report, positions, changes = done.report, done.positions, done.changes
    if name:
        say(f"{name}:")
    for change in changes[:SHOWN]:
        told = ", ".join(f"{name} {_signed(change, name)}" for name, _ in change.differences)
        say(f"{change.assessment}  {change.period}  {change.group}  {change.fault or told or 'assessed'}")
    if len(changes) > SHOWN:
        say(f"… and {len(changes) - SHOWN:,} more")
    anew = f"{count(report.facts, 'event')} with facts: {count(report.reassessed, 'group')} assessed again"
    say(f"{anew}, {report.changed:,} changed, {len(report.failed):,} could not be assessed")
    people = _people(report)
    if people:
        say(f"people: {people}")
    say("followed " + ", ".join(f"{key.replace('-', ' ', 1)} to offset {at:,}" for key, at in positions.items()))
    for (period, group), fault in report.failed.items():
        complain(f"{period}  {group}: {fault}")


def _people(report: FollowReport) -> str:
    """How many people moved, came or went by what was assessed anew, or were merged with others; empty for none."""
    counts = _lives(report)
    words = {
        "moved": "moved to another group",
        "came": "came into one (born, or new)",
        "went": "went, and are in no other (died, left, or another by now)",
        "duplicates": "became one with others",
    }
    return ", ".join(f"{counts[name]:,} {told}" for name, told in words.items() if counts[name])


def _lives(report: FollowReport) -> dict[str, int]:
    return {
        "moved": len(report.came & report.went),
        "came": len(report.came - report.went),
        "went": len(report.went - report.came),
        "duplicates": len(report.duplicates),
    }


def _signed(corrected: Corrected, name: str) -> str:
    amount = dict(corrected.differences)[name]
    return ("+" if amount > 0 else "") + with_commas(format(amount, "f"))


def _as_json(done: _Round) -> dict[str, object]:
    report, positions, changes = done.report, done.positions, done.changes
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
        "people": _lives(report),
        "followed_to": dict(positions),
    }
