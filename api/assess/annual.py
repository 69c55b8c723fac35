"""The annual run: every group assessed once, as known when the run began.

1. A run begins with an event of its own, on the subject `annual_run/<assessment>-<period>`: the program's fingerprint
   and the horizon, the offset up to which facts are read (the log's head, or as known at another moment). With it goes
   the position of the consumer `annual-<assessment>-<period>`. A run that was cut off takes both up again: it reads
   the same facts, and goes on with other rules only if told to.
2. Take the snapshot as valid on the period's last day, as known at the horizon; compute all groups, in parts. A group
   that somebody joined or left between days on which the figures ask for members is assessed from whole histories.
3. Append the assessments and postings of those that have none yet, some thousand groups in one transaction. The event
   ids are made from period and group, so the log itself admits no second first assessment, whoever makes it.
4. A group that cannot be computed is recorded with the reason, and the others go on.
5. When all are through, the run ends with another event, and hands over to the follower (`stream`): facts recorded
   after the horizon are its business, and with them groups that were formed later. So it is with a run that found
   nobody in a group: it is on record like any other, and whoever comes later is assessed by the follower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np

from api.assess.binding import Rows
from api.assess.everybody import Counted, columns_of_lives, counted
from api.assess.figures import Assessed, AssessedColumns, assess
from api.assess.gathering import Population, population_of
from api.assess.placed import ALONE, Placed
from api.assess.recording import AnnualReport, Recording, blocks
from api.assess.terms import Terms
from api.assess.whole_histories import assess_each, groups_in
from api.failures import Failure
from api.history.against_rules import misplaced
from api.scale.spread import Spread, here
from citizens import (
    FOLLOWER,
    Advance,
    DeliveryConflict,
    Draft,
    Facts,
    History,
    Known,
    Point,
    PositionConflict,
    Recorded,
    Scalar,
)
from engine.garbage import without_search
from engine.interpret.constants import Constants

PART = 50_000
BLOCK = 10_000
Progress = Callable[[int, int], None]


def run_annual(
    log: History,
    terms: Terms,
    known: Known = None,
    on_progress: Progress = lambda _done, _all: None,
    *,
    block: int = BLOCK,
    threads: int = 2,
    other_rules: bool = False,
    spread: Spread = here,
    empty: bool = False,
) -> AnnualReport:
    """Assess everybody for the terms' period. `known` says as known when; now, unless given.

    `spread` says where groups are computed; this process appends what comes of them. `empty` says that nothing need
    have been known by then: the log is a part of a population of which something was.

    Raises Failure if nothing was, if the run was begun as known at another time, or with other rules and it is not said
    that `other_rules` may finish it.
    """
    positions = log.positions()
    kept = positions.get(consumer_of(terms))
    if kept is not None:
        _check_known(log, terms, known, kept)
    if follower_of(terms) in positions:
        return _as_finished(log, terms, kept or 0)
    if kept is not None:
        _check_rules(log, terms, other_rules)
    horizon = log.offset_of(known) if kept is None else kept
    if not (horizon or empty or kept is not None):
        raise nothing_known()
    everybody = _everybody(log, terms, horizon)
    if kept is None and not _begin(log, terms, horizon):
        return run_annual(
            log,
            terms,
            known,
            on_progress,
            block=block,
            threads=threads,
            other_rules=other_rules,
            spread=spread,
            empty=empty,
        )
    report = AnnualReport(
        horizon,
        terms.program.fingerprint,
        everybody.groups,
        alone=everybody.alone,
        totals=dict.fromkeys(terms.rules.figures, 0),
        recorded=everybody.recorded,
        misplaced=everybody.misplaced,
    )
    placed = Placed()
    moved = placed.noting(assess_each(log, terms.binding, terms.definitions, everybody.moved, horizon))
    several: Iterator[AssessedColumns | Iterable[Assessed]] = chain(
        _assessed(everybody, terms, threads, spread), [moved]
    )
    _record(
        several,
        Recording(log, terms, report, kept is not None),
        block,
        lambda done: on_progress(done, everybody.groups),
    )
    report.counted = everybody.count([group for group, _ in report.failed], placed if terms.binding.made else None)
    if terms.binding.made:
        report.groups = report.assessed + report.already + len(report.failed)
        report.alone = report.counted.people[ALONE]
    _finish(log, terms, report)
    return report


def _record(
    several: Iterable[AssessedColumns | Iterable[Assessed]],
    recording: Recording,
    block: int,
    on_progress: Callable[[int], None],
) -> None:
    """Record all that was assessed, in blocks."""
    done = 0
    on_progress(0)
    for each in several:
        for chunk in blocks(each, block):
            with without_search():
                recording.take(chunk)
            done += len(chunk)
            on_progress(done)


def nothing_known() -> Failure:
    """Why nothing is assessed where nothing was known."""
    return Failure("nothing was known by then", "import facts first, or give a later `--as-known`")


@dataclass(frozen=True, slots=True, eq=False)
class _Everybody:
    """Who was there at the horizon, and who of them is assessed: groups by their rows, and `moved` ones by name, which
    are assessed from whole histories. `count` says what became of everybody, given the groups that could not be, and,
    where a figure makes the groups, who was in which.
    `population` is None if nobody is in a group."""

    population: Population | None
    rows: Rows
    moved: list[str]
    count: Callable[[list[str], Placed | None], Counted]
    recorded: Mapping[str, Recorded]
    misplaced: tuple[str, ...]

    @property
    def groups(self) -> int:
        """How many groups are assessed."""
        return len(self.rows) + len(self.moved)

    @property
    def alone(self) -> int:
        """How many people are in no group."""
        return self.population.alone if self.population is not None else self.count([], None).people[ALONE]


def _everybody(log: History, terms: Terms, horizon: int) -> _Everybody:
    """Everybody, as known at the horizon."""
    binding = terms.binding
    snapshot = log.snapshot(binding.valid_on, horizon, attributes={**binding.wanted, **columns_of_lives(binding)})
    population = population_of(binding, snapshot)
    rows, moved = np.empty(0, dtype=np.int64), list[str]()
    if binding.whole:
        moved = groups_in(log, binding, snapshot, horizon)
    elif population is not None:
        rows, moved = population.settled(population.occupied())
    recorded = {} if binding.whole else snapshot.recorded  # whole histories are read at any time
    return _Everybody(
        population,
        rows,
        moved,
        partial(counted, binding, population, snapshot),
        recorded,
        misplaced(binding.program, binding.read, snapshot),
    )


def consumer_of(terms: Terms) -> str:
    """The consumer whose position is the run's horizon."""
    return f"annual-{terms.key}"


