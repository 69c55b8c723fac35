"""No set of columns of the shipped law sends families to the interpreter: a few are tried here, all pairs and 2,000
larger sets by `python -m tests.benchmarks.handed_over`.
"""

from __future__ import annotations

from functools import cache

from api.bench.handed_over import MOST, Hunt, sets
from api.rules.programs import load_program
from engine.values.periods import parse_period

# with it some tax is not determined, as the rules mean it: what limits these losses is then asked for
NOT_DETERMINED = "later_operating_losses"


@cache
def hunt_of_2026() -> Hunt:
    return Hunt(load_program("us"), parse_period("2026"))


def test_families_with_random_facts_are_computed_by_machine_code() -> None:
    hunt = hunt_of_2026()
    of = len(hunt.cells)
    left = next(place for place, cell in enumerate(hunt.cells) if cell.name == NOT_DETERMINED)
    drawn = [*sets(1_000, of, 2, 2, 1), *sets(400, of, 3, 80, 2), tuple(range(of))]
    result = hunt.handed_over([tuple(place for place in places if place != left) for places in drawn])
    assert result.families == 1_402
    assert result.share < MOST, dict(result.causes)


def test_the_columns_are_those_that_tables_of_people_have() -> None:
    names = {cell.name for cell in hunt_of_2026().cells}
    assert {"employment_income", "self_employment_income", "sstb_self_employment_income"} <= names
    assert {"w2_wages_from_qualified_business", "new_clean_vehicle_battery_capacity"} <= names
    assert "income_tax" not in names
