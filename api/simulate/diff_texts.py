"""What two versions of a definition say, part by part and in the rules' own words, where they say different things.

The same formula is written with other numbers behind its local names if anything before it in the rules has changed:
such formulas are alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import ndiff

from api.rules.definitions import described
from api.rules.described_lines import fields
from api.rules.names import Named, names
from engine.ir import nodes as ir
from engine.ir.program import DatedExpression, Definition, FunctionDefinition, Program
from engine.ir.walk import walk
from engine.reading.declarations import Ruleset
from engine.reading.declared_settings import Entity

READS = ir.VariableRead | ir.OverTime | ir.ParameterRead | ir.TableRead | ir.ScaleRead | ir.FunctionCall
_TOLD_ELSEWHERE = {"where", "values", "uses", "used by", "set by reforms", "read off"}
_SETTLED = ("entity", "enum", "figure_set")
_LOCAL = re.compile(r"#[0-9]+")


@dataclass(frozen=True, slots=True)
class TextChange:
    """A part of a definition (`formula`, `law`, `exception NAME`) before and after, in lines; empty: not there."""

    part: str
    before: str
    after: str

    @property
    def lines(self) -> list[str]:
        """The lines of both, each with `- `, `+ `, or two blanks where it stands in both."""
        before, after = self.before.splitlines(), self.after.splitlines()
        return [line for line in ndiff(before, after) if not line.startswith("?")]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a definition reads in one of the versions only: its name and label."""

    name: str
    label: str


class Texts:
    """Every definition of two versions of rules, as they are written."""

    def __init__(self, before: Ruleset, after: Ruleset) -> None:
        self._rulesets = (before, after)
        self._named: tuple[Mapping[str, Named], ...] = tuple(
            {named.name: named for named in names(ruleset)} for ruleset in (before, after)
        )

    def changes(self, name: str) -> tuple[TextChange, ...]:
        """The parts of a definition that read otherwise, all of them where one version lacks it."""
        before, after = (self._parts(which, name) for which in (0, 1))
        return tuple(
            TextChange(part, before.get(part, ""), after.get(part, ""))
            for part in dict.fromkeys((*before, *after))
            if before.get(part, "") != after.get(part, "")
        )

    def settled(self) -> Iterator[Named]:
        """The groups, records, enums and sets of figures of either version, the second's where both have them."""
        before, after = self._named
        for name in sorted({*before, *after}):
            named = after.get(name) or before[name]
            if named.kind in _SETTLED:
                yield named

    def is_in(self, which: int, name: str) -> bool:
        """Whether the first (0) or the second version (1) has something of that name."""
        return name in self._named[which]

    def _parts(self, which: int, name: str) -> dict[str, str]:
        named = self._named[which].get(name)
        if named is None or named.declaration is None:
            return {}
        said = fields(described(self._rulesets[which], None, named))
        told = {part or "label": _text(value) for part, value in said if part not in _TOLD_ELSEWHERE}
        return told | (_grouping(named.declaration) if isinstance(named.declaration, Entity) else {})


def _grouping(entity: Entity) -> dict[str, str]:
    """How the groups of a kind come about."""
    return {
        "lies within": entity.within,
        "made by": entity.by,
        "a person may be in none": "yes" if entity.may_have_none else "",
        "counted": "on the first day of a period" if entity.counted_start else "",
        "made for each pair of": ", ".join(entity.made_for),
    }


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "\n".join(value)


def same(old: object, new: object) -> bool:
    """Whether two versions of a definition are alike, whatever numbers its local names have."""
    if old == new:
        return True
    if isinstance(old, Definition) and isinstance(new, Definition):
        return replace(old, formulas=()) == replace(new, formulas=()) and same_formulas(old.formulas, new.formulas)
    if isinstance(old, FunctionDefinition) and isinstance(new, FunctionDefinition):
        return replace(old, formulas=()) == replace(new, formulas=()) and same_formulas(old.formulas, new.formulas)
    return False


def same_formulas(old: tuple[DatedExpression, ...], new: tuple[DatedExpression, ...]) -> bool:
    """Whether formulas are alike, whatever numbers their local names have."""
    return old == new or (len(old) == len(new) and _renumbered(old) == _renumbered(new))


def _renumbered(formulas: tuple[DatedExpression, ...]) -> str:
    """Formulas as text, whose local names are numbered in the order in which they first stand there."""
    numbers: dict[str, str] = {}
    return _LOCAL.sub(lambda match: numbers.setdefault(match[0], f"#{len(numbers)}"), repr(formulas))


def reads_only(first: Program, name: str, second: Program) -> Iterator[Reading]:
    """What the definition reads in the first version, and not in the second."""
    others = _reads(second, name)
    for read in _reads(first, name):
        if read not in others:
            everything = (first.definitions, first.parameters, first.tables, first.scales, first.functions)
            label = next((there[read].label for there in everything if read in there), "")
            yield Reading(read, label)


def _reads(program: Program, name: str) -> dict[str, None]:
    definition = program.definitions.get(name) or program.functions.get(name)
    formulas = definition.formulas if definition is not None else ()
    nodes = (node for dated in formulas for node in walk(dated.body))
    return {node.name: None for node in nodes if isinstance(node, READS)}
