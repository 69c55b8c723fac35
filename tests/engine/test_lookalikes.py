"""A letter that looks like another is named, in rules, cases and on the command line."""

from __future__ import annotations

import pytest

from api.failures import suggestion
from engine.text.diagnostics import Diagnostics
from engine.text.lookalikes import with_lookalikes

CYRILLIC = "eitс"  # the last letter is Cyrillic  # noqa: RUF001


def test_a_suggestion_names_the_letter() -> None:
    assert suggestion(CYRILLIC, ["eitc"]) == "did you mean `eitc`? (`с` is cyrillic small letter es)"  # noqa: RUF001
    problems = Diagnostics()
    problems.add("E401", f"there is no `{CYRILLIC}`", None, help="did you mean `eitc`?")
    assert problems.items[0].help.endswith("is cyrillic small letter es)")


@pytest.mark.parametrize("help", ["did you mean `größe`?", "give a number"])
def test_what_is_meant_so_and_other_remedies_stay(help: str) -> None:
    assert with_lookalikes(help, "größen") == help


def test_plain_names_stay() -> None:
    assert suggestion("eitcs", ["eitc"]) == "did you mean `eitc`?"
