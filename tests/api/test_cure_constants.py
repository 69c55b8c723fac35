"""Constants that are worked out once between two days on which they may change: what they are on every day."""

from __future__ import annotations

from datetime import date, timedelta

from api.cure.steady import Steady
from api.rules import programs
from engine.interpret.constants import Constants

YEARS = (2015, 2024, 2027, 2035)
EVERY = 12
"""Of so many constants one is looked at."""


def test_a_constant_is_what_it_is_on_that_day() -> None:
    program = programs.load_program("us")
    steady, wanted = Steady(program), Constants(program)
    names = [*program.parameters, *program.tables, *program.scales]
    projected = 0
    for name in names[::EVERY]:
        turns = [day for turn in steady.turns(name) for day in (turn - timedelta(1), turn)]
        for day in (*turns, *(date(year, month, 1) for year in YEARS for month in (1, 7, 10))):
            found, stated = steady.at(name, day), wanted.at(name, day)
            assert (found is None) is (stated is None), (name, day)
            if found is not None and stated is not None:
                assert (found.content, found.projected) == (stated.content, stated.projected), (name, day)
                projected += found.projected
    assert projected
