"""What examples name: the exported figures that none of them expects, and names that mean nothing.

1. Every key under an example's `expect` is a figure, a group of entities, or the id of one.
2. A figure that the rules do not have is E801, with what may have been meant.
3. An exported figure that no example expects is E704, unless a misspelt name, or an example that could not be read, may
   have been meant for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from engine.check.resolve import Symbols
from engine.reading.declarations import Input, RuleModule, Ruleset
from engine.reading.declared_settings import Entity
from engine.syntax.nodes import Mapping, MappingEntry, Node
from engine.text.diagnostics import Diagnostics


def check_example_names(ruleset: Ruleset, symbols: Symbols, problems: Diagnostics, reformed: bool) -> None:
    """E801 for what examples expect of figures that do not exist, and E704 for exported figures that none expects.

    Where the law is `reformed`, its examples may expect what a reform removed: no E801 then."""
    wrong: dict[str, list[str]] = {}
    for module in () if reformed else ruleset.modules:
        wrong[module.name] = [entry.name for entry in _unknown(module, ruleset, symbols)]
        for entry in _unknown(module, ruleset, symbols):
            report_unknown_figure(entry, symbols, module.name, problems)
    expected = {entry.name for module in ruleset.modules for entry in _entries(module)}
    settings = ruleset.settings
    unread = {module.name for module in ruleset.modules if module.examples_unread}
    for symbol in symbols.exported.values():
        name = symbol.declaration.name
        if settings.based_on and symbol.module.startswith(f"{settings.based_on}/"):
            continue  # the base has examples of its own
        computed = symbol.figure is not None and not isinstance(symbol.declaration, Input)
        meant = symbol.module in unread or get_close_matches(name, wrong.get(symbol.module, ()))
        if computed and name not in expected and not meant:
            help_text = f"add an example with `expect: {{{name}: …}}`"
            problems.add("E704", f"no example expects `{name}`", symbol.declaration.span, help=help_text)


def report_unknown_figure(entry: MappingEntry, symbols: Symbols, module: str, problems: Diagnostics) -> None:
    """E801 for a figure that an example of `module` expects, and that the rules do not have."""
    own = {name for name, symbol in symbols.local.get(module, {}).items() if symbol.figure is not None}
    known = sorted(own | {name for name, symbol in symbols.exported.items() if symbol.figure is not None})
    near = get_close_matches(entry.name, known, n=1)
    help_text = f"did you mean `{near[0]}`?" if near else "name a figure that the rules have"
    problems.add("E801", f"there is no figure `{entry.name}`", entry.key.span, help=help_text)


def _unknown(module: RuleModule, ruleset: Ruleset, symbols: Symbols) -> Iterator[MappingEntry]:
    """The expected figures that are neither the module's own nor exported."""
    entities = ruleset.settings.entities.values()
    for example in module.examples:
        if isinstance(example.expect, Mapping):
            for entry in _figures(example.expect, tuple(entities)):
                if symbols.look_up(module.name, entry.name) is None:
                    yield entry


def _figures(expect: Mapping, entities: tuple[Entity, ...]) -> Iterator[MappingEntry]:
    """The figures under `expect`: alone, of an entity without a name, or of each that is named."""
    for entry in expect:
        entity = next((candidate for candidate in entities if entry.name in (candidate.name, candidate.plural)), None)
        if entity is None or not isinstance(entry.value, Mapping):
            yield entry
            continue
        for instance in entry.value.entries if entry.name == entity.plural else (entry,):
            if isinstance(instance.value, Mapping):
                yield from instance.value


def _entries(module: RuleModule) -> Iterator[MappingEntry]:
    """Every entry that stands under an example's `expect`, at any depth."""
    stack: list[Node] = [example.expect for example in module.examples if isinstance(example.expect, Mapping)]
    while stack:
        node = stack.pop()
        if isinstance(node, Mapping):
            yield from node
            stack.extend(entry.value for entry in node)
