"""Marginal rates: rows with `step` more of the income that their `mtr` names, and what that adds to the taxes.

Two incomes share a step as they share their total, the second part rounded to a cent, halves to even. All is whole
numbers; where products could pass 64 bits, rows are taken one by one.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from api.taxsim import columns
from api.taxsim.answers import payroll
from api.taxsim.blocks import Block, Cents, Places
from api.taxsim.figures import FiguresOfRows
from api.taxsim.table import Row
from api.taxsim.units import JOINT
from engine.values.numbers import RoundingMode, round_to

_ROOM = 2**62


def raised(block: Block, places: Places, step: int) -> Block:
    """The block with `step` cents more of what is named by the `mtr` of the rows at `places`."""
    changed = {name: block.money[name].copy() if name in block.money else _nothing(block) for name in columns.INCOMES}
    codes, joint = block.code("mtr")[places], block.code("mstat")[places] == JOINT
    for code in np.flatnonzero(np.bincount(codes)).tolist():
        first, *rest = columns.MARGINAL[code or columns.DEFAULT_MARGINAL]
        chosen = codes == code
        shared = places[chosen & joint] if rest else places[:0]
        whole = places[chosen & ~joint] if rest else places[chosen]
        if first == "swages":  # of those who have no spouse
            whole = whole[block.code("mstat")[whole] == JOINT]
        changed[first][whole] += step
        if len(shared):
            part = _shares(changed[first][shared], changed[rest[0]][shared], step)
            changed[first][shared] += step - part
            changed[rest[0]][shared] += part
    alone = set(places.tolist()).intersection(block.kept) if block.kept else ()
    kept = {place: raised_row(block.kept[place], step) for place in alone}
    return block.with_money(changed, kept)


def _nothing(block: Block) -> Cents:
    return np.zeros(len(block), dtype=np.int64)


def _shares(first: Cents, second: Cents, step: int) -> Cents:
    """The second income's part of the step."""
    total = first + second
    if len(total) and step * max(int(np.abs(second).max()), 1) >= _ROOM:
        pairs = zip(second.tolist(), total.tolist(), strict=True)
        return np.array([round(Fraction(step * own, both)) if both else 0 for own, both in pairs], dtype=np.int64)
    divisor = np.where(total == 0, 1, total)
    numerator = np.where(total == 0, 0, step * second) * np.sign(divisor)
    divisor = np.abs(divisor)
    below = numerator // divisor
    twice = 2 * (numerator - below * divisor)
    up = (twice > divisor) | ((twice == divisor) & (below % 2 == 1))
    shares: Cents = below + up
    return shares


def raised_row(row: Row, step: int) -> Row:
    """The same of a row by itself."""
    names = columns.MARGINAL[row.codes.get("mtr", 0) or columns.DEFAULT_MARGINAL]
    if row.codes["mstat"] != JOINT:
        if names == ("swages",):
            return row
        names = names[:1]
    total = sum(row.money.get(name, 0) for name in names)
    money = dict(row.money)
    left = step
    for name in names[1:]:
        part = round(Fraction(step * money.get(name, 0), total)) if total else 0
        money[name] = money.get(name, 0) + part
        left -= part
    money[names[0]] = money.get(names[0], 0) + left
    return replace(row, money=money)


def rates(before: FiguresOfRows, after: FiguresOfRows, step: Fraction) -> dict[str, NDArray[np.int64]]:
    """The marginal rates in hundredths of a percent: what `step` dollars more of an income add to the taxes; 0 where
    the taxes with more of it are not known."""
    unknown = list(after.faults)

    def rate(first: Cents, second: Cents) -> NDArray[np.int64]:
        added = second - first
        added[unknown] = 0
        return _in_hundredths(added, before.steps, step)

    return {
        "frate": rate(before.figures[columns.INCOME_TAX], after.figures[columns.INCOME_TAX]),
        "srate": np.zeros(len(before), dtype=np.int64),
        "ficar": rate(payroll(before), payroll(after)),
    }


def _in_hundredths(added: Cents, steps: int, step: Fraction) -> NDArray[np.int64]:
    """`added` steps over `step` dollars, rounded to 0.01%, halves away from zero."""
    times, divisor = 10_000 * step.denominator, steps * step.numerator
    size = int(np.abs(added).max()) if len(added) else 0
    if max(2 * size * times, divisor) >= _ROOM:
        exact = [Fraction(amount * times, divisor) for amount in added.tolist()]
        return np.array(
            [round_to(quotient, Fraction(1), RoundingMode.HALF_UP).numerator for quotient in exact], dtype=np.int64
        )
    hundredths: NDArray[np.int64] = np.sign(added) * ((2 * np.abs(added) * times + divisor) // (2 * divisor))
    return hundredths
