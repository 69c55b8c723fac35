"""The report: one HTML file that needs nothing else. Each chart has its table, and a sentence that says what it is."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from html import escape
from itertools import cycle
from pathlib import Path

from api.simulate.answers import (
    BudgetLine,
    Example,
    Grouping,
    HouseholdsAnswer,
    Measure,
    Rates,
    ReformAnswer,
    Simulation,
    Winners,
    YearAnswer,
)
from api.simulate.charts import bars, pairs, signed, stacks
from api.simulate.exactly import exact_text
from api.simulate.rates import high_rates
from api.simulate.window import year_words
from engine.values.numbers import format_decimal, with_commas

_STYLE = Path(__file__).with_name("report.css")
HOUSEHOLDS = "households"


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
    several = len(simulation.years) * len(simulation.years[0].reforms) > 1
    if several:
        yield "<h2>Side by side</h2>" + _side_by_side(simulation) + _window(simulation)
    for year in simulation.years:
        for reform in year.reforms:
            if several:
                yield f"<h2>{escape(headline(year, reform, simulation.currency))}</h2>"
            yield from _reform(year, reform, simulation.currency)
    yield "<h2>How this was computed</h2>"
    yield f"<p>{escape(simulation.population)}.</p>"
    for year in simulation.years:
        size = f"{year.units:,} units with {year.people:,} people stand for {_whole(year.weight)} units."
        yield f"<p>{year_words(year)}: {_words(' '.join((size, *year.notes)))}</p>"
    yield "<ul>" + "".join(f"<li>{_words(sentence)}</li>" for sentence in simulation.method) + "</ul>"
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
    return f"{name} would {verb} {_large(abs(change))} {currency} in {year_words(year)}"


def _reform(year: YearAnswer, reform: ReformAnswer, currency: str) -> Iterator[str]:
    yield f'<p class="lead">{escape(_lead(reform))}</p>'
    yield _figures(reform, currency)
    for line in reform.set_beyond_the_law:
        yield f"<p>{_words(line)}.</p>"
    yield "<h3>The budget</h3>" + _budget(reform.budget, currency)
    if reform.behaviour is not None:
        earned = f"{signed(_large(Fraction(reform.behaviour.earnings_change)))} {currency} of earnings."
        yield f"<h3>If earnings respond</h3><p>{_words(reform.behaviour.about)} Then {earned}</p>"
        yield _budget(reform.behaviour.budget, currency)
    yield _tenths(reform.groups[0], currency)
    yield _winners(reform.winners)
    yield _measures("Inequality", reform.inequality, "")
    if reform.poverty:
        yield _measures("Poverty", reform.poverty, "%") + f'<p class="soft">{_words(reform.poverty_line)}</p>'
    yield from map(_rates, reform.rates)
    for way in reform.groups[1:]:
        yield f"<h3>By {escape(way.name)}</h3>" + _group_table(way, currency)
    if reform.households is not None:
        yield from _households(reform.households, currency)
    yield from _named(reform, currency)
    if reform.examples:
        yield "<h3>Why do they gain or lose?</h3>"
        yield (
            "<p>Households like those that change most. Amounts are rounded to thousands and ages of adults to fives, "
            "so that nobody of the population is shown; the figures are those of the rounded household.</p>"
        )
    for example in reform.examples:
        yield _example(example, currency)


def _lead(reform: ReformAnswer) -> str:
    if reform.changes_nothing:
        return "Nobody in this population would notice: no figure changes."
    gain, lose = (_fares(reform.winners, word) for word in ("gain", "lose"))
    said = [
        f"{share}% of units {word}" if Fraction(share) else f"no unit {word}s"
        for share, word in ((gain, "gain"), (lose, "lose")) if share
    ]  # fmt: skip
    told = " and ".join(said) or "Too few units change to say who"
    return f"{told[0].upper()}{told[1:]}. Behaviour is taken not to change."


def _fares(winners: Winners, word: str) -> str:
    """The share of units that gain (or lose); empty if it is not shown."""
    whole = winners.rows[-1].cells
    places = [at for at, name in enumerate(winners.columns) if name.startswith(word)]
    others = [cell.share for at, cell in enumerate(whole) if at not in places]
    if all(whole[at].share for at in places):
        return format_decimal(sum((Fraction(whole[at].share) for at in places), Fraction(0)), 2)
    if all(others):  # the parts are too small to be shown, their sum is not
        return format_decimal(100 - sum(map(Fraction, others)), 2)
    return ""


def _figures(reform: ReformAnswer, currency: str) -> str:
    net = next(budget_line for budget_line in reform.budget if budget_line.kind == "net")
    gini = reform.inequality[0]
    error = _error(net.standard_error)
    told = [
        (signed(_large(Fraction(net.change))), f"{currency}, net of all taxes and benefits, ± {error}"),
        (signed(gini.change), f"change of the Gini coefficient ({gini.before})"),
    ]  # fmt: skip
    if reform.poverty:
        poor = reform.poverty[0]
        told.append((signed(poor.change), f"points of people below the line ({poor.before}%)"))
    inside = "".join(f'<div><p class="big">{escape(a)}</p><p class="soft">{escape(b)}</p></div>' for a, b in told)
    return f'<div class="row">{inside}</div>'


def _error(text: str) -> str:
    return _large(Fraction(text)) if text else "unknown"


def _side_by_side(simulation: Simulation) -> str:
    rows = []
    for year in simulation.years:
        for reform in year.reforms:
            net = next(line for line in reform.budget if line.kind == "net")
            poor = reform.poverty[0].change if reform.poverty else ""
            cells = [
                year_words(year),
                _money(net.change),
                _money(net.standard_error),
                signed(reform.inequality[0].change),
                signed(poor),
            ]
            rows.append((reform.about or reform.reform, cells, ""))
    heads = ["Reform", "Year", f"Net, million {simulation.currency}", "± s.e.", "Gini", "Below the line, points"]
    return _table("Each reform beside current law", heads, rows)


def _window(simulation: Simulation) -> str:
    """The budget over the years, if there are several."""
    if not simulation.window:
        return ""
    rows = [
        (f"{line.reform}: {line.label}", [*map(_money, line.changes), _money(line.total)], "sum" * (line.kind == "net"))
        for line in simulation.window
    ]
    heads = [f"Million {simulation.currency}", *map(year_words, simulation.years), "All years"]
    told = _table("Change of the budget by year", heads, rows)
    if any(year.projected for year in simulation.years):
        told += (
            '<p class="soft">Of projected years the law is what is enacted, with amounts moved on by what is assumed '
            "of prices and wages; who is there stays as in the data, and what is done to weights is said below.</p>"
        )
    return told


def _budget(lines: Sequence[BudgetLine], currency: str) -> str:
    styles = {"net": "sum", "shown": "under"}
    rows = [
        (
            budget_line.label,
            [
                *map(_money, (budget_line.before, budget_line.after, budget_line.change, budget_line.standard_error)),
                _count(budget_line.changed),
                *(_whole(having) or "not shown" for having in (budget_line.having_before, budget_line.having_after)),
            ],
            styles.get(budget_line.kind, ""),
        )
        for budget_line in lines
    ]
    heads = ["Million " + currency, "Current law", "Reform", "Change", "± s.e.", "Units in the sample that change"]
    heads += ["Units of the nation that have it, current law", "Units of the nation that have it, reform"]
    about = f"Totals for the nation in million {currency}; what is indented is not summed again"
    return _stacking(_table(about, heads, rows), heads[1:])


def _tenths(way: Grouping, currency: str, whose: str = "units") -> str:
    shown = [row for row in way.rows if row.relative_change and row.group != "all"]
    if not shown:
        return "<h3>By income</h3>" + _group_table(way, currency, whose)
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
    return _figure(said, f"Change of net income, per cent. {way.about}", chart, _group_table(way, currency, whose))


def _group_table(way: Grouping, currency: str, whose: str = "units") -> str:
    rows = []
    for row in way.rows:
        style = "sum" if row.group == "all" else ""
        cells = ["not shown", *[""] * 6] if row.suppressed else [
            f"{row.n:,}", _whole(row.weight), _two(row.mean_before), _two(row.mean_change), row.standard_error,
            row.relative_change, _money(row.total_change),
        ]  # fmt: skip
        rows.append((row.group, cells, style))
    heads = [
        way.name.capitalize(), f"{whose.capitalize()} in the sample", f"{whose.capitalize()} of the nation",
        f"Mean net income, {currency}",
        f"Mean change, {currency}", "± s.e.", "% of net income", f"Total change, million {currency}",
    ]  # fmt: skip
    return _table(way.about, heads, rows)


def _winners(winners: Winners, whose: str = "units") -> str:
    gain, lose = (_fares(winners, word) for word in ("gain", "lose"))
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
    table = _table(f"Per cent of the group's {whose} of the nation ({whose} in the sample)", heads, rows)
    return _figure(said, winners.about, chart, table)


def _households(homes: HouseholdsAnswer, currency: str) -> Iterator[str]:
    """The same, home by home."""
    yield "<h3>Household by household</h3>"
    yield (
        f"<p>{homes.n:,} households in the sample stand for {_whole(homes.weight)}, of {homes.mean_size} people on "
        "average. All who share a home count together here: their incomes are added up.</p>"
    )
    yield _tenths(homes.groups[0], currency, HOUSEHOLDS)
    yield _winners(homes.winners, HOUSEHOLDS)
    yield _measures("Inequality, by the income of households", homes.inequality, "")
    if homes.poverty:
        poor = _measures("Poverty, by the income of households", homes.poverty, "%")
        yield poor + f'<p class="soft">{_words(homes.poverty_line)}</p>'
    for way in homes.groups[1:]:
        yield f"<h3>By {escape(way.name)}</h3>" + _group_table(way, currency, HOUSEHOLDS)


def _measures(title: str, measures: Sequence[Measure], unit: str) -> str:
    rows = [
        (
            measure.label,
            [f"{measure.before}{unit}", f"{measure.after}{unit}", signed(measure.change), measure.standard_error],
            "",
        )
        for measure in measures
    ]
    heads = ["Measure", "Current law", "Reform", "Change", "± s.e."]
    return f"<h3>{title}</h3>" + _table("Of people", heads, rows)


def _rates(rates: Rates) -> str:
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
        (band.band, [_count(band.n_before), band.before, _count(band.n_after), band.after], "") for band in rates.bands
    ]
    n = "Units in the sample"
    heads = [
        f"{rates.name.capitalize()} tax rate of the {rates.earner}",
        f"{n}, current law",
        "% of units",
        f"{n}, reform",
        "% of units",
    ]
    table = _table(f"Units by {rates.name} tax rate of the {rates.earner}", heads, rows)
    return _figure(said, " ".join((rates.about, *high_rates(rates))), chart, table)


def _named(reform: ReformAnswer, currency: str) -> Iterator[str]:
    """Tax-Calculator's tables, folded away."""
    if reform.distribution:
        yield "<h3>Tax-Calculator's tables</h3>"
        yield (
            f'<p class="soft">Amounts in million {currency}, returns in thousands, means in {currency}, under the '
            "names that Tax-Calculator has for them; all digits are in what <code>--tables</code> writes.</p>"
        )
    for table in reform.distribution:
        rows = [
            (row.row, [_named_cell(name, cell) for name, cell in zip(table.columns, row.cells, strict=True)],
             "sum" if row.row == "ALL" else "")
            for row in table.rows
        ]  # fmt: skip
        first = "Tenth" if "deciles" in table.name else "Expanded income"
        inside = _table(table.about, [first, *table.columns], rows)
        yield f'<details class="wide"><summary>{escape(table.about)}</summary>{inside}</details>'


