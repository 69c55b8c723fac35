"""The law as pages show it: every definition by name, who stands where, which examples try it, links in formulas."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from urllib.parse import quote
from weakref import WeakKeyDictionary

from markupsafe import Markup

from api.http.programs import Law
from api.rules.names import Declared, Summary, definitions, search
from api.schema import Citation, citations
from engine.reading.declarations import Example, RuleModule
from engine.syntax.nodes import Mapping as MappingNode
from engine.syntax.nodes import Node, Scalar, Style
from engine.syntax.nodes import Sequence as SequenceNode
from engine.text.citations import Law as DatedLaw

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORD = re.compile(r"[a-z0-9]+")
_NOISE = re.compile(r"\b(section|sec\.?|§|title)\s*", re.IGNORECASE)
MOST_EXAMPLES = 4

Plain = str | bool | None | list["Plain"] | dict[str, "Plain"]


@dataclass(frozen=True, slots=True)
class Folder:
    """A part of the law: a folder of its files, each with what it is about."""

    name: str
    modules: tuple[RuleModule, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """A worked example of a figure: what it is called, when, what is given, and what must come out."""

    name: str
    at: str
    given: Plain
    expected: str


@dataclass(frozen=True, slots=True)
class RulesFound:
    """What a search found; `instead` are the words that were looked for where nothing had the ones that were asked."""

    summaries: Sequence[Summary]
    instead: str = ""


def _breakable(name: str) -> Markup:
    """A long name that may go on in the next line after an underscore, and nowhere within a word."""
    return Markup("_<wbr>").join(name.split("_"))


@dataclass(eq=False)
class Book:
    """The definitions of one law."""

    law: Law

    @cached_property
    def entries(self) -> Mapping[str, Declared]:
        """Every definition by its name in the whole program."""
        return {definition.name: definition for definition in definitions(self.law.ruleset())}

    @cached_property
    def short(self) -> str:
        """The ruleset's name in addresses."""
        return Path(self.law.name).name

    def address(self, name: str) -> str:
        """The page of a definition; of a reason, that of its requirement."""
        return f"/law/{self.short}/{quote(self.whole(name), safe='/:')}"

    def whole(self, name: str) -> str:
        """The definition that a name belongs to: `eitc_eligible.has_earned_income` stands in `eitc_eligible`."""
        module, colon, last = name.rpartition(":")
        return f"{module}{colon}{last.partition('.')[0]}"

    def label(self, name: str) -> str:
        """What a definition is called."""
        entry = self.entries.get(self.whole(name))
        return (entry.declaration.label if entry is not None else "") or name.rpartition(":")[2]

    def resolve(self, module: str, name: str) -> str:
        """What a short name means in a module: its own, or an export; empty if neither."""
        own = f"{module}:{name}"
        return own if own in self.entries else name if name in self.entries else ""

    def linked(self, module: str, formula: str) -> Markup:
        """A formula in which every name of a definition leads to it."""
        made, at = Markup(""), 0
        for match in _NAME.finditer(formula):
            name = self.resolve(module, match.group())
            if name:
                link = Markup('<a href="{}">{}</a>').format(self.address(name), _breakable(match.group()))
                made += Markup.escape(formula[at : match.start()]) + link
                at = match.end()
        return made + Markup.escape(formula[at:])

    def named(self, module: str, formulas: Sequence[str]) -> list[str]:
        """The definitions that formulas name, in their order."""
        names = (self.resolve(module, name) for text in formulas for name in _NAME.findall(text))
        return list(dict.fromkeys(name for name in names if name))

    @cached_property
    def folders(self) -> tuple[Folder, ...]:
        """The files of law by folder."""
        grouped: dict[str, list[RuleModule]] = {}
        for module in self.law.ruleset().modules:
            grouped.setdefault(module.name.rpartition("/")[0], []).append(module)
        return tuple(Folder(name, tuple(modules)) for name, modules in sorted(grouped.items()))

    def inside(self, module: str) -> list[Declared]:
        """What a file defines."""
        return [entry for entry in self.entries.values() if entry.module.name == module]

    def values_law(self, name: str) -> list[tuple[str, tuple[Citation, ...]]]:
        """The citations of a definition by the day from which each holds (empty: from always), latest first."""
        law = self.entries[name].declaration.law
        if not isinstance(law, DatedLaw):
            return [("", citations(law))]
        dated = (
            (start.isoformat() if start else "", citations(DatedLaw(((start, cited),)))) for start, cited in law.dated
        )
        return list(reversed(list(dated)))

    def tried(self, declared: Declared) -> list[Tried]:
        """Worked examples that expect this figure to be something, those with whole families first."""
        tried = []
        for example in declared.module.examples:
            expected = next(_expected(example.expect, declared.declaration.name), "")
            if expected:
                tried.append(_tried(example, expected))
        whole = [worked for worked in tried if isinstance(worked.given, dict) and "people" in worked.given]
        return (whole + [worked for worked in tried if worked not in whole])[:MOST_EXAMPLES]

    def search(self, query: str) -> RulesFound:
        """Definitions in which every word stands; else those for the nearest words that there are. Best first."""
        words = " ".join(_NOISE.sub("", query.lower().replace("u.s.c.", "usc")).split())
        match = search(self.law.ruleset(), words) if words else []
        if match or not words:
            return RulesFound(sorted(match, key=lambda summary: not _begins(summary, words)))
        nearest = [next(iter(get_close_matches(word, self._vocabulary, 1, 0.7)), word) for word in _WORD.findall(words)]
        instead = " ".join(nearest)
        match = search(self.law.ruleset(), instead)
        return RulesFound(match, instead if match else "")

    @cached_property
    def _vocabulary(self) -> list[str]:
        """Every word of the names and labels."""
        texts = (f"{entry.declaration.name} {entry.declaration.label}".lower() for entry in self.entries.values())
        return sorted({word for text in texts for word in _WORD.findall(text.replace("_", " ")) if len(word) > 2})


