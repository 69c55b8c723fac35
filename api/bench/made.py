"""A made ruleset of many figures, each of a few operations, the last of which needs all others: for compile times, and
for comparing with engines that have no tax law of their own.
"""

from __future__ import annotations

from pathlib import Path

HEAD = """about: Made
law: none
currency: USD
covers: {from: 2020-01-01, to: 2026-12-31}
entities: {person: {plural: people}}
"""


def write_made(folder: Path, figures: int) -> None:
    """Write the ruleset: a fact `income`, and figures `v0`, `v1`, … of each person and year."""
    (folder / "ruleset.yaml").write_text(HEAD, encoding="utf-8")
    lines = ["about: Made", "law: none", f"exports: [income, v{figures - 1}]", "inputs:"]
    lines += ["  income: {entity: person, period: year, type: money, label: Income, absent: 0}", "variables:"]
    head = "{label: V, entity: person, period: year, type: money, law: none, formula: "
    for at in range(figures):
        before, earlier = reads(at)
        formula = f'"max(0 USD, min({before} + 7 USD, 100_000 USD) - 12.5% * min({earlier}, {at + 1} USD))"'
        lines.append(f"  v{at}: {head}{formula}}}")
    (folder / "made.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def reads(at: int) -> tuple[str, str]:
    """The two figures that a figure reads: the one before it, and one a third further back."""
    return f"v{at - 1}" if at else "income", f"v{at * 2 // 3}" if at > 2 else "income"
