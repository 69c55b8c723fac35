"""Several years of reforms side by side: by how much each line of the budget changes, year by year and in all."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from api.failures import Misuse
from api.simulate.answers import WindowLine, YearAnswer
from api.simulate.exactly import exact_text

LONGEST = 30


def years_of(texts: Sequence[str]) -> tuple[str, ...]:
    """The years that are meant: each as it is written, `2026..2035` all from the first to the last. Raises Misuse."""
    years: list[str] = []
    for text in texts:
        first, dots, last = text.partition("..")
        if not dots:
            if not text.isdigit():
                raise Misuse(f"`{text}` is not a year", "write `--at 2026`, or `2026..2035`")
            years.append(text)
            continue
        if not (first.isdigit() and last.isdigit() and 0 <= int(last) - int(first) < LONGEST):
            raise Misuse(f"`{text}` is not a range of years", f"write `2026..2035`, of at most {LONGEST} years")
        years += map(str, range(int(first), int(last) + 1))
    return tuple(dict.fromkeys(years))


def window_of(years: Sequence[YearAnswer]) -> tuple[WindowLine, ...]:
    """Each reform's taxes, benefits and net, over the years; nothing for a single year. Sums are exact."""
    if len(years) < 2:
        return ()
    lines = []
    for place, reform in enumerate(years[0].reforms):
        for at, line in enumerate(reform.budget):
            if line.kind != "shown":
                changes = tuple(year.reforms[place].budget[at].change for year in years)
                total = sum(map(Fraction, changes), Fraction(0))
                said = exact_text(total.numerator, total.denominator)
                lines.append(WindowLine(reform.reform, line.figure, line.label, line.kind, changes, said))
    return tuple(lines)


def year_words(year: YearAnswer) -> str:
    """The year, and whether its law is a projection."""
    return f"{year.year} (projected)" if year.projected else year.year
