"""What the report is put together from: tables, figures, and numbers as they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from html import escape

from engine.values.numbers import with_commas


def figure_with_table(said: str, about: str, chart: str, table: str) -> str:
    """A chart under a sentence that says what it shows, with its table folded away."""
    caption = f'<figcaption><b>{escape(said)}</b><span class="soft">{with_code(about)}</span></figcaption>'
    return f"<figure>{caption}{chart}<details><summary>The figures as a table</summary>{table}</details></figure>"


def with_code(text: str) -> str:
    """A sentence with the names in backticks as code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))


def data_table(
    caption: str, heads: Sequence[str], rows: Sequence[tuple[str, Sequence[str], str]], wide: bool = False
) -> str:
    """A table of rows, each with its label, its cells and its style (`sum`, `under` or none).

    On a phone it stands line by line, each figure beside its head; roles keep it a table there too. One that is too
    `wide` for that is scrolled.
    """
    head = "".join(
        f'<th role="columnheader" scope="col">{escape(heading).replace("_", "_<wbr>")}</th>' for heading in heads
    )
    body = "".join(
        f'<tr role="row"{f" class={style!r}" if style else ""}><th role="rowheader" scope="row">{escape(label)}</th>'
        + "".join(_cell(heading, cell) for heading, cell in zip(heads[1:], cells, strict=True))
        + "</tr>"
        for label, cells, style in rows
    )
    return (
        f'<div class="scroll{"" if wide else " stacking"}" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f'<table role="table"><caption>{escape(caption)}</caption><thead role="rowgroup"><tr role="row">{head}</tr>'
        f'</thead><tbody role="rowgroup">{body}</tbody></table></div>'
    )


def _cell(heading: str, cell: str) -> str:
    return f'<td role="cell" data-head="{escape(heading)}">{escape(cell)}</td>'


# --- numbers in words


@dataclass(frozen=True, slots=True)
class Money:
    """The currency of a report, and in what its totals are told: `million `, or nothing where that would tell none."""

    currency: str
    word: str = "million "
    size: int = 10**6

    @property
    def heading(self) -> str:
        """`million USD`."""
        return f"{self.word}{self.currency}"

    @property
    def title(self) -> str:
        """The same at the head of a table: `Million USD`."""
        return self.heading[0].upper() + self.heading[1:]

    def text(self, amount: str) -> str:
        """An exact amount with one decimal; empty where there is none."""
        return _with_one_decimal(Fraction(amount) / self.size) if amount else ""


def money_of(currency: str, changes: Iterable[str]) -> Money:
    """In millions; as it is where all that changes is less than a million."""
    small = all(abs(Fraction(change)) < 10**6 for change in changes if change)
    return Money(currency, "", 1) if small else Money(currency)


def _with_one_decimal(amount: Fraction) -> str:
    tenths = round(amount * 10)
    sign = "\N{MINUS SIGN}" if tenths < 0 else ""
    return f"{sign}{abs(tenths) // 10:,}.{abs(tenths) % 10}"


def in_millions(text: str) -> str:
    """In millions, one decimal."""
    return Money("").text(text)


def large_number(amount: Fraction) -> str:
    """`49.1 billion`, `3.2 million` or the whole number."""
    for size, word in ((10**9, "billion"), (10**6, "million")):
        if abs(amount) >= size:
            tenths = round(abs(amount) * 10 / size)
            return f"{'-' if amount < 0 else ''}{tenths // 10:,}.{tenths % 10} {word}"
    return f"{round(amount):,}"


def whole_number(text: str) -> str:
    """A decimal rounded to a whole number, with commas."""
    return f"{round(Fraction(text)):,}" if text else ""


def grouped_digits(text: str) -> str:
    """A decimal with commas."""
    return with_commas(text) if text else ""


def count_or_few(n: int | None) -> str:
    """A count of units, or that it is of too few."""
    return "not shown" if n is None else f"{n:,}"


def error_words(text: str) -> str:
    """A standard error in words."""
    return large_number(Fraction(text)) if text else "unknown"
