"""Cases in requests: JSON into the engine's case, every fault with its JSON pointer and no word of what was sent.

1. The caller's own ids are told by their place: `/case/people/#1/age` is the first person's age.
2. Numbers are plain decimals, as JSON numbers or as texts: `1_000`, ` 12 `, `1e3` and `-0` are refused, which rules
   written in YAML may say.
3. The engine's messages quote what they are about in backticks. What is quoted from the request goes.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from api.cases.naming import read_period
from api.failures import Failure, Misuse
from api.http.forms import safe_key
from api.http.problems import Fault, Refusal
from api.http.reading import Document, Number
from engine.interpret.case_reader import read_case
from engine.interpret.cases import Case
from engine.ir.program import Program
from engine.syntax.nodes import shown
from engine.text.diagnostics import Diagnostic, Diagnostics
from engine.values.periods import Period

MOST_SUGGESTED = 20
_PLAIN = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII)
_LIKE_A_NUMBER = re.compile(r"\s*[+-]?[\d_]*\.?\d[\d_.,]*(?:[eE][+-]?\d+)?\s*")
_RATE = re.compile(r"-?[0-9]+/[1-9][0-9]*|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?%", re.ASCII)
_QUOTED = re.compile(r"`([^`]*)`")
_PARTS = re.compile(r"[\s,:{}\[\]()]+")


def read_request_case(
    program: Program, document: Document, data: Any, pointer: str, *, at: str | None, most: int
) -> Case:
    """The case that stands at `pointer`. `at` stands over its own; `most` limits people, groups and records together.

    Raises Refusal (422) with every fault.
    """
    if not isinstance(data, dict):
        raise Refusal("invalid-case", [Fault(pointer, "a case is an object", "send `{…}` with who there is")])
    faults = [*_too_many(program, data, pointer, most), *_odd_numbers(program, data, pointer)]
    unknown = list(_unknown(program, data, pointer))
    if len(unknown) > MOST_SUGGESTED:
        faults += unknown
    if faults:
        raise Refusal("invalid-case", faults)
    period = _period(program, at, "/at") if at is not None else None
    problems = Diagnostics()
    case = read_case(program, document.node(data, pointer), problems, period)
    if case is None or problems.errors:
        raise Refusal("invalid-case", list(_faults(program, document, data, pointer, problems)))
    if period is None:
        _period(program, str(case.at), f"{pointer}/at")
    return case


def _period(program: Program, at: str, pointer: str) -> Period:
    try:
        return read_period(program, at, projected=True)
    except Misuse as fault:
        raise Refusal("invalid-request", [fault_of(fault, pointer, [at])]) from None


def fault_of(failure: Failure, pointer: str, sent: Iterable[str] = ()) -> Fault:
    """A failure of a use case at a place, without what was sent."""
    words = set(sent)
    return Fault(pointer, without(failure.message, words), without(failure.help, words))


def _too_many(program: Program, data: dict[str, Any], pointer: str, most: int) -> Iterator[Fault]:
    plurals = {entity.plural for entity in program.settings.entities.values()}
    count = sum(len(value) for key, value in data.items() if key in plurals and isinstance(value, dict))
    if count > most:
        message = f"a case here has at most {most:,} people, groups and records, and this one has {count:,}"
        yield Fault(pointer, message, "run them as a batch")
    for place, _, value in _stated(program, data, pointer):
        if isinstance(value, list | dict) and len(value) > most:
            yield Fault(place, f"this holds {len(value):,} items, and {most:,} may be listed", "list fewer")


def _unknown(program: Program, data: dict[str, Any], pointer: str) -> Iterator[Fault]:
    """Names of facts that there are none of, without looking for near ones, which takes its time for each."""
    known = _words(program)
    for place, name, _ in _stated(program, data, pointer):
        if name not in known:
            yield Fault(place, "there is no fact or figure of this name", "see `variables` of the ruleset", "E801")


def _odd_numbers(program: Program, data: dict[str, Any], pointer: str) -> Iterator[Fault]:
    """Numbers that are not written as JSON writes a plain decimal."""
    for place, value in _facts(program, data, pointer):
        if isinstance(value, Number):
            if not _PLAIN.fullmatch(value) or signed_zero(value):
                yield Fault(place, "a number is written with plain digits", "write no exponent and no `-0`", "E207")
        elif _LIKE_A_NUMBER.fullmatch(value) and not _PLAIN.fullmatch(value) and not _RATE.fullmatch(value):
            yield Fault(place, "a number in a text is written as in JSON", 'write `"31000.10"`', "E207")
        elif signed_zero(value):
            yield Fault(place, "zero has no sign", "write `0`", "E207")


def signed_zero(text: str) -> bool:
    """Whether a text is zero with a sign."""
    return text.startswith("-") and bool(text.strip("-0.") == "") and any(char == "0" for char in text)


def _stated(program: Program, data: dict[str, Any], pointer: str) -> Iterator[tuple[str, str, Any]]:
    """What is said of each person, group and record: pointer, name and value."""
    known = _words(program)
    entities = program.settings.entities
    plurals = {entity.plural for entity in entities.values()}
    for key, value in data.items():
        several = key in plurals and isinstance(value, dict)
        instances = value.values() if several else [value] if key in entities else []
        for at, instance in enumerate(instances, start=1):
            place = f"{pointer}/{key}/#{at}" if several else f"{pointer}/{key}"
            for name, stated in instance.items() if isinstance(instance, dict) else ():
                yield f"{place}/{safe_key(name, known)}", name, stated


def _facts(program: Program, data: dict[str, Any], pointer: str) -> Iterator[tuple[str, str]]:
    """The texts and numbers that are given for numbers, each with its pointer."""
    numbers = _kept(program).numbers
    for place, name, value in _stated(program, data, pointer):
        if name not in numbers:
            continue
        if isinstance(value, str):
            yield place, value
        elif isinstance(value, dict):
            yield from ((f"{place}/#{at}", text) for at, text in enumerate(value.values(), 1) if isinstance(text, str))


# --- faults


def _faults(
    program: Program, document: Document, data: dict[str, Any], pointer: str, problems: Diagnostics
) -> Iterator[Fault]:
    sent = _sent(program, data)
    for problem in problems:
        yield told(program, problem, document, pointer, data=data, sent=sent)


def told(
    program: Program, problem: Diagnostic, document: Document, pointer: str, *, data: Any, sent: set[str]
) -> Fault:
    """A problem of the engine's as a fault: with its pointer, without what was sent."""
    place = document.pointer(problem.span)
    return Fault(
        place_told(program, place, pointer, data),
        without(problem.message, sent),
        without(problem.help, sent),
        problem.code,
    )


