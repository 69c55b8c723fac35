"""The annual run: every group assessed once, as known when the run began.

1. The run's horizon is the log's head when it began. It is kept as the position of the consumer `annual-<period>`, set in
   the transaction of the first assessments; a run that was cut off takes it up again and reads the same facts.
2. Take the snapshot as valid on the period's last day, as known at the horizon. Gather people into groups.
3. Pass over groups that this run assessed already. Compute the others in blocks; append their assessments and
   postings, a block in one transaction. Event ids are made from the period and the group, so nothing is assessed twice.
4. A group that cannot be computed is reported, and the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from api.assessments import Terms, drafts_of
from api.batch import Batch, Person, Unanswered, Unit
from api.binding import Binding, Household
from api.failures import Failure
from citizens import Advance, Assessment, Draft, Scalar, Snapshot, SqliteLog, Table

BLOCK = 500
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class AnnualReport:
    """What a run did. `failed` are groups with the reason; `already` were assessed before."""

    horizon: int
    assessed: int = 0
    already: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)


def run_annual(log: SqliteLog, terms: Terms, on_progress: Progress = lambda _done, _all: None) -> AnnualReport:
    """Assess everybody for the terms' period."""
    consumer = f"annual-{terms.period}"
    kept = log.position(consumer)
    report = AnnualReport(kept or log.head())
    if report.horizon == 0:
        raise Failure("the log is empty", "import facts first: `rulewright log import`")
    binding = Binding(terms.program)
    snapshot = log.snapshot(terms.valid_on, report.horizon)
    done = assessed_groups(log, terms, report.horizon) if kept else set()
    households = list(gather(snapshot, binding))
    left = [household for household in households if household.group not in done]
    report.already = len(households) - len(left)
    advance = None if kept else Advance(consumer, 0, report.horizon)
    progress = report.already
    for block in blocks(left, BLOCK):
        drafts = list(_block_drafts(terms, binding, block, report))
        if drafts or advance is not None:
            log.append(drafts, advance=advance)
            advance = None
        progress += len(block)
        on_progress(progress, len(households))
    return report


def blocks(items: Iterable[Household], size: int) -> Iterator[list[Household]]:
    """Lists of at most `size`."""
    source = iter(items)
    while block := list(islice(source, size)):
        yield block


def _block_drafts(terms: Terms, binding: Binding, block: list[Household], report: AnnualReport) -> Iterator[Draft]:
    batch = Batch(terms.program, terms.period, [definition.name for definition in terms.definitions])
    answers = batch.answers(unit_of(binding, household) for household in block)
    for household, answer in zip(block, answers, strict=True):
        if isinstance(answer, Unanswered):
            report.failed.append((household.group, answer.message))
            continue
        report.assessed += 1
        event_id = f"annual/{terms.period}/{household.group}"
        yield from drafts_of(terms, household, answer, report.horizon, event_id)


def unit_of(binding: Binding, household: Household) -> Unit:
    """A household as the batch takes it."""
    people = tuple(
        Person(
            role, {one.name: value for one, value in binding.values(binding.person, household.facts.get(person, {}))}
        )
        for person, role in household.roles.items()
    )
    own = household.facts.get(household.group, {})
    return Unit(people, {one.name: value for one, value in binding.values(binding.group, own)})


def assessed_groups(log: SqliteLog, terms: Terms, after: int) -> set[str]:
    """The groups that have an assessment of the period recorded after an offset."""
    found: set[str] = set()
    while events := log.read(after, 5_000):
        after = events[-1].offset
        found.update(
            event.subject
            for event in events
            if isinstance(event.body, Assessment) and event.body.period == str(terms.period)
        )
    return found


def gather(snapshot: Snapshot, binding: Binding) -> Iterator[Household]:
    """Everybody in a snapshot, by group, in order of the groups' rows; people in order of theirs."""
    groups = snapshot.tables.get(binding.group)
    people = snapshot.tables.get(binding.person)
    if groups is None or people is None:
        raise Failure(
            f"the log has no {binding.group} with people on {snapshot.valid_on}",
            f"record facts of people, and the relation `{binding.group}` of each",
        )
    households = [Household(f"{groups.entity}/{identifier}") for identifier in groups.ids]
    for household, facts in zip(households, _facts(groups), strict=True):
        household.facts[household.group] = facts
    link = people.links.get(binding.group)
    if link is None:
        raise Failure(f"nobody is in a {binding.group}", f"record the relation `{binding.group}` of each person")
    for identifier, facts, row, role in zip(people.ids, _facts(people), link.rows, link.roles, strict=True):
        if row >= 0:
            subject = f"{people.entity}/{identifier}"
            households[row].roles[subject] = link.role_names[role]
            households[row].facts[subject] = facts
    yield from (household for household in households if household.roles)


def _facts(table: Table) -> Iterator[dict[str, Scalar]]:
    columns = list(table.columns.items())
    for row in range(len(table)):
        values = ((name, column.value(row)) for name, column in columns)
        yield {name: value for name, value in values if value is not None}
