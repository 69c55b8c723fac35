"""What `ruleset.yaml` declares: enums, entities with roles and sequences, assessments, and the settings of all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from fractions import Fraction

from engine.reading.declared import Changing, Declaration
from engine.records import record
from engine.text.source import Source, Span
from engine.values.calendars import GREGORIAN, Calendar
from engine.values.numbers import RoundingMode
from engine.values.periods import Period, PeriodKind, Unit, kind_of, parse_period
from engine.values.types import WEEKDAYS, EnumValue
from engine.values.working_days import WorkingDays


@record(frozen=True, slots=True)
class EnumDeclaration(Declaration):
    """An enum's members with their labels, in order. `codes`: the standard whose codes the members are, in capitals."""

    members: Mapping[str, str] = field(default_factory=dict)
    codes: str = ""


RESERVED_PEOPLE = "members"
"""What formulas call all people of a group, whatever their roles; and what they are in one that has no roles."""


@record(frozen=True, slots=True)
class Role:
    """A part that people play in a group. `maximum` None: any number. `unless`: a boolean fact of the group; where it
    is stated true, nobody holds the role, and who is listed with it is not in the group. So too where a figure of the
    group is stated to be `unless_stated`: `figure.member`, or `figure.member or member`."""

    name: str
    plural: str
    minimum: int = 0
    maximum: int | None = None
    unless: str = ""
    unless_span: Span | None = field(default=None, compare=False, repr=False)
    unless_stated: str = ""
    unless_stated_span: Span | None = field(default=None, compare=False, repr=False)

    def vacated_by(self, name: str, value: object) -> bool:
        """Whether nobody holds the role where this is stated of the group."""
        if name == self.stated_figure and isinstance(value, EnumValue):
            return value.member in self.stated_members
        return name == self.unless and value is True

    @property
    def stated_figure(self) -> str:
        """The figure of `unless_stated`."""
        return self.unless_stated.partition(".")[0]

    @property
    def stated_members(self) -> tuple[str, ...]:
        """The values of that figure that leave the role to nobody."""
        return tuple(member.strip() for member in self.unless_stated.partition(".")[2].split(" or "))

    @property
    def single(self) -> bool:
        """Whether at most one person holds it."""
        return self.maximum == 1


@record(frozen=True, slots=True)
class Owner:
    """Whom a record belongs to besides its first owner, or which larger group a group lies in. `name` is what formulas
    and cases call it."""

    name: str
    entity: str


@record(frozen=True, slots=True)
class OrderKey:
    """A figure that records are ordered by, upwards unless `descending`; the order in which they are listed if it has
    no name."""

    name: str
    descending: bool = False


@record(frozen=True, slots=True)
class Steps:
    """An order among the records of one owner that have equal figures `within`: `name` is the record before."""

    name: str
    by: tuple[OrderKey, ...]
    within: tuple[str, ...] = ()
    places: Mapping[str, Span] = field(default_factory=dict, compare=False, repr=False)

    @property
    def figures(self) -> tuple[str, ...]:
        """Every figure that decides the order."""
        return (*self.within, *(key.name for key in self.by if key.name))


@record(frozen=True, slots=True)
class Entity(Declaration):
    """A kind of thing that has figures: a person, a group `of` people with roles, or a record that `belongs_to` one.

    `first_owner` is what formulas and cases call the first owner, if not by its entity. `further` are other owners of a
    record, or the larger group that a group lies `within`. `may_have_none`: a person may be in no group of this kind.
    `counted_start`: a formula means those who are members on the first day of its period, and not on the last.
    `sequences` are the orders among a record's kin, by name. `made_for`: there is one such record for each ordered pair
    of people in a group of these kinds. `more`: who can add such a record and how, for `cure`; None: nobody. `by`: the
    figure of each person that makes groups of this kind out of the members of the larger one that they lie in.
    """

    plural: str = ""
    of: str = ""
    roles: tuple[Role, ...] = ()
    sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    belongs_to: str = ""
    first_owner: str = ""
    further: tuple[Owner, ...] = ()
    within: str = ""
    may_have_none: bool = False
    counted_start: bool = False
    sequences: Mapping[str, Steps] = field(default_factory=dict)
    made_for: tuple[str, ...] = ()
    more: Changing | None = None
    by: str = ""
    by_span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def is_stated_or_made(self) -> bool:
        """Whether a record may say who is in such a group, and a figure makes them where none does."""
        return bool(self.by) and all(role.plural != RESERVED_PEOPLE for role in self.roles)

    def further_owner(self, name: str) -> Owner | None:
        """The owner besides the first that is called so."""
        return next((owner for owner in self.further if owner.name == name), None)


