"""For an amount: the nearest values of a stated number at which it begins, ends or jumps, all else as it is.

The number is swept from nought to twice what it is, or at least as far as a usual income goes; the pieces of the curve
are exact, to the number's own step (`api.sweep`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from api.cases.calculate import Basis, Of, basis_of, of
from api.cases.reach import reached
from api.failures import Failure, Misuse
from api.schema import Json
from api.sweep.sweep import Curve, Law, Vary, sweep
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program
from engine.values.types import Kind

FAR = Fraction(120_000)
MOST = 3
"""How many jumps on either side of the value now."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Where an amount begins, ends or jumps: the last value before, the first at which it is so, and by how much."""

    kind: str
    before: Json
    at: Json
    jump: Json = None


@dataclass(frozen=True, slots=True)
class ByFact:
    """What an amount does as one stated number moves."""

    fact: str
    of: Of
    label: str
    now: Json
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Amounts:
    """Of an amount: by each stated number that it hangs on, where it begins, ends and jumps next."""

    basis: Basis
    figure: str
    by: tuple[ByFact, ...]


def amounts(program: Program, case: Case, figure: Definition, reforms: Sequence[str] = ()) -> Amounts:
    """Where an amount turns. Raises Misuse if the case is not complete, or states no number that it hangs on."""
    if not case.complete:
        raise Misuse("the case is not complete, so its figures would be ranges", "add `complete: true` to it")
    cells = {cell.name for cell in reached(program, case.at, (figure,))}
    facts = [fact for fact in case.given if fact.name in cells and fact.period == case.at and _moves(program, fact)]
    if not facts:
        raise Misuse(
            f"the case states no number on which `{figure.short_name}` depends", "state wages, or another amount"
        )
    turns = tuple(by for fact in facts for by in _by(program, case, fact, figure))
    return Amounts(basis_of(program, case, reforms), figure.short_name, turns)


def _moves(program: Program, fact: Fact) -> bool:
    return program.definitions[fact.name].type.kind is Kind.MONEY


def _by(program: Program, case: Case, fact: Fact, figure: Definition) -> Iterator[ByFact]:
    now = Fraction(case.given[fact])  # type: ignore[arg-type]
    definition = program.definitions[fact.name]
    high = min(max(FAR, 2 * now), definition.high if definition.high is not None else FAR)
    vary = Vary(definition.short_name, "0", str(int(high)), fact.instance)
    try:
        curve = sweep(Law(program), None, case, vary, [figure.short_name]).law.curves[0]
    except Failure:
        return
    turns = tuple(_nearest(curve, Decimal(now.numerator) / Decimal(now.denominator)))
    if turns:
        yield ByFact(definition.short_name, of(program, fact), definition.label, str(now), turns)


def _nearest(curve: Curve, now: Decimal) -> Iterator[Turn]:
    """The turns of a curve: where it leaves and reaches nought, and the jumps next to the value now."""
    jumps = [bend for bend in curve.breaks if bend.kind == "jump"]
    below = [jump for jump in jumps if Decimal(str(jump.at)) <= now][-MOST:]
    above = [jump for jump in jumps if Decimal(str(jump.at)) > now][:MOST]
    ends = list(_ends(curve))
    places = {str(end.at) for end in ends}
    told = [Turn("jumps", jump.before, jump.at, jump.jump) for jump in (*below, *above) if str(jump.at) not in places]
    yield from sorted([*ends, *told], key=lambda end: Decimal(str(end.at)))


def _ends(curve: Curve) -> Iterator[Turn]:
    """Where the curve leaves nought for more, or reaches it."""
    first_of_all = curve.segments[0]
    if not _number(first_of_all.value_from) and _number(first_of_all.value_to):
        yield Turn("begins", first_of_all.from_, first_of_all.from_)
    pairs = zip(curve.segments, curve.segments[1:], strict=False)
    for before, after in pairs:
        first, then = _number(before.value_to), _number(after.value_from)
        last = _number(after.value_to)
        if not first and (then or last) and not _number(before.value_from):
            yield Turn("begins", before.to, after.from_, _text(then))
        if (first or _number(before.value_from)) and not then and not last:
            yield Turn("ends", before.to, after.from_, _text(-first))


def _number(value: Json) -> Decimal:
    return Decimal(0) if value is None else Decimal(str(value))


def _text(value: Decimal) -> str | None:
    return format(value, "f") if value else None