def follower_of(terms: Terms) -> str:
    """The consumer that takes over when the run is done."""
    return f"{FOLLOWER}{terms.key}"


def run_subject(terms: Terms) -> str:
    """The subject whose history is the run's."""
    return f"annual_run/{terms.key}"


def _begin(log: History, terms: Terms, horizon: int) -> bool:
    """Record the beginning of the run; False if another thread began one just now."""
    begun: dict[str, Scalar] = {"program": terms.program.fingerprint, "horizon": horizon}
    try:
        log.append([_of_run(terms, begun, "begun")], advance=Advance(consumer_of(terms), 0, horizon, needs="state"))
    except (PositionConflict, DeliveryConflict):  # the latter if that one began where nothing was known, at 0 too
        return False
    return True


def _of_run(terms: Terms, facts: Mapping[str, Scalar], what: str) -> Draft:
    points = tuple(Point(name, terms.period.start, value) for name, value in facts.items())
    return Draft(run_subject(terms), Facts(points), terms.origin, f"annual/{terms.key}/{what}", own=True)


def _check_known(log: History, terms: Terms, known: Known, horizon: int) -> None:
    """Raise Failure if the run that was begun is as known at another time than is asked for."""
    if known is not None and log.offset_of(known) != horizon:
        raise Failure(
            f"the annual run for {terms.period} was begun as known at offset {horizon:,}, not {log.offset_of(known):,}",
            "leave out `--as-known`; `rulewright follow` takes up later facts",
        )


def _check_rules(log: History, terms: Terms, other_rules: bool) -> None:
    """Raise Failure if the run was begun with other rules, unless these are to go on with it, which is recorded."""
    before, now = str(_told(log, terms).get("program")), terms.program.fingerprint
    if before == now:
        return
    if not other_rules:
        raise Failure(
            f"the annual run for {terms.period} was begun with other rules ({before[:12]}…, and these are {now[:12]}…)",
            "finish it with those; or add `--other-rules` to assess those who are left by these",
        )
    log.append([_of_run(terms, {"program": now}, f"rules/{log.head()}")])


def _told(log: History, terms: Terms) -> Mapping[str, object]:
    """What is recorded of the run."""
    return log.timeline(run_subject(terms)).at(terms.period.start)


def _as_finished(log: History, terms: Terms, horizon: int) -> AnnualReport:
    """What the run that was finished before had come to."""
    told = _told(log, terms)
    groups, faults = int(str(told.get("groups", 0))), int(str(told.get("faults", 0)))
    return AnnualReport(horizon, str(told.get("program")), groups, already=groups - faults, finished=True)


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all parts share: who is assessed, and by which figures."""

    population: Population
    rows: Rows
    terms: Terms
    threads: int


def _assessed(everybody: _Everybody, terms: Terms, threads: int, spread: Spread) -> Iterator[AssessedColumns]:
    if everybody.population is None:
        return
    shared = _Shared(everybody.population, everybody.rows, terms, threads)
    yield from spread(_assessed_part, shared, range(0, len(shared.rows), PART))


def _assessed_part(of: _Shared, start: int) -> AssessedColumns:
    constants = Constants(of.terms.program)
    with without_search():
        return assess(of.population, of.rows[start : start + PART], of.terms.definitions, constants, of.threads)


def _finish(log: History, terms: Terms, report: AnnualReport) -> None:
    """Record the end, and hand over to the follower, unless another thread has."""
    ended = {"groups": report.groups, "faults": len(report.failed)}
    handover = Advance(follower_of(terms), 0, report.horizon, ends=(consumer_of(terms),))
    try:
        log.append([_of_run(terms, ended, "finished")], advance=handover)
    except PositionConflict:
        return
