"""Random programs and populations in which a person may be in no group of a kind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

import numpy as np

from engine.ir import nodes as ir
from engine.ir.program import Definition, Program
from engine.population.columns import Columns
from engine.values.periods import Period
from engine.values.types import BOOLEAN, ValueType
from tests.native.made_constants import GROUPS, TYPES
from tests.native.populations import population_of
from tests.native.programs import Maker, _definition, random_program


@dataclass(slots=True)
class Lone(Maker):
    """Writes formulas that read groups which may not be there, and test for them."""

    def subject(self, entity: str) -> tuple[ir.Subject | None, bool]:
        """Someone of an entity; of a group, perhaps nobody."""
        subject, optional = Maker.subject(self, entity)
        if isinstance(subject, ir.GroupOf):
            return replace(subject, optional=True), True
        return subject, optional

    def any_kind(self, kind: ValueType, depth: int) -> ir.Expression:
        """What any type may be, often one thing or another by whether somebody is in a group."""
        if self.random.random() < 0.5:
            return Maker.any_kind(self, kind, depth)
        return ir.If(kind, None, self.boolean(depth), self.formula(kind, depth), self.formula(kind, depth))

    def boolean(self, depth: int) -> ir.Expression:
        """A condition, often whether somebody is in a group, or what they are in it."""
        if self.random.random() < 0.3:
            return Maker.boolean(self, depth)
        group = self.one_of(*GROUPS)
        person, maybe = self.subject("person")
        if person is None or maybe:
            return Maker.boolean(self, depth)
        own = ir.GroupOf(group, person, optional=True)
        if self.random.random() < 0.5:
            return ir.Nobody(BOOLEAN, None, own)
        inside = own if self.random.random() < 0.4 else None
        return ir.Holds(BOOLEAN, None, person, group, inside, self.random.choice([("head",), ("child", "partner")]))


def lone_program(random: Random, variables: int = 6, depth: int = 2) -> Program:
    """A program most of whose figures are about people and licences, and read their groups."""
    plain = random_program(random, variables=0)
    of_groups = [figure for figure in plain.definitions.values() if figure.entity in GROUPS]
    figures = [*of_groups, *(figure for figure in plain.definitions.values() if figure.entity in ("person", "licence"))]
    made: dict[str, Definition] = {}
    for place in range(variables):
        entity, kind = random.choice(["person", "person", "licence", "household"]), random.choice((*TYPES, BOOLEAN))
        maker = Lone(random, figures, entity=entity)
        figure = _definition(f"f{place}", entity, kind, random, maker.formula(kind, depth))
        made[figure.name] = figure
        figures.append(figure)
    return replace(plain, definitions={**plain.definitions, **made}, order=(*plain.order, *made))


def lone_population(
    program: Program, at: Period, groups: int, seed: int, missing: float = 0.0, density: float = 1.0
) -> Columns:
    """A population in which many are listed in no group, or in no household; lists are whole in half of them.

    Whoever is in no group at all shares nothing with others, whose figures could be handed over together with theirs.
    """
    plain, rng = population_of(program, at, groups, seed, missing=missing, density=density), np.random.default_rng(seed)
    loose = rng.random(plain.counts["person"])
    links = {
        name: replace(link, group=np.where((loose < share) & (link.role > 0), -1, link.group).astype(np.int32))
        for (name, link), share in zip(plain.groups.items(), (0.5, 0.4), strict=True)
    }
    return replace(plain, groups=links, complete=bool(rng.random() < 0.5))
