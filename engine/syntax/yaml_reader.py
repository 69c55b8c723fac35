"""YAML text into a tree of nodes with positions, without YAML's surprises.

1. PyYAML's parser turns the text into events; nothing is composed, no tag is resolved, no alias is followed, so that
   no file can make this slow, deep or dangerous.
2. Events become nodes. Anchors, aliases, tags, merge keys, a second document, keys that stand twice and keys that are
   no plain names are problems; reading goes on after them.
3. Nesting past `MAX_DEPTH`, text that is no YAML, and more than `MAX_PROBLEMS` problems end the reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import yaml

from engine.syntax.files import deceiving
from engine.syntax.nodes import Mapping, MappingEntry, Node, Scalar, Sequence, Style, shown
from engine.text.diagnostics import Diagnostics, Note
from engine.text.source import Source, Span

MAX_DEPTH = 64
MAX_PROBLEMS = 100
_STYLES = {"'": Style.SINGLE, '"': Style.DOUBLE, "|": Style.LITERAL, ">": Style.FOLDED}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ANCHOR = re.compile(r"(?:![^\s,\[\]{}]*\s+)?(&[^\s,\[\]{}]*)")
_TAG = re.compile(r"(?:&[^\s,\[\]{}]*\s+)?(![^\s,\[\]{}]*)")
_COLON = re.compile(r"\s*:")
_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


class _Stop(Exception):
    """Ends the reading of a file whose fault is already among the problems. Never leaves this module."""


def read_nodes(source: Source, problems: Diagnostics, quoted_keys: bool = False) -> Node | None:
    """The tree of a file, or None with problems E101 to E110 added.

    Problems that leave a tree behind (E103 to E107, E110) do not make it None: what is refused is left out or, where
    the text after it can be read, read as if it were not there. With `quoted_keys`, as JSON needs, keys may stand in
    quotes. An empty file is None and E101.
    """
    reader = _Reader(source, problems, quoted_keys)
    try:
        return reader.document()
    except yaml.MarkedYAMLError as fault:
        _not_yaml(source, fault, problems)
    except yaml.YAMLError:
        problems.add("E101", "the file is not valid YAML", Span(source, 0, 0), help="see rules/README.md")
    except _Stop:
        pass
    return None


class _Reader:
    """Turns the events of one file into nodes."""

    def __init__(self, source: Source, problems: Diagnostics, quoted_keys: bool) -> None:
        self.source = source
        self.problems = problems
        self.quoted_keys = quoted_keys
        self.reported = 0
        self.events: Iterator[yaml.Event] = iter(yaml.parse(source.text, Loader=_LOADER))

    def report(self, code: str, message: str, span: Span, help_text: str, notes: tuple[Note, ...] = ()) -> None:
        """Add a problem; past `MAX_PROBLEMS` give up."""
        self.problems.add(code, message, span, help=help_text, notes=notes)
        self.reported += 1
        if self.reported >= MAX_PROBLEMS:
            raise _Stop

    def span(self, event: yaml.Event) -> Span:
        """What an event covers."""
        return Span(self.source, _start(event), _end(event))

    def document(self) -> Node | None:
        """The one document of the file."""
        root: Node | None = None
        count = 0
        for event in self.events:
            match event:
                case yaml.DocumentStartEvent():
                    count += 1
                    self.document_start(event, count)
                case yaml.NodeEvent():
                    node = self.node(event, 1)
                    root = root if count > 1 else node
        if root is None and count == 0:
            remedy = "write `at: 2024` and who there is" if self.quoted_keys else "write at least `about` and `law`"
            self.report("E101", "the file is empty", Span(self.source, 0, 0), remedy)
        return root

    def document_start(self, event: yaml.DocumentStartEvent, count: int) -> None:
        """Refuse tag directives, and all documents but the first."""
        if event.tags:
            self.report("E104", "tags are refused", self.span(event), "remove the `%TAG` line")
        if count == 2:
            self.report("E106", "a second document begins here", self.span(event), "put it into a file of its own")

    def node(self, event: yaml.Event, depth: int) -> Node:
        """The node that begins with `event`, which stands `depth` deep."""
        if type(event) is yaml.ScalarEvent and event.tag is None and event.anchor is None:
            return self.scalar(event)  # as nearly all are
        self.refuse_properties(event)
        if depth > MAX_DEPTH and not isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
            message = f"nesting is deeper than {MAX_DEPTH}"
            first = Span(self.source, _start(event), _start(event) + 1)
            self.report("E108", message, first, "flatten the structure")
            raise _Stop
        match event:
            case yaml.MappingStartEvent():
                return self.mapping(event, depth)
            case yaml.SequenceStartEvent():
                return self.sequence(event, depth)
            case yaml.ScalarEvent():
                return self.scalar(event)
        return Scalar("", Style.PLAIN, self.span(event), refused=True)

    def scalar(self, event: yaml.ScalarEvent) -> Scalar:
        """A value or a key; one that stands after a refused tag is not judged."""
        style = _STYLES.get(event.style or "", Style.PLAIN)
        if style is Style.DOUBLE and not self.quoted_keys:
            self.refuse_escaped(event)
        if event.tag is not None:
            return Scalar("", style, self.span(event), refused=True)
        return Scalar(event.value, style, self.span(event))

    def refuse_escaped(self, event: yaml.ScalarEvent) -> None:
        """Refuse a character that is not allowed in a file where an escape stands for it."""
        char = deceiving(event.value)
        if char:
            message = f"an escape gives the character U+{ord(char):04X}, which is not allowed in a rule file"
            self.report("E102", message, self.span(event), "remove it")

    def refuse_properties(self, event: yaml.Event) -> None:
        """Refuse an alias, an anchor, a tag."""
        if isinstance(event, yaml.AliasEvent):
            span = self.span(event)
            self.report("E103", f"the alias `{shown(span.text)}` is refused", span, "write the value out")
            return
        assert isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent)
        if event.anchor is not None:
            place = self.property_span(_ANCHOR, event)
            self.report("E103", f"the anchor `{shown(place.text)}` is refused", place, "remove it")
        if event.tag is not None:
            place = self.property_span(_TAG, event)
            help_text = "remove it; the schema says what type a value has"
            self.report("E104", f"the tag `{shown(place.text)}` is refused", place, help_text)

    def property_span(self, pattern: re.Pattern[str], event: yaml.Event) -> Span:
        """Where the anchor or tag of a node stands."""
        match = pattern.match(self.source.text, _start(event))
        return Span(self.source, match.start(1), match.end(1)) if match else self.span(event)

    def sequence(self, start: yaml.SequenceStartEvent, depth: int) -> Sequence:
        """The list that begins with `start`."""
        items: list[Node] = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self.node(event, depth + 1))
        last = items[-1].span.end if items else _end(start)
        return Sequence(tuple(items), self.collection_span(start, event, last))

    def mapping(self, start: yaml.MappingStartEvent, depth: int) -> Mapping:
        """The mapping that begins with `start`, without the keys that are refused."""
        entries: dict[str, MappingEntry] = {}
        last = _end(start)
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self.node(event, depth + 1)
            value = self.node(next(self.events), depth + 1)
            last = value.span.end
            if self.is_key(key, value, entries):
                assert isinstance(key, Scalar)
                entries[key.text] = MappingEntry(key, value)
        return Mapping(tuple(entries.values()), self.collection_span(start, event, last))

    def collection_span(self, start: yaml.CollectionStartEvent, end: yaml.Event, last: int) -> Span:
        """A collection in brackets ends with them; one in lines ends with its last item."""
        return Span(self.source, _start(start), _end(end) if start.flow_style else last)

    def is_key(self, key: Node, value: Node, entries: dict[str, MappingEntry]) -> bool:
        """Whether `key` is a plain name that is new to its mapping; if not, say so."""
        if not isinstance(key, Scalar) or key.is_block or key.is_empty:
            written = key.span.text
            message = f"`{shown(written)}` is not a plain name" if written else "there is no name before `:`"
            self.report("E110", message, key.span, "write a name without quotes or brackets")
            return False
        if key.text == "<<":
            self.report("E105", "the merge key `<<` is refused", key.span, "write the keys out")
            return False
        if key.style is not Style.PLAIN and not self.quoted_keys:
            self.report("E110", f"`{shown(key.span.text)}` is not a plain name", key.span, "write it without quotes")
        if isinstance(value, Scalar) and value.is_empty and not value.span.text and _torn(key, self.source.text):
            help_text = "in `{…}` a comma ends the value: put the value in quotes, or write the mapping as lines"
            self.report("E110", f"`{shown(key.text)}` is a key without a value", key.span, help_text)
            _forget_last(entries)
            return False
        if key.text in entries:
            self.repeated(key, entries[key.text])
            return False
        return True

    def repeated(self, key: Scalar, first: MappingEntry) -> None:
        """Say that a key appears twice; of dates, that two values hold from one day."""
        code = "E211" if _DATE.fullmatch(key.text) else "E107"
        note = Note("the first is here", first.key.span)
        self.report(code, f"`{shown(key.text)}` appears twice", key.span, "remove one of the two", (note,))


def _start(event: yaml.Event) -> int:
    return event.start_mark.index if event.start_mark else 0


def _end(event: yaml.Event) -> int:
    return event.end_mark.index if event.end_mark else 0


def _forget_last(entries: dict[str, MappingEntry]) -> None:
    """Judge no further the value that a comma cut: what is left of it is not what was written."""
    if entries:
        name, entry = entries.popitem()
        if isinstance(entry.value, Scalar):
            entry = replace(entry, value=Scalar("", entry.value.style, entry.value.span, refused=True))
        entries[name] = entry


def _torn(key: Scalar, text: str) -> bool:
    """Whether a key without a value has no colon either: the rest of a value that a comma cut in two. Where a bracket
    follows it, the text is no YAML, which is said there."""
    return _COLON.match(text, key.span.end) is None and text[key.span.end : key.span.end + 1] not in ("[", "{")


_REMEDIES = (
    (
        "mapping values are not allowed",
        "begin this line and the one above under the same letter, or put a value that holds `: ` in quotes",
    ),
    ("tab character", "indent with spaces"),
    ("alphabetic or numeric", "put a value that holds this character in quotes, or write it as a block after `|`"),
    ("cannot start any token", "indent with spaces, and put a value that begins with this character in quotes"),
    ("while scanning a quoted scalar", "close the quotes"),
    ("while scanning a simple key", "write `key: value`"),
    ("escape", "a backslash in double quotes begins an escape; use single quotes"),
    ("',' or ']'", "close the `[` before the line, or put a comma between items"),
    ("',' or '}'", "close the `{`, or put a comma between items; a value that holds `[` or `{` goes in quotes"),
    ("comment or line break", "write the text on the lines below, indented"),
    ("block sequence entries", "put a value that begins with `- ` in quotes, or begin the list on the next line"),
    ("mapping keys are not allowed", "put a value that begins with `? ` in quotes"),
    ("after quotes", "put the whole value in quotes"),
    ("expected key", "begin the line under the first letter of the key above"),
    ("'-' indicator", "begin the line with `- ` under the one above"),
)


def _not_yaml(source: Source, fault: yaml.MarkedYAMLError, problems: Diagnostics) -> None:
    """Say where the text stops being YAML, in the words of the parser, and what is usually meant."""
    mark = fault.problem_mark or fault.context_mark
    if "end of stream" in (fault.problem or "") and fault.context_mark:
        mark = fault.context_mark
    at = min(mark.index, len(source.text)) if mark else 0
    words = f"{fault.context or ''} {fault.problem or ''}"
    notes = []
    if fault.context and fault.context_mark and fault.context_mark.index != at:
        opened = Span(source, fault.context_mark.index, fault.context_mark.index + 1)
        notes.append(Note(f"{fault.context} that begins here", opened))
    before = source.text[source.text.rfind("\n", 0, at) + 1 : at]
    if "expected key" in words and before.strip():
        words = "text after quotes"
    if "cannot start any token" in words and source.text[at : at + 1] == "\t":
        words = "tab character"
    remedy = next((remedy for sign, remedy in _REMEDIES if sign in words), "see the chapter Files of rules/README.md")
    message = f"this is not valid YAML: {fault.problem or fault.context}"
    problems.add("E101", message, Span(source, at, min(at + 1, len(source.text))), help=remedy, notes=notes)
