"""One index of everything that has a name in the rules, for search, lists, `show`, the language server and HTTP.

1. Definitions (facts, figures, requirements, constants, functions) come from the modules; entities, their roles and
   sets, enums, their members, and calendars from `ruleset.yaml`; the reasons of a requirement from the requirement.
2. A name is that of the whole program: an export, `module:name`, `requirement.reason`, `entity.role`, `enum.member`.
3. What is asked for is found by name, by the last part of a name where only one thing has it, or as `kind:name`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import field

from api.failures import Misuse, suggestion
from api.schema import Citation, citations
from engine.reading.declarations import Reason, Requirement, RuleModule, Ruleset
from engine.reading.declared import Declaration
from engine.records import record
from engine.text.source import Span

_GROUPS = ("inputs", "parameters", "tables", "scales", "functions", "variables", "requirements")
_KINDS = {"inputs": "fact", "variables": "figure"}
DEFINED = ("fact", "figure", "requirement", "parameter", "table", "scale", "function")
KINDS = (*DEFINED, "reason", "entity", "role", "set", "enum", "member", "calendar", "figure_set")


@record(frozen=True, slots=True)
class Declared:
    """A declaration, its module, its kind, its name in the whole program, and whether others may use it."""

    module: RuleModule
    kind: str
    declaration: Declaration
    name: str
    exported: bool


@record(frozen=True, slots=True)
class Named:
    """Anything that has a name. `owner` is the name of what it is part of; without a `span` it stands in none of the
    files. `declaration` is there for what is declared by itself."""

    name: str
    kind: str
    label: str = ""
    law: str = ""
    module: str = ""
    exported: bool = False
    owner: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)
    declaration: Declaration | None = field(default=None, compare=False, repr=False)

    @property
    def short_name(self) -> str:
        """The last part of the name."""
        return self.name.rpartition(":")[2].rpartition(".")[2]


@record(frozen=True, slots=True)
class Place:
    """Where something stands in a file. Lines and columns count from 1; the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


@record(frozen=True, slots=True)
class Summary:
    """Something named, in a list. `module` is empty for what `ruleset.yaml` declares."""

    name: str
    kind: str
    module: str
    label: str
    law: tuple[Citation, ...]
    exported: bool = False


def place_of(span: Span) -> Place:
    """Where a span stands in its file."""
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return Place(span.source.name, line, column, end_line, end_column)


def definitions(ruleset: Ruleset) -> Iterator[Declared]:
    """Every definition of a ruleset."""
    for module in ruleset.modules:
        exported = {name for name, _ in module.exports}
        for group in _GROUPS:
            declarations: Sequence[Declaration] = getattr(module, group)
            for declaration in declarations:
                public = declaration.name in exported
                name = declaration.name if public else f"{module.name}:{declaration.name}"
                yield Declared(module, _KINDS.get(group, group.removesuffix("s")), declaration, name, public)


def names(ruleset: Ruleset) -> Iterator[Named]:
    """Everything that has a name in a ruleset."""
    for definition in definitions(ruleset):
        yield _named(definition)
        if isinstance(definition.declaration, Requirement) and definition.declaration.reason is not None:
            yield from _reasons(definition, definition.name, definition.declaration.reason)
    yield from _settled(ruleset)


def _named(definition: Declared) -> Named:
    declared = definition.declaration
    return Named(
        definition.name,
        definition.kind,
        declared.label,
        declared.law,
        definition.module.name,
        definition.exported,
        "",
        declared.span,
        declared,
    )


def _reasons(whole: Declared, name: str, reason: Reason) -> Iterator[Named]:
    for part in reason.parts:
        path = f"{name}.{part.name}"
        yield Named(
            path, "reason", part.label or part.fails, part.law, whole.module.name, whole.exported, name, part.span, part
        )
        yield from _reasons(whole, path, part)


def _settled(ruleset: Ruleset) -> Iterator[Named]:
    """What `ruleset.yaml` declares. A role stands with its entity, a member with its enum."""
    settings = ruleset.settings
    for entity in settings.entities.values():
        yield Named(entity.name, "entity", entity.label or entity.plural, entity.law, "", True, "", entity.span, entity)
        for role in entity.roles:
            yield Named(f"{entity.name}.{role.name}", "role", role.plural, "", "", True, entity.name, entity.span)
        for name, roles in entity.sets.items():
            yield Named(f"{entity.name}.{name}", "set", ", ".join(roles), "", "", True, entity.name, entity.span)
    for enum in settings.enums.values():
        span = enum.span if enum.span.source.text else None
        yield Named(enum.name, "enum", enum.label, enum.law, "", True, "", span, enum)
        for name, label in enum.members.items():
            yield Named(f"{enum.name}.{name}", "member", label, "", "", True, enum.name, span)
    for figures in settings.figure_sets.values():
        yield Named(figures.name, "figure_set", figures.label, figures.law, "", True, "", figures.span, figures)
    for name, calendar in settings.calendars.items():
        if name != "year":
            yield Named(name, "calendar", calendar.plural, calendar.law, "", True)


