"""The law's pages: search, what a file holds, and a definition with its formula, its values over time and its uses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.failures import Misuse
from api.http.problems import Refusal
from api.http.programs import Law
from api.http.routes.law import FOR_A_WHILE, law_at
from api.http.service import service_of
from api.rules.definitions import describe
from api.rules.described import Condition, Described
from api.rules.stated_values import DatedValue
from api.schema import Citation
from api.web.books import Book, RulesFound, Tried, book_of
from api.web.charts import Chart, Mark, Series
from api.web.rendering import page, shown
from engine.explain.words import money_words, value_words
from engine.reading.declared_constants import Key, Table
from engine.reading.declared_settings import Settings
from engine.values.types import Value

router = APIRouter(include_in_schema=False)
MOST_FOUND, MOST_WORDS = 100, 100
_TYPES = {"money": "Money", "rate": "A rate", "integer": "A whole number", "number": "A number", "boolean": "Yes or no"}
_KINDS = {
    "fact": "A fact that people give",
    "requirement": "A requirement",
    "parameter": "An amount of the law",
    "table": "A table of the law",
    "scale": "A scale of the law",
    "function": "A way to compute",
}


@router.get("/law")
@shown
async def start(request: Request) -> Response:
    """The first ruleset's index; a choice where there are several."""
    names = [Path(name).name for name in service_of(request).laws.names]
    if len(names) == 1:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/law/{names[0]}{query}", 307)
    rulesets = [(name, service_of(request).laws.law(name, None, "").program.settings) for name in names]
    return page(request, "laws.html", nav="law", cache=FOR_A_WHILE, rulesets=rulesets)


@router.get("/law/{ruleset}")
@shown
async def index(request: Request, ruleset: str, q: str = "", file: str = "") -> Response:
    """What words find, what a file of the law holds, or all files."""
    law, cache = law_at(request, ruleset)
    book = book_of(law)

    def look_up() -> tuple[RulesFound, object, object]:
        words = q[:MOST_WORDS].strip()
        inside = book.inside(file) if file else ()
        if file and not inside:
            raise Refusal("not-found")
        return book.search(words), inside, book.folders

    searched, inside, folders = await service_of(request).run(look_up)
    return page(
        request,
        "law_index.html",
        nav="law",
        cache=cache,
        book=book,
        settings=law.program.settings,
        q=q[:MOST_WORDS],
        searched=searched,
        most=MOST_FOUND,
        file=file,
        inside=inside,
        folders=folders,
    )


@router.get("/law/{ruleset}/{name:path}")
@shown
async def definition(request: Request, ruleset: str, name: str) -> Response:
    """One definition, whole."""
    law, cache = law_at(request, ruleset)
    try:
        said = await service_of(request).run(_said, law, name)
    except Misuse as fault:
        raise Refusal("not-found") from fault
    return page(request, "law.html", nav="law", cache=cache, **said)


@dataclass(frozen=True, slots=True)
class Shown:
    """A condition as a page shows it: what it is called, its formula with links, its law, and what it is made of."""

    condition: Condition
    needs: str
    parts: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Since:
    """What a constant is from a day on, and who says so; a table has rows by `keys`, a cell for every column."""

    from_: str
    values: tuple[DatedValue, ...]
    law: tuple[Citation, ...]
    keys: Sequence[str] = ()
    columns: Sequence[str] = ()
    rows: Sequence[tuple[Sequence[str], Sequence[str]]] = ()


def _said(law: Law, name: str) -> dict[str, Any]:
    """Everything that the page of a definition says."""
    described = describe(law.ruleset(), law.program, name)
    book = book_of(law)
    declared = book.entries[described.name]
    texts = [formula.formula for formula in described.formulas]
    texts += [text for exception in described.exceptions for text in (exception.when, exception.then)]
    texts += [described.applies_if, described.otherwise, *_needs(described.needs)]
    users = dict.fromkeys(book.whole(user_name) for user_name in described.used_by)
    return {
        "book": book,
        "described": described,
        "settings": law.program.settings,
        "kind": _kind(described),
        "uses": book.named(described.module, texts),
        "used_by": [user for user in users if user != described.name and user in book.entries],
        "law": book.values_law(described.name),
        "sinces": _sinces(book, described, law.program.tables.get(described.name), law.program.settings),
        "chart": _chart(described, law),
        "examples": [
            (example, json.dumps(example.given), _amount(example, described, law)) for example in book.tried(declared)
        ],
        "condition": _shown(book, described.module, described.needs) if described.needs else None,
    }


