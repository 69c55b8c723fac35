"""Names and paths: whom a formula reads, and which figure, constant or row it means."""

from __future__ import annotations

from engine.check.context import Elaboration, Part, Scope, Several, TableRow, Value, Who, failed
from engine.check.resolve import BUILTINS, Symbol, did_you_mean
from engine.check.times import Figure, read_time
from engine.ir import nodes as ir
from engine.reading.declarations import Input, Requirement, Variable
from engine.reading.declared_constants import Parameter, Scale, Table
from engine.reading.declared_settings import Entity
from engine.syntax import ast
from engine.text.source import Span
from engine.values.periods import Unit
from engine.values.types import BOOLEAN, DATE, FAILED, ValueType


def figure_type(figure: Figure) -> ValueType:
    """The type of a fact or figure; a requirement is a boolean."""
    if isinstance(figure, Requirement):
        return BOOLEAN
    return figure.type or FAILED


def name_part(elab: Elaboration, node: ast.Name, scope: Scope) -> Part:
    """What a bare name stands for: a local, a day, somebody, several, or a declared name."""
    if node.name in scope.names:
        return scope.names[node.name]
    if node.name in ("today", "period_start", "period_end"):
        return _boundary(elab, node, scope)
    if node.name == "self":
        return _self(elab, node, scope)
    if scope.entity:
        reached = step(elab, Who(ir.Self(scope.entity)), node.name)
        if reached is not None:
            return reached
    symbol = elab.symbols.look_up(scope.module, node.name)
    if symbol is None:
        _report_unknown(elab, node, scope)
        return failed(node.span)
    return _declared(elab, symbol, node, scope)


def _self(elab: Elaboration, node: ast.Name, scope: Scope) -> Part:
    if scope.entity:
        return Who(ir.Self(scope.entity))
    return elab.fail("E408", "a function is about nobody", node.span, help="make what it needs of them an argument")


def _report_unknown(elab: Elaboration, node: ast.Name, scope: Scope) -> None:
    for entity in elab.settings.entities.values():
        role_names = {name for role in entity.roles for name in (role.name, role.plural)} | set(entity.sets)
        if node.name in {entity.name, entity.plural} | role_names | ({"members"} if entity.of else set()):
            message = f"`{node.name}` cannot be reached from {_entity_words(scope.entity)}"
            elab.problems.add("E406", message, node.span, help=_way(elab, entity, node.name, scope))
            return
    enums = [enum.name for enum in elab.settings.enums.values() if node.name in enum.members]
    if enums and elab.symbols.is_new(scope.module, node.name):
        help_text = f"a member of `{enums[0]}` is written with a point: `.{node.name}`"
        elab.problems.add("E401", f"unknown name `{node.name}`", node.span, help=help_text)
        return
    if node.name in _NOTHING:
        elab.problems.add("E401", f"unknown name `{node.name}`", node.span, help=_NOTHING[node.name])
        return
    if node.name.lower() in _TRUTHS or node.name in elab.settings.enums:
        elab.problems.add("E401", f"unknown name `{node.name}`", node.span, help=_no_name(elab, node.name))
        return
    elab.symbols.report_unknown(scope.module, node.name, node.span, elab.problems, _reachable(elab, scope))


_UNKNOWN = (
    "there is no word for an unknown value: leave the fact out, and the rules reckon with every value it may have"
)
_NOTHING = {**dict.fromkeys(("null", "unknown", "missing"), _UNKNOWN),
            "not_applicable": "say when the figure applies: `applies_if: …`"}  # fmt: skip
_TRUTHS = {"yes": "true", "no": "false", "true": "true", "false": "false"}


def _no_name(elab: Elaboration, name: str) -> str:
    """What to write for a word of truth, or for the name of an enum."""
    if name not in elab.settings.enums:
        return f"write `{_TRUTHS[name.lower()]}`"
    return f"write a member of `{name}` alone, as in `.{next(iter(elab.settings.enums[name].members), 'member')}`"


