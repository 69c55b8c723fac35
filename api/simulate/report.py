"""The report: one HTML file that needs nothing else. Each chart has its table, and a sentence that says what it is."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from html import escape
from pathlib import Path

from api.simulate.answers import (
    ReformAnswer,
    Simulation,
    YearAnswer,
)
from api.simulate.charts import signed
from api.simulate.report_folded import example_section, named_section
from api.simulate.report_parts import (
    Money,
    data_table,
    error_words,
    large_number,
    money_of,
    whole_number,
    with_code,
)
from api.simulate.report_sections import (
    budget_section,
    fares,
    group_table,
    households_section,
    measures_section,
    rates_section,
    tenths_section,
    winners_section,
)
from api.simulate.window import year_words

_POINTS = "percentage points: change of the share of people below the poverty line, {before}% under current law"
_STYLE = Path(__file__).with_name("report.css")


def report(simulation: Simulation) -> str:
    """The whole page. The same answer gives the same bytes."""
    title = _title(simulation)
    body = _distinct("\n".join(_body(simulation, title)))
    style = _STYLE.read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>\n{style}</style></head>\n<body><main>\n{body}\n</main></body></html>\n"
    )


def _body(simulation: Simulation, title: str) -> Iterator[str]:
    yield f"<h1>{escape(title)}</h1>"
    money = money_of(simulation.currency, _changes(simulation))
    several = len(simulation.years) * len(simulation.years[0].reforms) > 1
    if several:
        yield "<h2>Side by side</h2>" + _side_by_side(simulation, money) + _window(simulation, money)
    for year in simulation.years:
        for reform in year.reforms:
            told = headline(year, reform, simulation.currency) if several else f"What changes in {year_words(year)}"
            yield f"<h2>{escape(told)}</h2>"
            yield from _reform(year, reform, money, simulation.unit)
    yield "<h2>How this was computed</h2>"
    yield f"<p>{escape(simulation.population)}.</p>"
    for year in simulation.years:
        size = f"{year.units:,} units with {year.people:,} people stand for {whole_number(year.weight)} units."
        yield f"<p>{year_words(year)}: {with_code(' '.join((size, *year.notes)))}</p>"
    yield "<ul>" + "".join(f"<li>{with_code(sentence)}</li>" for sentence in simulation.method) + "</ul>"
    manifest = json.dumps(simulation.manifest, indent=2)
    yield (
        "<details><summary>The manifest, from which the same answer can be made again</summary>"
        f"<pre>{escape(manifest)}</pre></details>"
    )


def _title(simulation: Simulation) -> str:
    """What the one reform would do; of several, how many there are."""
    first, last = simulation.years[0], simulation.years[-1]
    if len(simulation.years) * len(first.reforms) == 1:
        return headline(first, first.reforms[0], simulation.currency)
    years = f"{first.year}" if first is last else f"{first.year} to {last.year}"
    if len(first.reforms) == 1:
        return f"{(first.reforms[0].about or first.reforms[0].reform).rstrip('.')}, {years}"
    return f"{len(first.reforms)} reforms side by side, {years}"


def _distinct(body: str) -> str:
    """The page with a name of its own for each table that can be scrolled to."""
    names: Counter[str] = Counter()

    def named(match: re.Match[str]) -> str:
        names[match[2]] += 1
        number = f" ({names[match[2]]})" if names[match[2]] > 1 else ""
        return f"{match[1]}{match[2]}{number}{match[3]}"

    return re.sub('(role="region" aria-label=")([^"]*)(")', named, body)


def headline(year: YearAnswer, reform: ReformAnswer, currency: str) -> str:
    """What the reform would do to the public purse, in a sentence."""
    name = (reform.about or reform.reform).rstrip(".")
    change = Fraction(next(budget_line.change for budget_line in reform.budget if budget_line.kind == "net"))
    if not change:
        return f"{name}: no change of the budget in {year_words(year)}"
    verb = "raise" if change > 0 else "cost"
    return f"{name} would {verb} {large_number(abs(change))} {currency} in {year_words(year)}"


def _changes(simulation: Simulation) -> Iterator[str]:
    return (line.change for year in simulation.years for reform in year.reforms for line in reform.budget)


def _reform(year: YearAnswer, reform: ReformAnswer, money: Money, unit: str) -> Iterator[str]:
    currency = money.currency
    yield f'<p class="lead">{escape(_lead(reform))}</p>'
    if unit:
        yield f'<p class="soft">A unit is {escape(unit)}.</p>'
    yield _figures(reform, currency)
    for line in reform.set_beyond_the_law:
        yield f"<p>{with_code(line)}.</p>"
    yield "<h3>The budget</h3>" + budget_section(reform.budget, money)
    if reform.behaviour is not None:
        told = _response(Fraction(reform.behaviour.earnings_change), currency)
        yield f"<h3>If earnings respond</h3><p>{with_code(reform.behaviour.about)} {told}</p>"
        yield budget_section(reform.behaviour.budget, money)
    yield tenths_section(reform.groups[0], money)
    yield winners_section(reform.winners)
    yield measures_section("Inequality", reform.inequality, "")
    if reform.poverty:
        yield measures_section("Poverty", reform.poverty, "%") + f'<p class="soft">{with_code(reform.poverty_line)}</p>'
    yield from map(rates_section, reform.rates)
    for way in reform.groups[1:]:
        yield f"<h3>By {escape(way.name)}</h3>" + group_table(way, money)
    if reform.households is not None:
        yield from households_section(reform.households, money)
    yield from named_section(reform, currency)
    if reform.examples:
        yield "<h3>Why do they gain or lose?</h3>"
        yield (
            "<p>Households like those that change most. Amounts are rounded to thousands and ages of adults to fives, "
            "so that nobody of the population is shown; the figures are those of the rounded household.</p>"
        )
    for example in reform.examples:
        yield example_section(example, currency)


def _response(change: Fraction, currency: str) -> str:
    if not change:
        return "Earnings then stay as they are."
    return f"Earnings then {'rise' if change > 0 else 'fall'} by {large_number(abs(change))} {currency} in all."


def _lead(reform: ReformAnswer) -> str:
    if reform.changes_nothing:
        return "Nobody in this population would notice: no figure changes."
    gain, lose = (fares(reform.winners, word) for word in ("gain", "lose"))
    said = [
        f"{share}% of units {word}" if Fraction(share) else f"no unit {word}s"
        for share, word in ((gain, "gain"), (lose, "lose")) if share
    ]  # fmt: skip
    told = " and ".join(said) or "Too few units change to say who"
    return f"{told[0].upper()}{told[1:]}. Behaviour is taken not to change."


def _figures(reform: ReformAnswer, currency: str) -> str:
    net = next(budget_line for budget_line in reform.budget if budget_line.kind == "net")
    gini = reform.inequality[0]
    error = error_words(net.standard_error)
    told = [
        (signed(large_number(Fraction(net.change))), f"{currency}, net of all taxes and benefits, ± {error}"),
        (signed(gini.change), f"change of the Gini coefficient, {gini.before} under current law"),
    ]  # fmt: skip
    if reform.poverty:
        poor = reform.poverty[0]
        told.append(
            (
                signed(poor.change),
                _POINTS.format(before=poor.before),
            )
        )
    inside = "".join(f'<div><p class="big">{escape(a)}</p><p class="soft">{escape(b)}</p></div>' for a, b in told)
    return f'<div class="row">{inside}</div>'


def _side_by_side(simulation: Simulation, money: Money) -> str:
    rows = []
    for year in simulation.years:
        for reform in year.reforms:
            net = next(line for line in reform.budget if line.kind == "net")
            poor = reform.poverty[0].change if reform.poverty else ""
            cells = [
                year_words(year),
                money.text(net.change),
                money.text(net.standard_error),
                signed(reform.inequality[0].change),
                signed(poor),
            ]
            rows.append((reform.about or reform.reform, cells, ""))
    heads = [
        "Reform",
        "Year",
        f"Net, {money.heading}",
        "± s.e.",
        "Gini coefficient",
        "Share of people in poverty, points",
    ]
    return data_table("Change of each from current law; net is taxes less benefits, and a minus is a cost", heads, rows)


def _window(simulation: Simulation, money: Money) -> str:
    """The budget over the years, if there are several."""
    if not simulation.window:
        return ""
    rows = [
        (
            f"{line.reform}: {line.label}",
            [*map(money.text, line.changes), money.text(line.total)],
            "sum" * (line.kind == "net"),
        )
        for line in simulation.window
    ]
    heads = [
        money.title,
        *map(year_words, simulation.years),
        "All years",
    ]
    told = data_table("Change of the budget by year", heads, rows)
    if any(year.projected for year in simulation.years):
        told += (
            '<p class="soft">Of projected years the law is what is enacted, with amounts moved on by what is assumed '
            "of prices and wages; who is there stays as in the data, and what is done to weights is said below.</p>"
        )
    return told
