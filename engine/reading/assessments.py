"""`assessment:` of `ruleset.yaml`: who is assessed, for which period, and which figures move the ledger.

    assessment:
      income_tax:
        of: tax_unit
        period: year
        liabilities: {total_tax: Total tax}
        payments: {total_payments: Payments}
        shown: [adjusted_gross_income]

The names of figures are checked once the rules are typed (`engine.check.assessments`); here only what stands in
`ruleset.yaml` itself is known.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.reading.context import Context
from engine.reading.declared_settings import AssessmentRules
from engine.reading.fields import Fields, as_scalar, named_entries, open_fields
from engine.reading.scalars import read_period_kind
from engine.syntax.nodes import MappingEntry, shown
from engine.text.diagnostics import Note
from engine.text.source import Span
from engine.values.periods import Unit

_SIDES = ("liabilities", "entitlements", "payments")
_KEYS = ("label", "law", "of", "period", *_SIDES, "payments_include", "shown")
_MAX_ACCOUNT = 100


def read_assessments(fields: Fields) -> Mapping[str, AssessmentRules]:
    """The assessments by name, none if the ruleset declares none. What cannot be read whole is left out."""
    node = fields.node_of("assessment")
    if node is None:
        return {}
    entries = named_entries(
        fields.context, node, fields.span_of("assessment"), "`assessment`", of_what="an assessment", in_formulas=False
    )
    assessments: dict[str, AssessmentRules] = {}
    for entry in entries:
        read = _assessment(fields.context, entry)
        if read is not None and not _clashes(fields.context, read, assessments):
            assessments[entry.name] = read
    return assessments


def _assessment(context: Context, entry: MappingEntry) -> AssessmentRules | None:
    what = f"the assessment `{shown(entry.name)}`"
    inner = open_fields(context, entry.value, entry.key.span, what, _KEYS)
    if inner is None:
        return None
    before = len(context.problems)
    of, period = _entity(inner), read_period_kind(context, inner.scalar("period", needed=True))
    if period is not None and period.unit is Unit.ETERNITY:
        help_text = "write `year`, `month` or a calendar"
        context.report("E215", f"{what} is made for a period that ends", inner.span_of("period"), help=help_text)
    places: dict[str, Span] = {}
    sides = {side: _accounts(inner, side, places) for side in _SIDES}
    if not any(sides.values()):
        help_text = "add `liabilities: {total_tax: Total tax}`, `entitlements:` or `payments:`"
        context.report("E202", f"{what} moves no money", entry.key.span, help=help_text)
    include, shown_names = _names(inner, "payments_include"), _names(inner, "shown")
    for name, place in include.items():
        if name not in sides["entitlements"]:
            message = f"`{shown(name)}` is none of the entitlements of {what}"
            help_text = context.did_you_mean(name, sides["entitlements"], "add it to `entitlements`")
            context.report("E406", message, place, help=help_text)
    if len(context.problems) > before:
        return None
    return AssessmentRules(
        entry.name,
        entry.key.span,
        inner.text("label"),
        inner.text("law"),
        of,
        period,
        liabilities=sides["liabilities"],
        entitlements=sides["entitlements"],
        payments=sides["payments"],
        payments_include=tuple(include),
        shown=tuple(shown_names),
        places=shown_names | places,
    )


def _entity(fields: Fields) -> str:
    """Whom the assessment is made of: a person or a group, never a record."""
    scalar = fields.scalar("of", needed=True)
    if scalar is None:
        return ""
    entities = fields.context.settings.entities
    able = [name for name, entity in entities.items() if not entity.belongs_to]
    if scalar.text not in able:
        message = f"there is no person or group `{shown(scalar.text)}` to assess"
        fields.context.report("E215", message, scalar.span, help=fields.context.did_you_mean(scalar.text, able))
    return scalar.text


def _accounts(fields: Fields, side: str, places: dict[str, Span]) -> Mapping[str, str]:
    """Figures with the names of their accounts, in order."""
    node = fields.node_of(side)
    if node is None:
        return {}
    accounts: dict[str, str] = {}
    for entry in named_entries(fields.context, node, fields.span_of(side), f"`{side}`", of_what="a figure"):
        account = as_scalar(fields.context, entry.value, entry.key.span, f"`{shown(entry.name)}`")
        name = account.text.strip() if account else ""
        if len(name) > _MAX_ACCOUNT or not name.isprintable():
            message = f"an account's name has at most {_MAX_ACCOUNT} characters, all of them printable"
            fields.context.report("E204", message, entry.key.span, help="shorten it")
        if entry.name in places:
            message = f"`{shown(entry.name)}` appears twice in one assessment"
            notes = [Note("the first is here", places[entry.name])]
            fields.context.report("E210", message, entry.key.span, help="keep one of the two", notes=notes)
        places.setdefault(entry.name, entry.key.span)
        accounts[entry.name] = name
    return accounts


def _names(fields: Fields, key: str) -> dict[str, Span]:
    """The figures in a list, each with its place."""
    names: dict[str, Span] = {}
    for item in fields.sequence(key):
        scalar = as_scalar(fields.context, item, fields.span_of(key), f"`{key}`")
        if scalar is not None:
            names.setdefault(scalar.text, scalar.span)
    return names


def _clashes(context: Context, read: AssessmentRules, before: Mapping[str, AssessmentRules]) -> bool:
    """Report a second assessment of the same subjects for the same periods: their records could not be told apart."""
    for other in before.values():
        if (other.of, other.period) == (read.of, read.period):
            message = f"`{read.name}` and `{other.name}` both assess a {read.of} for each {read.period}"
            notes = [Note("the first is here", other.span)]
            context.report("E210", message, read.span, help="put the figures of both into one", notes=notes)
            return True
    return False