BUILT_IN_ENUMS: Mapping[str, EnumDeclaration] = {
    "weekday": EnumDeclaration(
        "weekday", Span(Source("<built in>", ""), 0, 0), "Day of the week",
        members={day: day.capitalize() for day in WEEKDAYS},
    )
}  # fmt: skip


@record(frozen=True, slots=True)
class AssessmentRules(Declaration):
    """What an assessment consists of: whom it is made `of` (a group or a person), for each `period`.

    `liabilities`, `entitlements` and `payments` name figures, each with the name of its account in the ledger.
    `payments_include` are entitlements that the payments count already. `shown` are figures that an assessment also
    keeps. `places` says where each figure is named. `as_made`: of groups as a figure makes them where none are stated.
    """

    of: str = ""
    period: PeriodKind | None = None
    liabilities: Mapping[str, str] = field(default_factory=dict)
    entitlements: Mapping[str, str] = field(default_factory=dict)
    payments: Mapping[str, str] = field(default_factory=dict)
    payments_include: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    places: Mapping[str, Span] = field(default_factory=dict, compare=False, repr=False)
    as_made: bool = False

    @property
    def accounts(self) -> Mapping[str, str]:
        """Every figure that moves the ledger, with its account."""
        return {**self.liabilities, **self.entitlements, **self.payments}

    @property
    def figures(self) -> tuple[str, ...]:
        """Every figure that an assessment keeps, each once: those shown first."""
        return tuple(dict.fromkeys((*self.shown, *self.accounts)))


@record(frozen=True, slots=True)
class FigureSet(Declaration):
    """Figures that people ask for together, by the set's name. `places`: where each is named, in order."""

    places: Mapping[str, Span] = field(default_factory=dict, compare=False, repr=False)
    figures: tuple[str, ...] = ()


@record(frozen=True, slots=True)
class Settings:
    """What a jurisdiction shares: `ruleset.yaml`. After `covers_to`, up to `projected_to`, answers are projections."""

    name: str
    about: str = ""
    law: str = ""
    currency: str = "USD"
    money_grid: Fraction = Fraction(1, 100)
    rate_grid: Fraction = Fraction(1, 10**9)
    rounding: RoundingMode = RoundingMode.HALF_UP
    covers_from: date = date(1900, 1, 1)
    covers_to: date = date(2100, 12, 31)
    projected_to: date | None = None
    date_round_up: bool = False
    date_round_refused: bool = False
    leap_birthday_march: bool = True
    attains_day_before: bool = False
    calendars: Mapping[str, Calendar] = field(default_factory=lambda: {"year": GREGORIAN})
    year_is: str = "year"
    workdays: Mapping[str, WorkingDays] = field(default_factory=dict)
    enums: Mapping[str, EnumDeclaration] = field(default_factory=lambda: BUILT_IN_ENUMS)
    entities: Mapping[str, Entity] = field(default_factory=dict)
    assessments: Mapping[str, AssessmentRules] = field(default_factory=dict)
    figure_sets: Mapping[str, FigureSet] = field(default_factory=dict)
    based_on: str = ""
    """The rules over which these lie: the first part of the names of the modules that come from there."""

    def period(self, text: str) -> Period:
        """The period that is asked for by `--at` or `at:`. Raises ValueError with a sentence."""
        return parse_period(text, dict(self.calendars), self.year_is)

    def kinds(self) -> dict[str, PeriodKind]:
        """Every kind of period that there is, by name, from the shortest civil one to the declared ones."""
        declared = {name: kind_of(calendar) for name, calendar in self.calendars.items()}
        return {"day": PeriodKind(Unit.DAY), "month": PeriodKind(Unit.MONTH), **declared}

    def is_projection(self, day: date) -> bool:
        """Whether what holds on a day is projected: the law as it stands, with amounts that are not known yet."""
        return self.projected_to is not None and day > self.covers_to
