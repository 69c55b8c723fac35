"""The report's sections: the budget, tenths and other groups, winners and losers, measures, rates, households."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from html import escape

from api.simulate.answers import (
    BudgetLine,
    Grouping,
    HouseholdsAnswer,
    Measure,
    Rates,
    Winners,
)
from api.simulate.charts import bars, pairs, signed, stacks
from api.simulate.rates import high_rates
from api.simulate.report_parts import (
    Money,
    count_or_few,
    data_table,
    figure_with_table,
    grouped_digits,
    whole_number,
    with_code,
)
from engine.values.numbers import format_decimal

HOUSEHOLDS = "households"


def budget_section(lines: Sequence[BudgetLine], money: Money) -> str:
    """Each tax and benefit of all before and after, and the net of them."""
    styles = {"net": "sum", "shown": "under"}
    rows = [
        (
            budget_line.label,
            [
                *map(
                    money.text, (budget_line.before, budget_line.after, budget_line.change, budget_line.standard_error)
                ),
                count_or_few(budget_line.changed),
                *(
                    whole_number(having) or "not shown"
                    for having in (budget_line.having_before, budget_line.having_after)
                ),
            ],
            styles.get(budget_line.kind, ""),
        )
        for budget_line in lines
    ]
    heads = [
        money.title,
        "Current law",
        "Reform",
        "Change",
        "± s.e.",
        "Units in the sample that change",
    ]
    heads += ["Units represented that have it, current law", "Units represented that have it, reform"]
    about = f"Totals for all whom the sample represents, in {money.heading}; what is indented is not added to the net"
    return data_table(about, heads, rows)


def tenths_section(way: Grouping, money: Money, whose: str = "units") -> str:
    """How net income changes by tenth, as a chart with its table."""
    shown = [row for row in way.rows if row.relative_change and row.group != "all"]
    if not shown:
        return "<h3>By income</h3>" + group_table(way, money, whose)
    most = max(shown, key=lambda group_row: abs(Fraction(group_row.relative_change)))
    if Fraction(most.relative_change):
        verb = "gains" if Fraction(most.relative_change) > 0 else "loses"
        size = most.relative_change.lstrip("-")
        said = f"The {most.group} {verb} most for its income: {size}% of it on average"
    else:
        said = "No tenth gains or loses on average"
    labels = [row.group for row in way.rows if row.group != "zero or below"]
    values = [row.relative_change for row in way.rows if row.group != "zero or below"]
    chart = bars(f"Change of net income of {whose} in per cent, by tenth of net income", labels, values, "%")
    return figure_with_table(
        said, f"Change of net income, per cent. {way.about}", chart, group_table(way, money, whose)
    )


def group_table(way: Grouping, money: Money, whose: str = "units") -> str:
    """A grouping as a table, a group a row."""
    rows = []
    for row in way.rows:
        style = "sum" if row.group == "all" else ""
        cells = ["not shown", *[""] * 6] if row.suppressed else [
            f"{row.n:,}", whole_number(row.weight), grouped_digits(row.mean_before), grouped_digits(row.mean_change),
            row.standard_error, row.relative_change, money.text(row.total_change),
        ]  # fmt: skip
        rows.append((row.group, cells, style))
    heads = [
        way.name.capitalize(), f"{whose.capitalize()} in the sample", f"{whose.capitalize()} represented",
        f"Mean net income, {money.currency}",
        f"Mean change, {money.currency}", "± s.e.", "% of net income", f"Total change, {money.heading}",
    ]  # fmt: skip
    return data_table(way.about, heads, rows)


def winners_section(winners: Winners, whose: str = "units") -> str:
    """Who gains and loses by tenth, as a chart with its table."""
    gain, lose = (fares(winners, word) for word in ("gain", "lose"))
    parts = [f"{gain}% gain" if gain else "", f"{lose}% lose" if lose else ""]
    said = f"Of all {whose} " + " and ".join(filter(None, parts)) if any(parts) else "Winners and losers by income"
    rows_shown = [row for row in winners.rows if any(cell.share for cell in row.cells)]
    chart = stacks(
        f"Shares of {whose} that gain and lose, by tenth of net income", [row.group for row in rows_shown],
        [[cell.share for cell in row.cells] for row in rows_shown], winners.columns,
    )  # fmt: skip
    rows = []
    for row in winners.rows:
        cells = [f"{cell.share} ({cell.n:,})" if cell.n is not None else "not shown" for cell in row.cells]
        n = f"{row.n:,}" if row.n is not None else "not shown"
        rows.append((row.group, [n, *cells], "sum" if row.group == "all" else ""))
    heads = [
        "Tenth of net income",
        f"{whose.capitalize()} in the sample",
        *(f"{column}, %" for column in winners.columns),
    ]
    table = data_table(f"Per cent of the {whose} that each group represents ({whose} in the sample)", heads, rows)
    return figure_with_table(said, winners.about, chart, table)


def fares(winners: Winners, word: str) -> str:
    """The share of units that gain (or lose); empty if it is not shown."""
    whole = winners.rows[-1].cells
    places = [at for at, name in enumerate(winners.columns) if name.startswith(word)]
    others = [cell.share for at, cell in enumerate(whole) if at not in places]
    if all(whole[at].share for at in places):
        return format_decimal(sum((Fraction(whole[at].share) for at in places), Fraction(0)), 2)
    if all(others):  # the parts are too small to be shown, their sum is not
        return format_decimal(100 - sum(map(Fraction, others)), 2)
    return ""


def households_section(homes: HouseholdsAnswer, money: Money) -> Iterator[str]:
    """The same, home by home."""
    yield "<h3>Household by household</h3>"
    yield (
        f"<p>{homes.n:,} households in the sample stand for {whole_number(homes.weight)}, of {homes.mean_size} people "
        "on average. All who share a home count together here: their incomes are added up.</p>"
    )
    yield tenths_section(homes.groups[0], money, HOUSEHOLDS)
    yield winners_section(homes.winners, HOUSEHOLDS)
    yield measures_section("Inequality, by the income of households", homes.inequality, "")
    if homes.poverty:
        poor = measures_section("Poverty, by the income of households", homes.poverty, "%")
        yield poor + f'<p class="soft">{with_code(homes.poverty_line)}</p>'
    for way in homes.groups[1:]:
        yield f"<h3>By {escape(way.name)}</h3>" + group_table(way, money, HOUSEHOLDS)


def measures_section(title: str, measures: Sequence[Measure], unit: str) -> str:
    """Measures of people before and after."""
    rows = [
        (
            measure.label,
            [f"{measure.before}{unit}", f"{measure.after}{unit}", signed(measure.change), measure.standard_error],
            "",
        )
        for measure in measures
    ]
    heads = ["Measure", "Current law", "Reform", "Change", "± s.e."]
    return f"<h3>{title}</h3>" + data_table("Of people", heads, rows)


def rates_section(rates: Rates) -> str:
    """A distribution of rates before and after."""
    said = f"The mean {rates.name} tax rate of the {rates.earner} goes from {rates.mean_before}% to {rates.mean_after}%"
    before, after = [band.before for band in rates.bands], [band.after for band in rates.bands]
    labels = [band.band for band in rates.bands]
    chart = pairs(
        f"Shares of units by {rates.name} tax rate of the {rates.earner}, current law and reform",
        labels,
        before,
        after,
        "%",
    )
    rows = [
        (band.band, [count_or_few(band.n_before), band.before, count_or_few(band.n_after), band.after], "")
        for band in rates.bands
    ]
    n = "Units in the sample"
    heads = [
        f"{rates.name.capitalize()} tax rate of the {rates.earner}",
        f"{n}, current law",
        "% of units, current law",
        f"{n}, reform",
        "% of units, reform",
    ]
    table = data_table(f"Units by {rates.name} tax rate of the {rates.earner}", heads, rows)
    return figure_with_table(said, " ".join((rates.about, *high_rates(rates))), chart, table)
