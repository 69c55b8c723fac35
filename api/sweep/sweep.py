"""`sweep`: what figures of a case do as one fact of it moves through a range.

1. Each wanted curve is a sum of figures: `eitc`, or `employment_income - income_tax - payroll_tax`.
2. Its pieces, jumps and bends are found exactly on the grid of the fact (`pieces`), from batches in machine code.
3. The interpreter says which rule causes each jump and bend (`causes`).
4. Under reforms the same curves stand beside, each with its own pieces.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from api.cases.calculate import Basis, Of, basis_of
from api.cases.json_values import as_json
from api.cases.naming import find_definition, nobody, period_for
from api.failures import Failure, Misuse
from api.schema import Json
from api.sweep.causes import Cause, bend_causes, jump_causes
from api.sweep.pieces import Piece, Shape, TooMany, shape_of
from api.sweep.points import Points, Progress, Terms
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program
from engine.native.handover import entry_of
from engine.population.columns import unit_of
from engine.values.numbers import format_decimal, is_within, range_text
from engine.values.types import MONEY, RATE, Kind

MOST_EXPLAINED = 60
NEAR = 10_000
"""How far from a bend its two sides are looked at, in steps: far enough for slopes that rounding blurs."""
_TERM = re.compile(r"\s*([+-]?)\s*([A-Za-z_][A-Za-z0-9_.:]*)\s*")


@dataclass(frozen=True, slots=True)
class Vary:
    """The fact that moves: of whom (empty: the only one there is), and from where to where, as written."""

    fact: str
    low: str
    high: str
    of: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A straight piece: its ends (both included), the values there, and how much the curve changes for each unit more
    of the fact, as a decimal or a fraction. `taken`: of what is left of an income, the part that is taken of each unit
    more, its marginal rate. A value is None where the figures do not apply."""

    from_: Json
    to: Json
    value_from: Json
    value_to: Json
    slope: str
    taken: str = ""


