"""What somebody owes by a log's ledger: the facts that rules declare with `ledger`.

1. Each period of the ledger counts by itself: what is owed for one is not less because another has a credit.
2. Somebody owes what their own account says, and all of what a group's account says in which they had one of the roles
   on the last day of that period, as both spouses owe the whole tax of a joint return.
3. What is recorded as a fact counts instead.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from citizens import Belongs, History, Known, Timeline, trial_balance
from engine.ir.program import Definition, Program
from engine.values.periods import parse_period

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Debt:
    """What somebody owes, and the last offset that says so (0: nothing was ever posted)."""

    amount: Decimal
    offset: int


def ledger_facts(program: Program) -> tuple[Definition, ...]:
    """The facts that a log's ledger states where no event does."""
    return tuple(definition for definition in program.definitions.values() if definition.ledger)


def owed_by(
    log: History,
    program: Program,
    definition: Definition,
    subject: str,
    known: Known,
    *,
    among: Collection[str] | None = None,
) -> Debt:
    """What a subject owes by the ledger as known, in the rules' currency. `among`: who has postings; None: not told."""
    timeline = log.timeline(subject, known)
    amount, offset = NOTHING, 0
    for account, roles in _accounts(definition, timeline):
        if among is not None and account not in among:
            continue
        events = log.read_subject(account, known)
        balances = trial_balance(events).get(program.settings.currency)
        if balances is None:
            continue
        offset = max(offset, *(event.offset for event in events))
        for period, owed in balances.by_period.items():
            if owed > 0 and (not roles or _had(timeline, account, roles, period)):
                amount += owed
    return Debt(amount, offset)


def _accounts(definition: Definition, timeline: Timeline) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The subjects whose accounts count, each with the roles in which somebody owes what it owes."""
    yield timeline.subject, ()
    roles_of = dict(definition.ledger)
    for group in dict.fromkeys(value.group for value in _memberships(change.value for change in timeline.changes)):
        roles = roles_of.get(group.partition("/")[0])
        if roles:
            yield group, roles


def _memberships(values: Iterable[object]) -> Iterator[Belongs]:
    return (value for value in values if isinstance(value, Belongs))


def _had(timeline: Timeline, group: str, roles: tuple[str, ...], period: str) -> bool:
    """Whether somebody had one of the roles in a group on the last day of a period."""
    try:
        held = list(timeline.at(parse_period(period).end).values())
    except ValueError:  # a period that only its own rules can place: whoever ever had the role
        held = [change.value for change in timeline.changes]
    return any(value.group == group and value.role in roles for value in _memberships(held))
