"""Tables: dated cells, one for every key and column.

1. Read what the table is keyed by and what its columns are.
2. At each date walk down the keys. What is missing at a level is one problem at the key above it (E208), with the
   first few names; what does not belong there is a problem of its own. A block of text holds the cells of the last
   one or two keys; `{start_of: …}` reads them off a scale.
3. Cells that are missing get stand-ins, so that every date of the result is total.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, replace
from datetime import date

from engine.reading.bracket_starts import is_bracket_start, read_bracket_starts
from engine.reading.cell_blocks import is_block, read_block
from engine.reading.context import Context
from engine.reading.dated import dated_entries, read_known_until, read_uprate
from engine.reading.declared_constants import BracketStarts, Key, KeyType, Row, Table
from engine.reading.fields import Fields, as_mapping, as_scalar, named_entries, open_fields
from engine.reading.formulas import cited_law
from engine.reading.laws import check_cited_from
from engine.reading.numerals import read_whole
from engine.reading.percent import read_constant
from engine.reading.scalars import read_day, read_type, stand_in
from engine.syntax.nodes import Mapping, MappingEntry, Node, Scalar, shown
from engine.text.source import Span
from engine.values.packed_cells import packed
from engine.values.types import ValueType

TABLE_KEYS = ("label", "law", "type", "key", "columns", "values", "known_until", "uprate", "partial", "instead")
MAX_KEYS, MAX_CELLS = 1_000, 20_000
LONG = 200  # cells from which on a table is packed
_INTEGER = re.compile(r"integer (-?[0-9_]+) ?\.\. ?(-?[0-9_]+)", re.ASCII)
_OPEN = re.compile(r"integer (-?[0-9_]+) or more", re.ASCII)
_OF_TABLES = ("integer 0 or more", "date at or before", "date at or after", "date nearest")
_OR_MORE = re.compile(r"(-?[0-9_]+) or more", re.ASCII)
_DAY = re.compile(r"date (at or before|at or after|nearest(?:, then (?:earlier|later))?)")
_DAYS = {"at or before": "before", "at or after": "after", "nearest": "nearest"}
_NAMED_AT_ONCE = 5

Cells = AbstractMapping[tuple[Key, ...], Row]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a table's rows look like. A column named ``""`` is the only one: then the cell is the value. With `partial`
    rows may be missing."""

    name: str
    keys: tuple[KeyType, ...]
    columns: AbstractMapping[str, ValueType]
    partial: bool = False


def read_tables(context: Context, entries: Iterable[MappingEntry]) -> tuple[Table, ...]:
    """The `tables` of a module."""
    return tuple(_table(context, entry) for entry in entries)


def _table(context: Context, entry: MappingEntry) -> Table:
    what = f"the table `{shown(entry.name)}`"
    fields = open_fields(context, entry.value, entry.key.span, what, TABLE_KEYS)
    if fields is None:
        return Table(entry.name, entry.key.span)
    law = cited_law(fields, context.inherited_law, what)
    shape = Shape(entry.name, _keys(fields), _columns(fields), fields.flag("partial"))
    values, follows = _values(fields, shape) if shape.keys else ((), ())
    days = [day for day, _ in values]
    check_cited_from(fields, law, days[0] if days else None)
    return replace(
        Table(entry.name, entry.key.span, fields.text("label"), law, shape.keys, shape.columns, values),
        known_until=read_known_until(fields, days),
        uprate=read_uprate(fields, list(shape.columns.values()), days),
        follows=follows,
        partial=shape.partial,
        instead=_instead(fields),
        instead_span=fields.span_of("instead"),
    )


def _instead(fields: Fields) -> str:
    """The fact that is given where a partial table has no row; E210 where every row is there."""
    scalar = fields.scalar("instead")
    if scalar is not None and not fields.flag("partial"):
        message = "`instead` says what to give where a row is missing, and this table has them all"
        fields.context.report("E210", message, fields.span_of("instead"), help="add `partial: true`, or remove it")
    return scalar.text if scalar is not None else ""


