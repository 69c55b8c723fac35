"""What the worked examples of rules leave untried.

An exported figure or requirement is tried by an example that expects it; what comes from the rules that these are based
on, by theirs. A reason of a requirement is tried only if in examples that expect the requirement it is met once, and
not met once: a reason that never refuses, or never lets through, has not been shown to mean what its law says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field

from engine.ir.program import Definition, Program, ReasonInfo
from engine.text.source import Span

Seen = Mapping[str, Set[str]]


@dataclass(frozen=True, slots=True)
class Untried:
    """A figure (`how` is `expected`) or a reason (`met` or `not met`) that no example tries in that way."""

    name: str
    how: str
    span: Span | None = field(compare=False, repr=False)

    def __str__(self) -> str:
        return f"`{self.name}` is {'expected by no example' if self.how == 'expected' else f'{self.how} in no example'}"


def untried(program: Program, seen: Seen) -> tuple[Untried, ...]:
    """What no example tries, in the order of the definitions. `seen`: for each name what it was found to be, as an
    example writes it (`true` and `false` for reasons)."""
    base = program.settings.based_on
    own = (
        definition
        for definition in program.definitions.values()
        if not base or not definition.module.startswith(f"{base}/")
    )
    return tuple(item for definition in own for item in _of(program, definition, seen))


def _of(program: Program, definition: Definition, seen: Seen) -> Iterator[Untried]:
    if definition.exported and not definition.is_input and definition.name not in seen:
        yield Untried(definition.short_name, "expected", definition.span)
    if definition.requirement is None or definition.requirement.name != _root(definition.requirement.name):
        return
    for reason in leaves(definition.requirement):
        outcomes = seen.get(reason.name, frozenset())
        for wanted, how in (("true", "met"), ("false", "not met")):
            if wanted not in outcomes:
                yield Untried(reason.name.rpartition(":")[2], how, program.definitions[reason.name].span)


def _root(name: str) -> str:
    """The requirement that a reason belongs to."""
    return name.partition(".")[0]


def leaves(info: ReasonInfo) -> Iterator[ReasonInfo]:
    """The reasons of a requirement that stand on a condition of their own."""
    if not info.parts:
        yield info
    for part in info.parts:
        yield from leaves(part)
