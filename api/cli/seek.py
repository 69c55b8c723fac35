"""`rulewright seek RULES PATH --from A --to B --cost C --at 2026`: which value of a constant costs so much."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from api.cli.output import say, say_json
from api.cli.streams import is_terminal
from api.failures import ExitCode, Misuse
from api.schema import as_data
from api.simulate.search import Asked, Range, Sought, Tried, costs, seek, vary
from engine.values.numbers import parse_decimal, with_commas


def seek_command(
    rules: str,
    values: Range,
    at: str,
    cost: str,
    *,
    reforms: Sequence[Path],
    asked: Asked,
    as_json: bool,
) -> int:
    """Search for the value that costs `cost`, or (without it) tell what each value costs."""
    try:
        if cost:
            sought = seek(rules, reforms, values, at, target=-_amount(cost), asked=asked, on_progress=_progress)
        else:
            sought = vary(rules, reforms, values, at, asked=asked, on_progress=_progress)
    finally:
        if is_terminal(sys.stderr):
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    if as_json:
        say_json(as_data(sought))
    else:
        _tell(sought)
    return ExitCode.DONE


def _amount(text: str) -> Fraction:
    try:
        return parse_decimal(text)
    except ValueError as fault:
        raise Misuse(f"`--cost`: {fault}", "write an amount, such as 10_000_000_000; below zero it is raised") from None


def _progress(what: str) -> None:
    if is_terminal(sys.stderr):
        print(f"\r\x1b[Ktrying {what}", end="", file=sys.stderr, flush=True)


def _tell(sought: Sought) -> None:
    if sought.nearest is not None:
        _tell_answer(sought, sought.nearest)
    for trial in sought.tried:
        mark = "  <- nearest" if sought.nearest == trial else ""
        net = with_commas(str(round(Fraction(trial.net_change))))
        say(f"{sought.path} = {trial.value:>12}  net {net:>22} {sought.currency}{mark}")
    say(f"{sought.year}, {sought.population}")
    for note in sought.notes:
        say(note)


def _tell_answer(sought: Sought, nearest: Tried) -> None:
    """The value that was sought, in a sentence, and its neighbour on the other side of the target."""
    net, target = Fraction(nearest.net_change), Fraction(sought.target)
    told = f"`{sought.path}` = {nearest.value} {costs(net)} {sought.currency} in {sought.year}"
    if net == target:
        say(f"{told}, exactly what was sought")
    else:
        others = [trial for trial in sought.within if trial != nearest]
        beyond = "".join(f"; {other.value} {costs(Fraction(other.net_change))}" for other in others)
        say(f"{told}, nearest to {with_commas(str(round(abs(target))))}{beyond}")
    say()
