"""Random programs that ask for worlds: figures as they are if others, those of members, or parameters were other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from engine.ir import nodes as ir
from engine.ir.program import Definition, Program
from engine.values.types import BOOLEAN, ValueType
from tests.native.made_constants import GROUPS, TYPES, YEAR, random_value
from tests.native.programs import Maker, _definition, random_program


@dataclass(slots=True)
class Asking(Maker):
    """Writes formulas that ask for worlds more often than not, in which anything of the one asked is other."""

    def any_kind(self, kind: ValueType, depth: int) -> ir.Expression:
        """What any type may be, mostly in a world."""
        return self.as_if(kind, depth) if self.random.random() < 0.7 else Maker.any_kind(self, kind, depth)

    def as_if(self, kind: ValueType, depth: int) -> ir.Expression:
        """A figure in a world with one or two replacements."""
        asked = [figure for figure in self.figures if figure.type == kind and figure.formulas]
        asked = [figure for figure in asked if figure.entity == self.entity and figure.period == YEAR]
        changes = [change for _ in range(self.random.choice([1, 1, 2])) for change in self.changes(depth)]
        if not asked or not changes or self.bound:
            return self.leaf(kind)
        value = ir.VariableRead(kind, None, self.random.choice(asked).name, ir.Self(self.entity), ir.ThisPeriod())
        return ir.AsIf(kind, None, value, tuple({change.name: change for change in changes}.values()))

    def changes(self, depth: int) -> list[ir.Replacement]:
        """A replacement of a parameter, of a figure of one's own, of whoever holds a role, or of members."""
        kind, roll = self.random.choice(TYPES), self.random.random()
        if roll < 0.2:
            value = ir.Literal(kind, None, random_value(kind, self.random))
            return [ir.Replacement(f"p_{kind.kind.value}", None, ir.ThisPeriod(), value)]
        if roll < 0.6 or self.entity not in GROUPS:
            return self.of(self.entity, kind, ir.Self(self.entity), depth)
        if roll < 0.7:
            role, optional = self.random.choice([("head", False), ("partner", True)])
            return self.of("person", kind, ir.HolderOf("person", ir.Self(self.entity), role, optional), depth)
        roles = self.random.choice([("head", "partner", "child"), ("child",)])
        name = self.fresh("m")
        link = ir.Members("person", ir.Self(self.entity), roles)
        self.bound.append((name, "person"))
        made = self.of("person", kind, ir.Bound("person", name), depth)
        where = self.formula(BOOLEAN, 1) if self.random.random() < 0.5 else None
        self.bound.pop()
        return [replace(change, link=link, bound=name, where=where) for change in made]

    def of(self, entity: str, kind: ValueType, subject: ir.Subject, depth: int) -> list[ir.Replacement]:
        """A replacement of a figure of a year of somebody."""
        fitting = [figure for figure in self.figures if figure.type == kind and figure.entity == entity]
        fitting = [figure for figure in fitting if figure.period == YEAR]
        if not fitting:
            return []
        value = self.formula(kind, min(1, depth - 1))
        return [ir.Replacement(self.random.choice(fitting).name, subject, ir.ThisPeriod(), value)]


def asking_program(random: Random, depth: int = 3) -> Program:
    """A program with figures of people and households, some of which ask for worlds of those before."""
    plain = random_program(random, variables=0)
    figures = [figure for figure in plain.definitions.values() if figure.entity in ("person", "household")]
    made: dict[str, Definition] = {}
    for place in range(10):
        entity, kind = random.choice(["person", "household", "household"]), random.choice(TYPES)
        maker = Maker(random, figures, entity=entity) if place < 4 else Asking(random, figures, entity=entity)
        figure = _definition(f"f{place}", entity, kind, random, maker.formula(kind, depth))
        made[figure.name] = figure
        figures.append(figure)
    return replace(plain, definitions={**plain.definitions, **made}, order=(*plain.order, *made))