@dataclass(frozen=True, slots=True)
class Break:
    """Where two pieces meet. `jump`: how much the value changes between `before` and `at`, one step of the fact
    further; none for a bend. `causes`: the rules."""

    before: Json
    at: Json
    kind: str
    causes: tuple[Cause, ...]
    jump: Json = None


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve in order. `rounding`: changes up to that much were taken for rounding, and are in no break."""

    name: str
    label: str
    segments: tuple[Segment, ...]
    breaks: tuple[Break, ...]
    rounding: str


@dataclass(frozen=True, slots=True)
class Swept:
    """All curves under one law."""

    basis: Basis
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class Sweep:
    """The answer: what was moved, and the curves under the law and, if asked for, under reforms."""

    fact: str
    label: str
    of: Of
    period: str
    from_: Json
    to: Json
    law: Swept
    reform: Swept | None = None


@dataclass(frozen=True, slots=True)
class Law:
    """A program, and the names of the reforms in it."""

    program: Program
    reforms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Left:
    """Which facts are incomes, and which figures of a group `of` people take from what is left to them, with what is
    withheld from pay, which no return assesses."""

    incomes: tuple[str, ...]
    borne: tuple[str, ...]
    of: str


def sweep(
    law: Law,
    reform: Law | None,
    case: Case,
    vary: Vary,
    show: Sequence[str],
    *,
    on_progress: Progress = lambda _done: None,
    left: Left | None = None,
) -> Sweep:
    """Sweep a fact of a complete case; `on_progress` is told how often the case has been computed. `left`: what is left
    where `show` names nothing; without it, what the ruleset's assessments leave.

    Raises Misuse for what is not understood, Failure where there is no value."""
    if not case.complete:
        raise Misuse("the case is not complete, so its figures would be ranges", "say `complete: true` in the case")
    program = law.program
    fact, ends = varied(program, case, vary)
    definition = program.definitions[fact.name]
    values = [as_json(_value(program, definition, end), definition.type, program.settings) for end in ends]
    return Sweep(
        definition.short_name,
        definition.label,
        Of(definition.entity, fact.instance),
        str(fact.period),
        values[0],
        values[1],
        _swept(law, case, fact, ends, show, on_progress=on_progress, left=left),
        _swept(reform, case, fact, ends, show, on_progress=on_progress, left=left) if reform is not None else None,
    )


# --- what is asked


def varied(program: Program, case: Case, vary: Vary) -> tuple[Fact, tuple[int, int]]:
    """The fact to move, and its ends as entries. Raises Misuse."""
    definition = find_definition(program, vary.fact)
    if definition.type.kind not in (Kind.MONEY, Kind.RATE, Kind.INTEGER, Kind.DATE):
        message = f"`{definition.short_name}` is a {definition.type}, and only numbers and dates can be moved"
        raise Misuse(message, "name a fact that is an amount, a whole number, a rate or a date")
    instances = case.instances.get(definition.entity, ())
    if vary.of and vary.of not in instances:
        raise Misuse(f"there is no {definition.entity} `{vary.of}` in the case", f"name one of {_listed(instances)}")
    if not instances:
        raise nobody(program, case, definition)
    if not vary.of and len(instances) > 1:
        raise Misuse(f"more than one {definition.entity} is in the case", f"add `--of`: {_listed(instances)}")
    instance = vary.of or instances[0]
    beside = [
        given_fact
        for given_fact in case.given
        if given_fact.instance == instance and _excludes(program, definition, given_fact)
    ]
    if beside:
        other = program.definitions[beside[0].name].short_name
        message = f"`{definition.short_name}` cannot be stated together with `{other}`, which the case states"
        raise Misuse(message, f"move `{other}` instead, or take it out of the case")
    fact = Fact(definition.name, instance, period_for(program, definition, case.at))
    low, high = _entry(program, definition, vary.low), _entry(program, definition, vary.high)
    if low > high:
        raise Misuse(f"the range ends at {vary.high}, before it begins", f"write `{vary.high}..{vary.low}`")
    return fact, (low, high)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _excludes(program: Program, definition: Definition, stated: Fact) -> bool:
    other = program.definitions[stated.name]
    names = (definition.name, definition.short_name)
    return other.name in definition.excludes or any(name in other.excludes for name in names)


def _entry(program: Program, definition: Definition, text: str) -> int:
    """An end of the range on the fact's grid. Raises Misuse for one that is none, or lies outside the fact's range."""
    try:
        if definition.type.kind is Kind.DATE:
            return date.fromisoformat(text).toordinal()
        number = Fraction(text.replace("_", "").replace(",", ""))
    except ValueError:
        raise Misuse(f"`{text}` is no {definition.type}", "write the range as `0..120000`") from None
    entry = entry_of(program, definition, number)
    if entry is None or (definition.type.kind is Kind.INTEGER and number.denominator != 1):
        raise Misuse(f"`{text}` is not on the grid of `{definition.short_name}`", "give whole steps of it")
    if not is_within(number, definition.low, definition.high):
        bounds = range_text(definition.low, definition.high)
        raise Misuse(f"`{definition.short_name}` lies in {bounds}, and {text} does not", "choose a narrower range")
    return entry


def curves_of(program: Program, case: Case, show: Sequence[str], fact: Fact, left: Left | None = None) -> list[Terms]:
    """The curves that are wanted; if none is named, what is left of the fact after all that is assessed, or borne.
    Raises Misuse."""
    return [_terms(program, case, text) for text in show] or [_left(program, case, fact, left)]


def _terms(program: Program, case: Case, text: str) -> Terms:
    terms: list[tuple[int, Definition]] = []
    at = 0
    while at < len(text):
        match = _TERM.match(text, at)
        if match is None or (terms and not match[1]):
            raise Misuse(f"`{text}` is not a sum of figures", "write `--show 'employment_income - income_tax'`")
        definition = find_definition(program, match[2])
        if definition.type.kind not in (Kind.MONEY, Kind.RATE, Kind.INTEGER):
            message = f"`{definition.short_name}` is a {definition.type}, and a curve is of numbers"
            raise Misuse(message, "name amounts, rates or whole numbers; `rulewright cure` says when a condition turns")
        if not case.instances.get(definition.entity):
            raise nobody(program, case, definition)
        terms.append((-1 if match[1] == "-" else 1, definition))
        at = match.end()
    if not terms:
        raise Misuse("a curve is empty", "name a figure, or leave `--show` out")
    label = terms[0][1].label if len(terms) == 1 else ""
    return Terms(" ".join(text.split()), label, tuple(terms))


def _left(program: Program, case: Case, fact: Fact, left: Left | None) -> Terms:
    """What is moved, if it is an income, with what the ruleset's assessments give, less what they or `left` take."""
    own = program.definitions[fact.name]
    is_income = own.type.kind is Kind.MONEY if left is None else own.short_name in left.incomes
    terms: list[tuple[int, Definition]] = [(1, own)] if is_income else []
    if left is not None and case.instances.get(left.of):
        terms += [(-1, find_definition(program, name)) for name in left.borne]
    for rules in program.settings.assessments.values():
        if left is not None and rules.of == left.of:
            continue
        for sign, names in ((-1, rules.liabilities), (1, rules.entitlements)):
            definitions = [find_definition(program, name) for name in names]
            terms += [(sign, definition) for definition in definitions if case.instances.get(definition.entity)]
    if not [definition for _, definition in terms if definition is not own]:
        raise Misuse("these rules assess nothing in this case", "name figures: `--show eitc`")
    name = "".join(f" {'-' if sign < 0 else '+'} {definition.short_name}" for sign, definition in terms).strip(" +")
    return Terms(name, "What is left", tuple(terms), is_income and left is not None)


