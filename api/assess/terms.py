"""The terms of an assessment: by which rules, for which period, and what its figures move in the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

from api.assess.binding import Binding, bind
from api.assess.figures import Assessed
from api.failures import Failure
from api.history.assessments import is_assessment
from citizens import Event, Movement, Origin
from engine.ir.program import Definition, Program
from engine.population.columns import unit_of
from engine.reading.declared_settings import AssessmentRules, Entity
from engine.values.periods import Period

SOURCE = "rulewright"
AS_MADE = "_made"
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


def assessments_of(program: Program) -> tuple[AssessmentRules, ...]:
    """What the rules say is assessed. Raises Failure if they do not say."""
    declared = tuple(assessments_by_name(program).values())
    if not declared:
        raise Failure(
            f"the rules `{program.settings.name}` do not say what an assessment consists of",
            "add `assessment:` to ruleset.yaml: see Assessments in rules/README.md",
        )
    return declared


def assessments_by_name(program: Program) -> dict[str, AssessmentRules]:
    """What is assessed, by name. Where groups may be stated, and a figure makes them where none are, those of homes in
    which none are stated have an assessment of their own: it reads other facts."""
    named: dict[str, AssessmentRules] = {}
    for name, rules in program.settings.assessments.items():
        named[name] = rules
        if program.settings.entities[rules.of].is_stated_or_made:
            named[f"{name}{AS_MADE}"] = replace(rules, name=f"{name}{AS_MADE}", as_made=True)
    return named


def all_terms(
    program: Program, year: Period, actor: str, there: Callable[[str], bool] = lambda _entity: True
) -> tuple[Terms, ...]:
    """The terms of every assessment that is made for a period within `year`, or for `year` itself.

    `there` says of an entity whether anything is known of it: an assessment of groups that there are not (SNAP, in a
    log of tax returns) is left out, unless no other is left. Raises Failure if nothing is assessed.
    """
    declared = assessments_of(program)
    entities = program.settings.entities
    declared = tuple(rules for rules in declared if there(_listed(entities[rules.of], rules))) or declared
    made = tuple(terms_of(program, rules, period, actor) for rules in declared for period in _within(rules, year))
    if not made:
        kinds = sorted({str(rules.period) for rules in declared})
        raise Failure(f"nothing is assessed for {year}", f"the rules assess for each {', each '.join(kinds)}")
    return made


def _listed(entity: Entity, rules: AssessmentRules) -> str:
    """The entity that a log has subjects of, where something of this one is assessed."""
    return entity.within if entity.by and (rules.as_made or not entity.is_stated_or_made) else entity.name


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
    binding = bind(program, period, definitions, rules.of, as_made=rules.as_made)
    for definition in binding.read.values():
        if definition.ledger:
            message = f"the assessment reads `{definition.short_name}` from the ledger, to which it posts"
            raise Failure(message, "give the rules a fact without `ledger`")
    return Terms(program, rules, period, origin, definitions, places, binding, shape, tuple(moves_of(rules)))
