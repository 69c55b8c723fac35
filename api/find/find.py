"""`find`: everybody for whom a condition holds: ranked, counted, summed and grouped.

1. Machine code answers for everybody at once, with an empty cell as absent, as on a signed return.
2. With `unknown`, an empty cell of a column is a fact that is not known (`api.find.gaps`): yes, no, or not known.
3. For those not known who are shown: the fact to ask first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from api.batch.unread import unread_columns
from api.cases.calculate import Of, Question, question
from api.cases.json_values import as_json
from api.cases.reach import reached
from api.failures import Misuse
from api.find.candidates import Among, Together
from api.find.gaps import Gaps, counted_by_fact, gaps_of
from api.schema import Json
from api.version import engine_version
from engine.explain.questions import most_useful_first
from engine.interpret.cases import Case
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Failure
from engine.ir.program import Definition, Program
from engine.native import KNOWN, NOT_APPLICABLE, UNDETERMINED, Figures, evaluate
from engine.native.handover import case_of, value_of
from engine.native.plan.plan import cell_for
from engine.text.articles import with_article
from engine.values.periods import Period
from engine.values.types import Kind

NO, YES, NOT_KNOWN, FAILED = range(4)
ANSWERS = ("no", "yes", "not_known", "failed")
MOST_FAILING = 5
SMALL_BELOW = 10
"""A count of fewer tells of each of those who are counted."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to say of those found: figures of each, by which to rank (largest first), how many to show, what to add up,
    and by what to group. `unknown`: an empty cell is a fact that is not known; `count_missing`: count who hangs on
    which."""

    show: tuple[Definition, ...] = ()
    by: Definition | None = None
    top: int = 20
    sums: tuple[Definition, ...] = ()
    group: Definition | None = None
    unknown: bool = False
    count_missing: bool = False

    @property
    def figures(self) -> list[Definition]:
        """The figures that are read besides the condition."""
        return [figure for figure in (*self.show, self.by, *self.sums, self.group) if figure is not None]


@dataclass(frozen=True, slots=True)
class Shown:
    """Somebody who is shown: yes, or not known with what to ask first."""

    of: Of
    answer: str
    figures: Mapping[str, Json]
    ask: Question | None = None


@dataclass(frozen=True, slots=True)
class Failing:
    """Somebody for whom the condition cannot be worked out, and why: facts that contradict one another, most often."""

    of: Of
    why: str


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are of each answer, and sums of figures over those for whom the condition holds. `group` is the
    value that they share; `not_added`: how many of them have no value of a figure that is added up."""

    yes: int
    no: int
    not_known: int
    failed: int
    sums: Mapping[str, Json]
    group: Json = None
    not_added: int = 0


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The answer. `refused` facts did not fit the rules, and their groups were left out; `alone` are in no group.
    `hanging_on`: for each fact with empty cells, how many of those not known have another answer by other values of
    that fact alone, among those that are tried. `unread` tells of columns that nothing reads. `tied`: how many more are
    ranked like the last who is shown. `failing`: the first of those who failed, where people are shown."""

    ruleset: str
    fingerprint: str
    engine: str
    condition: str
    entity: str
    at: str
    count: Count
    rows: tuple[Shown, ...]
    groups: tuple[Count, ...] = ()
    refused: int = 0
    alone: int = 0
    offset: int | None = None
    hanging_on: Mapping[str, int] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    tied: int = 0
    failing: tuple[Failing, ...] = ()


@dataclass(eq=False)
class _Asking:
    program: Program
    condition: Definition
    at: Period
    among: Among
    answers: np.ndarray
    figures: dict[str, Figures]
    gaps: Gaps | None


def find(
    program: Program,
    condition: Definition,
    text: str,
    at: Period,
    *,
    among: Among,
    wanted: Wanted,
    threads: int = 2,
    touched: list[str] | None = None,
) -> SearchResult:
    """Ask everybody. `touched` takes the names of those of whom a count tells: who gives an answer that fewer than ten
    give, in all or in a group. Raises Misuse for figures of another entity than the condition's."""
    named = wanted.figures
    _check(condition, named, wanted)
    names = [condition.name, *dict.fromkeys(definition.name for definition in named)]
    gaps = gaps_of(program, among.columns, reached(program, at, (condition, *named))) if wanted.unknown else None
    asked, columns = (program, among.columns) if gaps is None else (gaps.program, gaps.columns)
    result = evaluate(asked, columns, names, at, threads=threads)
    held = result.figures[condition.name]
    answers = np.where(held.entries != 0, YES, NO).astype(np.int8)
    if held.status is not None:
        answers[held.status != KNOWN] = FAILED
        answers[held.status == NOT_APPLICABLE] = NO  # where it does not apply, it does not hold
        answers[held.status == UNDETERMINED] = NOT_KNOWN  # a fact is missing that the rules say nothing of
    asking = _Asking(program, condition, at, among, answers, result.figures, gaps)
    hanging: Mapping[str, int] = {}
    if gaps is not None and wanted.count_missing and (answers == NOT_KNOWN).any():
        hanging = counted_by_fact(program, gaps, cell_for(program, condition.name, at), answers == NOT_KNOWN)
    picked = _picked(asking, wanted)
    failing = np.flatnonzero(answers == FAILED)[: min(wanted.top, MOST_FAILING)].tolist()
    if touched is not None:
        touched += [among.name(condition.entity, row) for row in failing]
        touched += [among.name(condition.entity, row) for row in dict.fromkeys(_told_apart(asking, wanted))]
    return SearchResult(
        program.settings.name,
        program.fingerprint,
        engine_version(),
        text,
        condition.entity,
        str(at),
        _count(asking, wanted, np.ones(len(answers), dtype=np.bool_)),
        tuple(_shown(asking, wanted, row) for row in picked),
        tuple(_groups(asking, wanted)),
        among.refused,
        among.alone,
        among.offset,
        dict(sorted(hanging.items(), key=lambda item: (-item[1], item[0]))),
        unread_columns(program, at, (condition, *named), among.heads),
        _tied(asking, wanted, picked),
        tuple(_failing(asking, row) for row in failing),
    )