def _named_cell(column: str, cell: str) -> str:
    if not cell or column.startswith(("perc_", "pc_", "share_", "mean")):
        return _two(cell)
    if column.startswith(("count", "tax_cut", "tax_inc")):
        return _money(exact_text(*(Fraction(cell) * 1_000).as_integer_ratio()))
    return _whole(exact_text(*(Fraction(cell) / 10**6).as_integer_ratio()))


def _count(n: int | None) -> str:
    return "not shown" if n is None else f"{n:,}"


def _example(example: Example, currency: str) -> str:
    change = Fraction(example.change)
    verb = "gains" if change > 0 else "loses"
    said = f"{example.about.capitalize()} {verb} {with_commas(format_decimal(abs(change), 2))} {currency} a year"
    rows = "".join(
        f"<li>{escape(step.label)}: {escape(step.before or 'not reckoned')} → <b>{escape(step.after)}</b>"
        + "".join(f"<br>{escape(line)}" for line in step.constants)
        + f'<span class="law">{escape(step.law)}</span></li>'
        for step in example.steps
    )
    return (
        f"<p><b>{escape(said)}</b></p><ol>{rows}</ol>"
        f"<details><summary>The household, as a case for <code>rulewright why</code></summary>"
        f"<pre>{escape(example.case)}</pre></details>"
    )


