"""`diff`: what is different between two versions of the law, which figures can change, and by how much they do.

1. Constants are compared date by date and row by row; figures, facts and functions part by part.
2. Whatever reads something that differs, directly or through others, can change.
3. The worked examples are run under the second version: those of which something that they expect changes are listed.
4. On the population, every exported amount of its units that can change is computed under both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from api.cases.naming import read_period
from api.failures import Misuse
from api.rules import programs
from api.rules.definitions import stated_values
from api.rules.examples import run
from api.simulate.exactly import exact_text, weighted_total
from api.simulate.known import Entries
from api.simulate.outcomes import outcome
from api.simulate.population import admit, read_source
from api.simulate.suppress import SMALL_BELOW
from api.simulate.view import load_view
from engine.ir import nodes as ir
from engine.ir.program import Definition, FunctionDefinition, Program
from engine.ir.walk import walk
from engine.population.columns import unit_of
from engine.reading.declared_constants import Parameter, Scale, Table
from engine.values.types import Kind

Constant = Parameter | Table | Scale
Named = Constant | Definition | FunctionDefinition
_READS = ir.VariableRead | ir.OverTime | ir.ParameterRead | ir.TableRead | ir.ScaleRead | ir.FunctionCall
_PARTS = {
    "label": "label", "law": "law", "formulas": "formula", "grid": "rounding", "low": "range", "high": "range",
    "entity": "whose it is", "period": "period", "type": "type", "default": "default", "absent": "what absence means",
    "requirement": "reasons", "excludes": "exclusions", "excludes_where": "exclusions", "exported": "export",
    "may_not_apply": "when it applies",
    "stock": "kind over time", "event": "kind over time", "status": "kind over time", "ask": "question",
    "arguments": "arguments", "uprate": "index", "known_until": "known until", "overlays": "what reforms set",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A constant (or a row or band of it) from a day on, before and after, in words."""

    since: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A definition that differs: `how` is changed, added or removed; `parts` names what of it, `values` the figures."""

    name: str
    label: str
    kind: str
    how: str
    law: str
    parts: tuple[str, ...] = ()
    values: tuple[ValueChange, ...] = ()


@dataclass(frozen=True, slots=True)
class ExampleChange:
    """An example of the rules that comes out otherwise."""

    module: str
    example: str
    figure: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class FigureChange:
    """An amount on the population: for how many units it changes (`n` unweighted; null if they are fewer than ten), and
    its exact weighted totals."""

    figure: str
    label: str
    n: int | None
    before: str
    after: str
    change: str


@dataclass(frozen=True, slots=True)
class Differences:
    """The whole comparison. `can_change` are the exported figures that may be others, by entity."""

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
    """The differences between rules and a reform of them, or another folder of rules. `at` asks for the population."""
    first = programs.load_program(rules)
    reform = Path(other) if Path(other).is_file() else None
    if reform is None and not Path(other).is_dir() and other not in programs.shipped_rules():
        raise Misuse(f"there is neither a reform file nor a folder of rules `{other}`", "check the path")
    second = programs.load_program(rules, [reform]) if reform else programs.load_program(other)
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
    can_change = {entity: tuple(sorted(names)) for entity, names in by_entity.items()}
    compared = Differences(rules, other, differing, can_change)
    if with_examples and reform is not None and differing:
        compared = replace(compared, examples=tuple(_examples(rules, reform)))
    return _on_population(compared, first, second, at) if at else compared


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
        elif old != new:
            yield _changed(name, old, new, first, second)


def _changed(name: str, old: Named, new: Named, first: Program, second: Program) -> Difference:
    values: tuple[ValueChange, ...] = ()
    if isinstance(old, Constant) and isinstance(new, Constant):
        values = tuple(_values(old, new, first, second))
    parts = [
        words for field, words in _PARTS.items()
        if hasattr(old, field) and getattr(old, field) != getattr(new, field, None)
    ]  # fmt: skip
    return Difference(name, new.label, _kind(new), "changed", _law(new), tuple(dict.fromkeys(parts)), values)


def _kind(named: Named) -> str:
    match named:
        case Definition():
            return "fact" if named.is_input else "figure" if named.requirement is None else "requirement"
        case FunctionDefinition():
            return "function"
    return type(named).__name__.lower()


def _law(named: Named) -> str:
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
            if isinstance(node, _READS):
                readers.setdefault(node.name, set()).add(reader)
    for table in program.tables.values():
        for follow in table.follows:
            readers.setdefault(follow.scale, set()).add(table.name)
    constants: list[Constant] = [*program.parameters.values(), *program.tables.values(), *program.scales.values()]
    for constant in constants:
        if constant.uprate is not None:
            readers.setdefault(constant.uprate.by, set()).add(constant.name)
    reached_names, left = set(names), list(names)
    while left:
        following = readers.get(left.pop(), set()) - reached_names
        reached_names |= following
        left += following
    return reached_names


def _examples(rules: str, reform: Path) -> Iterator[ExampleChange]:
    kept = {(mismatch.module, mismatch.example, mismatch.figure): mismatch for mismatch in run(rules).result.mismatches}
    for mismatch in run(rules, [reform]).result.mismatches:
        if (mismatch.module, mismatch.example, mismatch.figure) not in kept:
            yield ExampleChange(mismatch.module, mismatch.example, mismatch.figure, mismatch.expected, mismatch.found)


def _on_population(compared: Differences, first: Program, second: Program, at: str) -> Differences:
    view = load_view(first)
    period = read_period(first, at)
    names = [
        name for name in compared.can_change.get(view.unit, ())
        if _is_amount(first, name) and _is_amount(second, name)
        and first.definitions[name].period_at(period) is not None
    ]  # fmt: skip
    source = read_source(first, view, (), None)
    population = admit(first, view, source, period, "", view.uprate)
    wide = replace(view, taxes=dict.fromkeys(names, ""), benefits={}, borne=(), shown=(), earnings="")
    outcomes = [outcome(program, wide, population, False, 2) for program in (first, second)] if names else []
    changes = []
    for name in names:
        before, after = (result.figures[name] for result in outcomes)
        if (n := int(np.count_nonzero(before != after))) > 0:
            changes.append(_change(first, name, n, before, after, population.weights, population.weight_scale))
    unchanged = len(names) - len(changes)
    return replace(
        compared, year=str(period), population=population.about, figures=tuple(changes), unchanged=unchanged
    )  # fmt: skip


def _change(
    program: Program, name: str, n: int, before: Entries, after: Entries, weights: Entries, scale: int
) -> FigureChange:
    definition = program.definitions[name]
    divisor = unit_of(program, definition) * scale
    texts = [exact_text(weighted_total(entries, weights), divisor) for entries in (before, after, after - before)]
    return FigureChange(name, definition.label, None if n < SMALL_BELOW else n, *texts)


def _is_amount(program: Program, name: str) -> bool:
    definition = program.definitions.get(name)
    return definition is not None and definition.type.kind is Kind.MONEY and not definition.is_input


def in_words(compared: Differences, currency: str) -> Iterator[str]:
    """The comparison as lines of text."""
    if not compared.differences:
        yield f"`{compared.before}` and `{compared.after}` are the same law"
        return
    for difference in compared.differences:
        what = f" ({', '.join(difference.parts)})" if difference.parts and not difference.values else ""
        yield f"{difference.kind} {difference.name} is {difference.how}{what}: {difference.label}" + (
            f" [{difference.law}]" if difference.law else ""
        )
        for value in difference.values:
            yield f"  from {value.since}: {value.before} -> {value.after}"
    yield ""
    total = sum(map(len, compared.can_change.values()))
    yield f"exported figures that can change: {total:,}"
    for entity, names in compared.can_change.items():
        more = f" and {len(names) - 12} more" if len(names) > 12 else ""
        yield f"  of a {entity}: {', '.join(names[:12])}{more}"
    if compared.examples:
        yield ""
        yield f"worked examples whose results change: {len(compared.examples)}"
        for example in compared.examples[:20]:
            yield f"  {example.module}, {example.example}: {example.figure} {example.before} -> {example.after}"
    if compared.year:
        yield ""
        yield (
            f"in {compared.year}, on {compared.population}: {len(compared.figures)} amounts change, "
            f"{compared.unchanged} do not"
        )
        for figure in compared.figures:
            n = "fewer than 10" if figure.n is None else f"{figure.n:,}"
            yield f"  {figure.figure}: {figure.change} {currency} in all, for {n} units of the sample"