def counted_in(answer: SearchResult) -> dict[str, str]:
    """What a log keeps of a question to everybody: of when it was, and how many gave which answer."""
    count = answer.count
    given = {"yes": count.yes, "no": count.no, "not_known": count.not_known, "failed": count.failed}
    return {"at": answer.at, "asked": str(sum(given.values())), **{name: str(number) for name, number in given.items()}}


def _check(condition: Definition, named: Sequence[Definition], wanted: Wanted) -> None:
    for definition in named:
        if definition.entity != condition.entity:
            own, other = with_article(condition.entity), with_article(definition.entity)
            message = f"`{definition.short_name}` is of {other}, and the condition of {own}"
            raise Misuse(message, f"name figures of {own}, or add `--of {definition.entity}`")
    for sum_ in (*wanted.sums, *((wanted.by,) if wanted.by else ())):
        if sum_.type.kind not in (Kind.MONEY, Kind.INTEGER, Kind.RATE):
            raise Misuse(f"`{sum_.short_name}` is a {sum_.type}", "rank by and add up numbers")


# --- what is told


def _picked(asking: _Asking, wanted: Wanted) -> list[int]:
    """The rows to show: those who meet the condition, the largest first, then those of whom it is not known."""
    rows = np.flatnonzero(asking.answers == YES)
    if wanted.by is not None:
        figures = asking.figures[wanted.by.name]
        status = figures.status if figures.status is not None else np.zeros(len(figures.entries), dtype=np.uint8)
        known = status[rows] == KNOWN
        order = np.lexsort((rows, -figures.entries[rows].astype(np.int64), ~known))
        rows = rows[order]
    picked: list[int] = rows[: wanted.top].tolist()
    open_rows: list[int] = np.flatnonzero(asking.answers == NOT_KNOWN).tolist()
    return picked + open_rows[: max(0, wanted.top - len(picked))]


def _tied(asking: _Asking, wanted: Wanted, picked: list[int]) -> int:
    """How many of those found, and not shown, have the figure of the last who is."""
    if wanted.by is None or not picked or asking.answers[picked[-1]] != YES:
        return 0
    figures, last = asking.figures[wanted.by.name], picked[-1]
    same = (asking.answers == YES) & (figures.entries == figures.entries[last])
    if figures.status is not None:
        same &= figures.status == figures.status[last]
    same[picked] = False
    return int(same.sum())


def _case(asking: _Asking, row: int) -> Case:
    """The case of somebody: with what is not known where that was asked, else with an empty cell as absent."""
    rows = Together(asking.program, asking.among.columns).rows(asking.condition.entity, row)
    case = case_of(asking.program, asking.among.columns, rows)
    return case if asking.gaps is None else replace(case, within=asking.gaps.unknown(rows))


