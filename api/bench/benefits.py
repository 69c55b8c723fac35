"""Tax and every benefit of all months of a year, for the households of the shipped sample.

1. A tax unit is one household: one SNAP household, family, assistance unit, dwelling and SSI unit.
2. The survey knows incomes and ages. What benefits ask besides (State, rent, school, who applies) is drawn, the same
   at each run, so that everything is determined: what is measured is the law, and not how fast one says that
   something is not known. Left out are the States of which a table asks for a place within the State.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import numpy as np
import pyarrow
import pyarrow.compute

from api.bench.measured_population import YEAR, Tables, admitted, sample_tables
from api.bench.measuring import Measured, best
from engine.ir.program import Program
from engine.native import evaluate, marginal_rates, prepare
from engine.population.columns import Columns

pa: Any = pyarrow
pc: Any = pyarrow.compute
OUTPUTS = ("household_net_income_with_in_kind", "household_benefits_owed", "household_taxes")
WHAT = "tax and benefits of 12 months"
RAISED = (OUTPUTS[:1], "employment_income")
STEP = 10_000  # cents
SEED = 20_240_101
MONTHS = f"@{YEAR}-01..{YEAR}-12"
WITH_PLACES = ("alaska", "new_york", "missouri", "connecticut", "guam", "virgin_islands")
MEMBERS = {"snap_unit": "snap_member", "family": "family_member", "tanf_unit": "tanf_member", "dwelling": "occupant"}
FIRST_GRADE, ADULT = 5, 18


def benefit_tables(program: Program, repeat: int) -> Tables:
    """The sample with all that benefits ask, `repeat` times over."""
    tables = sample_tables(repeat)
    people, units = tables["person"], tables["tax_unit"]
    draw = np.random.default_rng(SEED)
    states = [its for its in program.settings.enums["snap_state"].members if its not in WITH_PLACES]
    state = pa.array(states).take(pa.array(draw.integers(0, len(states), len(units))))
    groups = _groups(units["tax_unit_id"], state, draw)
    return {"person": _people(program, people, state, draw), "tax_unit": units, **groups}


def _chance(draw: np.random.Generator, count: int, share: float) -> Any:
    return pa.array(draw.random(count) < share)


def _filled(count: int, value: object) -> Any:
    return pa.array([value]).take(pa.array(np.zeros(count, dtype=np.int64)))


def _people(program: Program, people: Any, state: Any, draw: np.random.Generator) -> Any:
    count, whose = len(people), people["tax_unit_id"].combine_chunks()
    age, role = people["age"].to_numpy(), people["role"]
    at_school = (age >= FIRST_GRADE) & (age < ADULT)
    born = (np.datetime64(f"{int(YEAR) - 1}-07-01") - np.timedelta64(365, "D") * age).astype("datetime64[D]")
    home = state.take(whose)
    supplements = pa.array(list(program.settings.enums["ssi_supplement_state"].members))
    known = pc.is_in(home, value_set=supplements)
    columns = {
        "tax_unit_role": role,
        "ssi_unit_role": pc.if_else(pc.equal(role, "dependent"), "ssi_child", "ssi_adult"),
        "birth_date": pa.array(born),
        "state_of_residence_in_month": home,
        "ssi_supplement_state": pc.if_else(known, home, "another_state"),
        f"ssi_supplement_as_notified{MONTHS}": _filled(count, 0),
        "qualified_status_since": _filled(count, date(2000, 1, 1)),
        "is_at_nutritional_risk": _filled(count, True),
        "attends_school_with_meals": pa.array(at_school),
        f"lunches_of_month{MONTHS}": pa.array(np.where(at_school, 20, 0)),
        f"medically_needy_level_of_plan{MONTHS}": _filled(count, 600),
        "medically_needy_resource_limit_of_plan": _filled(count, 2_000),
        "takes_up_ssi": _chance(draw, count, 0.6),
        "takes_up_wic": _chance(draw, count, 0.5),
    }
    columns |= {f"{group}_role": _filled(count, name) for group, name in MEMBERS.items()}
    columns |= {f"{group}_id": people["tax_unit_id"] for group in (*MEMBERS, "ssi_unit")}
    kept = people.drop_columns(["age", "role"])
    return pa.table({**{name: kept[name] for name in kept.column_names}, **columns})


def _groups(ids: Any, state: Any, draw: np.random.Generator) -> Mapping[str, Any]:
    count = len(ids)
    by_group: dict[str, dict[str, Any]] = {
        "snap_unit": {
            "snap_state": state,
            f"snap_shelter_costs{MONTHS}": pa.array(draw.integers(300, 2_000, count)),
            "pays_heating_or_cooling": _chance(draw, count, 0.7),
            "takes_up_snap": _chance(draw, count, 0.8),
        },
        "family": {
            "family_state": state,
            "lifeline_service": _filled(count, "broadband"),
            f"lifeline_price_of_service{MONTHS}": _filled(count, 20),
            "area_median_income": _filled(count, 80_000),
            f"payment_standard{MONTHS}": _filled(count, 1_000),
            f"hud_gross_rent{MONTHS}": _filled(count, 900),
            "takes_up_lifeline": _chance(draw, count, 0.4),
            "takes_up_housing_assistance": _chance(draw, count, 0.1),
            "takes_up_child_care": _chance(draw, count, 0.1),
        },
        "tanf_unit": {
            "tanf_state": state,
            f"tanf_amount_of_state{MONTHS}": _filled(count, 0),
            f"tanf_shelter_costs{MONTHS}": _filled(count, 500),
            "lives_in_first_region_of_california": _filled(count, True),
            "tanf_caretaker": _filled(count, "one_parent"),
            "takes_up_tanf": _chance(draw, count, 0.3),
        },
        "dwelling": {},
        "ssi_unit": {},
    }
    return {group: pa.table({f"{group}_id": ids, **columns}) for group, columns in by_group.items()}


def benefit_columns(program: Program, repeat: int) -> Columns:
    """The same as columns."""
    return admitted(program, benefit_tables(program, repeat))


def measured(program: Program, repeat: int, runs: int) -> Iterator[Measured]:
    """The year of 10,000 households so many times over: every figure, and what 100 dollars more of wages leave."""
    columns = benefit_columns(program, repeat)
    units, heads = columns.counts["dwelling"], columns.groups["tax_unit"].role == 0
    prepare(program, columns, OUTPUTS)
    said = f"{evaluate(program, columns, OUTPUTS, threads=2).handed_over:,} households by the interpreter"
    seconds = best(lambda: evaluate(program, columns, OUTPUTS, threads=2), runs)
    yield Measured("benefits", f"{WHAT}, {len(OUTPUTS)} outputs, 2 threads", seconds, units, said=said)
    seconds = best(lambda: marginal_rates(program, columns, *RAISED, rows=heads, step=STEP, threads=2), min(runs, 4))
    yield Measured("benefits", f"{WHAT}: marginal rate on wages, 2 threads", seconds, units)
