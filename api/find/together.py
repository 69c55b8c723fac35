"""Finding in each log of a population, and what was found as one answer: counts and sums added up, the best of all
ranked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from api.cases.json_values import as_json
from api.find.candidates import NobodyThere, from_log
from api.find.find import MOST_FAILING, Count, SearchResult, Shown, Wanted, find
from api.history.against_rules import recorded_in, unknown_entities, unread_attributes
from api.schema import Json
from citizens import History, Known, Recorded
from engine.ir.program import Definition, Program
from engine.values.periods import Period


def find_in_parts(
    program: Program,
    condition: Definition,
    text: str,
    at: Period,
    *,
    parts: Sequence[tuple[History, Known]],
    read: Sequence[Definition],
    wanted: Wanted,
) -> tuple[SearchResult, list[list[str]]]:
    """The answer of all logs, each as known when, and by log of whom it tells: who is shown, and who is one of few. A
    log may hold nobody, not all of them.

    Raises Failure.
    """
    answers: dict[int, SearchResult] = {}
    recorded: list[Mapping[str, Recorded]] = []
    misplaced: dict[str, None] = {}
    nobody: list[NobodyThere] = []
    touched: list[list[str]] = [[] for _ in parts]
    for number, (log, known) in enumerate(parts):
        try:
            among = from_log(program, at, log, [condition, *read], known)
        except NobodyThere as empty:
            nobody.append(empty)
            continue
        recorded.append(among.recorded)
        misplaced |= dict.fromkeys(among.misplaced)
        answers[number] = find(program, condition, text, at, among=among, wanted=wanted, touched=touched[number])
    if not answers:
        raise nobody[0]
    unknown = unknown_entities(program, [name for log, _ in parts for name in log.entities()])
    told = (*unknown, *misplaced, *unread_attributes(recorded_in(recorded), at))
    if len(parts) == 1:
        names = [[*(row.of.id for row in answers[0].rows), *touched[0]]]
        return replace(answers[0], unread=told), names
    whole, shown = together(program, list(answers.values()), wanted)
    whole = replace(whole, unread=told)
    for number, rows in zip(answers, shown, strict=True):
        touched[number] += [row.of.id for row in rows]
    return whole, touched


def together(program: Program, parts: Sequence[SearchResult], wanted: Wanted) -> tuple[SearchResult, list[list[Shown]]]:
    """The answer of all parts (at least one), and by part those of it that are shown. It has no offset: each part
    counts its own."""
    picked = _picked(parts, wanted)
    hanging: Counter[str] = Counter()
    for part in parts:
        hanging.update(part.hanging_on)
    whole = replace(
        parts[0],
        count=_added(program, [part.count for part in parts], wanted),
        rows=tuple(row for _, row in picked),
        groups=tuple(_groups(program, parts, wanted)),
        refused=sum(part.refused for part in parts),
        alone=sum(part.alone for part in parts),
        offset=None,
        hanging_on=dict(hanging),
        tied=_tied(parts, wanted, picked),
        failing=tuple(failing for part in parts for failing in part.failing)[:MOST_FAILING],
    )
    return whole, [[row for number, row in picked if number == place] for place in range(len(parts))]


def _picked(parts: Sequence[SearchResult], wanted: Wanted) -> list[tuple[int, Shown]]:
    """Those to show, with the part that each is in: who meets the condition, the largest first, then who may."""
    rows = [(number, row) for number, part in enumerate(parts) for row in part.rows]
    met = [(number, row) for number, row in rows if row.answer == "yes"]
    if wanted.by is not None:
        name = wanted.by.short_name
        met.sort(key=lambda pair: pair[1].of.id)
        met.sort(key=lambda pair: _rank(pair[1].figures.get(name)), reverse=True)
    return [*met, *((number, row) for number, row in rows if row.answer != "yes")][: wanted.top]


def _tied(parts: Sequence[SearchResult], wanted: Wanted, picked: Sequence[tuple[int, Shown]]) -> int:
    """How many who are not shown have the figure of the last who is: shown by a part, or tied with its last."""
    if wanted.by is None or not picked or picked[-1][1].answer != "yes":
        return 0
    name = wanted.by.short_name
    last = picked[-1][1].figures.get(name)
    shown = sum(row.answer == "yes" and row.figures.get(name) == last for _, row in picked)
    met = [[row.figures.get(name) for row in part.rows if row.answer == "yes"] for part in parts]
    left = sum(part.tied for part, figures in zip(parts, met, strict=True) if figures and figures[-1] == last)
    return left + sum(figure == last for figures in met for figure in figures) - shown


def _rank(value: Json) -> tuple[bool, Fraction]:
    return (value is not None, Fraction(0 if value is None else str(value)))


def _added(program: Program, counts: Sequence[Count], wanted: Wanted) -> Count:
    sums: dict[str, Json] = {}
    for definition in wanted.sums:
        total = sum((Fraction(str(count.sums[definition.short_name])) for count in counts), Fraction(0))
        sums[definition.short_name] = as_json(total, definition.type, program.settings)
    return Count(
        sum(count.yes for count in counts),
        sum(count.no for count in counts),
        sum(count.not_known for count in counts),
        sum(count.failed for count in counts),
        sums,
        counts[0].group,
        sum(count.not_added for count in counts),
    )


def _groups(program: Program, parts: Sequence[SearchResult], wanted: Wanted) -> Sequence[Count]:
    grouped: dict[Json, list[Count]] = {}
    for part in parts:
        for count in part.groups:
            grouped.setdefault(count.group, []).append(count)
    ordered = sorted(grouped.items(), key=lambda item: (item[0] is None, str(item[0])))
    return [_added(program, counts, wanted) for _, counts in ordered]