def _reachable(elab: Elaboration, scope: Scope) -> frozenset[str]:
    """Locals, roles, groups, owners and records that a name may have been meant for."""
    names = set(scope.names)
    for entity in elab.settings.entities.values():
        if entity.name == scope.entity and entity.of:
            names |= {"members", *entity.sets, *(role.name if role.single else role.plural for role in entity.roles)}
        if entity.of == scope.entity or entity.belongs_to == scope.entity:
            names.add(entity.name if entity.of else entity.plural)
    return frozenset(names)


def _way(elab: Elaboration, entity: Entity, name: str, scope: Scope) -> str:
    """How a formula comes to somebody who cannot be reached by the name alone."""
    own = elab.settings.entities.get(scope.entity)
    if own is not None and name == own.name:
        return "the formula is about it: name its figure alone"
    if own is not None and entity.belongs_to == own.name:
        return f"there may be several: aggregate over `{entity.plural}`, as in `count(r in {entity.plural})`"
    if own is not None and entity.of == own.name and name not in (entity.name, entity.plural):
        return f"write `{entity.name}.{name}`"
    if own is not None and own.of and entity.belongs_to == own.of:
        return f"sum them in a figure of `{own.of}` first, and that figure over `members`"
    return "see `Who may be read` in rules/README.md"


def _entity_words(entity: str) -> str:
    return f"a formula of `{entity}`" if entity else "a function"


def _boundary(elab: Elaboration, node: ast.Name, scope: Scope) -> Value:
    if scope.period is None:
        return elab.fail("E408", f"a function does not know `{node.name}`", node.span, help="make it an argument")
    if node.name == "today" and scope.period.unit is not Unit.DAY:
        help_text = "write `period_start` or `period_end`, or give the definition `period: day`"
        return elab.fail("E603", "`today` is known only in a daily formula", node.span, help=help_text)
    if scope.period.unit is Unit.ETERNITY:
        return elab.fail("E603", f"all time has no `{node.name}`", node.span, help="give the definition a period")
    return Value(ir.PeriodBoundary(DATE, node.span, "end" if node.name == "period_end" else "start"))


def _declared(elab: Elaboration, symbol: Symbol, node: ast.Name, scope: Scope) -> Part:
    elab.used.add(symbol.name)
    if elab.symbols.is_repeated(scope.module, node.name):
        return failed(node.span)  # which of the two is meant nobody can say; that there are two was reported
    match symbol.declaration:
        case Input() | Variable() | Requirement() as figure:
            return _own_figure(elab, symbol, figure, node.span, scope)
        case Parameter() as parameter:
            kind = parameter.type or FAILED
            return Value(ir.ParameterRead(kind, node.span, symbol.name, ir.ThisPeriod()), optional=kind.or_none)
        case Table():
            return elab.fail(
                "E505", f"the table `{node.name}` needs its key", node.span, help=f"write `{node.name}[…]`"
            )
        case Scale() as scale:
            usage = f"{node.name}[…](…)" if scale.key else f"{node.name}(…)"
            return elab.fail("E505", f"the scale `{node.name}` needs an amount", node.span, help=f"write `{usage}`")
    help_text = f"write `{node.name}(…)`"
    return elab.fail("E505", f"the function `{node.name}` needs its arguments", node.span, help=help_text)


def _own_figure(elab: Elaboration, symbol: Symbol, figure: Figure, span: Span, scope: Scope) -> Value:
    if not scope.entity:
        help_text = "make it an argument of the function"
        return elab.fail("E408", f"a function may not read the figure `{figure.name}`", span, help=help_text)
    if not figure.entity:
        return failed(span)
    if figure.entity != scope.entity:
        message = f"`{figure.name}` is a figure of `{figure.entity}`, and this formula is about `{scope.entity}`"
        return elab.fail("E405", message, span, help=_route(elab, figure, scope))
    return read(elab, symbol, figure, Who(ir.Self(scope.entity)), span=span, scope=scope)


def _route(elab: Elaboration, figure: Figure, scope: Scope) -> str:
    entities = elab.settings.entities
    theirs, own = entities.get(figure.entity), entities.get(scope.entity)
    if theirs is None or own is None:
        return ""
    if theirs.of == scope.entity or own.belongs_to == figure.entity:
        return f"write `{figure.entity}.{figure.name}`"
    if own.of == figure.entity:
        return f"write `sum(m.{figure.name} for m in members)`, or name a role: `{own.roles[0].name}.{figure.name}`"
    if theirs.belongs_to == scope.entity:
        return f"write `sum(r.{figure.name} for r in {theirs.plural})`"
    return "read it through a group or an owner; see `Who may be read` in rules/README.md"


