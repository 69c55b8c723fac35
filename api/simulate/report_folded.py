"""What the report tells in full of one reform: Tax-Calculator's tables, and examples with their explanation."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from html import escape

from api.simulate.answers import Example, ReformAnswer
from api.simulate.exactly import exact_text
from api.simulate.report_parts import data_table, grouped_digits, in_millions, whole_number
from engine.values.numbers import format_decimal, with_commas


def named_section(reform: ReformAnswer, currency: str) -> Iterator[str]:
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
        inside = data_table(table.about, [first, *table.columns], rows, wide=True)
        yield f'<details class="wide"><summary>{escape(table.about)}</summary>{inside}</details>'


def _named_cell(column: str, cell: str) -> str:
    if not cell or column.startswith(("perc_", "pc_", "share_", "mean")):
        return grouped_digits(cell)
    if column.startswith(("count", "tax_cut", "tax_inc")):
        return in_millions(exact_text(*(Fraction(cell) * 1_000).as_integer_ratio()))
    return whole_number(exact_text(*(Fraction(cell) / 10**6).as_integer_ratio()))


def example_section(example: Example, currency: str) -> str:
    """A household that gains or loses, with the figures that lead to it."""
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
