"""What the law makes of a household's facts, as events: the assessment, the difference to an earlier one, the postings.

A worked case. Total tax is 5,000.00, refundable credits are 400.00 and 5,200.00 was withheld:

    liability    5,000.00     the subject owes it
    entitlement    400.00     the subject is owed it
    payment      5,200.00     was paid already
    refund         600.00     is paid back

Each is a posting in double entry. A later assessment posts only what changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from api.binding import Household, decimal_of, stored
from api.failures import Failure
from citizens import Adjustment, Assessment, Body, Draft, Movement, Origin, Posting, Use, post
from engine.ir.program import Definition, Program
from engine.periods import Period
from engine.types import Value

LIABILITY, ENTITLEMENT = "total_tax", "income_tax_refundable_credits"
PAYMENTS = "total_payments"
FIGURES = (
    "adjusted_gross_income",
    "taxable_income",
    "income_tax_before_credits",
    "income_tax_non_refundable_credits",
    "eitc",
    "ctc",
    "income_tax",
    "payroll_tax",
    LIABILITY,
    ENTITLEMENT,
    PAYMENTS,
)
Figures = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Terms:
    """What every assessment of a run shares. `origin` says who assesses and on what authority."""

    program: Program
    period: Period
    origin: Origin
    definitions: tuple[Definition, ...]

    @property
    def valid_on(self) -> date:
        """The day on which facts are read: the last of the period."""
        return self.period.end


def terms_of(program: Program, period: Period, source: str) -> Terms:
    """The terms of assessing `period`. Raises Failure if the rules lack a figure that the ledger needs."""
    found = []
    for name in FIGURES:
        definition = program.find(name)
        if definition is None:
            raise Failure(f"the rules have no figure `{name}`, which an assessment needs")
        found.append(definition)
    origin = Origin(source, "rulewright", f"{program.settings.law}, for {period}", "tax")
    return Terms(program, period, origin, tuple(found))


def drafts_of(terms: Terms, household: Household, figures: Figures, read_to: int, event_id: str) -> list[Draft]:
    """The first assessment of a household, and its postings."""
    body = _assessment(terms, household, figures, read_to, None)
    postings = _postings(terms, {}, figures, event_id)
    return _drafts(terms, household.group, event_id, [body, *postings])


def correction_of(
    terms: Terms, household: Household, before: Assessment, at: int, figures: Figures, read_to: int, event_id: str
) -> list[Draft]:
    """A new assessment in the place of the one at offset `at`, the adjustment, and postings of the differences.

    Empty if neither a figure nor who is in the group changed. Who is in it counts by itself: the assessment that stands
    must name everybody whose later facts are to find it.
    """
    old = {name: value for name, value in before.figures if value is not None}  # type: ignore[union-attr]
    new = {name: stored(value) for name, value in figures.items()}
    if old == new and {use.subject for use in before.used} == household.facts.keys():
        return []
    differences = tuple(
        (name, Decimal(str(value)) - Decimal(str(old.get(name, 0))))
        for name, value in new.items()
        if isinstance(value, int | Decimal) and not isinstance(value, bool) and value != old.get(name)
    )
    body = _assessment(terms, household, figures, read_to, at)
    adjustment = Adjustment(str(terms.period), event_id, at, differences, "facts recorded since the assessment")
    earlier = {name: Fraction(value) for name, value in old.items() if isinstance(value, int | Decimal)}
    adjustments = [adjustment] if differences else []
    postings = _postings(terms, earlier, figures, event_id)
    return _drafts(terms, household.group, event_id, [body, *adjustments, *postings])


def _assessment(terms: Terms, household: Household, figures: Figures, read_to: int, replaces: int | None) -> Assessment:
    used = tuple(
        Use(subject, tuple(sorted((*facts, *((household_relation(household),) if subject in household.roles else ())))))
        for subject, facts in household.facts.items()
    )
    values = tuple((name, stored(value)) for name, value in figures.items())
    return Assessment(str(terms.period), terms.valid_on, terms.program.fingerprint, read_to, values, used, replaces)


def household_relation(household: Household) -> str:
    """The name of the relation that puts people into this group: its entity's name."""
    return household.group.partition("/")[0]


def _postings(terms: Terms, before: Figures, after: Figures, cause: str) -> list[Posting]:
    """Postings for what the figures moved."""

    def moved(name: str) -> Fraction:
        return Fraction(after[name]) - Fraction(before.get(name, 0))  # type: ignore[arg-type]

    liability, entitlement = moved(LIABILITY), moved(ENTITLEMENT)
    paid = moved(PAYMENTS) - entitlement
    amounts = [
        (Movement.LIABILITY, liability),
        (Movement.ENTITLEMENT, entitlement),
        (Movement.PAYMENT, paid),
        (Movement.REFUND, _overpaid(after) - (_overpaid(before) if before else Fraction(0))),
    ]
    currency = terms.program.settings.currency
    return [
        post(movement, decimal_of(amount), period=str(terms.period), currency=currency, cause=cause)
        for movement, amount in amounts
        if amount != 0
    ]


def _overpaid(figures: Figures) -> Fraction:
    return max(Fraction(0), Fraction(figures[PAYMENTS]) - Fraction(figures[LIABILITY]))  # type: ignore[arg-type]


def _drafts(terms: Terms, subject: str, event_id: str, bodies: Sequence[Body]) -> list[Draft]:
    """Drafts of one subject: the first under the event's own id, those that follow from it numbered."""
    ids = [event_id, *(f"{event_id}#{number}" for number in range(1, len(bodies)))]
    return [Draft(subject, body, terms.origin, id) for body, id in zip(bodies, ids, strict=True)]
