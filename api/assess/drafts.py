"""What the law makes of a household's facts, as events: the assessment, the difference to an earlier one, the postings.

A worked case. Total tax is 5,000.00, refundable credits are 400.00 and 5,200.00 was withheld:

    liability    5,000.00     the subject owes it
    entitlement    400.00     the subject is owed it
    payment      5,200.00     was paid already
    refund         600.00     is paid back

1. Each is a posting in double entry. A later assessment posts only what moved: new less old.
2. A refund is whatever the ledger then says is owed to the subject for the period; so it never pays out twice, and
   money that came in by other ways (a posting by the cashier) is counted. What was paid back too much is owed, and
   stays on the subject's account: an assessment does not say that it came back.
3. What cannot be assessed is an assessment too, whose only figure is `fault`, the reason. It moves nothing; the last
   one without a fault stands. One without figures says that nobody is in the group any more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import accumulate

from api.assess.figures import Assessed
from api.assess.standings import Standing
from api.assess.terms import ZERO, Figures, Terms
from citizens import Adjustment, Assessment, Body, Draft, Event, Movement, Posting, Row, post
from citizens.events import FAULT, FAULT_USE

LONG_NAME = 800
REASON_LENGTH = 700  # an event takes 1,000 characters, and there is more to say


def first_drafts(terms: Terms, assessed: Assessed, balance: Decimal, read_to: int) -> list[Draft]:
    """A group's first assessment and its postings. `balance` is what it owes for the period before."""
    event_id = first_id(terms, assessed.group)
    bodies: list[Body] = [_assessment(terms, assessed, read_to, None)]
    if assessed.values:
        steps = {name: value or 0 for name, value in zip(terms.rules.figures, assessed.values, strict=True)}
        moved = ((kind, account, sign, terms.money(of)) for kind, account, sign, of in terms.movements(steps, 0))
        bodies += _postings(terms, moved, balance, event_id)
    return _drafts(terms, assessed.group, event_id, bodies)


def first_id(terms: Terms, group: str) -> str:
    """The event id of a group's first assessment, whoever makes it: so that there is no second one."""
    return first_ids_begin(terms) + _short(group)


def first_ids_begin(terms: Terms) -> str:
    """How the event ids of first assessments begin; the group's name follows."""
    return f"assessment/{terms.rules.name}/{terms.period}/"


def correction_drafts(
    terms: Terms, assessed: Assessed, standing: Standing, read_to: int, changes: Sequence[str] = ()
) -> list[Draft]:
    """What is to be recorded because facts have changed: nothing, if neither a figure nor who is in the group did.

    `changes` say in words what changed, for the adjustment's reason.
    Who is in it counts by itself: the last assessment must name everybody whose later facts are to find it.
    """
    if standing.last is None:
        return first_drafts(terms, assessed, standing.balance, read_to) if _somebody(terms, assessed) else []
    before = _stored_figures(standing.good)
    after = terms.figures(assessed)
    if not _moved(assessed, standing, before, after):
        return []
    made_of = f"{read_to}/{standing.last.offset}"  # before the group, whose name may hold anything
    event_id = f"correction/{terms.rules.name}/{terms.period}/{made_of}/{_short(assessed.group)}"
    bodies: list[Body] = [_assessment(terms, assessed, read_to, standing.last.offset)]
    if not assessed.fault:
        bodies += _adjustment(terms, standing, before, after, event_id=event_id, changes=changes)
        moved = {name: (after.get(name) or ZERO) - (before.get(name) or ZERO) for name in terms.rules.accounts}
        bodies += _postings(terms, terms.movements(moved, ZERO), standing.balance, event_id)
    return _drafts(terms, assessed.group, event_id, bodies)


def _somebody(terms: Terms, assessed: Assessed) -> bool:
    """Whether there is anybody to assess: in a group, or the person whose assessment it is."""
    if not terms.binding.person:
        return bool(assessed.values or assessed.fault)
    return any(use.subject != assessed.group for use in assessed.used)


def _moved(assessed: Assessed, standing: Standing, before: Figures, after: Figures) -> bool:
    """Whether the last assessment no longer says what a new one would: its fault, its figures, or whom it names."""
    assert standing.last is not None
    last = standing.last.body
    assert isinstance(last, Assessment)
    people = {use.subject for use in last.used} != {use.subject for use in assessed.used}
    fault = tuple(_fault(assessed)) if assessed.fault else ()
    return people or fault != (last.figures if last.fault else ()) or (not fault and before != after)


