"""What a simulation answers, as data. Numbers are decimals in texts; an empty text is a figure that is not shown.

Totals are exact: whole steps of money times decimal weights. Means, shares, rates, measures and standard errors are
statistics, computed in floating point and rounded to the digits shown.
"""

from __future__ import annotations

from engine.records import record


@record(frozen=True, slots=True)
class BudgetLine:
    """A tax, a benefit, the net of all, or a figure shown beside them: totals before and after, exact.

    `kind` is tax, benefit, net or shown. `changed` counts units (unweighted) that it changes
    for; null if they are fewer than ten, but some. `having` are the units of the nation of which the figure is not zero
    (who take a benefit up): exact, empty if they are fewer than ten of the sample.
    """

    figure: str
    label: str
    kind: str
    before: str
    after: str
    change: str
    standard_error: str
    changed: int | None
    having_before: str = ""
    having_after: str = ""


@record(frozen=True, slots=True)
class GroupRow:
    """A group of units: how many there are (`n` unweighted, `weight` of the nation), and how their net income changes.

    `total_change` is exact. `relative_change` is that over the group's net income, where it is above zero.
    """

    group: str
    n: int
    weight: str
    mean_before: str
    mean_change: str
    standard_error: str
    relative_change: str
    total_change: str
    suppressed: bool = False


@record(frozen=True, slots=True)
class Grouping:
    """All units, parted in one way; the last row is all of them."""

    name: str
    about: str
    rows: tuple[GroupRow, ...]


@record(frozen=True, slots=True)
class Share:
    """A cell of winners and losers: `n` units (unweighted; null if suppressed) and their weight (exact)."""

    n: int | None
    weight: str
    share: str


@record(frozen=True, slots=True)
class WinnersRow:
    """A group's units by how they fare, in the order of `Winners.columns`."""

    group: str
    n: int | None
    cells: tuple[Share, ...]


@record(frozen=True, slots=True)
class Winners:
    """Who gains and who loses, by group."""

    about: str
    columns: tuple[str, ...]
    rows: tuple[WinnersRow, ...]


@record(frozen=True, slots=True)
class Measure:
    """A statistic before and after."""

    measure: str
    label: str
    before: str
    after: str
    change: str
    standard_error: str


@record(frozen=True, slots=True)
class RateBand:
    """Units by how much of more earnings they do not keep: shares of the weight before and after."""

    band: str
    n_before: int | None
    n_after: int | None
    before: str
    after: str


@record(frozen=True, slots=True)
class CliffCause:
    """What takes most of more earnings from units that lose more than they earn: a tax, or a benefit that ends. `n` is
    how many of them in the sample, `share` which part of their weight, in per cent."""

    figure: str
    label: str
    n: int
    share: str


@record(frozen=True, slots=True)
class Rates:
    """A distribution of rates: `name` is marginal (of more earnings) or participation (of all of them), `earner` the
    role of whose earnings they are.

    `above_70` are shares of the weight, in per cent; `cliffs` are units that lose more than they earn, `causes` what
    takes most from them: empty where there are none, or too few to be told apart.
    """

    name: str
    earner: str
    about: str
    bands: tuple[RateBand, ...]
    mean_before: str
    mean_after: str
    above_70_before: str
    above_70_after: str
    cliffs_before: str
    cliffs_after: str
    causes_before: tuple[CliffCause, ...] = ()
    causes_after: tuple[CliffCause, ...] = ()


@record(frozen=True, slots=True)
class ChangedFigure:
    """A figure that the reform changes in an example, with its law and the constants that are new in it."""

    figure: str
    of: str
    label: str
    before: str
    after: str
    law: str
    constants: tuple[str, ...] = ()


@record(frozen=True, slots=True)
class Example:
    """A household like one that changes most: rounded, so that nobody is shown. `case` is what to give to `why`.

    `steps` lead from the first figure that changes to the last.
    """

    about: str
    change: str
    case: str
    steps: tuple[ChangedFigure, ...]


@record(frozen=True, slots=True)
class TableRow:
    """A row of one of Tax-Calculator's tables: `n` units (unweighted; null if not shown), and a cell a column."""

    row: str
    n: int | None
    cells: tuple[str, ...]


@record(frozen=True, slots=True)
class NamedTable:
    """One of Tax-Calculator's tables, under its names: in dollars and returns."""

    name: str
    about: str
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]


@record(frozen=True, slots=True)
class Behaviour:
    """What follows if people respond by an elasticity: totals of earnings, exact, and the budget with the response."""

    elasticity: str
    about: str
    earnings_before: str
    earnings_after: str
    earnings_change: str
    budget: tuple[BudgetLine, ...]


@record(frozen=True, slots=True)
class HouseholdsAnswer:
    """What one reform does household by household: the units that share a home added up. `n` is how many households
    there are, unweighted; `weight` how many of the nation they stand for, exact; `mean_size` how many people share one.

    Rows and cells are of households; the measures are of people, by the income and the size of their household.
    """

    n: int
    weight: str
    mean_size: str
    groups: tuple[Grouping, ...]
    winners: Winners
    inequality: tuple[Measure, ...]
    poverty: tuple[Measure, ...]
    poverty_line: str


@record(frozen=True, slots=True)
class ReformAnswer:
    """What one reform does in one year. `households`: by them, if the population says who shares a home."""

    reform: str
    about: str
    files: tuple[str, ...]
    fingerprint: str
    changes_nothing: bool
    budget: tuple[BudgetLine, ...]
    groups: tuple[Grouping, ...]
    winners: Winners
    inequality: tuple[Measure, ...]
    poverty: tuple[Measure, ...]
    poverty_line: str
    rates: tuple[Rates, ...]
    examples: tuple[Example, ...]
    set_beyond_the_law: tuple[str, ...] = ()
    distribution: tuple[NamedTable, ...] = ()
    behaviour: Behaviour | None = None
    households: HouseholdsAnswer | None = None


@record(frozen=True, slots=True)
class YearAnswer:
    """A year: the population as carried to it, and each reform beside current law. `projected`: the amounts of that
    year's law are not known yet, and moved on by what is assumed of prices and wages."""

    year: str
    projected: bool
    units: int
    people: int
    weight: str
    notes: tuple[str, ...]
    fingerprint: str
    reforms: tuple[ReformAnswer, ...]


@record(frozen=True, slots=True)
class WindowLine:
    """A line of a reform's budget over several years: its change in each, and the sum of them, exact."""

    reform: str
    figure: str
    label: str
    kind: str
    changes: tuple[str, ...]
    total: str


@record(frozen=True, slots=True)
class Simulation:
    """The whole answer. `manifest` is what `--again` takes to give the same bytes; `unit` says what a unit is."""

    rules: str
    currency: str
    population: str
    method: tuple[str, ...]
    years: tuple[YearAnswer, ...]
    window: tuple[WindowLine, ...]
    manifest: dict[str, object]
    unit: str = ""
