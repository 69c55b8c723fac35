"""`diff` in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from api.simulate.diff_measured import FigureChange
from api.simulate.diff_texts import Reading
from api.simulate.differences import Difference, Differences
from engine.values.numbers import with_commas

_SHOWN_WHOLE = {"formula", "needs", "applies if", "otherwise"}


def in_words(compared: Differences, currency: str) -> Iterator[str]:
    """The comparison as lines of text."""
    if not compared.differences:
        yield f"`{compared.before}` and `{compared.after}` are the same law"
        return
    for difference in compared.differences:
        yield from _difference(difference)
    yield ""
    total = sum(map(len, compared.can_change.values()))
    yield f"exported figures that can change: at most {total:,}, which read what differs, directly or through others"
    for entity, names in compared.can_change.items():
        more = f" and {len(names) - 12} more" if len(names) > 12 else ""
        yield f"  of a {entity}: {', '.join(names[:12])}{more}"
    if compared.examples:
        yield ""
        yield f"worked examples whose results change: {len(compared.examples)}"
        for example in compared.examples[:20]:
            yield f"  {example.module}, {example.example}: {example.figure} {example.before} -> {example.after}"
        if len(compared.examples) > 20:
            yield f"  … and {len(compared.examples) - 20:,} more (`--json` has all)"
    if compared.year:
        yield ""
        yield (
            f"in {compared.year}, on {compared.population}: {len(compared.figures)} amounts change, "
            f"{compared.unchanged} do not"
        )
        for figure in compared.figures:
            change = with_commas(str(round(Fraction(figure.change))))
            called = f"{figure.label} ({figure.figure})" if figure.label else figure.figure
            yield f"  {called}: {change} {currency} in all, for {_whom(figure)}"


def _difference(difference: Difference) -> Iterator[str]:
    """A definition that differs: its values, what is written in either version, and what only one of them reads."""
    what = f" ({', '.join(difference.parts)})" if difference.parts and not difference.values else ""
    law = f" [{difference.law}]" if difference.law else ""
    yield f"{difference.kind} {difference.name} is {difference.how}{what}: {difference.label}{law}"
    for value in difference.values:
        yield f"  from {value.since}: {value.before} -> {value.after}"
    for text in difference.texts:
        if difference.how == "changed" or text.part in _SHOWN_WHOLE:
            yield f"  {text.part}:"
            yield from (f"    {line}".rstrip() for line in text.lines)
    yield from _read("now reads", difference.reads_now)
    yield from _read("no longer reads", difference.reads_no_more)


def _read(words: str, readings: Sequence[Reading]) -> Iterator[str]:
    if readings:
        said = (f"{read.name} ({read.label})" if read.label else read.name for read in readings)
        yield f"  {words} " + ", ".join(said)


def _whom(figure: FigureChange) -> str:
    """For how many units of the sample a figure changes, which way, and of which families."""
    if figure.n is None:
        return "fewer than 10 units of the sample"
    ways = [f"{n:,} {way}" for n, way in ((figure.more, "more"), (figure.less, "less")) if n]
    said = f"{figure.n:,} units of the sample" + (f" ({', '.join(ways)})" if ways else "")
    return f"{said}; of all for whom it changes: {figure.whom}" if figure.whom else said