def _columns(fields: Fields) -> dict[str, ValueType]:
    """The columns with their types; one named ``""`` where the table has a `type`."""
    context = fields.context
    if fields.only_one(("type", "columns")) != "columns":
        return {"": read_type(context, fields.scalar("type"))}
    node = fields.node_of("columns")
    assert node is not None
    columns = {}
    for entry in named_entries(context, node, fields.span_of("columns"), "`columns`", of_what="a column"):
        scalar = as_scalar(context, entry.value, entry.key.span, f"the column `{shown(entry.name)}`")
        columns[entry.name] = read_type(context, scalar)
    return columns


def _keys(fields: Fields) -> tuple[KeyType, ...]:
    """What the table is keyed by; none if a key cannot be read, so that its cells are not judged."""
    context, keys = fields.context, []
    node = fields.required("key", help="add `key: {status: filing_status}` or `key: {children: integer 0..3}`")
    if node is None:
        return ()
    entries = named_entries(context, node, fields.span_of("key"), "`key`", of_what="a key")
    for depth, entry in enumerate(entries):
        scalar = as_scalar(context, entry.value, entry.key.span, f"the key `{shown(entry.name)}`")
        key = read_key_type(context, entry.name, scalar, of_table=True)
        if key is not None:
            keys.append(replace(key, high=_last_row(fields.node_of("values"), depth, key.low)) if key.open else key)
    if sum(bool(key.day) for key in keys) > 1:
        context.report("E210", "a table has one key that is a date", fields.span_of("key"), help="make two tables")
        return ()
    cells = 1
    for key in keys:
        cells *= len(key_values(context, key)) or 1
    if cells > MAX_CELLS:
        message = f"the table has {cells:,} cells a date; at most {MAX_CELLS:,} are allowed"
        context.report("E214", message, fields.span_of("key"), help="narrow a key")
    return tuple(keys) if len(keys) == len(entries) and cells <= MAX_CELLS else ()


def _last_row(values: Node | None, depth: int, low: int) -> int:
    """The greatest `k` of the rows `k or more`, over all dates, below so many keys."""
    nodes = [entry.value for entry in values] if isinstance(values, Mapping) else []
    for _ in range(depth):
        nodes = [entry.value for node in nodes if isinstance(node, Mapping) for entry in node]
    names = [entry.name for node in nodes if isinstance(node, Mapping) for entry in node]
    matches = [_OR_MORE.fullmatch(name) for name in names]
    last = max((int(match[1].replace("_", "")) for match in matches if match), default=low)
    return last if low <= last < low + MAX_KEYS else low


def read_key_type(context: Context, name: str, scalar: Scalar | None, of_table: bool = False) -> KeyType | None:
    """The key type that an enum's name, `boolean`, `integer 0..3` or (of a table) `integer 0 or more` or `date at or
    before` writes; None with E215, E207 or E214."""
    if scalar is None:
        return None
    if scalar.text in context.settings.enums:
        return KeyType(name, enum=scalar.text)
    if scalar.text == "boolean":
        return KeyType(name, low=0, high=1, boolean=True)
    day = _DAY.fullmatch(scalar.text) if of_table else None
    if day:
        return KeyType(name, day=_DAYS.get(day[1], day[1].rpartition(" ")[2]))
    endless = _OPEN.fullmatch(scalar.text) if of_table else None
    if endless:
        low = read_whole(context, endless[1], scalar.span)
        return KeyType(name, low=low, high=low, open=True) if low is not None else None
    match = _INTEGER.fullmatch(scalar.text)
    if not match:
        choices = [*context.settings.enums, "boolean", "integer 0..3", *(_OF_TABLES if of_table else [])]
        ends = re.findall(r"[0-9]{1,3}", scalar.text)
        help_text = context.did_you_mean(scalar.text, choices)
        if len(ends) == 2 and scalar.text.startswith(("int", ends[0])):
            help_text = f"write `integer {ends[0]}..{ends[1]}`"
        context.report("E215", f"nothing is keyed by `{shown(scalar.text)}`", scalar.span, help=help_text)
        return None
    low, high = (read_whole(context, match[index], scalar.span) for index in (1, 2))
    if low is None or high is None:
        return None
    if high < low or high - low >= MAX_KEYS:
        fault = "is empty" if high < low else f"has more than {MAX_KEYS:,} values"
        help_text = f"write `integer {high}..{low}`" if 0 <= low - high < MAX_KEYS else "write `integer 0..3`"
        context.report("E214", f"the range `{shown(scalar.text)}` {fault}", scalar.span, help=help_text)
        return None
    return KeyType(name, low=low, high=high)


