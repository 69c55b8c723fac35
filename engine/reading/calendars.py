"""`calendars` of `ruleset.yaml`: every so many days, months or years, and where that starts.

1. `every: 1 year` is understood. `starts` is a weekday, a day of the year (counted anew from it each year), a date
   (counted both ways from it) or a list of first days.
2. Days, months, years from 1 January and all time are there already, and nobody declares them anew.
3. What cannot be read stays a civil year, so that one fault gives one problem.
"""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise

from engine.reading.context import Context
from engine.reading.fields import Fields, named_entries, open_fields
from engine.reading.scalars import read_day
from engine.syntax.nodes import MappingEntry, Scalar, Sequence, shown
from engine.values.calendars import GREGORIAN, Calendar
from engine.values.dates import parse_date
from engine.values.types import WEEKDAYS

KEYS = ("every", "starts", "named_by", "plural", "law", "of", "month_ends")
MOST = {"day": 366, "month": 120, "year": 100}
_MONTH_DAY = re.compile(r"([0-9]{2})-([0-9]{2})", re.ASCII)
_EVERY = re.compile(r"([0-9]{1,4}) (day|week|month|year)s?", re.ASCII)
_A_MONDAY = date(2024, 1, 1)


def read_calendars(fields: Fields) -> dict[str, Calendar]:
    """The calendars of a jurisdiction by name, the civil year among them."""
    calendars = {"year": GREGORIAN}
    node = fields.node_of("calendars")
    if node is None:
        return calendars
    plurals = {"days": "day", "months": "month", "years": "year"}
    for entry in named_entries(fields.context, node, fields.span_of("calendars"), "`calendars`", of_what="a calendar"):
        if entry.name in ("day", "month", "year", "eternity"):
            message = f"`{entry.name}` is a civil period and cannot be declared again"
            help_text = f"give it a name of its own, such as `tax_{entry.name}`: a `year` starts on 1 January"
            fields.context.report("E216", message, entry.key.span, help=help_text)
            continue
        calendar = _calendar(fields.context, entry)
        calendars[entry.name] = calendar
        other = plurals.setdefault(calendar.plural, entry.name)
        if other != entry.name:
            message = f"`{calendar.plural}` are the periods of `{other}` already"
            fields.context.report("E216", message, entry.key.span, help="add `plural:` with another word")
    return calendars


def _calendar(context: Context, entry: MappingEntry) -> Calendar:
    inner = open_fields(context, entry.value, entry.key.span, f"the calendar `{shown(entry.name)}`", KEYS)
    if inner is None:
        return Calendar(entry.name)
    every, size = _every(inner)
    if inner.has("of"):
        return _personal(context, entry, inner, every, size)
    listed = _listed(inner)
    anchor, month, day = (None, 1, 1) if listed else _starts(inner, every, size)
    named = inner.scalar("named_by")
    if named is not None and named.text not in ("start", "end"):
        help_text = context.did_you_mean(named.text, ("start", "end"))
        context.report("E204", f"`named_by` cannot be `{shown(named.text)}`", named.span, help=help_text)
    by_end = named is not None and named.text == "end"
    plural = inner.scalar("plural")
    if plural is not None:
        context.name(plural, "a plural")
    words = plural.text if plural else ""
    calendar = Calendar(
        entry.name, month, day, by_end, every, size, anchor, words, law=inner.text("law"), listed=listed
    )
    if named is not None and not calendar.is_yearly:
        message = "only years that start on a day of the year are named by a year"
        context.report("E216", message, named.span, help=f"leave it out: `{entry.name}:2024-03-05` holds that day")
    return calendar


def _personal(context: Context, entry: MappingEntry, fields: Fields, every: int, size: str) -> Calendar:
    """A calendar whose periods begin on a day of each one `of` an entity: what `starts` says is a figure of it."""
    of, starts, plural = fields.scalar("of"), fields.scalar("starts", needed=True), fields.scalar("plural")
    return Calendar(
        entry.name, every=every, size=size, said_plural=plural.text if plural else "", law=fields.text("law"),
        of=of.text if of else "", starts=starts.text if starts else "", month_ends=_month_ends(context, fields),
    )  # fmt: skip


