"""`ledger: {tax_unit: [head, spouse]}` of a fact: where no event states it, a log's ledger does.

The fact is then what the one asked about owes by the ledger, and what the groups owe in which they had one of the
roles. The groups may be those of other rules, which post to the same ledger: their names are not checked here.
"""

from __future__ import annotations

from engine.reading.fields import Fields, as_scalar
from engine.syntax.nodes import Sequence
from engine.values.periods import PeriodKind, Unit
from engine.values.types import Kind, ValueType

Debtors = tuple[tuple[str, tuple[str, ...]], ...]


def read_debtors(fields: Fields, type: ValueType, period: PeriodKind | None) -> Debtors:
    """The groups with the roles whose holders owe what the group owes. E210 for what is no amount on a day."""
    listed = fields.mapping("ledger")
    if listed is None:
        return ()
    daily = period is not None and period.unit is Unit.DAY and fields.flag("stock")
    if period is not None and (type.kind is not Kind.MONEY or not daily):
        message = f"{fields.what} says `ledger`, and is no amount of money on a day"
        help_text = "give it `type: money`, `period: day` and `stock: true`, or remove `ledger`"
        fields.context.report("E210", message, fields.span_of("ledger"), help=help_text)
    debtors = []
    for entry in listed:
        items = entry.value.items if isinstance(entry.value, Sequence) else (entry.value,)
        said = [as_scalar(fields.context, item, entry.key.span, "a role in `ledger`") for item in items]
        roles = tuple(fields.context.name(role, "a role", in_formulas=False) for role in said if role is not None)
        debtors.append((fields.context.name(entry.key, "a group", in_formulas=False), roles))
    return tuple(debtors)
