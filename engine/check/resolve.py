"""Names: what each module declares, what it exports, and what a name in a formula stands for.

1. Collect every module's declarations; two of one name in a module are E402.
2. Collect the exports; a name that is not declared is E404, one exported by two modules is E402.
3. A name in a formula is looked up in its own module, then among the exports; a private name elsewhere is E403.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from engine.reading.declarations import Input, Requirement, RuleModule, Ruleset, Variable
from engine.reading.declared import Declaration
from engine.reading.declared_constants import Parameter, Scale, Table
from engine.reading.declared_settings import Settings
from engine.text.diagnostics import Diagnostics, Note
from engine.text.source import Span
from engine.values.types import MONEY, RATE

BUILTINS = frozenset(
    "min max abs clip round floor ceil sum count any all years_between months_between year_of month_of day_of spread"
    " members months".split()
)
# Functions whose names stay free: what a ruleset calls so is meant first.
FUNCTIONS = frozenset("days_between weekday date mod attains age_on add_working_days working_days_between".split())


DECLARE = "declare it, or export it from the module that declares it"
_COMPARED_AT_MOST = 40_000
NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
NAME_PARTS = re.compile(r"[^a-z0-9_]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A declared name: its whole-program name, the module that declares it, and the declaration."""

    name: str
    module: str
    declaration: Declaration

    @property
    def figure(self) -> Input | Variable | Requirement | None:
        """The declaration, if it is a fact or figure of an entity."""
        match self.declaration:
            case Input() | Variable() | Requirement():
                return self.declaration
        return None


@dataclass(slots=True)
class Symbols:
    """Every name of a ruleset. `local[module][name]` are a module's own names, `exported[name]` everybody's."""

    settings: Settings
    local: dict[str, dict[str, Symbol]] = field(default_factory=dict)
    exported: dict[str, Symbol] = field(default_factory=dict)
    repeated: set[tuple[str, str]] = field(default_factory=set)
    compared: int = 0

    def look_up(self, module: str, name: str) -> Symbol | None:
        """What `name` stands for in `module`."""
        return self.local.get(module, {}).get(name) or self.exported.get(name)

    def figure_of(self, entity: str, name: str) -> str:
        """The whole-program name of an entity's figure that `ruleset.yaml` calls `name`: an exported one before others;
        `name` itself if there is none, or several."""
        symbols = [symbol for symbol in self.all() if symbol.declaration.name == name and symbol.figure is not None]
        names = [symbol.name for symbol in symbols if symbol.figure is not None and symbol.figure.entity == entity]
        return name if name in names or len(names) != 1 else names[0]

    def is_repeated(self, module: str, name: str) -> bool:
        """Whether `module` declares `name` twice, so that nobody can say what it stands for."""
        return (module, name) in self.repeated

    def is_new(self, module: str, name: str) -> bool:
        """Whether no module declares `name`, nor anything in `module` that was refused and may be meant."""
        return not any(name in names for names in self.local.values()) and not self._meant(module, name)

    def _meant(self, module: str, name: str) -> bool:
        """Whether `name` may be one of the module's own that was refused as a name (E205)."""
        refused = [own for own in self.local.get(module, {}) if not NAME.fullmatch(own)]
        return any(name in NAME_PARTS.split(own) or get_close_matches(name, [own]) for own in refused)

    def suggest(self, name: str, known: Callable[[], set[str]]) -> str:
        """What was probably meant by an unknown name. Among hundreds of problems nobody reads suggestions, and finding
        them is what takes time: past a number of names compared there are none."""
        if self.compared > _COMPARED_AT_MOST:
            return DECLARE
        names = known()
        self.compared += len(names)
        return did_you_mean(name, names)

    def all(self) -> Iterator[Symbol]:
        """Every symbol, in order of module and declaration."""
        for names in self.local.values():
            yield from names.values()

    def report_unknown(
        self, module: str, name: str, span: Span, problems: Diagnostics, others: frozenset[str] = frozenset()
    ) -> None:
        """Say that `name` means nothing in `module`: private elsewhere (E403), or unknown (E401).

        `others`: what besides declared names may have been meant."""
        private = [names[name] for names in self.local.values() if name in names]
        if private:
            owner = private[0]
            message = f"`{name}` is private to the module `{owner.module}`"
            note = Note(f"`{name}` is declared here", owner.declaration.span)
            help_text = f"list `{name}` under `exports` of `{owner.module}`"
            problems.add("E403", message, span, help=help_text, notes=[note])
            return
        if self._meant(module, name):
            return
        local = self.local.get(module, {})
        problems.add(
            "E401",
            f"unknown name `{name}`",
            span,
            help=self.suggest(name, lambda: {*self.exported, *local, *BUILTINS, *FUNCTIONS, *others}),
        )


def did_you_mean(name: str, known: set[str] | Mapping[str, object] | frozenset[str]) -> str:
    """A sentence with the nearest known names, or one that says where names come from."""
    near = get_close_matches(name.lower(), sorted(known), n=3, cutoff=0.6)
    if near:
        return "did you mean " + " or ".join(f"`{candidate}`" for candidate in near) + "?"
    return DECLARE


def declarations(module: RuleModule) -> Iterator[Declaration]:
    """All that a module declares under a name, in the order of the manual."""
    yield from module.inputs
    yield from module.parameters
    yield from module.tables
    yield from module.scales
    yield from module.functions
    yield from module.variables
    yield from module.requirements


