"""What an interview takes for granted: facts that nobody was asked and that could change the answer, likeliest first.

The interval evaluator says which they are; how many people have each, by the sample, says which come first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from api.cases.likely import WITHOUT_FORM, likely
from api.http.programs import Law
from api.interview.interview import open_facts
from api.web.asking import FactField, field_name
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program

SHOWN = 12


@dataclass(frozen=True, slots=True)
class Granted:
    """A fact that was taken for what it usually is, of some people or things, and what it is called."""

    field: FactField
    instances: Sequence[str]
    label: str

    @property
    def name(self) -> str:
        """The fact."""
        return self.field.definition.short_name


def granted(law: Law, case: Case, wanted: Sequence[Definition], told: Collection[str]) -> list[Granted]:
    """The facts, each with those of whom it was taken for granted; `told` are the fields that were answered."""
    program = law.program
    of: dict[str, list[Fact]] = {}
    for fact in open_facts(program, replace(case, complete=False), wanted, law.interpreters):
        definition = program.definitions[fact.name]
        if definition.absent is not None and field_name(fact.instance, definition.short_name) not in told:
            of.setdefault(fact.name, []).append(fact)
    taken = [
        Granted(
            FactField(facts[0], program.definitions[name], program.settings),
            [fact.instance for fact in facts],
            _label(program, program.definitions[name]),
        )
        for name, facts in of.items()
    ]
    return sorted(taken, key=lambda entry: -likely(entry.field.definition).share)


def _label(program: Program, definition: Definition) -> str:
    """What people call it: of an amount on no form, which is asked where no form is given, the amount's own name."""
    whole = program.find(definition.short_name.removesuffix(WITHOUT_FORM))
    return whole.label if whole is not None else definition.label
