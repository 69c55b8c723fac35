"""What the manual lists is what the language has."""

from __future__ import annotations

import re

from engine.check.resolve import BUILTINS
from engine.syntax.words import RESERVED
from tests.cli.command import ROOT

MANUAL = (ROOT / "rules" / "README.md").read_text(encoding="utf-8")


def test_the_manual_lists_the_words_that_nothing_may_be_called() -> None:
    listed = re.search(r"Reserved words, .*?: `([a-z_ \n]+)`\..*?built in: `([a-z_ \n]+)`", MANUAL, re.DOTALL)
    assert listed is not None
    assert set(listed[1].split()) == set(RESERVED)
    assert set(listed[2].split()) == set(BUILTINS)
