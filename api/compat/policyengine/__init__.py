"""PolicyEngine's household endpoint: a household of theirs into a case of ours, every `null` filled in.

1. People stay people. Their groups become ours with the same members (`names.yaml`); in the tax unit the first
   adult is the head, another adult of the same marital unit the spouse, everybody else a dependent, unless
   `is_tax_unit_head`, `_spouse` or `_dependent` say so. Whoever is in no group of a kind gets one of their own.
2. A value overrides the formula, as theirs do. An amount by year of what we define by month is divided over the months,
   to the cent; anything else is repeated. An amount by month of what we define by year is the whole year's.
3. A `null` is answered under the period that was sent: by year for what we define by month the sum of the months or,
   for what is not an amount, December's; by month for what we define by year a twelfth.
4. What they say in parts and our rules as a sum (rent, mortgage and fees; child support that each pays) is added up,
   unless the sum itself is said.
5. The case is complete. What we do not compute stays null, and is named in `warnings` and `not_computed`, or with
   `strict` refused. A name that neither knows is refused, all at once. Amounts are JSON numbers with their digits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.compat.policyengine.answered import Answered, filled
from api.compat.policyengine.household import Household, place, units_of
from api.compat.policyengine.names import HouseholdInvalid, definition_of, names, period_of
from api.compat.policyengine.stated import add_up, assume, give, said_of
from engine.interpret.constants import Constants
from engine.ir.program import Program

__all__ = ["Answered", "HouseholdInvalid", "answer", "names"]

MOST_ASKED = 500


def answer(
    program: Program, constants: Constants, household: Any, number: Callable[[str], Any], strict: bool = False
) -> Answered:
    """A household answered. `number` makes a JSON number of digits. Raises HouseholdInvalid with everything wrong."""
    units = units_of(household)
    made = Household(program, list(household["people"]))
    place(made, household, units)
    asked: list[tuple[str, str, str, str]] = []
    for group, unit, variable, period, value in said_of(made, household):
        if value is None:
            asked.append((group, unit, variable, period))
        else:
            give(made, units, group, unit, variable=variable, period=period, value=value)
    for _, _, variable, text in asked:
        if definition_of(program, variable) is None and not names().is_theirs(variable):
            made.errors.append(f"`{variable[:60]}` at `{text[:10]}` is not a variable of this model")
    if len(asked) > MOST_ASKED:
        made.errors.append(f"{len(asked):,} figures are asked for; ask for at most {MOST_ASKED}")
    add_up(made)
    assume(made, household, [period_read for *_, text in asked if (period_read := period_of(text)) is not None])
    if made.errors:
        raise HouseholdInvalid(list(dict.fromkeys(made.errors)))
    return filled(made, constants, household, units, asked=asked, number=number, strict=strict)