def read(elab: Elaboration, symbol: Symbol, figure: Figure, who: Who, *, span: Span, scope: Scope) -> Value:
    """A figure of somebody at the formula's own time."""
    time = read_time(elab, figure, scope, span)
    if time is None:
        return failed(span)
    return reading(elab, symbol, figure, who, span=span, time=time)


def reading(elab: Elaboration, symbol: Symbol, figure: Figure, who: Who, *, span: Span, time: ir.Time) -> Value:
    """A figure of somebody at a given time."""
    elab.used.add(symbol.name)
    node = ir.VariableRead(figure_type(figure), span, symbol.name, who.subject, time)
    before_the_first = not isinstance(time, ir.ThisPeriod) and time.kind.is_personal
    return Value(node, optional=who.optional or symbol.name in elab.optional_figures or before_the_first)


def attribute_part(elab: Elaboration, node: ast.Attribute, scope: Scope) -> Part:
    """`base.name`: a column, a step to somebody, or a figure of somebody."""
    base = elab.part(node.base, scope)
    match base:
        case TableRow():
            return _column(elab, base, node)
        case Who():
            return _of_somebody(elab, base, node, scope)
        case Value() if base.failed:
            return base
        case Several():
            help_text = f"write `sum(m.{node.name} for m in …)`"
            return elab.fail("E406", "several people or records have no one figure", node.span, help=help_text)
    return elab.fail(
        "E406", f"a value has no `.{node.name}`", node.name_span, help="remove it, or name somebody before it"
    )


def _column(elab: Elaboration, row: TableRow, node: ast.Attribute) -> Value:
    column_type = row.table.columns.get(node.name)
    if column_type is None:
        help_text = did_you_mean(node.name, set(row.table.columns))
        return elab.fail(
            "E406", f"the table `{row.table.name}` has no column `{node.name}`", node.name_span, help=help_text
        )
    read = ir.TableRead(column_type, node.span, row.name, node.name, row.keys, row.time)
    return Value(read, optional=column_type.or_none)


def _of_somebody(elab: Elaboration, who: Who, node: ast.Attribute, scope: Scope) -> Part:
    reached = step(elab, who, node.name)
    if reached is not None:
        return reached
    entity = who.subject.entity
    symbol = elab.symbols.look_up(scope.module, node.name)
    if symbol is None:
        if elab.symbols.is_new(scope.module, node.name):
            _report_no_attribute(elab, entity, node, scope)
        else:
            elab.symbols.report_unknown(scope.module, node.name, node.name_span, elab.problems)
        return failed(node.span)
    elab.used.add(symbol.name)
    figure = symbol.figure
    if figure is not None and not figure.entity:
        return failed(node.span)
    if figure is None or figure.entity != entity:
        whose = f"of `{figure.entity}`" if figure is not None else "no figure"
        message = f"`{node.name}` is {whose}; a `{entity}` has none"
        return elab.fail("E406", message, node.name_span, help=f"name a figure of `{entity}`")
    return read(elab, symbol, figure, who, span=node.span, scope=scope)


def _report_no_attribute(elab: Elaboration, entity: str, node: ast.Attribute, scope: Scope) -> None:
    """E401 for `m.wagse`, with the nearest of what `m` has."""

    def known() -> set[str]:
        seen = {**elab.symbols.exported, **elab.symbols.local.get(scope.module, {})}
        figures = {
            name for name, symbol in seen.items() if symbol.figure is not None and symbol.figure.entity == entity
        }
        return figures | (_reachable(elab, Scope(scope.module, entity, None)) - {node.name})

    help_text = elab.symbols.suggest(node.name, known)
    if not help_text.startswith("did"):
        help_text = f"name a figure of `{entity}`, or somebody who is reached from it"
    elab.problems.add("E401", f"unknown name `{node.name}`", node.name_span, help=help_text)


