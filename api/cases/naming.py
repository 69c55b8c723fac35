"""What users call things: names of figures with a suggestion where there is none, and periods."""

from __future__ import annotations

from collections.abc import Sequence

from api.failures import Misuse, suggestion
from engine.ir.program import Definition, Program
from engine.values.periods import Period, parse_period


def find_definition(program: Program, name: str) -> Definition:
    """The fact or figure that `name` means. Raises Misuse with the nearest names, or the several that it may mean."""
    found = program.find(name)
    if found is not None:
        return found
    several = sorted(one.name for one in program.definitions.values() if one.short_name == name)
    if several:
        choices = ", ".join(f"`{one}`" for one in several)
        raise Misuse(f"`{name}` is a private name of several modules", f"name one of {choices}")
    known = {one.short_name for one in program.definitions.values()}
    raise Misuse(
        f"there is no figure `{name}`",
        suggestion(name, known, "`rulewright show NAME` finds a figure by a part of its name"),
    )


def find_definitions(program: Program, names: str) -> list[Definition]:
    """The figures in a list with commas."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    return [find_definition(program, name) for name in dict.fromkeys(wanted)]


def read_period(program: Program, text: str, projected: bool = False) -> Period:
    """The period that `text` means. Raises Misuse for one that is malformed, or that the rules do not answer for.

    What they only project counts if `projected`.
    """
    try:
        period = parse_period(text, dict(program.settings.calendars))
    except ValueError as fault:
        raise Misuse(str(fault), "give the period as `--at 2024`") from None
    settings = program.settings
    last = settings.projected_to if projected and settings.projected_to is not None else settings.covers_to
    if period.end < settings.covers_from or period.start > last:
        covered = f"{settings.covers_from} to {settings.covers_to}"
        further = f", and project to {last}" if last != settings.covers_to else ""
        raise Misuse(f"the rules do not answer for {period}", f"they cover {covered}{further}")
    return period


def exported_names(program: Program) -> Sequence[str]:
    """The names that modules export: what a user asks for first."""
    return sorted(one.name for one in program.definitions.values() if one.exported and not one.is_input)


def period_for(definition: Definition, at: Period) -> Period:
    """The period of a figure that a case at `at` asks for: `at` itself, or the one that contains its first day."""
    return at if definition.period == at.kind else definition.period.containing(at.start)
