"""What users call things: names of figures with a suggestion where there is none, and periods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from api.failures import Misuse, suggestion
from engine.interpret.cases import Case
from engine.ir import nodes as ir
from engine.ir.program import Definition, Program
from engine.ir.walk import walk
from engine.text.articles import with_article
from engine.values.periods import Period, Unit


def find_definition(program: Program, name: str) -> Definition:
    """The fact or figure that `name` means. Raises Misuse with the nearest names, or the several that it may mean."""
    named = program.find(name)
    if named is not None:
        return named
    several = sorted(definition.name for definition in program.definitions.values() if definition.short_name == name)
    if several:
        choices = ", ".join(f"`{choice}`" for choice in several)
        raise Misuse(f"`{name}` is a private name of several modules", f"name one of {choices}")
    known = {definition.short_name for definition in program.definitions.values()} | {*program.settings.figure_sets}
    raise Misuse(
        f"there is no figure `{name}`",
        suggestion(name, known, "`rulewright show NAME` finds a figure by a part of its name"),
    )


def find_definitions(program: Program, names: str, at: Period | None = None) -> list[Definition]:
    """The figures in a list with commas; a set of figures stands for those of its figures of which there is one `at`
    that time. Raises Misuse for what names none, such as a comma alone."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if names and not wanted:
        raise Misuse(f"`{names[:40]}` names no figure", "name figures with commas between them: `income_tax,eitc`")
    return list(dict.fromkeys(figure for name in wanted for figure in named_figures(program, name, at)))


def named_figures(program: Program, name: str, at: Period | None = None) -> list[Definition]:
    """The figure that `name` means, or those of the set that it means of which there is one `at` that time.

    Raises Misuse where it is neither, and where the set has no figure of that time.
    """
    figure_set = program.settings.figure_sets.get(name)
    if figure_set is None:
        return [find_definition(program, name)]
    figures = [find_definition(program, figure) for figure in figure_set.figures]
    fitting = [figure for figure in figures if at is None or has_period(program, figure, at)]
    if not fitting and at is not None:
        raise Misuse(*several_periods(figures[0], at))
    return fitting


def read_period(program: Program, text: str, projected: bool = False) -> Period:
    """The period that `text` means. Raises Misuse for one that is malformed, or that the rules do not answer for.

    What they only project counts if `projected`.
    """
    try:
        period = program.settings.period(text)
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
    return sorted(
        definition.name
        for definition in program.definitions.values()
        if definition.exported and not definition.is_input
    )


def chief_names(program: Program) -> Sequence[str]:
    """The exported figures that people first want to know: those that assessments name; without assessments, those
    that no other exported figure reads."""
    exported = exported_names(program)
    named = {figure for rules in program.settings.assessments.values() for figure in rules.figures}
    chief = [name for name in exported if program.definitions[name].short_name in named]
    if chief:
        return chief
    read = {node.name for name in exported for node in _reads(program.definitions[name])}
    return [name for name in exported if name not in read] or exported


def _reads(definition: Definition) -> Iterator[ir.VariableRead | ir.OverTime]:
    for dated in definition.formulas:
        for node in walk(dated.body):
            if isinstance(node, ir.VariableRead | ir.OverTime):
                yield node


def period_for(program: Program, definition: Definition, at: Period) -> Period:
    """The period of a figure that is asked for at `at`: the one that is or holds it.

    Raises Misuse if there is not one, or if it begins before the time that the rules answer for.
    """
    if definition.period.is_personal:
        calendar = definition.period.calendar
        message = f"`{definition.short_name}` is per {calendar.name}, and there is not one that is or holds {at}"
        raise Misuse(message, f"give a day of it, on or after `{calendar.starts}` of the {calendar.of}")
    period = definition.period_at(at)
    if period is None:
        raise Misuse(*several_periods(definition, at))
    covers = program.settings.covers_from
    if not has_period(program, definition, at):
        message = f"`{definition.short_name}` for {period} begins before {covers}, from when these rules answer"
        raise Misuse(message, f"write `--at {period.shift(1)}`")
    return period


def has_period(program: Program, definition: Definition, at: Period) -> bool:
    """Whether `at` says which period of a figure is meant, and the rules answer for it."""
    period = definition.period_at(at)
    covers = program.settings.covers_from
    always = definition.is_input or definition.period.unit is Unit.ETERNITY
    return period is not None and (always or not period.start < covers <= period.end)


def several_periods(definition: Definition, at: Period) -> tuple[str, str]:
    """That `at` does not say which period of a figure is meant, and what to write."""
    touched = at.parts(definition.period)
    shown = touched if len(touched) == 2 else (touched[0], touched[-1])
    told = [f"`{period}`" if period.kind.is_civil else f"`{period}` ({period.days})" for period in shown]
    message = f"`{definition.short_name}` is per {definition.period}, and {at} touches {len(touched)} of them"
    return message, f"say which: `--at` {told[0]} or {told[1]}"


def nobody(program: Program, case: Case, definition: Definition) -> Misuse:
    """There is none of the entity whose figure is wanted: how to add one."""
    entity = program.settings.entities[definition.entity]
    message = f"`{definition.short_name}` is a figure of {with_article(entity.name)}, and the case has none"
    if not entity.of:
        return Misuse(message, f"add one: `{entity.plural}: {{ada: {{…}}}}`")
    someone = next(iter(case.instances.get(entity.of, ())), "ada")
    role = next((role.name for role in sorted(entity.roles, key=lambda role: not role.minimum)), "")
    return Misuse(message, f"add one: `{entity.plural}: {{home: {{{role}: {someone}}}}}`")