def _stored_figures(event: Event | None) -> Figures:
    """The figures of an assessment, as read back from the log."""
    if event is None:
        return {}
    assert isinstance(event.body, Assessment)
    assert not isinstance(event.body.figures, Row), "what is read back is in pairs"
    return {name: value if isinstance(value, Decimal) else None for name, value in event.body.figures}


def _assessment(terms: Terms, assessed: Assessed, read_to: int, replaces: int | None) -> Assessment:
    figures: tuple[tuple[str, str | int], ...] | Row = ()
    if assessed.fault:
        figures = tuple(_fault(assessed))
    elif assessed.values:
        figures = Row(_shape(terms, assessed), assessed.values)
    binding = terms.binding
    return Assessment(
        str(terms.period), binding.valid_on, terms.program.fingerprint, read_to, figures, assessed.used, replaces
    )


def _fault(assessed: Assessed) -> Iterator[tuple[str, str | int]]:
    """The fault without names: whom it is about, its place among the facts used says."""
    names = [use.subject for use in assessed.used]
    about, colon, text = assessed.fault.partition(": ")
    whose = names.index(about) if colon and about in names else None
    text = assessed.fault if whose is None else text
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, name.partition("/")[0])
    yield FAULT, "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    if whose is not None:
        yield FAULT_USE, whose


def _shape(terms: Terms, assessed: Assessed) -> str:
    """The kinds of the figures: amounts, but for those that do not apply."""
    if None not in assessed.values:
        return terms.shape
    pairs = zip(terms.rules.figures, assessed.values, strict=True)
    return " ".join(f"{name}:{'n' if value is None else f'd{terms.places}'}" for name, value in pairs)


def _adjustment(
    terms: Terms, standing: Standing, before: Figures, after: Figures, *, event_id: str, changes: Sequence[str]
) -> list[Body]:
    names = dict.fromkeys((*before, *after))
    moved = {name: (after.get(name) or ZERO) - (before.get(name) or ZERO) for name in names}
    differences = tuple((name, amount) for name, amount in moved.items() if amount)
    if standing.good is None or not differences:
        return []
    reason = _reason(terms, standing, changes)
    return [Adjustment(str(terms.period), event_id, standing.good.offset, differences, reason)]


def _reason(terms: Terms, standing: Standing, changes: Sequence[str]) -> str:
    """Why there is a difference: what was recorded, what could not be counted before, and whether by other rules."""
    assert standing.good is not None and isinstance(standing.good.body, Assessment)
    lengths = accumulate(len(change) + len(", ") for change in changes)
    shown = [change for change, length in zip(changes, lengths, strict=True) if length <= REASON_LENGTH]
    if len(shown) < len(changes):
        shown.append(f"{len(changes) - len(shown):,} more")
    told = "facts recorded since the assessment" + (f": {', '.join(shown)}" if shown else "")
    if standing.last is not standing.good:
        told += "; with those before, which could not be assessed then"
    if standing.good.body.program != terms.program.fingerprint:
        told += "; by rules that have changed since"
    return told


def _postings(
    terms: Terms, moved: Iterable[tuple[Movement, str, int, Decimal]], balance: Decimal, cause: str
) -> Iterator[Posting]:
    """A posting for each account that moved, and one that pays back what is then owed to the subject."""
    currency, period = terms.program.settings.currency, str(terms.period)
    owed = balance
    for movement, account, sign, amount in moved:
        owed += sign * amount
        yield post(movement, amount, period=period, currency=currency, cause=cause, account=account)
    refund = max(ZERO, -owed)
    if refund:
        yield post(Movement.REFUND, refund, period=period, currency=currency, cause=cause)


def _drafts(terms: Terms, subject: str, event_id: str, bodies: Sequence[Body]) -> list[Draft]:
    """Drafts of one subject: the first under the event's own id, those that follow from it numbered."""
    ids = [event_id, *(f"{number}#{event_id}" for number in range(1, len(bodies)))]
    return [Draft(subject, body, terms.origin, id, own=True) for body, id in zip(bodies, ids, strict=True)]


def _short(group: str) -> str:
    """A group's name, or a hash of one that is too long to stand in an event id."""
    return group if len(group) <= LONG_NAME else hashlib.sha256(group.encode()).hexdigest()
