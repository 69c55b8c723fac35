"""What follows from a reform and the law together: whole scales of which a part was set, and sums of two rates.

A reform of a part holds from its day on, whatever the law says later; of the rest the law's own later values hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from api.compat.reforms.settings import Edit, Setting
from api.failures import Failure
from engine.interpret.constants import Constants
from engine.ir.program import Program
from engine.reading.declared_constants import Bracket
from engine.values.numbers import format_decimal


def scales(law: Program, edits: Sequence[Edit]) -> Iterator[Setting]:
    """The brackets of each scale that a reform touches, for each key and from each day on which they change."""
    constants = Constants(law)
    for name in dict.fromkeys(edit.scale for edit in edits):
        full = _full_name(law, name)
        of_scale = [edit for edit in edits if edit.scale == name]
        first = min(edit.day for edit in of_scale)
        stated = {day.isoformat() for day, _ in law.scales[full].values if day.isoformat() > first}
        for day in sorted({*stated, *(edit.day for edit in of_scale)}):
            content = constants.at(full, date.fromisoformat(day))
            if content is None:
                raise Failure(f"`{name}` has no brackets on {day}", "give a later year")
            for key, brackets in content.content.items():
                yield Setting(f"{name}[{key}]", day, _text(name, day, _edited(brackets, of_scale, str(key), day)))


def _edited(brackets: Sequence[Bracket], edits: Sequence[Edit], key: str, day: str) -> list[Bracket]:
    """The law's brackets with what was set last, up to the day."""
    last: dict[tuple[int, str], Fraction] = {}
    for edit in sorted(edits, key=lambda edit: edit.day):
        if edit.day <= day and (not edit.keys or key in edit.keys):
            last[edit.row, edit.part] = edit.value
    edited = list(brackets)
    for (row, part), value in sorted(last.items()):
        if row >= len(edited):
            continue
        if part == "threshold":
            edited[row] = replace(edited[row], threshold=value)
        elif part == "rate":
            edited[row] = replace(edited[row], value=value)
        elif part == "base_rate":
            by = value - _rate(edited[0])
            edited = [replace(bracket, value=_rate(bracket) + by) for bracket in edited]
        else:
            edited[row] = replace(edited[row], value=_rate(edited[row - 1]) + value)
    return edited


def _rate(bracket: Bracket) -> Fraction:
    assert isinstance(bracket.value, int | Fraction)
    return Fraction(bracket.value)


def _text(name: str, day: str, brackets: Iterable[Bracket]) -> str:
    """The brackets as YAML. Raises Failure where one would begin below another."""
    rows, reached = [], Fraction(-1)
    for bracket in brackets:
        threshold = bracket.threshold or Fraction(0)
        if threshold <= reached:
            raise Failure(
                f"`{name}` from {day} has a bracket that begins at {format_decimal(threshold)}, not above the one "
                "before it",
                "set the others too",
            )
        reached = threshold
        rows.append(f"{{above: {format_decimal(threshold)}, rate: {format_decimal(_rate(bracket))}}}")
    return f"[{', '.join(rows)}]"


def sums(
    law: Program, names: Mapping[str, Sequence[str]], settings: Mapping[str, Mapping[str, str]]
) -> Iterator[Setting]:
    """Constants that are sums of others elsewhere, from each day on which a part of them is set."""
    constants = Constants(law)
    for target, parts in names.items():
        for day in sorted({day for part in parts for day in settings.get(part, {})}):
            total = sum((_part(constants, law, part, day, settings.get(part, {})) for part in parts), Fraction(0))
            yield Setting(target, day, format_decimal(total))


def _part(constants: Constants, law: Program, name: str, day: str, values: Mapping[str, str]) -> Fraction:
    earlier = [start for start in values if start <= day]
    if earlier:
        return Fraction(values[max(earlier)])
    stated = constants.at(_full_name(law, name), date.fromisoformat(day))
    return Fraction(stated.content) if stated else Fraction(0)


def _full_name(law: Program, name: str) -> str:
    """The whole-program name of a parameter or scale."""
    return next(full_name for full_name in (*law.parameters, *law.scales) if full_name.rpartition(":")[2] == name)
