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
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import accumulate
from typing import TypeVar

from api.assess.binding import Binding, bind
from api.assess.figures import Assessed
from api.failures import Failure
from api.history.assessments import is_assessment
from citizens import (
    Adjustment,
    Assessment,
    Balances,
    Body,
    Draft,
    Event,
    History,
    Movement,
    Origin,
    Posting,
    Row,
    post,
)
from citizens.events import FAULT, FAULT_USE
from engine.ir.program import Definition, Program
from engine.population.columns import unit_of
from engine.reading.declared_settings import AssessmentRules, Entity
from engine.values.periods import Period

SOURCE = "rulewright"
LONG_NAME = 800
REASON_LENGTH = 700  # an event takes 1,000 characters, and there is more to say
ZERO = Decimal(0)
Figures = Mapping[str, Decimal | None]
Amount = TypeVar("Amount", int, Decimal)
"""An amount of money, or the steps of its grid."""


@dataclass(frozen=True, slots=True)
class Move:
    """What figures move in the ledger: each counts as often as `weights` say. `sign` is 1 for what is owed by the
    subject, -1 for what is owed to it."""

    movement: Movement
    account: str
    sign: int
    weights: Mapping[str, int]


def moves_of(rules: AssessmentRules) -> Iterator[Move]:
    """What an assessment moves in the ledger, in the order of its postings. Entitlements that payments include are
    taken off the first payment, once."""
    for name, account in rules.liabilities.items():
        yield Move(Movement.LIABILITY, account, 1, {name: 1})
    for name, account in rules.entitlements.items():
        yield Move(Movement.ENTITLEMENT, account, -1, {name: 1})
    counted = Counter(rules.payments_include)
    for name, account in rules.payments.items():
        weights = Counter({name: 1})
        weights.subtract(counted)
        yield Move(Movement.PAYMENT, account, -1, dict(weights))
        counted.clear()


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """What every assessment of a period shares: whose, by which rules, and which figures.

    `definitions` are of the figures that `rules` names, in its order. `places` are the decimals of money; `origin` says
    on what authority.
    """

    program: Program
    rules: AssessmentRules
    period: Period
    origin: Origin
    definitions: tuple[Definition, ...]
    places: int
    binding: Binding
    shape: str
    moves: tuple[Move, ...]

    @property
    def key(self) -> str:
        """What names these terms in the log: the assessment and its period."""
        return f"{self.rules.name}-{self.period}"

    def made(self, event: Event) -> bool:
        """Whether an event is an assessment by these terms. Others may be of the same subject and the same period."""
        return is_assessment(event, self.key, self.binding.assessed)

    def figures(self, assessed: Assessed) -> Figures:
        """A group's figures by name; None for one that does not apply."""
        if not assessed.values:
            return {}
        pairs = zip(self.rules.figures, assessed.values, strict=True)
        return {name: None if value is None else self.money(value) for name, value in pairs}

    def money(self, steps: int) -> Decimal:
        """An amount from steps of the money grid."""
        return Decimal(steps).scaleb(-self.places)

    def weights(self) -> dict[str, int]:
        """How often each figure counts in what the subject is left owing: 1 if it is owed, -1 if it is owed to it."""
        nothing = dict.fromkeys(self.rules.accounts, ZERO)
        return {name: self._owed({**nothing, name: Decimal(1)}) for name in nothing}

    def _owed(self, amounts: Mapping[str, Decimal]) -> int:
        return int(sum((sign * amount for _, _, sign, amount in self.movements(amounts, ZERO)), ZERO))

    def movements(self, amounts: Mapping[str, Amount], zero: Amount) -> Iterator[tuple[Movement, str, int, Amount]]:
        """What amounts by figure move in the ledger: the kind, the account, whether it is owed by (1) or to (-1) the
        subject, and how much, if it is not `zero`."""
        for move in self.moves:
            if amount := sum((weight * amounts.get(name, zero) for name, weight in move.weights.items()), zero):
                yield move.movement, move.account, move.sign, amount


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a group stands in a period: its last assessment, the last without a fault, and what it owes."""

    last: Event | None
    good: Event | None
    balance: Decimal


NEVER = Standing(None, None, ZERO)


def assessments_of(program: Program) -> tuple[AssessmentRules, ...]:
    """What the rules say is assessed. Raises Failure if they do not say."""
    declared = tuple(program.settings.assessments.values())
    if not declared:
        raise Failure(
            f"the rules `{program.settings.name}` do not say what an assessment consists of",
            "add `assessment:` to ruleset.yaml: see Assessments in rules/README.md",
        )
    return declared


def all_terms(
    program: Program, year: Period, actor: str, there: Callable[[str], bool] = lambda _entity: True
) -> tuple[Terms, ...]:
    """The terms of every assessment that is made for a period within `year`, or for `year` itself.

    `there` says of an entity whether anything is known of it: an assessment of groups that there are not (SNAP, in a
    log of tax returns) is left out, unless no other is left. Raises Failure if nothing is assessed.
    """
    declared = assessments_of(program)
    entities = program.settings.entities
    declared = tuple(rules for rules in declared if there(_listed(entities[rules.of]))) or declared
    made = tuple(terms_of(program, rules, period, actor) for rules in declared for period in _within(rules, year))
    if not made:
        kinds = sorted({str(rules.period) for rules in declared})
        raise Failure(f"nothing is assessed for {year}", f"the rules assess for each {', each '.join(kinds)}")
    return made


def _listed(entity: Entity) -> str:
    """The entity that a log has subjects of, where something of this one is assessed."""
    return entity.within if entity.by else entity.name


def _within(rules: AssessmentRules, year: Period) -> Iterator[Period]:
    """The periods for which an assessment is made that lie in `year`."""
    assert rules.period is not None
    period = rules.period.containing(year.start)
    while period.start <= year.end:
        if year.start <= period.start and period.end <= year.end:
            yield period
        period = rules.period.containing(period.end + timedelta(days=1))


def terms_of(program: Program, rules: AssessmentRules, period: Period, actor: str) -> Terms:
    """The terms of one assessment for one period. Raises Failure if its amounts are on several grids."""
    candidates = [program.find(name) for name in rules.figures]
    definitions = tuple(candidate for candidate in candidates if candidate is not None)
    assert len(definitions) == len(candidates), "names of figures are checked when rules are compiled"
    units = {unit_of(program, definition) for definition in definitions}
    places = len(str(max(units))) - 1
    if units != {10**places}:
        raise Failure("the amounts of an assessment are on several grids", "give them one, a power of ten")
    origin = Origin(SOURCE, actor, f"{rules.law or program.settings.law}, for {period}", "tax")
    shape = " ".join(f"{name}:d{places}" for name in rules.figures)
    binding = bind(program, period, definitions, rules.of)
    for definition in binding.read.values():
        if definition.ledger:
            message = f"the assessment reads `{definition.short_name}` from the ledger, to which it posts"
            raise Failure(message, "give the rules a fact without `ledger`")
    return Terms(program, rules, period, origin, definitions, places, binding, shape, tuple(moves_of(rules)))


def standing_of(events: Iterable[Event], terms: Terms) -> Standing:
    """Where a group stands by some terms, by its history."""
    last: Event | None = None
    good: Event | None = None
    balances = Balances(terms.program.settings.currency)
    for event in events:
        match event.body:
            case Assessment() as body if terms.made(event):
                last = event
                good = good if fault_of(body) else event
            case Posting() as body if body.currency == balances.currency:
                balances.add(body)
    return Standing(last, good, balances.by_period.get(str(terms.period), ZERO))


def standing_in(log: History, group: str, terms: Terms) -> Standing:
    """Where a group stands in a log: the same, read from the newest back, so that it does not grow with the history of
    corrections but for their postings."""
    last: Event | None = None
    below: int | None = None
    limit = 1  # the newest is the one in almost every case
    while events := log.assessments_of(group, below, limit):
        for event in filter(terms.made, events):
            last = last or event
            if isinstance(event.body, Assessment) and not fault_of(event.body):
                return Standing(last, event, _owed(log, group, terms))
        below, limit = events[-1].offset, 20
    return Standing(last, None, _owed(log, group, terms))


def _owed(log: History, group: str, terms: Terms) -> Decimal:
    return log.owed(group, str(terms.period), terms.program.settings.currency)


def fault_of(assessment: Assessment) -> str:
    """Why the group could not be assessed; empty if it was."""
    return assessment.fault


def is_erased(subject: str) -> bool:
    """Whether a subject is what an erasure left of one: nothing can be recorded of it any more."""
    return subject.partition("/")[2].startswith("erased-")


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
