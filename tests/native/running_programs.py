"""Random programs whose figures follow each other from record to record: what each reads of itself and of the others
is read of the record before, or of one before that, in one sequence; facts and other figures are read of anybody.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random

from engine.ir import nodes as ir
from engine.ir.program import DatedExpression, Definition, Program
from engine.values.types import BOOLEAN, ValueType
from tests.native.made_constants import KIN_STEPS, STEPS, TYPES, random_value
from tests.native.programs import Maker, _definition, random_program


@dataclass(slots=True)
class Running(Maker):
    """Writes formulas of records. `run` are figures that may be read of the records before alone, in `sequence`."""

    run: list[Definition] = field(default_factory=list)
    sequence: str = "previous"

    def leaf(self, kind: ValueType) -> ir.Expression:
        """A leaf, or a figure of the run as the record before has it."""
        fitting = [figure for figure in self.run if figure.type == kind]
        if not fitting or self.bound or self.random.random() < 0.4:
            return Maker.leaf(self, kind)
        read = ir.VariableRead(kind, None, self.random.choice(fitting).name, self.before(), ir.ThisPeriod())
        if self.random.random() < 0.1:
            return read
        return ir.Otherwise(kind, None, read, ir.Literal(kind, None, random_value(kind, self.random)))

    def before(self) -> ir.Subject:
        """The record before this one, seldom the one before that."""
        keys = {"previous": STEPS.figures, "kin": KIN_STEPS.figures}[self.sequence]
        own: ir.Subject = ir.Self("licence")
        for _ in range(self.random.choice([1, 1, 1, 2])):
            own = ir.Before("licence", own, self.sequence, keys)
        return own


def running_program(random: Random, runs: int = 6, depth: int = 3) -> Program:
    """A program with a run of figures of records, and figures that read them."""
    plain = random_program(random, variables=3, depth=depth)
    kinds = [random.choice(TYPES) for _ in range(runs)]
    empty = [_definition(f"run{place}", "licence", kind) for place, kind in enumerate(kinds)]
    figures = [figure for figure in plain.definitions.values() if figure.entity in ("licence", "person", "household")]
    maker = Running(
        random, figures, entity="licence", run=empty, sequence=random.choice(["previous", "previous", "kin"])
    )
    made: dict[str, Definition] = {}
    for figure in empty:
        body = maker.formula(figure.type, depth)
        written = _definition(figure.name, "licence", figure.type, random, body)
        if random.random() < 0.3:  # one that the law may say nothing of
            asked = ir.If(body.type, None, maker.formula(BOOLEAN, 1), body, ir.NotApplicable(body.type, None))
            written = replace(written, formulas=(DatedExpression(None, asked),), may_not_apply=True)
        made[figure.name] = written
        figures.append(written)
    reader = Maker(random, figures, entity="person")
    for place in range(2):
        kind = random.choice(TYPES)
        made[f"reader{place}"] = _definition(f"reader{place}", "person", kind, random, reader.formula(kind, depth))
    definitions = {**plain.definitions, **made}
    order = (*plain.order, *made)
    return replace(plain, definitions=definitions, order=order)
