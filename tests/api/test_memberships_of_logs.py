"""Rules that ask about members of another day are refused where a log tells of one day only."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.assess.binding import bind
from api.failures import Failure
from engine.pipeline import compile_rules
from engine.values.periods import parse_period

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("ruleset", ["people", "totting_up"])
def test_members_of_another_day_are_not_read_from_a_log(ruleset: str) -> None:
    program = compile_rules(ROOT / "tests" / "language" / "programs" / ruleset)
    groups = [entity.name for entity in program.settings.entities.values() if entity.of]
    asked = bool(program.members_of_another_day) or any(e.counted_start for e in program.settings.entities.values())
    assert asked == (ruleset == "people")
    if asked:
        with pytest.raises(Failure, match=r"another day|first day"):
            bind(program, parse_period("2024"), (), groups[0])
