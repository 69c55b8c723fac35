"""Take-up: of those who are due a benefit, the part that claims it.

Who does not claim is drawn once, from a seed, and is the same under every law and in every year; without a stated part
everybody claims. A benefit that is not claimed is nothing, and so is its part of what the view says that it goes into
(a refundable credit: less of all refundable credits, more of the tax less them). Marginal rates are those of claimants.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from api.failures import Misuse, suggestion
from api.simulate.outcomes import Outcome
from api.simulate.view import View
from engine.population.columns import unit_of
from engine.values.numbers import parse_decimal


def read_take_up(view: View, texts: Sequence[str]) -> dict[str, Fraction]:
    """The parts that `eitc=80%` and the like mean. Raises Misuse."""
    parts: dict[str, Fraction] = {}
    for text in texts:
        name, equals, said = text.partition("=")
        if name not in view.claims:
            raise Misuse(
                f"the view does not say what not claiming `{name}` means", suggestion(name, view.claims, "see `claims`")
            )
        try:
            part = parse_decimal(said.removesuffix("%")) / (100 if said.endswith("%") else 1)
        except ValueError:
            part = Fraction(-1)
        if not equals or not 0 <= part <= 1:
            raise Misuse(f"`{text}` is not part of those who are due something", "write `--take-up eitc=80%`")
        parts[name] = part
    return parts


def claimed(outcome: Outcome, view: View, parts: Mapping[str, Fraction], seed: int) -> Outcome:
    """The outcome where so many claim."""
    figures = dict(outcome.figures)
    for name, part in parts.items():
        due = figures[name]
        number = int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:8], "big")
        idle = np.random.Generator(np.random.PCG64(number)).random(len(due)) >= float(part)
        figures[name] = np.where(idle, 0, due)
        for figure, sign in view.claims[name].items():
            if figure in figures:
                steps = _steps(outcome, figure), _steps(outcome, name)
                figures[figure] = figures[figure] + sign * np.where(idle, due, 0) * steps[0] // steps[1]
    return replace(outcome, figures=figures)


def _steps(outcome: Outcome, name: str) -> int:
    definition = outcome.program.find(name)
    assert definition is not None
    return unit_of(outcome.program, definition)


def take_up_sentence(view: View, texts: Sequence[str]) -> str:
    """Who is taken to claim, in a sentence."""
    if not view.claims:
        return "Everybody is taken to claim what they are due."
    if not texts:
        return (
            "Take-up is full: everybody claims " + " and ".join(f"`{name}`" for name in view.claims) + " that is due."
        )
    return f"Of those who are due a benefit so many claim it: {', '.join(texts)}; of others everybody."
