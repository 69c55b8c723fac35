"""What may not be stated together: a total beside the documents that make it up, two facts for one line of a form.

A definition's `excludes` names the others. They belong to the same entity, or to a record, a group or a member of it.
What is stated as nothing (0, no) excludes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.ir.links import Link, is_below, related
from engine.ir.program import Condition, Definition, Program
from engine.records import record
from engine.remembered import Remembered
from engine.values.types import Value

KEPT = 8


@record(frozen=True, slots=True)
class Exclusion:
    """Two definitions of which one may be stated. `total`: the one that stands for the other.

    `where`: what must hold of the one that is not the total, or they do not exclude each other.
    """

    first: Definition
    second: Definition
    link: Link
    total: Definition
    where: tuple[Condition, ...] = ()


_kept = Remembered[tuple[Exclusion, ...]](KEPT)


def exclusions(program: Program) -> tuple[Exclusion, ...]:
    """Every pair of the rules. The first is the owner of the record, or the group of the member. Each case that is read
    asks for them, so those of the last few programs are kept."""
    return _kept.of(program, None, lambda: tuple(_exclusions(program)))


def _exclusions(program: Program) -> Iterator[Exclusion]:
    for definition in program.definitions.values():
        always = ((name, ()) for name in definition.excludes)
        for name, where in (*always, *definition.excludes_where):
            other = program.definitions[name]
            link = related(program.settings, definition.entity, other.entity)
            assert link is not None, "checked with the definition"
            below = is_below(program.settings, definition.entity, other.entity)
            first, second = (other, definition) if below else (definition, other)
            yield Exclusion(first, second, link, definition, where)


def says_something(value: Value) -> bool:
    """Whether a stated value excludes another: nothing (0, no) does not."""
    return value != 0


def part_of(exclusion: Exclusion) -> Definition:
    """The one of the two that the total stands for."""
    return exclusion.second if exclusion.total is exclusion.first else exclusion.first


def refusal(exclusion: Exclusion, first: str, second: str) -> tuple[str, str]:
    """What to say, and what to do, of two that are both stated of these two; an empty name is left out."""
    total, part = (
        (exclusion.first, exclusion.second)
        if exclusion.total is exclusion.first
        else (exclusion.second, exclusion.first)
    )
    of_total, of_part = (first, second) if exclusion.total is exclusion.first else (second, first)
    said, also = (
        f"`{definition.short_name}`" + f" of `{of}`" * bool(of)
        for definition, of in ((part, of_part), (total, of_total))
    )
    message = f"{said} is stated, and so is {also}, which means the same"
    return message, f"state `{part.short_name}` or `{total.short_name}`, not both"
