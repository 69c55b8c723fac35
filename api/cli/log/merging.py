"""`rulewright log merge`: two names of one subject."""

from __future__ import annotations

from api.cli.log.keep import Order
from api.cli.log.show import checked_subject
from api.cli.output import complain, count, say, say_json
from api.failures import ExitCode
from api.history.access import writing
from api.history.merging import merge
from citizens import Origin


def merge_command(duplicate: str, into: str, order: Order, source: str, *, retention: str, as_json: bool) -> int:
    """Make one history of two."""
    order.require()
    origin = Origin(source or "merge", order.by, order.legal_basis, retention)
    with writing(order.log) as opened:
        done = merge(opened, checked_subject(duplicate), checked_subject(into), origin, order.reason)
    if as_json:
        say_json({"carried": done.carried, "differing": list(done.differing), "given": done.given, "sums": done.sums})
        return ExitCode.DONE
    say(
        f"`{duplicate}` is `{into}`: {count(done.carried, 'fact')} taken over, {count(done.given, 'record')} given over"
    )
    if done.sums:
        say(f"{count(done.sums, 'sum')} paid or paid back moved to the books of `{into}`: `rulewright ledger {into}`")
    if done.differing:
        complain(f"both said something of {', '.join(done.differing)}: what `{into}` says holds; check it")
    if done.is_new:
        complain(f"nothing was recorded of `{into}` before: check that it is the new name")
    complain("assessments are corrected by `rulewright follow`")
    return ExitCode.DONE
