"""Can these conditions hold together? Finds a case in which they do, to show a clash of exceptions or a dead branch.

1. The leaves are what a condition reads. A leaf's candidates are true and false, an enum's members, or numbers: every
   constant that the conditions mention, one step either side of each, and what lies between two of them. What the
   range of a fact excludes is none.
2. Try the candidates' combinations, one leaf after the other, until all conditions hold: that is the witness. What
   fails with the leaves that have a value is not tried further.
3. When every number leaf is compared with constants alone, the candidates meet every cell of the plane, so that no
   witness proves that there is none. Otherwise nothing is concluded.
4. Sums and the like are first tried as leaves of their own, whatever they are made of: if no value of them makes all
   conditions hold, none of what they are made of does.
5. All searches of a ruleset share an allowance of work. Conditions that are too large, or come too late, are given up,
   which `Work` counts: nothing is concluded from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

from engine.ir import nodes as ir
from engine.ir.program import Definition
from engine.ir.walk import children, walk
from engine.reading.declared_constants import Parameter
from engine.reading.declared_settings import Settings
from engine.values.exact import calculate, compare
from engine.values.numbers import format_decimal
from engine.values.types import DATE, EnumValue, Kind, Value

MAX_COMBINATIONS = 20_000
MAX_SIZE = 4_000  # nodes in the conditions of one search, with every `let` in its place
MAX_WORK = 6_000_000  # nodes evaluated in all searches of a ruleset: some ten seconds


@dataclass(slots=True)
class Work:
    """What the searches of a ruleset may still do, in nodes evaluated, and how many were given up."""

    left: int = MAX_WORK
    given_up: int = 0


@dataclass(frozen=True, slots=True)
class Ground:
    """What conditions stand on: the jurisdiction, and by name its parameters, facts and figures."""

    settings: Settings
    parameters: Mapping[str, Parameter]
    definitions: Mapping[str, Definition]
    work: Work = field(default_factory=Work)


@dataclass(frozen=True, slots=True)
class Search:
    """What a search found. `witness` maps each leaf to a value; `complete`: no witness means that there is none."""

    witness: Mapping[ir.Expression, Value] | None
    complete: bool


class _Unknown(Exception):
    """A node that the little evaluator does not follow."""


def search(conditions: Sequence[ir.Expression], ground: Ground) -> Search:
    """Look for values of the leaves that make all conditions hold."""
    size = sum(_size(condition, {}) for condition in conditions)
    if size > MAX_SIZE or ground.work.left <= 0:
        ground.work.given_up += 1
        return Search(None, False)
    plain = [_inlined(condition, {}, ground.parameters) for condition in conditions]
    if any(isinstance(node, ir.Arithmetic) for condition in plain for node in walk(condition)):
        whole = _tried([_sums_whole(condition) for condition in plain], ground, size)
        if whole.witness is None and whole.complete:
            return whole
    return _tried(plain, ground, size)


def _tried(plain: Sequence[ir.Expression], ground: Ground, size: int) -> Search:
    leaves = list(dict.fromkeys(leaf for condition in plain for leaf in _leaves(condition)))
    literals = [n for c in plain for n in walk(c) if isinstance(n, ir.Literal)]
    constants = sorted({Fraction(n.value) for n in literals if n.type.is_number})  # type: ignore[arg-type]
    days = sorted({n.value for n in literals if isinstance(n.value, date)})
    candidates = [_candidates(leaf, constants, days, ground) for leaf in leaves]
    if not all(candidates):  # a leaf of which nothing can be tried, such as a day beside no other: nothing is concluded
        return Search(None, False)
    allowed = min(MAX_COMBINATIONS, max(1, ground.work.left // max(1, size)))
    tries = _Tries(leaves, candidates, _parts(plain), allowed)
    values = tries.first()
    ground.work.left -= (allowed - max(0, tries.left)) * size
    if values is not None:
        return Search(values, True)
    if tries.left <= 0 and allowed < MAX_COMBINATIONS:
        ground.work.given_up += 1
    exact = all(_exact(condition) for condition in plain)
    return Search(None, exact and tries.left > 0)


def _size(node: ir.Expression, named: Mapping[str, int]) -> int:
    """How many nodes a condition has once each `let` stands in its place; past `MAX_SIZE` it no longer matters."""
    match node:
        case ir.Let():
            value = min(_size(node.value, named), MAX_SIZE + 1)
            return _size(node.body, {**named, node.name: value})
        case ir.Local():
            return named.get(node.name, 1)
    return 1 + sum(_size(child, named) for child in children(node))


def _sums_whole(node: ir.Expression) -> ir.Expression:
    """The condition with each outermost piece of arithmetic read as one leaf, where its value can be anything."""
    match node:
        case ir.Not():
            return ir.Not(node.type, node.span, _sums_whole(node.value))
        case ir.And() | ir.Or():
            return type(node)(node.type, node.span, tuple(_sums_whole(value) for value in node.values))
        case ir.Compare():
            left, right = _sums_whole(node.left), _sums_whole(node.right)
            return type(node)(node.type, node.span, node.operator, left, right)
        case ir.Arithmetic():
            return ir.Local(node.type, node.span, f"{node!r}")
    return node


def _parts(conditions: Sequence[ir.Expression]) -> list[ir.Expression]:
    """What must hold at once: the conditions, those that are conjunctions taken apart."""
    parts: list[ir.Expression] = []
    for condition in conditions:
        parts += _parts(condition.values) if isinstance(condition, ir.And) else [condition]
    return parts


class _Tries:
    """Gives the leaves values one after the other; a part is judged as soon as all its leaves have one."""

    def __init__(
        self,
        leaves: Sequence[ir.Expression],
        candidates: Sequence[Sequence[Value]],
        parts: Sequence[ir.Expression],
        allowed: int,
    ) -> None:
        self.leaves = leaves
        self.candidates = candidates
        self.left = allowed
        places = {leaf: index for index, leaf in enumerate(leaves)}
        self.places = {id(leaf): places[leaf] for part in parts for leaf in _leaves(part)}
        self.judged: list[list[ir.Expression]] = [[] for _ in range(len(leaves) + 1)]
        for part in parts:
            last = max((places[leaf] + 1 for leaf in _leaves(part)), default=0)
            self.judged[last].append(part)
        self.tried: list[Value] = []  # of the first leaves; found by identity, since hashing takes longer than judging

    def first(self) -> Mapping[ir.Expression, Value] | None:
        """The first values of the leaves that have none yet with which everything holds."""
        self.left -= 1
        count = len(self.tried)
        if self.left < 0 or not all(_holds(part, self.places, self.tried) for part in self.judged[count]):
            return None
        if count == len(self.leaves):
            return dict(zip(self.leaves, self.tried, strict=True))
        for candidate in self.candidates[count]:
            self.tried.append(candidate)
            witness = self.first()
            self.tried.pop()
            if witness is not None or self.left <= 0:
                return witness
        return None


def describe(witness: Mapping[ir.Expression, Value]) -> str:
    """A witness in words: `wages = 1, abroad = true`."""
    return ", ".join(f"{leaf_name(leaf)} = {_spoken(value)}" for leaf, value in witness.items()) or "always"


def leaf_name(leaf: ir.Expression) -> str:
    """How the rules write a leaf."""
    return leaf.span.text if leaf.span is not None else "a value"


def _spoken(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Fraction() | int():
            return format_decimal(value)
    return str(value)


def _inlined(
    node: ir.Expression, names: Mapping[str, ir.Expression], parameters: Mapping[str, Parameter]
) -> ir.Expression:
    """A condition with `let`s put in place and parameters that never change replaced by their value."""
    match node:
        case ir.Let():
            value = _inlined(node.value, names, parameters)
            return _inlined(node.body, {**names, node.name: value}, parameters)
        case ir.Local() if node.name in names:
            return names[node.name]
        case ir.ParameterRead():
            values = parameters[node.name].values if node.name in parameters else ()
            return ir.Literal(node.type, node.span, values[0][1]) if len(values) == 1 else node
        case ir.Not():
            return ir.Not(node.type, node.span, _inlined(node.value, names, parameters))
        case ir.And() | ir.Or():
            return type(node)(
                node.type, node.span, tuple(_inlined(operand, names, parameters) for operand in node.values)
            )
        case ir.Compare() | ir.Arithmetic():
            left, right = (_inlined(side, names, parameters) for side in (node.left, node.right))
            return type(node)(node.type, node.span, node.operator, left, right)
    return node


def _leaves(node: ir.Expression) -> Iterator[ir.Expression]:
    match node:
        case ir.Literal():
            return
        case ir.Not() | ir.And() | ir.Or() | ir.Compare() | ir.Arithmetic():
            for child in children(node):
                yield from _leaves(child)
        case _:
            yield node


def _candidates(
    leaf: ir.Expression, constants: Sequence[Fraction], days: Sequence[date], ground: Ground
) -> tuple[Value, ...]:
    match leaf.type.kind:
        case Kind.BOOLEAN:
            return (True, False)
        case Kind.ENUM:
            members = ground.settings.enums[leaf.type.enum].members
            return tuple(EnumValue(leaf.type.enum, member) for member in members)
        case Kind.MONEY | Kind.RATE | Kind.INTEGER:
            low, high = _range(leaf, ground)
            ends = [end for end in (low, high) if end is not None]
            points = sorted({*constants, *ends, Fraction(0)})
            around = set(_whole(points) if leaf.type.kind is Kind.INTEGER else _around(points, ground.settings))
            within = [
                number for number in around if (low is None or number >= low) and (high is None or number <= high)
            ]
            return tuple(sorted(within, key=lambda number: (abs(number), number)))
        case Kind.DATE:
            return tuple(sorted({day + timedelta(shift) for day in days for shift in (-1, 0, 1)}))
    return ()


def _range(leaf: ir.Expression, ground: Ground) -> tuple[Fraction | None, Fraction | None]:
    """Between what a leaf's value must lie."""
    match leaf:
        case ir.VariableRead() if leaf.name in ground.definitions:
            return ground.definitions[leaf.name].low, ground.definitions[leaf.name].high
        case ir.Aggregate(operator="count"):
            return Fraction(0), None
    return None, None


