"""`rulewright log move`: somebody goes on in another partition, with all who belong to them."""

from __future__ import annotations

from api.assess.terms import SOURCE
from api.cli.log.keep import Order
from api.cli.log.output import step_told
from api.cli.log.show import checked_subject
from api.cli.output import complain, count, say, say_json
from api.failures import ExitCode, Misuse
from api.history.moves import move
from api.history.parts import parts_of
from citizens import Origin

_on_step = step_told({"depart": "leaving", "arrive": "arriving", "confirm": "confirming"})


def move_command(subject: str, to: str, order: Order, retention: str, as_json: bool) -> int:
    """Move a subject with all that belong to it."""
    order.require()
    name, parts = checked_subject(subject), parts_of(order.log)
    if len(parts) == 1:
        raise Misuse("a move is between the partitions of a log on Kafka", "this log has one part: there is no other")
    origin = Origin(SOURCE, order.by, order.legal_basis, retention)
    moved = move(parts, name, checked_subject(to) if "/" in to else to, origin, reason=order.reason, on_step=_on_step)
    _on_step("")
    if as_json:
        say_json({"moved": list(moved.subjects), "from": moved.source, "to": moved.target})
    elif not moved.subjects:
        say(f"nothing to do: {name} is in partition {moved.target}")
    else:
        say(f"moved from partition {moved.source} to {moved.target}: {count(len(moved.subjects), 'subject')}")
        for each in moved.subjects:
            say(f"  {each}")
        complain("what was known before is still answered, from the partition where it was known")
    return ExitCode.DONE
