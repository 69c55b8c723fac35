"""Who belongs to whom is read from a log as of one day. Rules that ask about another day are refused."""

from __future__ import annotations

from api.failures import Failure
from engine.ir.program import Program


def check_memberships(program: Program) -> None:
    """Raise Failure for rules that ask who belongs to a group on another day than the one on which a log is read."""
    figure = program.members_of_another_day
    first = next((one.name for one in program.settings.entities.values() if one.counted_start), "")
    if figure:
        told = f"`{figure}` asks who belongs to a group on another day, and a log tells it of the last day of a period"
    elif first:
        told = f"members of a {first} count on the first day of a period, and a log tells who they are on the last"
    else:
        return
    raise Failure(told, "give a case with dated memberships instead")
