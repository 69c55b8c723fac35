"""What formulas that are written as Python call: exact operations on bare values, which are not known only by raising.

A value is what `Known` holds; None stands for what does not apply. Whatever else there is (what is not known, errors,
numbers that grow too long) raises `HandOver`: the figure is then evaluated node by node, as `interpreter` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from engine.interpret import domain, navigation
from engine.interpret.frames import Frame
from engine.interpret.nearby import Nearby
from engine.interpret.outcomes import Known, NotApplicable, Outcome
from engine.ir import nodes as ir
from engine.values import quick
from engine.values.exact import SHORT_BITS


class HandOver(Exception):
    """A formula that is written as Python does not say what comes of this. Never leaves `figures`."""


def add(left: Any, right: Any) -> Any:
    """`left + right`."""
    return _short(quick.add(left, right))


def subtract(left: Any, right: Any) -> Any:
    """`left - right`."""
    return _short(quick.subtract(left, right))


def multiply(left: Any, right: Any) -> Any:
    """`left * right`."""
    return _short(quick.multiply(left, right))


def divide(left: Any, right: Any) -> Any:
    """`left / right`."""
    if right == 0:
        raise HandOver
    return _short(Fraction(left) / right)


def remainder(left: Any, right: Any) -> Any:
    """`left mod right`."""
    if right == 0:
        raise HandOver
    return _short(left % right)


def _short(number: Any) -> Any:
    if quick.bits(number) > SHORT_BITS:
        raise HandOver
    return number


def known(outcome: Outcome) -> Any:
    """The value of an outcome."""
    if type(outcome) is Known:
        return outcome.value
    raise HandOver


def known_or_none(outcome: Outcome) -> Any:
    """The value of an outcome, or None where it does not apply."""
    return None if type(outcome) is NotApplicable else known(outcome)


def members(interpreter: Any, place: Nearby, number: int, node: Any, frame: Frame) -> Sequence[Nearby]:
    """The places of those whom a node runs over, all of whom are listed. They are kept under `number`, where none but
    the case says who they are."""
    ids = navigation.linked(interpreter, node.link, frame, None)
    if not isinstance(ids, tuple | list) or not all(type(member) is str for member in ids):
        raise HandOver
    places = tuple([interpreter.nearby(member, place.period) for member in ids])
    if _says_case(interpreter, node.link):
        place.links[number] = places
    return places


def _says_case(interpreter: Any, link: ir.Link) -> bool:
    direct = isinstance(link.group if isinstance(link, ir.Members) else link.owner, ir.Self)
    return direct and link.by is None and not interpreter.case.stays


def somebody(interpreter: Any, place: Nearby, number: int, node: ir.VariableRead, frame: Frame) -> Nearby | None:
    """The place of whom a node reads; None where there is nobody. It is kept as those of members are."""
    subject = node.subject
    instance = navigation.instance_of(interpreter, subject, frame, None)
    if isinstance(instance, NotApplicable):
        return None
    if type(instance) is not str:
        raise HandOver
    owner: Nearby = interpreter.nearby(instance, place.period)
    group = isinstance(subject, ir.GroupOf) and subject.by is None and isinstance(subject.person, ir.Self)
    if group and not interpreter.case.stays:
        place.links[number] = (owner,)
    return owner


HELP = {
    "HandOver": HandOver, "Known": Known, "NotApplicable": NotApplicable, "Frame": Frame, "add": add,
    "subtract": subtract, "multiply": multiply, "divide": divide, "remainder": remainder, "equal": quick.equal,
    "less": quick.less, "least": quick.least, "greatest": quick.greatest, "known": known,
    "known_or_none": known_or_none, "members": members, "somebody": somebody, "TRUE": domain.TRUE,
}  # fmt: skip
"""The names that written formulas use."""
