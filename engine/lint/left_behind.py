"""What a reform leaves behind: law beside what it changes that carries the same provision, and still says the old.

1. A figure or constant that the reform changes from a day on was read by another formula before that day, and is not
   read by that formula's successor, which holds then: a provision that had lapsed is brought back in one of its places
   only. (A credit made refundable whatever the tax reaches the tax, but not the refund.) Of constants only those that
   nothing else reads then: others live on by themselves.
2. A figure that the reform replaces no longer reads what it read, and a few others still do.
3. Nothing that is in force reads a constant from the day on which the reform sets it.

All are W906: a reform may mean just that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from engine.ir import nodes as ir
from engine.ir.fold import value_at
from engine.ir.program import DatedExpression, Definition, FunctionDefinition, Program
from engine.ir.walk import walk
from engine.reading.declared_constants import Parameter, Scale, Table
from engine.text.diagnostics import Diagnostics
from engine.text.source import Span

FEW = 3
Constant = Parameter | Table | Scale
Reader = Definition | FunctionDefinition
_READS = (ir.VariableRead, ir.OverTime, ir.ParameterRead, ir.TableRead, ir.ScaleRead, ir.FunctionCall)


@dataclass(frozen=True, slots=True)
class Change:
    """What a reform changes, from what day on, and where it says so."""

    name: str
    since: date
    span: Span | None


def left_behind(law: Program, reformed: Program, problems: Diagnostics) -> None:
    """W906 for what `reformed` leaves of the `law` beside what it changes."""
    replaced = list(_replaced(law, reformed))
    settings = list(_set(law, reformed))
    touched = {change.name for change in replaced}
    unread = [setting for setting in settings if setting.name not in _read_from(setting.since, reformed)]
    lapsed = [setting for setting in settings if setting not in unread and not _is_live(setting, reformed, touched)]
    for change in (*replaced, *lapsed):
        _lapsed_readers(change, reformed, touched, problems)
    for change in replaced:
        _readers_of_what_it_read(change, law, reformed, touched, problems)
    for change in unread:
        message = f"`{_short(change.name)}` is set from {change.since}, and nothing that is in force then reads it"
        help_text = "replace the figure that should read it too"
        problems.add("W906", message, change.span, help=help_text)


def _replaced(law: Program, reformed: Program) -> Iterator[Change]:
    for name, after in reformed.definitions.items():
        before = law.definitions.get(name)
        if before is not None and before.formulas != after.formulas:
            yield Change(name, _first_difference(before.formulas, after.formulas, law), after.span)


def _set(law: Program, reformed: Program) -> Iterator[Change]:
    before = _constants(law)
    for name, after in _constants(reformed).items():
        if name in before and len(after.overlays) > len(before[name].overlays):
            laid = after.overlays[len(before[name].overlays) :]
            yield Change(name, min(overlay.start for overlay in laid), laid[0].span)


def _constants(program: Program) -> dict[str, Constant]:
    return {**program.parameters, **program.tables, **program.scales}


def _first_difference(
    before: tuple[DatedExpression, ...], after: tuple[DatedExpression, ...], program: Program
) -> date:
    """The first day that the rules answer for on which another formula is in force than before."""
    first = program.settings.covers_from
    days = sorted(
        {
            first,
            *(
                dated_expression.start
                for dated_expression in (*before, *after)
                if dated_expression.start is not None and dated_expression.start > first
            ),
        }
    )
    return next((day for day in days if _in_force(before, day) != _in_force(after, day)), first)


def _is_live(change: Change, program: Program, touched: set[str]) -> bool:
    """Whether a formula that the reform leaves alone reads the constant when it is set."""
    others = [reader for reader in _readers(program) if reader.name not in touched]
    return any(change.name in _names_from(change.since, reader) for reader in others)


def _in_force(formulas: tuple[DatedExpression, ...], day: date) -> ir.Expression | None:
    value = value_at([(formula.start or date.min, formula.body) for formula in formulas], day)
    return value[1] if value is not None else None


def _lapsed_readers(change: Change, program: Program, touched: set[str], problems: Diagnostics) -> None:
    """Formulas that read what is changed before the change, and whose successors, in force then, do not."""
    for reader in _readers(program):
        if reader.name in touched or reader.name == change.name:
            continue
        earlier = [formula for formula in reader.formulas if _ended(formula, reader, change)]
        later = [formula for formula in reader.formulas if formula not in earlier]
        read_before = any(change.name in _names(dated_expression.body) for dated_expression in earlier)
        if (
            read_before
            and later
            and not any(change.name in _names(dated_expression.body) for dated_expression in later)
        ):
            since = later[0].start or program.settings.covers_from
            message = f"`{_short(reader.name)}` has not read `{_short(change.name)}` since {since}, and still does not"
            help_text = f"replace `{_short(reader.name)}` too, if it carries the same provision"
            problems.add("W906", message, change.span, help=help_text)


def _ended(dated_expression: DatedExpression, reader: Reader, change: Change) -> bool:
    end = _ends(dated_expression, reader)
    return end is not None and end <= change.since


def _ends(dated_expression: DatedExpression, reader: Reader) -> date | None:
    starts = [other.start for other in reader.formulas if other.start is not None]
    return min(
        (start for start in starts if dated_expression.start is None or start > dated_expression.start), default=None
    )


def _readers_of_what_it_read(
    change: Change, law: Program, reformed: Program, touched: set[str], problems: Diagnostics
) -> None:
    before, after = law.definitions[change.name], reformed.definitions[change.name]
    own = _all_names(before) - _all_names(after) - touched
    for name in sorted(own):
        module = _module_of(name, reformed)
        readers = [reader for reader in _readers(reformed) if name in _names_from(change.since, reader)]
        if module == before.module and 0 < len(readers) <= FEW:
            others = ", ".join(f"`{_short(reader.name)}`" for reader in readers)
            message = f"`{before.short_name}` as replaced no longer reads `{_short(name)}`, which {others} still read"
            if len(readers) == 1:
                message += "s"
            help_text = f"replace {others} too, if they carry the same provision"
            problems.add("W906", message, change.span, help=help_text)


def _module_of(name: str, program: Program) -> str:
    definition = program.definitions.get(name)
    return definition.module if definition is not None else name.rpartition(":")[0]


def _readers(program: Program) -> Iterator[Reader]:
    yield from program.definitions.values()
    yield from program.functions.values()


def _read_from(day: date, program: Program) -> set[str]:
    """Every name that something in force on a day or later reads."""
    read = {name for reader in _readers(program) for name in _names_from(day, reader)}
    constants = _constants(program)
    read |= {constant.uprate.by for constant in constants.values() if constant.uprate is not None}
    return read | {follow.scale for table in program.tables.values() for follow in table.follows}


def _names_from(day: date, reader: Reader) -> set[str]:
    live = [formula for formula in reader.formulas if (end := _ends(formula, reader)) is None or end > day]
    return {name for dated_expression in live for name in _names(dated_expression.body)}


def _all_names(definition: Definition) -> set[str]:
    return {name for formula in definition.formulas for name in _names(formula.body)}


def _names(body: ir.Expression) -> set[str]:
    return {node.name for node in walk(body) if isinstance(node, _READS)}


def _short(name: str) -> str:
    return name.rpartition(":")[2]