def _whole(points: Sequence[Fraction]) -> Iterator[Fraction]:
    for point in points:
        yield from (Fraction(whole + shift) for whole in {floor(point), ceil(point)} for shift in (-1, 0, 1))


def _around(points: Sequence[Fraction], settings: Settings) -> Iterator[Fraction]:
    """Each point, a step of the money's grid either side, and the middle between neighbours that are nearer still."""
    step = settings.money_grid
    for point in points:
        yield from (point - step, point, point + step)
    yield from ((low + high) / 2 for low, high in pairwise(points) if high - low <= 2 * step)


def _holds(node: ir.Expression, places: Mapping[int, int], values: Sequence[Value]) -> bool:
    try:
        return bool(_value(node, places, values))
    except (_Unknown, ArithmeticError, ValueError):
        return False


def _value(node: ir.Expression, places: Mapping[int, int], values: Sequence[Value]) -> Value:
    """What a condition comes to, by the values of its leaves; `places` says by identity which leaf stands where."""
    place = places.get(id(node))
    if place is not None:  # first, since most of what is asked for is a leaf
        if place < len(values):
            return values[place]
        raise _Unknown
    match node:
        case ir.Literal():
            return node.value
        case ir.Not():
            return not _value(node.value, places, values)
        case ir.And():
            return all(_value(value, places, values) for value in node.values)
        case ir.Or():
            return any(_value(value, places, values) for value in node.values)
        case ir.Compare():
            return compare(node.operator, _value(node.left, places, values), _value(node.right, places, values))
        case ir.Arithmetic():
            return _number(node, _value(node.left, places, values), _value(node.right, places, values))
    raise AssertionError(f"{node!r} is not a leaf of these conditions")


def _number(node: ir.Arithmetic, left: Value, right: Value) -> Value:
    if not isinstance(left, int | Fraction) or not isinstance(right, int | Fraction):
        raise _Unknown
    return calculate(node.operator, left, right)


def _exact(node: ir.Expression) -> bool:
    """Whether candidates around the constants reach every way in which the condition can turn out."""
    match node:
        case ir.Compare() if node.left.type.is_number or node.left.type == DATE:
            return any(
                isinstance(side, ir.Literal) and not isinstance(other, ir.Arithmetic)
                for side, other in ((node.left, node.right), (node.right, node.left))
            )
        case ir.Compare():
            return node.left.type.kind in (Kind.BOOLEAN, Kind.ENUM)
        case ir.Not() | ir.And() | ir.Or():
            return all(_exact(child) for child in children(node))
    return node.type.kind is Kind.BOOLEAN
