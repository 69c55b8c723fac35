"""`diff`: what is different between two versions of the law, which figures can change, and by how much they do.

1. Constants are compared date by date and row by row; figures, facts and functions part by part, as they are written.
2. Only what reads something that differs, directly or through others, can change; some of it may never, whatever the
   facts are.
3. The worked examples are run under the second version: those of which something that they expect changes are listed.
4. On the population, every exported amount of its units that can change is computed under both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from api.failures import Misuse
from api.rules import programs
from api.rules.names import Named as IndexName
from api.rules.revisions import checked_out
from api.rules.stated_values import stated_values
from api.simulate.diff_measured import ExampleChange, FigureChange, example_changes, on_population
from api.simulate.diff_texts import READS, Reading, TextChange, Texts, reads_only, same, same_formulas
from api.simulate.view import load_view
from engine.ir.program import Definition, FunctionDefinition, Program
from engine.ir.walk import walk
from engine.reading.declared_constants import Parameter, Scale, Table

Constant = Parameter | Table | Scale
Named = Constant | Definition | FunctionDefinition
_PARTS = {
    "label": "label", "law": "law", "formulas": "formula", "grid": "rounding", "low": "range", "high": "range",
    "entity": "whose it is", "period": "period", "type": "type", "default": "default", "absent": "what absence means",
    "requirement": "reasons", "excludes": "exclusions", "excludes_where": "exclusions", "exported": "export",
    "may_not_apply": "when it applies",
    "stock": "kind over time", "event": "kind over time", "status": "kind over time", "ask": "question",
    "arguments": "arguments", "uprate": "index", "known_until": "known until", "overlays": "what reforms set",
}  # fmt: skip
_WRITTEN = ("formula", "needs", "exception", "applies if", "otherwise", "takes")
_READ_OTHERWISE = "the same formula; what it reads has another name, type, period or group"


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A constant (or a row or band of it) from a day on, before and after, in words."""

    since: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A definition that differs: `how` is changed, added or removed; `parts` names what of it, `values` the figures,
    `texts` what is written before and after; what it reads under the second version only, and under the first only."""

    name: str
    label: str
    kind: str
    how: str
    law: str
    parts: tuple[str, ...] = ()
    values: tuple[ValueChange, ...] = ()
    texts: tuple[TextChange, ...] = ()
    reads_now: tuple[Reading, ...] = ()
    reads_no_more: tuple[Reading, ...] = ()


@dataclass(frozen=True, slots=True)
class Differences:
    """The whole comparison. `can_change` are the only exported figures that may be others, by entity."""

    before: str
    after: str
    differences: tuple[Difference, ...]
    can_change: Mapping[str, tuple[str, ...]]
    examples: tuple[ExampleChange, ...] = ()
    year: str = ""
    population: str = ""
    figures: tuple[FigureChange, ...] = ()
    unchanged: int = 0


def compare(rules: str, other: str, at: str = "", with_examples: bool = True) -> Differences:
    """The differences between rules and a reform of them, or other rules: a folder, or a revision of git, `us@HEAD~1`,
    as either may be. `at` asks for the population."""
    with ExitStack() as stack:
        first_rules = stack.enter_context(checked_out(rules))
        reform = [Path(other)] if Path(other).is_file() else []
        if not reform and not Path(other).is_dir() and other not in programs.shipped_rules() and "@" not in other:
            raise Misuse(f"there is neither a reform file nor a folder of rules `{other}`", "check the path")
        second_rules = first_rules if reform else stack.enter_context(checked_out(other))
        first, second = programs.load_program(first_rules), programs.load_program(second_rules, reform)
        compared = _compared(rules, other, first, second)
        texts = Texts(programs.read(first_rules), programs.read(second_rules, reform))
        told = (_told(difference, texts, first, second) for difference in compared.differences)
        compared = replace(compared, differences=(*_settled(texts), *told))
        if with_examples and compared.differences:
            compared = replace(compared, examples=tuple(example_changes(first_rules, second)))
    if not at:
        return compared
    names = compared.can_change.get(load_view(first).unit, ())
    measured = on_population(first, second, names, at)
    return replace(
        compared, year=measured.year, population=measured.population, figures=measured.figures,
        unchanged=measured.unchanged,
    )  # fmt: skip


def _compared(rules: str, other: str, first: Program, second: Program) -> Differences:
    differing = tuple(differences(first, second))
    affected = reached(second, {difference.name for difference in differing} & set(_everything(second)))
    affected |= reached(first, {difference.name for difference in differing if difference.how == "removed"}) & set(
        second.definitions
    )
    exported = [
        second.definitions[name] for name in second.order if name in affected and second.definitions[name].exported
    ]
    by_entity: dict[str, list[str]] = {}
    for definition in exported:
        by_entity.setdefault(definition.entity, []).append(definition.name)
    return Differences(rules, other, differing, {entity: tuple(sorted(names)) for entity, names in by_entity.items()})


def _everything(program: Program) -> dict[str, Named]:
    return {
        **program.definitions, **program.parameters, **program.tables, **program.scales, **program.functions,
    }  # fmt: skip


def differences(first: Program, second: Program) -> Iterator[Difference]:
    """Every definition that is not the same in both programs, in the order of names."""
    before, after = _everything(first), _everything(second)
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            there = new or old
            assert there is not None
            yield Difference(name, there.label, _kind(there), "added" if old is None else "removed", _law(there))
        elif not same(old, new):
            yield _changed(name, old, new, first, second)


def _changed(name: str, old: Named, new: Named, first: Program, second: Program) -> Difference:
    values: tuple[ValueChange, ...] = ()
    if isinstance(old, Constant) and isinstance(new, Constant):
        values = tuple(_values(old, new, first, second))
    parts = [words for field, words in _PARTS.items() if hasattr(old, field) and _differs(old, new, field)]
    return Difference(name, new.label, _kind(new), "changed", _law(new), tuple(dict.fromkeys(parts)), values)


def _differs(old: Named, new: Named, field: str) -> bool:
    was, now = getattr(old, field), getattr(new, field, None)
    return was != now and not (field == "formulas" and isinstance(now, tuple) and same_formulas(was, now))


def _settled(texts: Texts) -> Iterator[Difference]:
    """What differs of groups, records, enums and sets of figures."""
    for named in texts.settled():
        changes = texts.changes(named.name)
        if changes:
            how = "changed" if texts.is_in(0, named.name) else "added"
            how = how if texts.is_in(1, named.name) else "removed"
            kind = "set of figures" if named.kind == "figure_set" else named.kind
            parts = tuple(text.part for text in changes) if how == "changed" else ()
            yield Difference(named.name, named.label, kind, how, _law(named), parts, texts=changes)


def _told(difference: Difference, texts: Texts, first: Program, second: Program) -> Difference:
    """A difference with what is written in either version, and what only one of them reads."""
    told = replace(difference, texts=texts.changes(difference.name))
    if difference.how != "changed":
        return told
    written = any(text.part.startswith(_WRITTEN) for text in told.texts)
    parts = tuple(_READ_OTHERWISE if part == "formula" and not written else part for part in told.parts)
    now, no_more = reads_only(second, difference.name, first), reads_only(first, difference.name, second)
    return replace(told, parts=parts, reads_now=tuple(now), reads_no_more=tuple(no_more))


def _kind(named: Named) -> str:
    match named:
        case Definition():
            return "fact" if named.is_input else "figure" if named.requirement is None else "requirement"
        case FunctionDefinition():
            return "function"
    return type(named).__name__.lower()


def _law(named: Named | IndexName) -> str:
    return " ".join(str(named.law).split())


def _values(old: Constant, new: Constant, first: Program, second: Program) -> Iterator[ValueChange]:
    """From which day what is another, row by row."""
    both = (_series(old, first), _series(new, second))
    for key in dict.fromkeys((*both[0], *both[1])):
        series = [rows.get(key, {}) for rows in both]
        last: tuple[str, str] | None = None
        for day in sorted({*series[0], *series[1]}):
            pair = (_in_force(series[0], day), _in_force(series[1], day))
            if pair[0] != pair[1] and pair != last:
                yield ValueChange(day, *pair)
            last = pair


def _series(constant: Constant, program: Program) -> dict[tuple[str, ...], dict[str, str]]:
    texts: dict[tuple[str, ...], dict[str, str]] = {}
    for value in stated_values(constant, program.settings):
        texts.setdefault(value.keys, {})[value.from_] = value.text
    return texts


def _in_force(series: Mapping[str, str], day: str) -> str:
    days = [start for start in series if start <= day]
    return series[max(days)] if days else "nothing"


def reached(program: Program, names: Iterable[str]) -> set[str]:
    """What reads any of `names`, directly or through others, and those themselves."""
    readers: dict[str, set[str]] = {}
    formulas = [(definition.name, definition.formulas) for definition in program.definitions.values()]
    formulas += [(function.name, function.formulas) for function in program.functions.values()]
    for reader, dated in formulas:
        for node in (node for dated_expression in dated for node in walk(dated_expression.body)):
            if isinstance(node, READS):
                readers.setdefault(node.name, set()).add(reader)
    for name, table in program.tables.items():
        for follow in table.follows:
            readers.setdefault(follow.scale, set()).add(name)
    constants: dict[str, Constant] = {**program.parameters, **program.tables, **program.scales}
    for name, constant in constants.items():
        if constant.uprate is not None:
            readers.setdefault(constant.uprate.by, set()).add(name)
    reached_names, left = set(names), list(names)
    while left:
        following = readers.get(left.pop(), set()) - reached_names
        reached_names |= following
        left += following
    return reached_names