def _month_ends(context: Context, fields: Fields) -> tuple[tuple[int, int], ...]:
    """`{29: 1, 30: 1}`: for an anchor on the 29th, the first day before February's last."""
    pairs = []
    node = fields.mapping("month_ends")
    for item in node or ():
        value = item.value.text if isinstance(item.value, Scalar) else ""
        if item.name in ("29", "30", "31") and value in ("0", "1", "2", "3"):
            pairs.append((int(item.name), int(value)))
        else:
            help_text = "write `{29: 1, 30: 1}`: a day from 29 to 31, and how many days before February's last"
            context.report(
                "E216", f"`{shown(item.name)}: {shown(value)}` is not an end of a month", item.key.span, help=help_text
            )
    return tuple(pairs)


def _every(fields: Fields) -> tuple[int, str]:
    """How many of `day`, `month` or `year` a period has; weeks are days."""
    scalar = fields.scalar("every")
    if scalar is None:
        return 1, "year"
    match = _EVERY.fullmatch(scalar.text)
    count = int(match[1]) * (7 if match[2] == "week" else 1) if match else 0
    size = "day" if match is None or match[2] == "week" else match[2]
    if 1 <= count <= MOST[size]:
        return count, size
    message = f"`{shown(scalar.text)}` is not how long a period is"
    help_text = "write `7 days`, `1 month` or `1 year`: up to 366 days, 120 months or 100 years"
    fields.context.report("E216", message, scalar.span, help=help_text)
    return 7, "day"  # which may start on any day that is named


def _starts(fields: Fields, every: int, size: str) -> tuple[date | None, int, int]:
    """Where the periods are counted from: a date, or a day of each year."""
    scalar = fields.scalar("starts", needed=True)
    if scalar is None:
        return None, 1, 1
    if scalar.text in WEEKDAYS:
        return _weekday(fields, scalar, every, size)
    match = _MONTH_DAY.fullmatch(scalar.text)
    if match and 1 <= int(match[1]) <= 12 and 1 <= int(match[2]) <= 28:
        return _yearly(fields, scalar, every, size, month=int(match[1]), day=int(match[2]))
    try:
        return parse_date(scalar.text), 1, 1
    except ValueError:
        message = f"`{shown(scalar.text)}` is not a day on which periods start"
        help_text = "write MM-DD, such as `04-06`, up to the 28th, a date, or a day of the week"
        fields.context.report("E206", message, scalar.span, help=help_text)
    return None, 1, 1


def _listed(fields: Fields) -> tuple[date, ...]:
    """The first days of periods, if `starts` lists them: at least two, in order."""
    node = fields.node_of("starts")
    if not isinstance(node, Sequence):
        return ()
    read = [read_day(fields.context, item) for item in node.items if isinstance(item, Scalar)]
    days = [day for day in read if day is not None]
    if len(days) == len(node.items) and len(days) > 1 and all(earlier < other for earlier, other in pairwise(days)):
        return tuple(days)
    if len(days) == len(node.items):
        message = "a list of first days has at least two, each later than the one before"
        fields.context.report("E216", message, fields.span_of("starts"), help="write the days in order")
    return (date(2000, 1, 1), date(2001, 1, 1))


def _weekday(fields: Fields, scalar: Scalar, every: int, size: str) -> tuple[date | None, int, int]:
    if size != "day" or every != 7:
        message = f"periods of this length do not all start on a {scalar.text}"
        fields.context.report("E216", message, scalar.span, help="write `every: 7 days`, or the date of one of them")
        return None, 1, 1
    return date.fromordinal(_A_MONDAY.toordinal() + WEEKDAYS.index(scalar.text)), 1, 1


def _yearly(
    fields: Fields, scalar: Scalar, every: int, size: str, *, month: int, day: int
) -> tuple[date | None, int, int]:
    if (size == "year" and every != 1) or (size == "month" and every > 12):
        message = "periods longer than a year cannot start again each year"
        fields.context.report("E216", message, scalar.span, help="write the date on which one of them starts")
    return None, month, day