def step(elab: Elaboration, who: Who, name: str) -> Part | None:
    """Somebody (or several) reached from `who` by a role, a set, a group, an owner or a list of records."""
    entities = elab.settings.entities
    entity = entities[who.subject.entity]
    if entity.of:
        role_step = _role_step(elab, entity, who, name)
        if role_step is not None:
            return role_step
    owner = _owner_step(elab, entity, who, name)
    if owner is not None:
        return owner
    other = entities.get(name)
    if other is not None and other.of == entity.name:
        group = ir.GroupOf(name, who.subject, other.may_have_none, grouping(elab, other))
        return Who(group, who.optional or other.may_have_none)
    for records in entities.values():
        if records.plural == name and records.belongs_to == entity.name:
            return Several(ir.Records(records.name, who.subject), who.optional)
        further = next(
            (further_owner for further_owner in records.further if further_owner.entity == entity.name), None
        )
        if records.plural == name and further is not None:
            link = ir.Records(records.name, who.subject, further.name, grouping(elab, records))
            return Several(link, who.optional)
    return None


def grouping(elab: Elaboration, entity: Entity) -> ir.Grouping | None:
    """What makes groups of a kind, if they are not stated."""
    symbol = elab.symbols.exported.get(entity.by)
    if symbol is None or symbol.figure is None or symbol.figure.period is None:
        return None
    elab.used.add(symbol.name)
    return ir.Grouping(symbol.name, symbol.figure.period, entity.within)


def _owner_step(elab: Elaboration, entity: Entity, who: Who, name: str) -> Who | None:
    """The owner of a record, the larger group of a group, or the record before another."""
    further = entity.further_owner(name)
    if further is not None:
        optional = bool(entity.within) and elab.settings.entities[further.entity].may_have_none
        owner = ir.OwnerOf(further.entity, who.subject, further.name, optional)
        return Who(owner, who.optional or optional)
    if entity.belongs_to and name == (entity.first_owner or entity.belongs_to):
        return Who(ir.OwnerOf(entity.belongs_to, who.subject), who.optional)
    steps = entity.sequences.get(name)
    if steps is None:
        return None
    keys = tuple(elab.symbols.figure_of(entity.name, figure) for figure in steps.figures)
    elab.used.update(keys)
    return Who(ir.Before(entity.name, who.subject, name, keys), True)


def _role_step(elab: Elaboration, entity: Entity, who: Who, name: str) -> Part | None:
    if name == "members":
        roles = tuple(role.name for role in entity.roles)
        return Several(ir.Members(entity.of, who.subject, roles, by=grouping(elab, entity)), who.optional)
    if entity.by:
        return None
    if name in entity.sets:
        return Several(ir.Members(entity.of, who.subject, tuple(entity.sets[name])), who.optional)
    for role in entity.roles:
        if role.single and name == role.name:
            optional = role.minimum == 0
            return Who(ir.HolderOf(entity.of, who.subject, role.name, optional), who.optional or optional)
        if not role.single and name in (role.name, role.plural):
            return Several(ir.Members(entity.of, who.subject, (role.name,)), who.optional)
    return None


def as_several(part: Part) -> Several | None:
    """Members or records of a part; the holder of a single role counts as a list of at most one."""
    match part:
        case Several():
            return part
        case Who(subject=ir.HolderOf(entity=entity, group=group, role=role)):
            return Several(ir.Members(entity, group, (role,)))
    return None


def whom(elab: Elaboration, node: ast.Expression, scope: Scope) -> Who | None:
    """Somebody that a name or path stands for; None, without a report, where it stands for anything else."""
    part: Part | None = None
    match node:
        case ast.Name() if node.name in scope.names:
            part = scope.names[node.name]
        case ast.Name(name="self") if scope.entity:
            return Who(ir.Self(scope.entity))
        case ast.Name() if scope.entity:
            part = step(elab, Who(ir.Self(scope.entity)), node.name)
        case ast.Attribute():
            base = whom(elab, node.base, scope)
            part = step(elab, base, node.name) if base is not None else None
    return part if isinstance(part, Who) else None


def check_free(elab: Elaboration, name: str, span: Span, scope: Scope) -> None:
    """Report a local name that hides another (E407)."""
    if name in scope.names or name in BUILTINS or elab.symbols.look_up(scope.module, name) is not None:
        elab.problems.add("E407", f"the local name `{name}` hides another `{name}`", span, help="choose another name")