def _kind(described: Described) -> str:
    """What kind of thing it is, in a line: `Money of a tax unit, per year.`"""
    first = _KINDS.get(described.kind) or _TYPES.get(described.type, "A figure")
    whose = f" of a {described.entity.replace('_', ' ')}" if described.entity else ""
    when = (
        ""
        if not described.period
        else ", for ever"
        if described.period == "eternity"
        else f", per {described.period.replace('_', ' ')}"
    )
    return f"{first}{whose}{when}."


def _amount(tried: Tried, described: Described, law: Law) -> str:
    """What an example expects, as an amount where it is one."""
    number = tried.expected
    if described.type != "money" or not number.lstrip("-").replace(".", "", 1).isdigit():
        return number
    return money_words(Fraction(number), law.program.settings)


def _needs(condition: Condition | None) -> list[str]:
    """The formulas of a condition and of its parts."""
    if condition is None:
        return []
    exceptions = [text for each in condition.exceptions for text in (each.when, each.then)]
    return [condition.needs, *exceptions, *(text for part in condition.parts for text in _needs(part))]


def _shown(book: Book, module: str, condition: Condition) -> Shown:
    return Shown(
        condition, book.linked(module, condition.needs), tuple(_shown(book, module, part) for part in condition.parts)
    )


def _sinces(book: Book, described: Described, table: Table | None, settings: Settings) -> list[Since]:
    """Values by the day they hold from, latest first, each with the citations in force from that day."""
    grouped: dict[str, list[DatedValue]] = {}
    for value in described.values:
        grouped.setdefault(value.from_, []).append(value)
    dated = book.values_law(described.name)

    def cited(day: str) -> tuple[Citation, ...]:
        return next((law for start, law in dated if start <= day), ()) if len(dated) > 1 else ()

    days = sorted(grouped.items(), reverse=True)
    if table is None:
        return [Since(day, tuple(values), cited(day)) for day, values in days]
    heads = [name.replace("_", " ") for name in table.columns]
    keys = [key.name.replace("_", " ") for key in table.keys]
    rows = {day.isoformat(): _cells(table, listed, settings) for day, listed in table.values}
    return [Since(day, tuple(values), cited(day), keys, heads, rows[day]) for day, values in days]


def _cells(
    table: Table, rows: Mapping[tuple[Key, ...], Mapping[str, Value]], settings: Settings
) -> list[tuple[list[str], list[str]]]:
    """A table's rows in words."""
    return [
        (
            [str(key).replace("_", " ") for key in keys],
            [value_words(row[name], of, settings) for name, of in table.columns.items()],
        )
        for keys, row in rows.items()
    ]


def _chart(described: Described, law: Law) -> Chart | None:
    """A parameter's values as steps; none for a single value."""
    values = [
        (date.fromisoformat(each.from_), _number(each.value))
        for each in described.values
        if described.kind == "parameter"
    ]
    known = [(_year(day), value) for day, value in values if value is not None]
    if len(known) < 2 or len(known) != len(values):
        return None
    settings = law.program.settings
    until = date.fromisoformat(described.known_until) if described.known_until else settings.covers_to
    high = max(Fraction(until.year + 1), known[-1][0] + 1)
    low = max(known[0][0], Fraction(settings.covers_from.year))
    points = [*_within(known, low), (high, known[-1][1])]
    latest = points[-2]
    mark = Mark(latest[0], latest[1], f"{int(latest[0])}: {_axis(latest[1], described.type)}")
    series = [Series(points, step=True)]
    about = f"{described.label or described.name} from {int(low)} to {int(high) - 1}: the table below lists every value"
    return Chart(
        about, series, low, high, lambda x: str(int(x)), lambda y: _axis(y, described.type), [mark], Fraction(1)
    )


def _within(known: Sequence[tuple[Fraction, Fraction]], low: Fraction) -> list[tuple[Fraction, Fraction]]:
    """The steps from `low` on, beginning with the value that holds then."""
    before = [value for at, value in known if at <= low]
    return [(low, before[-1]), *((at, value) for at, value in known if at > low)]


def _number(value: object) -> Fraction | None:
    try:
        return Fraction(str(value)) if not isinstance(value, bool) else None
    except ValueError:
        return None


def _year(day: date) -> Fraction:
    return day.year + Fraction(day.timetuple().tm_yday - 1, 366)


def _axis(value: Fraction, type: str) -> str:
    """A value as an axis tells it."""
    if type == "rate":
        percent = value * 100
        return f"{int(percent)}%" if percent.denominator == 1 else f"{round(percent, 3):.3f}".rstrip("0") + "%"
    shown = f"{int(value):,}" if value.denominator == 1 else f"{value:,.2f}"
    return f"${shown}" if type == "money" else shown