def place_told(program: Program, place: str, pointer: str, data: Any) -> str:
    """A pointer with the caller's ids by position, and unknown keys only if they look like names of fields."""
    parts = place.removeprefix(pointer).split("/")[1:]
    known = _words(program)
    plurals = {entity.plural for entity in program.settings.entities.values()}
    shown_parts: list[str] = []
    by_id = False
    for at, part in enumerate(parts):
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(data, dict):
            position = list(data).index(name) + 1 if name in data else 0
            own = by_id or (at >= 3 and name not in known)
            shown_parts.append(f"#{position}" if own else safe_key(name, known))
            data = data.get(name)
        else:
            shown_parts.append(name if name.isdigit() else "?")
            data = data[int(name)] if isinstance(data, list) and name.isdigit() and int(name) < len(data) else None
        by_id = at == 0 and name in plurals
    return pointer + "".join(f"/{part}" for part in shown_parts)


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """The words of some rules: whatever is one of them may be said. `numbers` name the facts that are numbers."""

    program: Program
    words: frozenset[str]
    numbers: frozenset[str]


_vocabularies: OrderedDict[int, _Vocabulary] = OrderedDict()


def _kept(program: Program) -> _Vocabulary:
    """The vocabulary of a program. Kept for the last few."""
    kept = _vocabularies.get(id(program))
    if kept is None or kept.program is not program:
        numbers = (definition for definition in program.definitions.values() if definition.type.is_number)
        named = frozenset(name for number in numbers for name in (number.name, number.short_name))
        kept = _vocabularies[id(program)] = _Vocabulary(program, _gathered(program), named)
        while len(_vocabularies) > 16:
            _vocabularies.popitem(last=False)
    return kept


def _words(program: Program) -> frozenset[str]:
    return _kept(program).words


def _gathered(program: Program) -> frozenset[str]:
    settings = program.settings
    words = {"at", "complete", *settings.entities, *settings.enums, *settings.calendars, *program.definitions}
    words.update(definition.short_name for definition in program.definitions.values())
    for entity in settings.entities.values():
        words.add(entity.plural)
        words.update(word for role in entity.roles for word in (role.name, role.plural))
    for enum in settings.enums.values():
        words.update(enum.members)
    return frozenset(words)


def _sent(program: Program, data: Any) -> set[str]:
    """Every key and text of a case that is not a word of the rules."""
    texts: set[str] = set()
    left = [data]
    while left:
        value = left.pop()
        match value:
            case str():
                texts.add(str(value))
            case dict():
                texts.update(value)
                left.extend(value.values())
            case list():
                left.extend(value)
    return texts - _words(program)


def without(text: str, sent: set[str]) -> str:
    """A message in which what it quotes from the request stands as `…`."""
    quoted = sent | {shown(word) for word in sent} | {word[:40] for word in sent}

    def told_or_not(match: re.Match[str]) -> str:
        said = match[1]
        parts = {said, *_PARTS.split(said)}
        return "`…`" if parts & quoted else match[0]

    return _QUOTED.sub(told_or_not, text)
