"""Which exception of a figure wins: what each is over, directly or through others, and circles among them (E705)."""

from __future__ import annotations

from collections.abc import Sequence

from engine.check.resolve import did_you_mean
from engine.reading.declarations import VariableException
from engine.text.diagnostics import Diagnostics


def over_of(exceptions: Sequence[VariableException], problems: Diagnostics) -> dict[str, tuple[str, ...]]:
    """For each exception, all that it is over, directly or through others."""
    direct: dict[str, set[str]] = {exception.name: set() for exception in exceptions}
    for exception in exceptions:
        for name, span in exception.over:
            if name not in direct or name == exception.name:
                message = f"there is no other exception `{name}` here"
                problems.add("E705", message, span, help=_other_exception(name, set(direct) - {exception.name}))
            else:
                direct[exception.name].add(name)
    _mutual(exceptions, direct, problems)
    return {name: tuple(sorted(_reach(name, direct))) for name in direct}


def _other_exception(name: str, others: set[str]) -> str:
    near = did_you_mean(name, others)
    if near.startswith("did you") or not others:
        return near if others else "leave `over` out: there is no other exception"
    return "one of " + ", ".join(f"`{other}`" for other in sorted(others))


def _mutual(exceptions: Sequence[VariableException], direct: dict[str, set[str]], problems: Diagnostics) -> None:
    """Report exceptions that are over each other in a circle, each circle once."""
    told: set[str] = set()
    for exception in exceptions:
        circle = {other for other in _reach(exception.name, direct) if exception.name in _reach(other, direct)}
        if not circle or exception.name in told:
            continue
        told |= circle | {exception.name}
        span = next(span for name, span in exception.over if name in circle)
        names = ", ".join(f"`{name}`" for name in (exception.name, *sorted(circle)))
        message = f"the exceptions {names} are over each other in a circle"
        problems.add("E705", message, span, help="say which of them wins: take the other out of its `over`")


def _reach(name: str, direct: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    stack = list(direct[name])
    while stack:
        reached_name = stack.pop()
        if reached_name not in reached:
            reached.add(reached_name)
            stack += direct[reached_name]
    return reached - {name}