_BOOKS: WeakKeyDictionary[Law, Book] = WeakKeyDictionary()


def book_of(law: Law) -> Book:
    """The book of a law, made once."""
    return _BOOKS.setdefault(law, Book(law))


def _begins(summary: Summary, words: str) -> bool:
    """Whether what was asked for stands at the beginning of words, so that `32(a)` does not find `132(a)` first."""
    text = (
        f"{summary.name} {summary.label} {' '.join(f'{cited.source} {cited.section}' for cited in summary.law)}".lower()
    )
    text = text.replace("_", " ")
    return all(re.search(rf"(?<![a-z0-9]){re.escape(word)}", text) for word in words.split())


def _expected(node: object, name: str) -> Iterator[str]:
    """What an example expects of a figure, wherever it says so."""
    if isinstance(node, MappingNode):
        for entry in node:
            if entry.name == name:
                yield _said(entry.value)
            else:
                yield from _expected(entry.value, name)


def _said(node: Node) -> str:
    match plain(node):
        case {"holds": bool() as holds}:
            return "yes" if holds else "no"
        case bool() as value:
            return "yes" if value else "no"
        case str() as value:
            return value
    return ""


def _tried(example: Example, expected: str) -> Tried:
    given = example.given
    return Tried(example.name, example.at, plain(given) if isinstance(given, MappingNode) else {}, expected)


def plain(node: Node) -> Plain:
    """A node of an example as the JSON that a case in a request is made of."""
    match node:
        case Scalar(style=Style.PLAIN, text="true" | "false"):
            return node.text == "true"
        case Scalar(style=Style.PLAIN, text="null" | ""):
            return None
        case Scalar(style=Style.PLAIN):
            bare = node.text.replace("_", "")
            return bare if bare.lstrip("-").replace(".", "", 1).isdigit() else node.text
        case Scalar():
            return node.text
        case SequenceNode():
            return [plain(item) for item in node]
        case MappingNode():
            return {entry.name: plain(entry.value) for entry in node}
    raise TypeError(type(node).__name__)