def resolve(ruleset: Ruleset, problems: Diagnostics) -> Symbols:
    """Collect all names; report duplicates and exports of nothing."""
    symbols = Symbols(ruleset.settings)
    for module in ruleset.modules:
        _collect(module, symbols, problems)
    for module in ruleset.modules:
        _export(module, symbols, problems)
    return symbols


def _collect(module: RuleModule, symbols: Symbols, problems: Diagnostics) -> None:
    exports = {name for name, _ in module.exports}
    names = symbols.local.setdefault(module.name, {})
    taken = _structural_names(symbols.settings)
    for declaration in declarations(module):
        name = declaration.name
        if name in names:
            symbols.repeated.add((module.name, name))
            _twice(name, declaration.span, names[name].declaration.span, problems)
        elif name in BUILTINS or name in taken:
            what = "a word of the language" if name in BUILTINS else "an entity, a role or a set of roles"
            problems.add("E402", f"`{name}` is already {what}", declaration.span, help="choose another name")
        else:
            whole = name if name in exports else f"{module.name}:{name}"
            names[name] = Symbol(whole, module.name, declaration)


def _structural_names(settings: Settings) -> set[str]:
    names = set(settings.entities)
    for entity in settings.entities.values():
        names.add(entity.plural)
        names.update(entity.sets)
        names.update(entity.sequences)
        names.update(owner.name for owner in entity.further)
        names.update({entity.first_owner} - {""})
        names.update(name for role in entity.roles for name in (role.name, role.plural))
    return names


def _twice(name: str, span: Span, first: Span, problems: Diagnostics) -> None:
    note = Note("the first is here", first)
    problems.add("E402", f"`{name}` is declared twice", span, help="rename one of the two", notes=[note])


def _export(module: RuleModule, symbols: Symbols, problems: Diagnostics) -> None:
    names = symbols.local[module.name]
    for name, span in module.exports:
        symbol = names.get(name)
        if symbol is None:
            help_text = symbols.suggest(name, lambda: set(names))
            problems.add("E404", f"`{name}` is exported but not declared in this module", span, help=help_text)
        elif name in symbols.exported:
            _exported_twice(symbol, symbols.exported[name], span, problems)
        else:
            symbols.exported[name] = symbol


def _exported_twice(symbol: Symbol, first: Symbol, span: Span, problems: Diagnostics) -> None:
    name = symbol.declaration.name
    if first.module == symbol.module:
        problems.add("E402", f"`{name}` is listed twice", span, help="remove one of the two")
        return
    note = Note(f"the module `{first.module}` exports it too", first.declaration.span)
    message = f"`{name}` is exported by two modules"
    problems.add("E402", message, span, help="exported names are unique: rename one", notes=[note])


def uprate_targets(symbols: Symbols, problems: Diagnostics) -> dict[str, str]:
    """For each constant with an `uprate`, the whole-program name of what moves it; E401 or E505 if nothing can."""
    targets: dict[str, str] = {}
    for symbol in symbols.all():
        declared = symbol.declaration
        uprate = declared.uprate if isinstance(declared, Parameter | Table | Scale) else None
        if uprate is None:
            continue
        target = symbols.look_up(symbol.module, uprate.by)
        if target is None:
            symbols.report_unknown(symbol.module, uprate.by, uprate.span, problems)
        elif not isinstance(target.declaration, Parameter) or target.declaration.uprate is not None:
            help_text = "name a parameter that is an index and is not uprated itself"
            problems.add("E505", f"`{uprate.by}` cannot move a constant on", uprate.span, help=help_text)
        else:
            targets[symbol.name] = target.name
            indexed_too_early(declared, target.declaration, problems)
    return targets


def indexed_too_early(declared: Declaration, index: Parameter, problems: Diagnostics) -> None:
    """E604 where a reform goes on with an index from a day before the index has a value."""
    assert isinstance(declared, Parameter | Table | Scale)
    for overlay in declared.overlays:
        since = overlay.indexed_from
        if since is not None and index.values and since < index.values[0][0]:
            message = f"`{index.name}`, which moves `{declared.name}`, has no value on {since}"
            help_text = f"set the value from {index.values[0][0]} on, or write the later values"
            problems.add("E604", message, overlay.span, help=help_text)


def followed_scales(symbols: Symbols, problems: Diagnostics) -> dict[tuple[str, str], str]:
    """For each table read off a scale and the name that it gives it, the scale's whole-program name; E401 or E505 where
    there is none with the table's key and brackets of money that have rates."""
    scales: dict[tuple[str, str], str] = {}
    for symbol in symbols.all():
        table = symbol.declaration
        for bracket_starts in table.follows if isinstance(table, Table) else ():
            target = symbols.look_up(symbol.module, bracket_starts.scale)
            fault = _cannot_follow(table, target.declaration) if target is not None else ""
            if target is None:
                symbols.report_unknown(symbol.module, bracket_starts.scale, bracket_starts.span, problems)
            elif fault:
                message = f"`{table.name}` cannot be read off `{bracket_starts.scale}`: {fault}"
                problems.add(
                    "E505", message, bracket_starts.span, help="name a scale of rates on money with the table's own key"
                )
            else:
                scales[symbol.name, bracket_starts.scale] = target.name
    return scales


def _cannot_follow(table: Declaration, scale: Declaration) -> str:
    assert isinstance(table, Table)
    if not isinstance(scale, Scale):
        return "it is not a scale"
    if scale.of != MONEY or (scale.kind != "marginal" and scale.gives != RATE):
        return "it has no rates on money"
    keys = [replace(key, name="") for key in table.keys]
    return "" if scale.key is not None and keys == [replace(scale.key, name="")] else "it has another key"
