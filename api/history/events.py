"""Events as users write them, as drafts for the log. citizens/README.md shows the form.

1. An event is a mapping: its subject, its id, and exactly one of `facts`, `corrects`, `retracts`, `payment`, `refund`,
   `hold`, `release`; `reason` where something is taken back; `source`, `actor`, `legal_basis` and `retention` where the
   file's own are not meant; `expected_version` to append only if nothing has come between.
2. Facts stand under the day from which they hold. A value is what it reads as: a number, a day, `true` or `false`,
   `null` for ended, a membership `{group: tax_unit/4, role: head}`; any other is text, and so is all in `{text: …}`.
3. Everything that is wrong is reported with its position. Only if nothing is are there drafts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from api.failures import suggestion
from citizens import (
    Belongs,
    Body,
    CitizensError,
    Correction,
    Draft,
    Facts,
    Hold,
    InvalidEvent,
    Movement,
    Origin,
    Point,
    Release,
    Retraction,
    Value,
    check_new_subject,
    check_payable,
    check_text,
    post,
)
from citizens.events import check_source
from engine.syntax.nodes import Mapping, MappingEntry, Node, Scalar, Sequence, Style, kind_of, shown
from engine.text.diagnostics import Diagnostics
from engine.text.source import Span

MAX_PROBLEMS = 100
BODIES = ("facts", "corrects", "retracts", "payment", "refund", "hold", "release")
ORIGIN = ("source", "actor", "legal_basis", "retention")
OTHERS = ("subject", "id", "reason", "expected_version")
_Made = TypeVar("_Made")
_KEYS = (*OTHERS[:2], *BODIES, *OTHERS[2:], *ORIGIN)
_POSTING = ("amount", "period", "currency", "cause")
_ACCOUNT = "account"
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*(?:_[0-9]{3})*)(?:\.[0-9]+)?", re.ASCII)
_DIGITS = re.compile(r"[-+.]?[0-9]", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_AMBIGUOUS = ("yes", "no", "on", "off", "y", "n", "True", "False", "TRUE", "FALSE", "Yes", "No")
_MONEY_HELP = "write plain digits such as `48_000.00`"


@dataclass(frozen=True, slots=True)
class Read:
    """A draft and where it stands."""

    draft: Draft
    span: Span


def drafts_of(nodes: Iterable[Node], defaults: dict[str, str], problems: Diagnostics) -> list[Read]:
    """The drafts that nodes describe. `defaults` is the origin of events that do not say their own.

    After 100 problems the rest is not looked at.
    """
    reader = _Reader(defaults, problems)
    reads = []
    for node in nodes:
        read = reader.event(node)
        if read is not None:
            reads.append(read)
        if len(problems) >= MAX_PROBLEMS:
            break
    return reads


class _Fault(Exception):
    """A fault that was reported: the event cannot be read on at this point."""


class _Reader:
    def __init__(self, defaults: dict[str, str], problems: Diagnostics) -> None:
        self.defaults = defaults
        self.problems = problems
        self.origins: dict[tuple[str, ...], Origin] = {}

    def fault(self, code: str, message: str, span: Span, help: str) -> _Fault:
        """Report; raise what is returned to stop reading the part at fault."""
        self.problems.add(code, message, span, help=help)
        return _Fault()

    def event(self, node: Node) -> Read | None:
        if not isinstance(node, Mapping):
            self.fault("E203", f"an event is a mapping, not {kind_of(node)}", node.span, "write `subject: …`, `id: …`")
            return None
        before = len(self.problems)
        for entry in node:
            if entry.name not in _KEYS:
                help = suggestion(entry.name, _KEYS, f"an event has {', '.join(f'`{name}`' for name in _KEYS)}")
                self.fault("E201", f"an event has no `{shown(entry.name)}`", entry.key.span, help)
        subject, event_id = self.attempt(self.subject, node), self.attempt(self.event_id, node)
        origin, body = self.attempt(self.origin, node), self.attempt(self.body, node)
        version = self.attempt(self.version, node)
        if len(self.problems) > before or subject is None or event_id is None or origin is None or body is None:
            return None
        return Read(Draft(subject, body, origin, event_id, version), node.span)

    def attempt(self, part: Callable[[Mapping], _Made], node: Mapping) -> _Made | None:
        """What a part of the event says; None with its faults reported."""
        try:
            return part(node)
        except _Fault:
            return None

    # --- parts

    def subject(self, node: Mapping) -> str:
        scalar = self.text(self.needed(node, "subject", "name whom it is about: `subject: person/17`"))
        name = in_one_form(scalar.text)
        self.checked(lambda: check_new_subject(name), scalar.span, "name it `<entity>/<id>`, such as `person/17`")
        return name

    def event_id(self, node: Mapping) -> str:
        help = "give each event of a source its own: delivered twice under one id, it is recorded once"
        scalar = self.text(self.needed(node, "id", help))
        help = "write 1 to 1,000 printable characters"
        self.checked(lambda: check_text(scalar.text, "an event id"), scalar.span, help)
        return scalar.text

    def origin(self, node: Mapping) -> Origin:
        said = []
        for name in ORIGIN:
            entry = node.find(name)
            text = self.text(entry).text if entry is not None else self.defaults.get(name, "")
            if not text:
                option = f"--{name.replace('_', '-')}"
                help = f"write `{name}: …`, or give `{option}` for the whole file"
                raise self.fault("E202", f"the event does not say its `{name}`", self.head(node), help)
            said.append(text)
        key = tuple(said)
        if key not in self.origins:
            places = [node.find(name) for name in ORIGIN]
            span = next((entry.value.span for entry in places if entry is not None), self.head(node))
            help = "write 1 to 1,000 printable characters; a retention class is lower-case letters, digits and `_`"
            self.origins[key] = self.checked(lambda: _from_outside(Origin(*said)), span, help)
        return self.origins[key]

    def version(self, node: Mapping) -> int | None:
        entry = node.find("expected_version")
        if entry is None:
            return None
        value = self.value(entry.name, entry.value)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            help = "write the version that you have seen; 0 for a subject that is new"
            raise self.fault("E204", "`expected_version` is a whole number from 0 on", entry.value.span, help)
        return value

    def body(self, node: Mapping) -> Body:
        said = [entry for entry in node if entry.name in BODIES]
        if not said and any(entry.name not in _KEYS for entry in node):
            raise _Fault  # a misspelt key, which was reported
        if len(said) != 1:
            kinds = ", ".join(f"`{name}`" for name in BODIES)
            message = "the event says nothing" if not said else f"the event has `{said[0].name}` and `{said[1].name}`"
            where = self.head(node) if not said else said[1].key.span
            raise self.fault("E202", message, where, f"give it exactly one of {kinds}")
        entry = said[0]
        match entry.name:
            case "facts":
                points = self.points(entry)
                return self.checked(lambda: Facts(points), entry.key.span, "correct it")
            case "corrects":
                points, reason = self.points(entry), self.reason(node)
                return self.checked(lambda: Correction(points, reason), entry.key.span, "correct it")
            case "retracts":
                keys, reason = self.keys(entry), self.reason(node)
                return self.checked(lambda: Retraction(keys, reason), entry.key.span, "correct it")
            case "hold" | "release":
                case, reason = self.text(entry).text, self.reason(node)
                if entry.name == "hold":
                    return self.checked(lambda: Hold(case, reason), entry.value.span, "name the case")
                return self.checked(lambda: Release(case, reason), entry.value.span, "name the case")
        return self.posting(Movement(entry.name), entry)

    def reason(self, node: Mapping) -> str:
        return self.text(self.needed(node, "reason", "say why: `reason: amended return`")).text

    def posting(self, movement: Movement, entry: MappingEntry) -> Body:
        keys = (*_POSTING, _ACCOUNT)
        said = self.mapping(entry.value, f"`{entry.name}` is a mapping of {', '.join(keys)}")
        for part in said:
            if part.name not in keys:
                help = suggestion(part.name, keys, f"it has {', '.join(keys)}")
                raise self.fault("E201", f"a {entry.name} has no `{shown(part.name)}`", part.key.span, help)
        amount_entry = self.needed(said, "amount", "write `amount: 500.00`")
        amount = self.value("amount", amount_entry.value)
        if isinstance(amount, bool) or not isinstance(amount, int | Decimal):
            raise self.fault("E204", "`amount` is not a number", amount_entry.value.span, _MONEY_HELP)
        texts = [self.text(self.needed(said, name, f"write `{name}: …`")).text for name in _POSTING[1:]]
        period, currency, cause = texts
        named = said.find(_ACCOUNT)
        account = self.text(named).text if named is not None else ""

        def make() -> Body:
            check_payable(Decimal(amount), currency)
            return post(movement, Decimal(amount), period=period, currency=currency, cause=cause, account=account)

        return self.checked(make, said.span, "correct it")

    # --- change points

    def points(self, entry: MappingEntry) -> tuple[Point, ...]:
        """The change points; with faults in any of them, all those are reported."""
        points: list[Point | None] = []
        for dated in self.mapping(entry.value, f"`{entry.name}` says from which day on what holds"):
            day = self.day(dated)
            for fact in self.mapping(dated.value, "under a day, write facts, such as `{wages: 48_000.00}`"):
                points.append(self.point(fact, day))
        if None in points:
            raise _Fault
        return tuple(point for point in points if point is not None)

    def point(self, fact: MappingEntry, day: date) -> Point | None:
        try:
            made = Point(fact.name, day, self.value(fact.name, fact.value))
            self.checked(lambda: Facts((made,)), fact.value.span, "correct the fact")
        except _Fault:
            return None
        return made

    def keys(self, entry: MappingEntry) -> tuple[tuple[str, date], ...]:
        keys = []
        for dated in self.mapping(entry.value, "`retracts` says under each day which facts never were"):
            day = self.day(dated)
            names = dated.value if isinstance(dated.value, Sequence) else Sequence((dated.value,), dated.value.span)
            keys += [(self.text(MappingEntry(dated.key, name)).text, day) for name in names]
        return tuple(keys)

    def day(self, dated: MappingEntry) -> date:
        try:
            if not _DAY.fullmatch(dated.name):
                raise ValueError
            return date.fromisoformat(dated.name)
        except ValueError:
            message = f"`{shown(dated.name)}` is not a day"
            raise self.fault("E206", message, dated.key.span, "write the day from which it holds: 2024-01-01") from None

    # --- values

    def value(self, name: str, node: Node) -> Value:
        match node:
            case Mapping():
                return self.special(name, node)
            case Sequence():
                help = "record one value from each day on"
                raise self.fault("E203", f"`{shown(name)}` is a list, and a fact has one value", node.span, help)
            case Scalar():
                return self.scalar(name, node)

    def special(self, name: str, node: Mapping) -> Value:
        names = {entry.name for entry in node}
        if names == {"text"}:
            return self.text(node.entries[0], anything=True).text
        if names == {"group", "role"}:
            group, role = (self.text(self.needed(node, key, "")).text for key in ("group", "role"))
            group = in_one_form(group)
            self.checked(lambda: check_new_subject(group), node.span, "name it `<entity>/<id>`, such as `tax_unit/4`")
            return self.checked(lambda: Belongs(group, role), node.span, "write `{group: tax_unit/4, role: head}`")
        help = "write a value, a membership `{group: tax_unit/4, role: head}`, or `{text: …}`"
        raise self.fault("E203", f"`{shown(name)}` is a mapping of other keys", node.span, help)

    def scalar(self, name: str, node: Scalar) -> Value:
        text, plain = node.text, node.style is Style.PLAIN
        if plain and text in ("null", "~", ""):
            return None
        if plain and text in ("true", "false"):
            return text == "true"
        if _NUMBER.fullmatch(text):
            return self.number(name, node)
        if _DAY.fullmatch(text):
            return self.date(node)
        if plain and (text in _AMBIGUOUS or _DIGITS.match(text) or text.lower() in (".nan", ".inf", "-.inf")):
            help = f"write `true` or `false`, {_MONEY_HELP[6:]}, a day such as 2024-01-31, or text in quotes"
            raise self.fault("E207", f"`{shown(text)}` can be read in several ways", node.span, help)
        return text

    def number(self, name: str, node: Scalar) -> int | Decimal:
        digits = node.text.replace("_", "")
        if len(digits) > 40:
            raise self.fault("E207", f"`{shown(name)}` has over 18 digits", node.span, "give it in a larger unit")
        return Decimal(digits) if "." in digits else int(digits)

    def date(self, node: Scalar) -> date:
        try:
            return date.fromisoformat(node.text)
        except ValueError:
            message = f"there is no day `{node.text}`"
            raise self.fault("E206", message, node.span, "correct it; for text write `{text: …}`") from None

    # --- small

    def head(self, node: Mapping) -> Span:
        return node.entries[0].key.span if node.entries else node.span

    def needed(self, node: Mapping, name: str, help: str) -> MappingEntry:
        entry = node.find(name)
        if entry is None:
            raise self.fault("E202", f"`{name}` is missing", self.head(node), help)
        return entry

    def text(self, entry: MappingEntry, anything: bool = False) -> Scalar:
        """A text; numbers and days may stand in one, for ids."""
        node = entry.value
        if not isinstance(node, Scalar) or (node.is_empty and not anything):
            message = f"`{shown(entry.name)}` is {kind_of(node)}, not a text"
            raise self.fault("E203", message, node.span, "write a text")
        return node

    def mapping(self, node: Node, message: str) -> Mapping:
        if not isinstance(node, Mapping) or not node.entries:
            raise self.fault("E203", message, node.span, "write `{2024-01-01: {wages: 48_000.00}}` or the like")
        return node

    def checked(self, make: Callable[[], _Made], span: Span, help: str) -> _Made:
        """What `make` makes; a fault of its own is reported at `span`."""
        try:
            return make()
        except InvalidEvent as error:
            raise self.fault("E204", error.message, span, error.remedy or help) from None


def _from_outside(origin: Origin) -> Origin:
    """The origin, if it may be somebody's who is not this program. Raises InvalidEvent."""
    check_source(origin.source)
    return origin


def in_one_form(name: str) -> str:
    """A subject's name in Unicode's composed form: what looks the same is the same."""
    return unicodedata.normalize("NFC", name)


def place_of(error: CitizensError, reads: list[Read]) -> Span | None:
    """Where the draft stands that the log refused."""
    return reads[error.draft].span if error.draft is not None and error.draft < len(reads) else None