def _shown(asking: _Asking, wanted: Wanted, row: int) -> Shown:
    entity = asking.condition.entity
    of = Of(entity, asking.among.name(entity, row))
    named = [*((wanted.by,) if wanted.by else ()), *wanted.show]
    if asking.answers[row] == YES:
        return Shown(of, "yes", {figure.short_name: _value(asking, figure, row) for figure in named})
    case = _case(asking, row)
    fact = Fact(asking.condition.name, str(row), cell_for(asking.program, asking.condition.name, asking.at).period)
    first = most_useful_first(asking.program, case, [fact])[:1]
    asked = question(asking.program, first[0]) if first else None
    if asked is not None:
        name = asking.among.name(asked.of.entity, int(asked.of.id))
        asked = replace(asked, of=Of(asked.of.entity, name))
    return Shown(of, "not_known", {}, asked)


def _failing(asking: _Asking, row: int) -> Failing:
    """Why the condition fails for somebody, as the interpreter says it."""
    program, name = asking.program, asking.condition.name
    fact = Fact(name, str(row), cell_for(program, name, asking.at).period)
    outcome = Interpreter(program, _case(asking, row)).find(fact)
    where = outcome.path[0].name.rpartition(":")[2] if isinstance(outcome, Failure) and outcome.path else ""
    message = outcome.message if isinstance(outcome, Failure) else "it cannot be worked out"
    of = Of(asking.condition.entity, asking.among.name(asking.condition.entity, row))
    return Failing(of, f"{message} (in `{where}`)" if where and f"`{where}`" not in message else message)


def _value(asking: _Asking, definition: Definition, row: int) -> Json:
    figures = asking.figures[definition.name]
    if figures.status is not None and figures.status[row] != KNOWN:
        return None
    value = value_of(asking.program, definition, int(figures.entries[row]))
    return as_json(value, definition.type, asking.program.settings)


def _count(asking: _Asking, wanted: Wanted, among: np.ndarray, group: Json = None) -> Count:
    answers = asking.answers[among]
    yes, no, not_known, failed = (int((answers == answer).sum()) for answer in (YES, NO, NOT_KNOWN, FAILED))
    held = np.flatnonzero(among & (asking.answers == YES))
    statuses = [asking.figures[sum_.name].status for sum_ in wanted.sums]
    left = sum(
        (status[held] != KNOWN for status in statuses if status is not None), np.zeros(len(held), dtype=np.bool_)
    )
    sums = {sum_.short_name: _sum(asking, sum_, held) for sum_ in wanted.sums}
    return Count(yes, no, not_known, failed, sums, group, int(left.sum()))


def _sum(asking: _Asking, definition: Definition, rows: np.ndarray) -> Json:
    figures = asking.figures[definition.name]
    if figures.status is not None:
        rows = rows[figures.status[rows] == KNOWN]
    entries = figures.entries[rows].astype(np.int64)
    whole = int((entries // 10**6).sum()) * 10**6 + int((entries % 10**6).sum())  # sums that no int64 overflows
    value = value_of(asking.program, definition, 1)
    return as_json(Fraction(value) * whole, definition.type, asking.program.settings)  # type: ignore[arg-type]


def _groups(asking: _Asking, wanted: Wanted) -> list[Count]:
    if wanted.group is None:
        return []
    return [_count(asking, wanted, among, value) for value, among in _shares(asking, wanted.group)]


def _shares(asking: _Asking, group: Definition) -> Iterator[tuple[Json, np.ndarray]]:
    """The rows of each value of a figure, in order of the values; those without one last."""
    figures = asking.figures[group.name]
    rows_of: dict[Json, list[int]] = defaultdict(list)
    for entry in np.unique(figures.entries).tolist():
        for row in np.flatnonzero(figures.entries == entry).tolist():
            rows_of[_value(asking, group, row)].append(row)
    for value in sorted(rows_of, key=lambda value: _in_order(value, group)):
        among = np.zeros(len(asking.answers), dtype=np.bool_)
        among[rows_of[value]] = True
        yield value, among


def _in_order(value: Json, group: Definition) -> tuple[bool, Fraction, str]:
    """Numbers by size, all else by name, what has no value last."""
    numbers = group.type.is_number and value is not None
    return value is None, Fraction(str(value)) if numbers else Fraction(0), str(value)


def _told_apart(asking: _Asking, wanted: Wanted) -> list[int]:
    """Those who give an answer that few others give, so that a count tells of each of them."""
    shares = [np.ones(len(asking.answers), dtype=np.bool_)]
    shares += [among for _, among in _shares(asking, wanted.group)] if wanted.group is not None else []
    rows: list[int] = []
    for among in shares:
        for answer in (YES, NO, NOT_KNOWN):
            cell = np.flatnonzero(among & (asking.answers == answer))
            rows += cell.tolist() if len(cell) < SMALL_BELOW else []
    return rows
