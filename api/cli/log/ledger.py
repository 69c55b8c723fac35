"""`rulewright ledger SUBJECT`: what a subject owes and is owed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from api.cli.log.output import moment_text, table
from api.cli.log.show import checked_subject
from api.cli.output import say, say_json
from api.failures import ExitCode
from api.history.access import reading
from api.history.json import amount_of
from api.history.parts import part_known
from api.history.timeline import nothing_known
from api.history.views import groups_of, ledger_of, reasons_of
from api.schema import as_data
from citizens import (
    Balances,
    Line,
    statement,
    trial_balance,
)
from engine.values.numbers import with_commas

_LINES = ("recorded", "what", "account", "period", "amount", "balance", "because of")


def ledger_command(subject: str, log: Path | None, known: str | None, as_json: bool) -> int:
    """Every posting with the balance after it, and what is left by period."""
    name = checked_subject(subject)
    part, to = part_known(log, name, known)
    with reading(part) as opened:
        events = opened.read_subject(name, to)
        if not events:
            raise nothing_known(opened, name)
    lines, balances, reasons = statement(events), trial_balance(events), reasons_of(events)
    if as_json:
        say_json(as_data(ledger_of(name, events)))
        return ExitCode.DONE
    if not lines:
        say(f"{name}: nothing was posted")
        for group in groups_of(events):
            say(f"{name} is in {group}: see `rulewright ledger {group}`")
        return ExitCode.DONE
    for currency, balance in balances.items():
        say(f"{name}, in {currency}")
        say()
        own = [line for line in lines if line.posting.currency == currency]
        _statement(own)
        for cause in dict.fromkeys(line.posting.cause for line in own if line.posting.cause in reasons):
            say(f"{cause}: {reasons[cause]}")
        say()
        _left(name, balance)
    return ExitCode.DONE


def _statement(lines: Sequence[Line]) -> None:
    rows = [
        (
            f"#{line.offset} {moment_text(line.recorded_at_us)}",
            line.posting.movement.value,
            line.posting.account,
            line.posting.period,
            _money(amount_of(line.posting)),
            _money(line.balance),
            line.posting.cause,
        )
        for line in lines
    ]
    for text in table(_LINES, rows, frozenset({4, 5})):
        say(text)


def _left(name: str, balance: Balances) -> None:
    """What is owed by whom, for each period and in all."""
    rows = [(period, _money(abs(owed)), _owes(name, owed)) for period, owed in balance.by_period.items()]
    if len(rows) > 1:
        rows.append(("all", _money(abs(balance.owed)), _owes(name, balance.owed)))
    for text in table(("period", "left", ""), rows, frozenset({1})):
        say(text)


def _owes(name: str, owed: Decimal) -> str:
    if owed == 0:
        return "settled"
    return f"owed by {name}" if owed > 0 else f"owed to {name}"


def _money(amount: Decimal) -> str:
    return with_commas(format(amount, "f"))