# --- what is found


def _swept(
    law: Law, case: Case, fact: Fact, ends: tuple[int, int], show: Sequence[str], *,
    on_progress: Progress, left: Left | None,
) -> Swept:  # fmt: skip
    program = law.program
    curves = curves_of(program, case, show, fact, left)
    points = Points(program, case, fact, curves, Constants(program), on_progress)
    swept_curves = tuple(_curve(points, place, ends) for place in range(len(curves)))
    return Swept(basis_of(program, case, law.reforms), swept_curves)


def _curve(points: Points, place: int, ends: tuple[int, int]) -> Curve:
    terms, unit = points.curves[place], points.units[place]

    def values(entries: Sequence[int]) -> list[int | None]:
        points.at(entries)
        return [points.computed[entry][place] for entry in entries]

    try:
        shape = shape_of(values, *ends)
    except TooMany:
        raise Failure(f"`{terms.name}` has more steps than can be told", "sweep a narrower range") from None
    segments = tuple(_segment(points, terms, piece, unit) for piece in shape.pieces)
    rounding = format_decimal(Fraction(shape.tolerance, unit))
    return Curve(terms.name, terms.label, segments, _breaks(points, terms, shape, unit), rounding)


def _segment(points: Points, terms: Terms, piece: Piece, unit: int) -> Segment:
    slope = piece.slope * points.unit / unit
    return Segment(
        _said(points, piece.low),
        _said(points, piece.high),
        _amount(points, terms, piece.at_low, unit),
        _amount(points, terms, piece.at_high, unit),
        format_decimal(slope),
        format_decimal(1 - slope) if terms.of_income else "",
    )


def _breaks(points: Points, terms: Terms, shape: Shape, unit: int) -> tuple[Break, ...]:
    breaks: list[Break] = []
    for left, right in zip(shape.pieces, shape.pieces[1:], strict=False):
        explained = len(breaks) < MOST_EXPLAINED
        before, at = _said(points, left.high), _said(points, right.low)
        if right.low == left.high + 1:
            causes = jump_causes(points, terms, left.high, right.low) if explained else ()
            if left.at_high is None or right.at_low is None:
                breaks.append(Break(before, at, "begins" if left.at_high is None else "ends", causes))
            else:
                amount = _amount(points, terms, right.at_low - left.at_high, unit)
                breaks.append(Break(before, at, "jump", causes, amount))
        else:
            near = min(left.high - left.low, right.high - right.low, NEAR)
            sides = (left.high - near, left.high, left.high + near)
            causes = bend_causes(points, terms, sides) if explained else ()
            breaks.append(Break(before, at, "bend", causes))
    return tuple(breaks)


def _value(program: Program, definition: Definition, entry: int) -> Fraction | date:
    if definition.type.kind is Kind.DATE:
        return date.fromordinal(entry)
    return Fraction(entry, unit_of(program, definition))


def _said(points: Points, entry: int) -> Json:
    return as_json(_value(points.program, points.definition, entry), points.definition.type, points.program.settings)


def _amount(points: Points, terms: Terms, entry: int | None, unit: int) -> Json:
    if entry is None:
        return None
    kinds = {definition.type.kind for _, definition in terms.terms}
    return as_json(Fraction(entry, unit), MONEY if Kind.MONEY in kinds else RATE, points.program.settings)