def find(ruleset: Ruleset, name: str) -> Declared:
    """The definition that `name` means: an export, `module:name`, or the only private one of that name."""
    everything = list(definitions(ruleset))
    exact = [definition for definition in everything if definition.name == name]
    meant = exact or [definition for definition in everything if definition.declaration.name == name]
    if len(meant) == 1:
        return meant[0]
    if meant:
        choices = ", ".join(f"`{definition.name}`" for definition in meant)
        raise Misuse(f"`{name}` is a private name of several modules", f"name one of {choices}")
    known = {definition.declaration.name for definition in everything}
    raise Misuse(
        f"there is no definition `{name}`", suggestion(name, known, "find its name with `rulewright search WORDS`")
    )


def find_named(ruleset: Ruleset, name: str) -> Named:
    """What `name` means, of any kind: definitions before what `ruleset.yaml` declares, and that before reasons, roles
    and members. `enum:filing_status` asks for one of that kind. Raises Misuse where it is nothing, or several things.
    """
    kind, _, bare = name.partition(":")
    if kind in KINDS:
        everything = [listed_name for listed_name in names(ruleset) if listed_name.kind == kind]
    else:
        everything, bare = list(names(ruleset)), name
    exact = [named for named in everything if named.name == bare]
    meant = exact[:1] or [named for named in everything if named.short_name == bare]
    defined = [named for named in meant if named.kind in DEFINED]
    if len(defined or meant) == 1:
        return (defined or meant)[0]
    if meant:
        choices = ", ".join(f"`{named.name}` ({named.kind})" for named in meant[:8])
        raise Misuse(f"`{name}` is the name of several things", f"name one of {choices}")
    known = {named.short_name for named in everything}
    help_text = suggestion(bare, known, "find its name with `rulewright search WORDS`")
    raise Misuse(f"there is no definition `{name}`", help_text)


def summary(declared: Declared) -> Summary:
    """A definition as it stands in a list."""
    return listed(_named(declared))


def listed(named: Named) -> Summary:
    """Anything named as it stands in a list."""
    return Summary(named.name, named.kind, named.module, named.label, citations(named.law), named.exported)


def search(ruleset: Ruleset, words: str, kinds: Sequence[str] = DEFINED) -> list[Summary]:
    """What has every word in its name, label, law or module, best first.

    Where they begin words comes before where they stand within words; then by name, label, law and module; then where
    they are words of their own and stand together; then definitions before what is part of something; then where the
    label begins with them.
    """
    wanted = _words(words)
    begins = [re.compile(rf"(?<![a-z0-9]){re.escape(word)}") for word in wanted]
    ranked: list[tuple[tuple[object, ...], Summary]] = []
    for named in names(ruleset) if wanted else ():
        if kinds and named.kind not in kinds:
            continue
        said = listed(named)
        law = " ".join(f"{cited.source} {cited.section} {cited.title}" for cited in said.law)
        texts = [" ".join(_words(named.short_name))]
        for more in (named.label, law, f"{named.name} {named.module}"):
            texts.append(" ".join((texts[-1], *_words(more))))
        rank = next((rank for rank, text in enumerate(texts) if all(word in text for word in wanted)), None)
        if rank is not None:
            ranked.append((_distance(named, wanted, begins, rank, texts), said))
    return [said for _, said in sorted(ranked, key=lambda entry: entry[0])]


def _words(text: str) -> list[str]:
    """`32(n)(1)` as 32, n and 1."""
    return re.findall(r"[^\W_]+", text.lower())


def _distance(
    named: Named, wanted: Sequence[str], begins: Sequence[re.Pattern[str]], rank: int, texts: Sequence[str]
) -> tuple[object, ...]:
    """How far something is from what was asked for: the nearest sorts first."""
    phrase, label = " ".join(wanted), " ".join(_words(named.label))
    return (
        not all(word.search(texts[-1]) for word in begins),
        phrase not in (texts[0], label),
        rank,
        not set(wanted) <= set(texts[rank].split()),
        phrase not in texts[rank],
        named.kind not in DEFINED,
        not label.startswith(phrase),
        named.name,
    )