def key_values(context: Context, key: KeyType) -> tuple[Key, ...]:
    """Every value of a key, in order; none of a date, whose rows are those that are written."""
    if key.day:
        return ()
    if key.enum:
        return tuple(context.settings.enums[key.enum].members)
    if key.boolean:
        return (False, True)
    return tuple(range(key.low, key.high + 1))


def _values(fields: Fields, shape: Shape) -> tuple[tuple[tuple[date, Cells], ...], tuple[BracketStarts, ...]]:
    node = fields.required("values")
    if node is None:
        return (), ()
    return read_dated_cells(fields.context, node, shape, fields.span_of("values"))


def read_dated_cells(
    context: Context, node: Node, shape: Shape, place: Span
) -> tuple[tuple[tuple[date, Cells], ...], tuple[BracketStarts, ...]]:
    """The cells of `{date: {key: …}}` in order of date, total at each; and from when to when they are read off a scale,
    with stand-ins in their place."""
    entries = list(dated_entries(context, node, place, "`values`"))
    dated: list[tuple[date, Cells]] = []
    follows = []
    for index, (day, entry) in enumerate(entries):
        cells: dict[tuple[Key, ...], Row] = {}
        if is_bracket_start(entry.value):
            end = entries[index + 1][0] if index + 1 < len(entries) else None
            follows.append(read_bracket_starts(context, entry, day, end, shape.columns.get("")))
        else:
            _walk(context, entry, shape, (), cells)
        before = dated[-1][1] if dated and shape.partial else {}
        dated.append((day, _completed(context, shape, {**before, **cells})))
    return tuple(dated), tuple(follow for follow in follows if follow is not None)


def _walk(
    context: Context, above: MappingEntry, shape: Shape, path: tuple[Key, ...], cells: dict[tuple[Key, ...], Row]
) -> None:
    """Collect the cells below `above`, whose key ends `path`."""
    if len(path) == len(shape.keys):
        cells[path] = read_row(context, above.value, shape, above.key.span)
        return
    levels = [(key, key_values(context, key)) for key in shape.keys[len(path) :]]
    of = shape.columns.get("")
    if of is not None and isinstance(above.value, Scalar) and is_block(above.value, of, levels):
        cells |= {(*path, *keys): {"": value} for keys, value in read_block(context, above.value, of, levels)}
        return
    key = shape.keys[len(path)]
    what = f"the table `{shape.name}`"
    for value, entry in keyed_entries(context, above.value, key, above.key.span, what=what, partial=shape.partial):
        _walk(context, entry, shape, (*path, value), cells)


def keyed_entries(
    context: Context, node: Node, key: KeyType, place: Span, *, what: str, partial: bool = False
) -> list[tuple[Key, MappingEntry]]:
    """The entries of `{key: …}`: E203 for another shape, E204, E207 or E214 for a key that is none, E208 for keys that
    are missing (reported at `place`, once) unless the whole is `partial`."""
    mapping = as_mapping(context, node, place, f"`{shown(place.text)}`")
    if mapping is None:
        return []
    before = len(context.problems)
    values = key_values(context, key)
    read = [(_read_key(context, entry.key, key, values), entry) for entry in mapping]
    if key.open:
        read += _further_rows(context, key, read, place)
    given = {value for value, _ in read}
    missing = [value for value in values if value not in given]
    if missing and not partial and len(context.problems) == before:
        names = ", ".join(f"`{key_words(value)}`" for value in missing[:_NAMED_AT_ONCE])
        more = f" and {len(missing) - _NAMED_AT_ONCE} more" if len(missing) > _NAMED_AT_ONCE else ""
        message = f"{what} gives nothing for {names}{more}"
        help_text = f"write a line for every value of `{key.name}`"
        context.report("E208", message, place, help=help_text)
    return [(value, entry) for value, entry in read if value is not None]


