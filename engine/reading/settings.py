"""`ruleset.yaml`: what a jurisdiction shares."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from fractions import Fraction

from engine.reading.assessments import read_assessments
from engine.reading.calendars import read_calendars
from engine.reading.context import Context
from engine.reading.declared_settings import BUILT_IN_ENUMS, EnumDeclaration, Settings
from engine.reading.entities import read_entities
from engine.reading.fields import Fields, as_scalar, named_entries, open_fields
from engine.reading.figure_sets import read_figure_sets
from engine.reading.numerals import read_decimal
from engine.reading.scalars import read_day
from engine.reading.workdays import read_workdays
from engine.syntax.nodes import Mapping, MappingEntry, Node, shown
from engine.syntax.parser import FREE_AS_MEMBERS
from engine.text.diagnostics import Diagnostics
from engine.text.source import Span
from engine.values.calendars import Calendar
from engine.values.numbers import RoundingMode
from engine.values.types import PLAIN_TYPES

CODES = ("iso_18013_5",)
"""The standards whose codes members of an enum may be: vehicle categories of driving licences."""
BASED_KEYS = ("about", "law", "based_on", "covers", "enums", "entities")
KEYS = (
    "about", "law", "currency", "money_grid", "rate_grid", "rounding", "covers", "date_round", "leap_birthday",
    "attains",
    "calendars", "year_is", "workdays", "enums", "entities", "assessment", "figure_sets",
)  # fmt: skip


def read_settings(node: Node, name: str, problems: Diagnostics, base: Settings | None = None) -> Settings:
    """The settings of the jurisdiction `name`; what cannot be read stays as `Settings` has it.

    Of rules that are based on others, `base` has all that is shared; their own file says what they are.
    """
    context = Context(Settings(name), problems)
    start = Span(node.span.source, node.span.start, node.span.start)
    if base is not None:
        return _based(context, node, start, replace(base, name=name))
    fields = open_fields(context, node, start, "ruleset.yaml", KEYS)
    if fields is None:
        return context.settings
    plain = _numbers(fields, _words(fields, Settings(name)))
    calendars = read_calendars(fields)
    shared = replace(plain, calendars=calendars, year_is=_year_is(fields, calendars))
    shared = replace(shared, workdays=read_workdays(fields), enums=_enums(fields))
    entities = read_entities(replace(fields, context=replace(context, settings=shared)))
    whole = replace(shared, entities=entities)
    read = replace(fields, context=replace(context, settings=whole))
    return replace(whole, assessments=read_assessments(read), figure_sets=read_figure_sets(read))


def _based(context: Context, node: Node, start: Span, base: Settings) -> Settings:
    fields = open_fields(context, node, start, "ruleset.yaml of rules that are based on others", BASED_KEYS)
    if fields is None:
        return base
    about, law = fields.text("about", needed=True), fields.text("law")
    if not fields.has("law"):
        context.report("E212", "the ruleset cites no law", fields.place, help="add `law:`")
    said = replace(base, about=about, law=law, based_on=fields.text("based_on"))
    said = replace(said, enums={**base.enums, **_more_enums(fields, base)})
    if fields.has("entities"):
        said = replace(said, entities=read_entities(replace(fields, context=replace(context, settings=said))))
    if not fields.has("covers"):
        return said
    first, last, end = _covers(fields)
    return replace(said, covers_from=first, covers_to=last, projected_to=end)


def _more_enums(fields: Fields, base: Settings) -> dict[str, EnumDeclaration]:
    """The enums beside those of the base; E210 for one that the base has, whose members are settled there."""
    enums = _enums(fields)
    for name in enums.keys() & base.enums.keys() - BUILT_IN_ENUMS.keys():
        message = f"`{name}` is an enum of the rules that these are based on"
        fields.context.report("E210", message, enums[name].span, help="choose another name")
    return {name: enum for name, enum in enums.items() if name not in base.enums}


def _words(fields: Fields, settings: Settings) -> Settings:
    about, law = fields.text("about", needed=True), fields.text("law")
    if not fields.has("law"):
        fields.context.report("E212", "the ruleset cites no law", fields.place, help="add `law:`")
    currency = fields.scalar("currency", needed=True)
    code = currency.text if currency else settings.currency
    if currency and not re.fullmatch(r"[A-Z]{3}", code):
        message = f"`{shown(code)}` is not a currency's code"
        fields.context.report("E204", message, currency.span, help="write three capitals, such as `USD`")
        code = settings.currency
    rounds = _choice(fields, "date_round", ("down", "up", "refuse"))
    return replace(
        settings,
        about=about,
        law=law,
        currency=code,
        date_round_up=rounds == "up",
        date_round_refused=rounds == "refuse",
        leap_birthday_march=_choice(fields, "leap_birthday", ("03-01", "02-28")) == "03-01",
        attains_day_before=_choice(fields, "attains", ("birthday", "day_before")) == "day_before",
    )


def _numbers(fields: Fields, settings: Settings) -> Settings:
    modes = {mode.value: mode for mode in RoundingMode}
    covers_from, covers_to, projected_to = _covers(fields)
    return replace(
        settings,
        money_grid=_grid(fields, "money_grid", settings.money_grid),
        rate_grid=_grid(fields, "rate_grid", settings.rate_grid),
        rounding=modes[_choice(fields, "rounding", (settings.rounding.value, *modes))],
        covers_from=covers_from,
        covers_to=covers_to,
        projected_to=projected_to,
    )


def _choice(fields: Fields, key: str, words: tuple[str, ...]) -> str:
    """One of `words`, the first if the key is not there; E204 for anything else."""
    scalar = fields.scalar(key)
    if scalar is None or scalar.text in words:
        return scalar.text if scalar else words[0]
    help_text = fields.context.did_you_mean(scalar.text, words)
    fields.context.report("E204", f"`{key}` cannot be `{shown(scalar.text)}`", scalar.span, help=help_text)
    return words[0]


def _grid(fields: Fields, key: str, otherwise: Fraction) -> Fraction:
    scalar = fields.scalar(key)
    value = read_decimal(fields.context, scalar.text, scalar.span, "a step") if scalar else None
    if scalar is not None and value is not None and value <= 0:
        help_text = "write the smallest step, such as `0.01`"
        fields.context.report("E204", f"`{key}` is not above 0", scalar.span, help=help_text)
        return otherwise
    return otherwise if value is None else value


def _covers(fields: Fields) -> tuple[date, date, date | None]:
    """The first and last day that the rules answer for, and the last of projections; E214 if they are out of order.

    Where they cannot be read, they are taken to answer for no day, so that nothing is judged by it."""
    context, before = fields.context, len(fields.context.problems)
    node = fields.required("covers", help="add `covers: {from: 2013-01-01, to: 2026-12-31}`")
    keys = ("from", "to", "projected_to")
    inner = open_fields(context, node, fields.span_of("covers"), "`covers`", keys) if node else None
    if inner is None:
        return date.max, date.min, None
    first, last = (read_day(context, inner.scalar(key, needed=True)) for key in ("from", "to"))
    if first and last and last < first:
        context.report("E214", "the rules cover no day", inner.span_of("to"), help="write the earlier day as `from`")
        last = None
    end = read_day(context, inner.scalar("projected_to"))
    if end and last and end <= last:
        span = inner.span_of("projected_to")
        context.report("E214", "the projections cover no day", span, help="write a day after `to`")
    if not first or not last or len(context.problems) > before:
        return date.max, date.min, None
    return first, last, end


def _year_is(fields: Fields, calendars: dict[str, Calendar]) -> str:
    """The calendar that a bare year means where a time is asked for."""
    scalar = fields.scalar("year_is")
    yearly = [name for name, calendar in calendars.items() if calendar.is_yearly]
    if scalar is None or scalar.text in yearly:
        return scalar.text if scalar else "year"
    help_text = fields.context.did_you_mean(scalar.text, yearly)
    fields.context.report("E216", f"`{shown(scalar.text)}` is not a calendar of years", scalar.span, help=help_text)
    return "year"


def _enums(fields: Fields) -> dict[str, EnumDeclaration]:
    node = fields.node_of("enums")
    place = fields.span_of("enums")
    entries = named_entries(fields.context, node, place, "`enums`", of_what="an enum") if node is not None else ()
    return {**BUILT_IN_ENUMS, **{entry.name: _enum(fields.context, entry) for entry in entries}}


def _enum(context: Context, entry: MappingEntry) -> EnumDeclaration:
    what = f"the enum `{shown(entry.name)}`"
    if entry.name in PLAIN_TYPES or entry.name in BUILT_IN_ENUMS:
        context.report("E210", f"`{entry.name}` is a type already", entry.key.span, help="choose another name")
    inner = open_fields(context, entry.value, entry.key.span, what, ("label", "law", "codes", "members"))
    if inner is None:
        return EnumDeclaration(entry.name, entry.key.span)
    members, codes = _members(inner), _codes(inner)
    return EnumDeclaration(entry.name, entry.key.span, inner.text("label"), inner.text("law"), members, codes)


def _codes(fields: Fields) -> str:
    """The standard whose codes the members are; E204 for one that is not known."""
    scalar = fields.scalar("codes")
    if scalar is None or scalar.text in CODES:
        return scalar.text if scalar else ""
    help_text = fields.context.did_you_mean(scalar.text, CODES)
    fields.context.report("E204", f"`codes` cannot be `{shown(scalar.text)}`", scalar.span, help=help_text)
    return ""


def _members(fields: Fields) -> dict[str, str]:
    node = fields.required("members", help="add `members: {single: Single}`")
    if node is None:
        return {}
    place = fields.span_of("members")
    members: dict[str, str] = {}
    if isinstance(node, Mapping) and not node.entries:
        help_text = "write at least one: `members: {single: Single}`"
        fields.context.report("E203", "`members` is empty", place, help=help_text)
    for entry in named_entries(fields.context, node, place, "`members`", of_what="a member", free=FREE_AS_MEMBERS):
        label = as_scalar(fields.context, entry.value, entry.key.span, f"`{shown(entry.name)}`")
        members[entry.name] = label.text.strip() if label else ""
    return members
