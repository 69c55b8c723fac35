"""Annual runs in a log: which there were, and who could not be assessed, as a list to work through.

A run is named as its subject is: `annual_run/income_tax-2024` is the run `income_tax-2024`. A fault stands until the
group is assessed again without one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.history.assessments import is_assessment
from api.history.views import moment
from citizens import Assessment, Event, History, SharedLog, SqliteLog

RUN = "annual_run"
BLOCK = 2_000
MOST_EXAMINED = 200_000


@dataclass(frozen=True, slots=True)
class Run:
    """A run: its id, the program's fingerprint, how many groups it had and at how many there was a fault; none before
    it has ended."""

    id: str
    program: str
    groups: int | None = None
    faults: int | None = None


@dataclass(frozen=True, slots=True)
class RunFault:
    """A group that could not be assessed: why, whose facts are at fault (empty: nobody's in particular), and who else
    is in it. `offset` is the assessment's."""

    offset: int
    subject: str
    period: str
    fault: str
    about: str
    people: tuple[str, ...]
    recorded_at: str


@dataclass(frozen=True, slots=True)
class RunFaults:
    """A page of faults in the order in which they were recorded; `following` is where the next begins (0: none)."""

    run: str
    faults: tuple[RunFault, ...]
    following: int


def runs(log: SqliteLog | SharedLog) -> list[Run]:
    """Every run, in the order of their ids."""
    every_run = []
    for subject in log.subjects_of(RUN):
        told = {change.attribute: change.value for change in log.timeline(subject).changes}
        groups, faults = told.get("groups"), told.get("faults")
        every_run.append(
            Run(
                subject.partition("/")[2],
                str(told.get("program", "")),
                groups if isinstance(groups, int) else None,
                faults if isinstance(faults, int) else None,
            )
        )
    return every_run


def all_runs(logs: Sequence[SqliteLog | SharedLog]) -> list[Run]:
    """Every run of a population: each is done in all of its logs, and has ended when it has in all that had groups."""
    parts: dict[str, list[Run]] = {}
    for log in logs:
        for run in runs(log):
            parts.setdefault(run.id, []).append(run)
    return [_together(parts[id]) for id in sorted(parts)]


def _together(parts: Sequence[Run]) -> Run:
    groups, failed = [run.groups for run in parts], [run.faults for run in parts]
    ended = None not in groups and None not in failed
    return Run(
        parts[0].id,
        parts[0].program,
        sum(number or 0 for number in groups) if ended else None,
        sum(number or 0 for number in failed) if ended else None,
    )


def faults(log: SqliteLog | SharedLog, run: Run, of: str, after: int, limit: int) -> RunFaults:
    """The next groups, of the entity `of`, that a run could not assess and that stand so, above an offset."""
    run_faults: list[RunFault] = []
    examined = 0
    while examined < MOST_EXAMINED:
        events = log.read_assessments(after, BLOCK)
        for event in events:
            after = event.offset
            fault = _fault(log, event, run.id, of)
            if fault is not None:
                run_faults.append(fault)
                if len(run_faults) == limit:
                    return RunFaults(run.id, tuple(run_faults), after)
        examined += len(events)
        if len(events) < BLOCK:
            return RunFaults(run.id, tuple(run_faults), 0)
    return RunFaults(run.id, tuple(run_faults), after)


def _fault(log: History, event: Event, run: str, of: str) -> RunFault | None:
    body = event.body
    if not isinstance(body, Assessment) or not body.fault or not is_assessment(event, run, of):
        return None
    if log.moved_to(event.subject) is not None:
        return None  # what was said of them here is said where they live
    last = [each for each in log.read_subject(event.subject) if is_assessment(each, run, of)][-1]
    if last.offset != event.offset:
        return None
    about, colon, text = body.fault.partition(": ")
    people = tuple(dict.fromkeys(use.subject for use in body.used))
    named = colon and about in people
    told = text if named else body.fault
    return RunFault(
        event.offset, event.subject, body.period, told, about if named else "", people, moment(event.recorded_at_us)
    )