def key_words(key: Key) -> str:
    """A key as rules write it."""
    return str(key).lower() if isinstance(key, bool) else str(key)


def _further_rows(
    context: Context, key: KeyType, read: list[tuple[Key | None, MappingEntry]], place: Span
) -> list[tuple[Key | None, MappingEntry]]:
    """The rows that `k or more` stands for beyond `k`; E208 where there is none, E214 where another is above."""
    last = [(value, entry) for value, entry in read if _OR_MORE.fullmatch(entry.name)]
    if not last:
        help_text = f"call the last row `{key.low + 3} or more`, or bound the key: `integer {key.low}..{key.low + 3}`"
        context.report("E208", f"no row says what holds for all greater `{key.name}`", place, help=help_text)
        return []
    start, row = last[0]
    above = [entry for value, entry in read if entry is not row and _is_above(value, start)]
    if above:
        message = f"`{shown(above[0].name)}` lies above `{shown(row.name)}`"
        context.report("E214", message, above[0].key.span, help="let the row `… or more` be the last")
        return []
    return [(value, row) for value in range(int(start) + 1, key.high + 1)] if isinstance(start, int) else []


def _is_above(value: Key | None, start: Key | None) -> bool:
    return isinstance(value, int) and isinstance(start, int) and value >= start


def _read_key(context: Context, scalar: Scalar, key: KeyType, values: tuple[Key, ...]) -> Key | None:
    if key.enum:
        if scalar.text in values:
            return scalar.text
        help_text = context.did_you_mean(scalar.text, (str(value) for value in values))
        context.report("E204", f"`{key.enum}` has no member `{shown(scalar.text)}`", scalar.span, help=help_text)
        return None
    if key.day:
        return read_day(context, scalar)
    if key.boolean:
        if scalar.text in ("true", "false"):
            return scalar.text == "true"
        message = f"`true` or `false` is expected, not `{shown(scalar.text)}`"
        context.report("E204", message, scalar.span, help="write a line for `true` and one for `false`")
        return None
    endless = _OR_MORE.fullmatch(scalar.text) if key.open else None
    number = read_whole(context, endless[1] if endless else scalar.text, scalar.span)
    if number is None or (key.low <= number and (key.open or number <= key.high)):
        return number
    message = f"`{number}` lies outside the key's range {key.low}..{key.high}"
    context.report("E214", message, scalar.span, help=f"widen `{key.name}`, or remove the line")
    return None


def read_row(context: Context, node: Node, shape: Shape, place: Span, surely: bool = False) -> Row:
    """One cell, or one row of columns: E208 for columns that are missing, E201 for those that are unknown.

    `surely`: rates above 100% are percentages without their sign."""
    if "" in shape.columns:
        return {"": read_constant(context, node, shape.columns[""], place, surely)}
    fields = open_fields(context, node, place, f"a row of `{shape.name}`", shape.columns)
    if fields is None:
        return _stand_in_row(context, shape)
    missing = [column for column in shape.columns if not fields.has(column)]
    if missing and len(missing) + len(fields.node) <= len(shape.columns):
        names = ", ".join(f"`{column}`" for column in missing)
        context.report("E208", f"the row lacks {names}", place, help="write a value for every column")
    row = dict(_stand_in_row(context, shape))
    for entry in fields.node:
        if entry.name in shape.columns:
            row[entry.name] = read_constant(context, entry.value, shape.columns[entry.name], entry.key.span, surely)
    return row


def _stand_in_row(context: Context, shape: Shape) -> Row:
    return {column: stand_in(context, type) for column, type in shape.columns.items()}


def _completed(context: Context, shape: Shape, cells: Cells) -> Cells:
    if shape.partial or any(key.day for key in shape.keys):
        return cells
    levels = [key_values(context, key) for key in shape.keys]
    row = _stand_in_row(context, shape)
    complete = {path: cells.get(path, row) for path in itertools.product(*levels)}
    long = len(complete) >= LONG and not any(type.or_none for type in shape.columns.values())
    return packed(levels, complete) if long else complete