def _figure(said: str, about: str, chart: str, table: str) -> str:
    caption = f'<figcaption><b>{escape(said)}</b><span class="soft">{_words(about)}</span></figcaption>'
    return f"<figure>{caption}{chart}<details><summary>The figures as a table</summary>{table}</details></figure>"


def _words(text: str) -> str:
    """A sentence with the names in backticks as code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))


def _table(caption: str, heads: Sequence[str], rows: Sequence[tuple[str, Sequence[str], str]]) -> str:
    head = "".join(f'<th scope="col">{escape(heading).replace("_", "_<wbr>")}</th>' for heading in heads)
    body = "".join(
        f"<tr{f' class={style!r}' if style else ''}>"
        f'<th scope="row">{escape(label)}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
        for label, cells, style in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _stacking(table: str, heads: Sequence[str]) -> str:
    """A table that stands line by line on a phone, each figure beside its head; roles keep it a table there too."""
    roles = {"<table>": "table", "<thead>": "rowgroup", "<tbody>": "rowgroup", '<th scope="row">': "rowheader"}
    roles |= {"<tr": "row", '<th scope="col">': "columnheader"}
    for tag, role in roles.items():
        opened = tag.rstrip(">")
        table = table.replace(opened + ">" * tag.endswith(">"), f'{opened} role="{role}"' + ">" * tag.endswith(">"))
    beside = cycle(heads)
    table = re.sub("<td>", lambda _: f'<td role="cell" data-head="{escape(next(beside))}">', table)
    return table.replace('class="scroll"', 'class="scroll stacking"')


# --- numbers in words


def _money(text: str) -> str:
    """In millions, one decimal."""
    if not text:
        return ""
    tenths = round(Fraction(text) / 10**5)
    sign = "\N{MINUS SIGN}" if tenths < 0 else ""
    return f"{sign}{abs(tenths) // 10:,}.{abs(tenths) % 10}"


def _large(amount: Fraction) -> str:
    """`49.1 billion`, `3.2 million` or the whole number."""
    for size, word in ((10**9, "billion"), (10**6, "million")):
        if abs(amount) >= size:
            tenths = round(abs(amount) * 10 / size)
            return f"{'-' if amount < 0 else ''}{tenths // 10:,}.{tenths % 10} {word}"
    return f"{round(amount):,}"


def _whole(text: str) -> str:
    return f"{round(Fraction(text)):,}" if text else ""


def _two(text: str) -> str:
    return with_commas(text) if text else ""
