"""What stands at a place of a file, where it is declared, who mentions it, and what may be written there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from api.lsp.living import Living
from api.lsp.mentions import Mention
from api.rules.names import DEFINED, Named, names
from engine.check.resolve import BUILTINS, FUNCTIONS, Symbols
from engine.reading.declared_settings import Entity
from engine.reading.module import KEYS
from engine.syntax.words import RESERVED
from engine.text.source import Span

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VALUE_OF = re.compile(r"^\s*(?:\w+:\s*\{.*[{,]\s*|\w*\s*)?(entity|type|period):\s*\w*$")
_TYPES = ("money", "rate", "integer", "boolean", "date", "duration")


@dataclass(frozen=True, slots=True)
class Here:
    """Something named, and the word that names it."""

    named: Named
    span: Span


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be written: the word, its kind, and what is said beside it."""

    word: str
    kind: str
    detail: str = ""


def _called(entity: Entity) -> set[str]:
    """What formulas call people of a group: members, its roles and sets."""
    return {"members", *entity.sets, *(name for role in entity.roles for name in (role.name, role.plural) if name)}


class Index:
    """Everything named in living rules at one version of them."""

    def __init__(self, living: Living) -> None:
        ruleset = living.ruleset()
        self.living = living
        self.symbols: Symbols | None = living.symbols()
        self.everything: list[Named] = list(names(ruleset)) if ruleset is not None else []
        self.whole = {named.name: named for named in self.everything if named.kind in DEFINED}
        self.settled = {
            word: named for named in self.everything if not named.module for word in (named.name, named.short_name)
        } | {named.label: named for named in self.everything if named.kind == "role"}
        self.members: dict[str, list[Named]] = {}
        for named in self.everything:
            if named.kind == "member":
                self.members.setdefault(named.short_name, []).append(named)

    def meaning(self, path: Path, mention: Mention) -> list[Named]:
        """What a mention in a file stands for; several enums may have one member."""
        if mention.how == "member":
            return self.members.get(mention.name, [])
        symbols = self.symbols
        if symbols is not None:
            named = symbols.look_up(self.living.module_name(path), mention.name)
            if named is None and mention.how == "name":
                private = [own[mention.name] for own in symbols.local.values() if mention.name in own]
                named = private[0] if len(private) == 1 and path.name == "ruleset.yaml" else None
            if named is not None and named.name in self.whole:
                return [self.whole[named.name]]
        settled = self.settled.get(mention.name)
        return [settled] if settled is not None else []

    def at(self, path: Path, offset: int) -> list[Here]:
        """What stands at a character of a file: a mention, or a declaration's own name."""
        file = self.living.files.get(path)
        if file is None or file.source is None:
            return []
        for named in self.everything:
            if named.span is not None and named.span.source is file.source and _holds(named.span, offset):
                if named.kind not in ("role", "set", "member"):  # they stand with what they belong to
                    return [Here(named, named.span)]
        for mention in file.mentions if file.sound or path.name == "ruleset.yaml" else ():
            if _holds(mention.span, offset):
                word = named_in(mention)
                return [Here(named, word) for named in self.meaning(path, mention)]
        return []

    def mentions_of(self, named: Named) -> Iterator[tuple[Path, Span]]:
        """Every place where something is mentioned, in order of files."""
        for path, file in self.living.files.items():
            for mention in file.mentions:
                if mention.name in (named.short_name, named.label if named.kind == "role" else ""):
                    if any(
                        meant.name == named.name and meant.kind == named.kind for meant in self.meaning(path, mention)
                    ):
                        yield path, named_in(mention)

    def offers(self, path: Path, before: str, most: int = 300) -> list[Offer]:
        """What may be written after the text `before` of a line, the nearest first."""
        match = re.search(r"([A-Za-z_][A-Za-z0-9_]*)?$", before)
        typed = (match[0] if match else "").lower()
        lead = before[: len(before) - len(typed)]
        offered = [offer for offer in self._offered(path, before, lead) if offer.word.lower().startswith(typed)]
        if not offered and typed:
            offered = [offer for offer in self._offered(path, before, lead) if typed in offer.word.lower()]
        return list({offer.word: offer for offer in reversed(offered)}.values())[::-1][:most]

    def _offered(self, path: Path, before: str, lead: str) -> Iterator[Offer]:
        if not lead.strip():
            if not lead:
                yield from (Offer(key, "keyword") for key in KEYS)
        value = _VALUE_OF.match(before)
        if value is not None:
            yield from self._values_of(value[1])
            return
        if lead.endswith("."):
            person = re.search(r"[A-Za-z0-9_\])]\.$", lead)
            kinds = ("fact", "figure", "requirement") if person else ("member",)
            offered = [named for named in self.everything if named.kind in kinds and self._seen(named, path)]
            meant = self._whose(path, lead) if person else set()
            yield from map(
                self._offer, sorted(offered, key=lambda named: getattr(named.declaration, "entity", "") not in meant)
            )
            return
        yield from (
            self._offer(named) for named in self.everything if named.kind in DEFINED and self._seen(named, path)
        )
        yield from (self._offer(named) for named in self.everything if named.kind in ("entity", "role", "set"))
        yield from (Offer(word, "function") for word in sorted(BUILTINS | FUNCTIONS))
        yield from (Offer(word, "keyword") for word in sorted(RESERVED))

    def _whose(self, path: Path, lead: str) -> set[str]:
        """Of which entities the one before a dot may be; of a name that formulas give, in any formula of the file."""
        settings, file = self.living.settings, self.living.files.get(path)
        if settings is None:
            return set()
        word = lead[:-1].rpartition(".")[2]
        word = (_WORD.findall(word) or [""])[-1]
        told = file.source.text if file is not None and file.source is not None else ""
        sources = re.findall(rf"\bfor {word} in (?:[a-z0-9_]+\.)*([a-z0-9_]+)", told) if word else []
        meant = {word, *sources}
        entities = settings.entities.values()
        people = {entity.of for entity in entities if entity.of and meant & _called(entity)}
        return people | {entity.name for entity in entities if meant & {entity.name, entity.plural}}

    def _values_of(self, key: str) -> Iterator[Offer]:
        if key == "entity":
            yield from (self._offer(named) for named in self.everything if named.kind == "entity")
        elif key == "type":
            yield from (Offer(word, "keyword") for word in _TYPES)
            yield from (self._offer(named) for named in self.everything if named.kind == "enum")
        elif self.living.settings is not None:
            yield from (Offer(word, "keyword") for word in (*self.living.settings.kinds(), "eternity"))

    def _seen(self, named: Named, path: Path) -> bool:
        """Whether a module may read it: its own, or exported."""
        return named.exported or named.module == self.living.module_name(path)

    def _offer(self, named: Named) -> Offer:
        label = " ".join(named.label.split())
        return Offer(named.short_name, named.kind, f"{named.kind}: {label}" if label else named.kind)


def _holds(span: Span, offset: int) -> bool:
    return span.start <= offset <= span.end


def named_in(mention: Mention) -> Span:
    """The word itself: an enum's member is mentioned with its dot, an uprate with its braces."""
    at = mention.span.text.find(mention.name)
    if at < 0 or len(mention.span.text) == len(mention.name):
        return mention.span
    start = mention.span.start + at
    return Span(mention.span.source, start, start + len(mention.name))
