"""A keystroke in the shipped rules brings its problems, and the next one takes them away.

`pytest -s` prints how long each took; the goal is 0.3 s on a machine that does nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from time import perf_counter

import pytest

from tests.cli.command import ROOT
from tests.lsp.client import Client


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Client(ROOT / "rules" / "us") as session:
        yield session


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("credits/eitc.yaml", "min(", "mim("),  # in a formula: this file alone
        ("people/people.yaml", "type: integer", "type: intege"),  # what dozens of other files read
    ],
)
def test_a_keystroke_in_the_us_rules_is_answered(client: Client, file: str, before: str, after: str) -> None:
    path, taken = ROOT / "rules" / "us" / file, []
    client.open(path)
    client.wait_for(path, lambda problems: not problems)
    for _ in range(2):
        for old, new, fits in ((before, after, bool), (after, before, lambda problems: not problems)):
            began = perf_counter()
            client.type(path, old, new)
            client.wait_for(path, fits)
            taken.append(perf_counter() - began)
    print(f"keystroke to problems: best {min(taken):.3f} s, median {median(taken):.3f} s, worst {max(taken):.3f} s")
