"""What stands in the rules: every definition by name, each with its law, its values over time, and its neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from api.cases.overlays import overlays_said, starts_said
from api.cases.values import as_json as value_json
from api.cases.values import as_text
from api.failures import Misuse, suggestion
from api.schema import Citation, Json, citations
from engine.ir import nodes as ir
from engine.ir.program import DatedExpression, Program
from engine.ir.walk import walk
from engine.reading.declarations import (
    Bracket,
    Dated,
    Declaration,
    Function,
    Input,
    Parameter,
    Reason,
    Requirement,
    RuleModule,
    Ruleset,
    Scale,
    Settings,
    Table,
    Variable,
    VariableException,
)
from engine.syntax.printer import print_formula
from engine.text.source import Span
from engine.values.numbers import format_decimal
from engine.values.types import MONEY, RATE, Value, ValueType

_GROUPS = ("inputs", "parameters", "tables", "scales", "functions", "variables", "requirements")
_KINDS = {"inputs": "fact", "variables": "figure"}


@dataclass(frozen=True, slots=True)
class Declared:
    """A declaration, its module, its kind, its name in the whole program, and whether others may use it."""

    module: RuleModule
    kind: str
    declaration: Declaration
    name: str
    exported: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file. Lines and columns count from 1; the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Summary:
    """A definition in a list."""

    name: str
    kind: str
    module: str
    label: str
    law: tuple[Citation, ...]
    exported: bool = False


@dataclass(frozen=True, slots=True)
class DatedFormula:
    """A formula in canonical form, and the day from which it holds (none: from always)."""

    formula: str
    from_: str = ""


@dataclass(frozen=True, slots=True)
class ExceptionSaid:
    """Where `when` holds, `then` stands in the place of the formula, or of the exceptions it is `over`."""

    name: str
    when: str
    then: str
    law: tuple[Citation, ...]
    over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """A reason of a requirement: what it `needs`, or how its `parts` combine (`all`, `any_of`)."""

    name: str
    label: str
    law: tuple[Citation, ...]
    needs: str = ""
    fails: str = ""
    mode: str = ""
    parts: tuple[Condition, ...] = ()
    exceptions: tuple[ExceptionSaid, ...] = ()


@dataclass(frozen=True, slots=True)
class Band:
    """One bracket of a scale: `value` beginning just above `above`, or at `from_`."""

    value: Json
    above: Json = None
    from_: Json = None


@dataclass(frozen=True, slots=True)
class DatedValue:
    """What a constant is from a day on, in words (`text`) and as data.

    A parameter has a `value`; a row of a table has `keys` and `cells` by column (one without a name is `value`);
    a scale has `bands`, under its key if it has one.
    """

    from_: str
    text: str
    value: Json = None
    keys: tuple[str, ...] = ()
    cells: Mapping[str, Json] | None = None
    bands: tuple[Band, ...] = ()


@dataclass(frozen=True, slots=True)
class Described:
    """A definition, whole. Which fields there are depends on its kind.

    `entity`, `period`, `type`: of facts, figures and requirements. `uses` and `used_by` are names in the whole program.
    """

    name: str
    kind: str
    module: str
    label: str
    law: tuple[Citation, ...]
    where: Place
    uses: tuple[str, ...]
    used_by: tuple[str, ...]
    exported: bool = False
    entity: str = ""
    period: str = ""
    type: str = ""
    stock: bool = False
    range: str = ""
    ask: str = ""
    default: Json = None
    absent: Json = None
    default_text: str = ""
    absent_text: str = ""
    applies_if: str = ""
    otherwise: str = ""
    takes: Mapping[str, str] | None = None
    formulas: tuple[DatedFormula, ...] = ()
    exceptions: tuple[ExceptionSaid, ...] = ()
    rounded: str = ""
    needs: Condition | None = None
    values: tuple[DatedValue, ...] = ()
    known_until: str = ""
    uprated_by: str = ""
    set_by_reforms: tuple[str, ...] = ()
    read_off: tuple[str, ...] = ()


def definitions(ruleset: Ruleset) -> Iterator[Declared]:
    """Every definition of a ruleset."""
    for module in ruleset.modules:
        exported = {name for name, _ in module.exports}
        for group in _GROUPS:
            declarations: Sequence[Declaration] = getattr(module, group)
            for one in declarations:
                public = one.name in exported
                name = one.name if public else f"{module.name}:{one.name}"
                yield Declared(module, _KINDS.get(group, group.removesuffix("s")), one, name, public)


def find(ruleset: Ruleset, name: str) -> Declared:
    """The definition that `name` means: an export, `module:name`, or the only private one of that name."""
    everything = list(definitions(ruleset))
    exact = [one for one in everything if one.name == name]
    meant = exact or [one for one in everything if one.declaration.name == name]
    if len(meant) == 1:
        return meant[0]
    if meant:
        choices = ", ".join(f"`{one.name}`" for one in meant)
        raise Misuse(f"`{name}` is a private name of several modules", f"name one of {choices}")
    known = {one.declaration.name for one in everything}
    raise Misuse(
        f"there is no definition `{name}`", suggestion(name, known, "see `rulewright check` for what there is")
    )


def summary(declared: Declared) -> Summary:
    """A definition as it stands in a list."""
    one = declared.declaration
    return Summary(declared.name, declared.kind, declared.module.name, one.label, citations(one.law), declared.exported)


def search(ruleset: Ruleset, words: str, kinds: Sequence[str] = ()) -> list[Summary]:
    """The definitions in whose name, label or law every word stands; best first: by name, then label, then law."""
    wanted = words.lower().replace("_", " ").split()
    ranked: list[tuple[int, str, Summary]] = []
    for one in definitions(ruleset):
        if kinds and one.kind not in kinds:
            continue
        name = one.declaration.name.lower().replace("_", " ")
        label, law = one.declaration.label.lower(), one.declaration.law.lower()
        texts = (name, f"{name} {label}", f"{name} {label} {law}")
        rank = next((rank for rank, text in enumerate(texts) if all(word in text for word in wanted)), None)
        if rank is not None:
            exact = one.declaration.name.lower() == "_".join(wanted)
            ranked.append((-1 if exact else rank, one.name, summary(one)))
    return [one for _, _, one in sorted(ranked, key=lambda entry: entry[:2])]


def links(program: Program, name: str) -> tuple[list[str], list[str]]:
    """What the definition `name` uses, and who uses it: figures, constants and functions."""
    uses: dict[str, None] = {}
    users: dict[str, None] = {}
    everything: list[tuple[str, tuple[DatedExpression, ...]]] = [
        *((one.name, one.formulas) for one in program.definitions.values()),
        *((one.name, one.formulas) for one in program.functions.values()),
    ]
    for reader, formulas in everything:
        for read in (read for dated in formulas for read in _named(dated.body)):
            if reader == name:
                uses[read] = None
            if read == name:
                users[reader] = None
    return list(uses), sorted(users)


def _named(body: ir.Expression) -> Iterator[str]:
    reading = ir.VariableRead | ir.OverTime | ir.ParameterRead | ir.TableRead | ir.ScaleRead | ir.FunctionCall
    for node in walk(body):
        if isinstance(node, reading):
            yield node.name


def place_of(span: Span) -> Place:
    """Where a span stands in its file."""
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return Place(span.source.name, line, column, end_line, end_column)


# --- a definition, whole


def describe(ruleset: Ruleset, program: Program, name: str) -> Described:
    """The definition that `name` means, with everything that the rules say of it. Raises Misuse if there is none."""
    declared = find(ruleset, name)
    one = declared.declaration
    uses, users = links(program, declared.name)
    return Described(
        name=declared.name,
        kind=declared.kind,
        module=declared.module.name,
        label=one.label,
        law=citations(one.law),
        where=place_of(one.span),
        uses=tuple(uses),
        used_by=tuple(users),
        exported=declared.exported,
        **_own(program.tables.get(declared.name, one), ruleset.settings),  # type: ignore[arg-type]
    )


def _own(one: Declaration, settings: Settings) -> dict[str, object]:
    """The fields that only this kind of definition has."""
    match one:
        case Input():
            return {**_shape(one), **_input(one, settings)}
        case Variable():
            return {**_shape(one), **_variable(one)}
        case Requirement():
            needs = _condition(one.reason) if one.reason is not None else None
            return {"entity": one.entity, "period": str(one.period), "type": "boolean", "needs": needs}
        case Function():
            takes = {name: str(type) for name, type in one.arguments}
            return {"takes": takes, "type": str(one.type), "formulas": _formulas(one.formula)}
        case Parameter() | Table() | Scale():
            return {
                "type": str(one.type) if isinstance(one, Parameter) else "",
                "values": tuple(_values(one, settings)),
                "known_until": one.known_until.isoformat() if one.known_until is not None else "",
                "uprated_by": f"{one.uprate.by}, from {one.uprate.base}" if one.uprate is not None else "",
                "set_by_reforms": overlays_said(one, settings),
                "read_off": starts_said(one, settings),
            }
    return {}


def _shape(one: Input | Variable) -> dict[str, object]:
    return {"entity": one.entity, "period": str(one.period), "type": str(one.type), "stock": one.stock}


def _input(one: Input, settings: Settings) -> dict[str, object]:
    assert one.type is not None
    ends = [format_decimal(end) if end is not None else "" for end in (one.low, one.high)]
    said: dict[str, object] = {"ask": one.ask, "range": " .. ".join(ends) if any(ends) else ""}
    for key, value in (("default", one.default), ("absent", one.absent)):
        if value is not None:
            said[key] = value_json(value, one.type, settings)
            said[f"{key}_text"] = as_text(value, one.type, settings)
    return said


def _variable(one: Variable) -> dict[str, object]:
    return {
        "applies_if": print_formula(one.applies_if) if one.applies_if is not None else "",
        "otherwise": print_formula(one.otherwise) if one.otherwise is not None else "",
        "formulas": _formulas(one.formula),
        "exceptions": _exceptions(one.exceptions),
        "rounded": f"{one.grid.mode.value} to {format_decimal(one.grid.step)}" if one.grid is not None else "",
    }


def _formulas(dated: Sequence[Dated]) -> tuple[DatedFormula, ...]:
    return tuple(
        DatedFormula(print_formula(one.formula), one.start.isoformat() if one.start is not None else "")
        for one in dated
    )


def _exceptions(listed: Sequence[VariableException]) -> tuple[ExceptionSaid, ...]:
    return tuple(
        ExceptionSaid(
            one.name,
            print_formula(one.when) if one.when else "",
            print_formula(one.then) if one.then else "",
            citations(one.law),
            tuple(name for name, _ in one.over),
        )
        for one in listed
    )


def _condition(reason: Reason) -> Condition:
    return Condition(
        reason.name,
        reason.label,
        citations(reason.law),
        "; ".join(
            f"from {one.start}: {print_formula(one.formula)}" if one.start else print_formula(one.formula)
            for one in reason.needs
        ),
        reason.fails,
        reason.mode if reason.parts else "",
        tuple(_condition(part) for part in reason.parts),
        _exceptions(reason.exceptions),
    )


def _values(one: Parameter | Table | Scale, settings: Settings) -> Iterator[DatedValue]:
    match one:
        case Parameter():
            assert one.type is not None
            for day, value in one.values:
                data = value_json(value, one.type, settings)
                yield DatedValue(day.isoformat(), as_text(value, one.type, settings), data)
        case Table():
            for day, rows in one.values:
                yield from _rows(day, rows, one.columns, settings)
        case Scale():
            for day, bands in one.values:
                for key, brackets in bands.items():
                    yield _scale(one, day, key, brackets, settings)


def _rows(
    day: date,
    rows: Mapping[tuple[str | int, ...], Mapping[str, Value]],
    columns: Mapping[str, ValueType],
    settings: Settings,
) -> Iterator[DatedValue]:
    for keys, row in rows.items():
        words = [f"{name} {as_text(row[name], type, settings)}".lstrip() for name, type in columns.items()]
        cells: dict[str, Json] = {name: value_json(row[name], type, settings) for name, type in columns.items()}
        names = tuple(str(key).lower() if isinstance(key, bool) else str(key) for key in keys)
        text = f"{', '.join(names)}: {', '.join(words)}"
        yield DatedValue(day.isoformat(), text, cells.pop("", None), names, cells or None)


def _scale(
    scale: Scale, day: date, key: str | int | None, brackets: Sequence[Bracket], settings: Settings
) -> DatedValue:
    gives = RATE if scale.kind == "marginal" else scale.gives
    assert gives is not None
    word, of = "from" if scale.inclusive else "above", scale.of or MONEY
    shown, bands = [], []
    for one in brackets:
        start = as_text(one.threshold, of, settings) if one.threshold is not None else ""
        value = as_text(one.value, gives, settings)
        shown.append(f"{value} {word} {start}" if start else value)
        at = value_json(one.threshold, of, settings) if one.threshold is not None else None
        data = value_json(one.value, gives, settings)
        bands.append(Band(data, from_=at) if scale.inclusive else Band(data, above=at))
    head = "" if key is None else f"{key}: "
    keys = () if key is None else (str(key),)
    return DatedValue(day.isoformat(), f"{head}{', '.join(shown)}", keys=keys, bands=tuple(bands))
