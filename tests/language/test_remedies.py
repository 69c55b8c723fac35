"""What a problem tells its reader to write: in the author's own names and numbers."""

from __future__ import annotations

import pytest

from tests.language.expectations import FOLDER, BadCase, judged

REMEDIES = {
    "E102_space_of_the_web": "indent with ordinary spaces",
    "E801_who_is_expected": "did you mean `anna`?",
    "E801_whose_figure": "say of whom: `people: {anna: {credit: …}}`",
    "E801_word_misspelt_in_expect": "did you mean `credit`?",
    "E214_example_of_another_time": "choose a time from 2020-01-01 on",
    "E201_requirement_with_formula": "did you mean `needs`?",
    "E201_value_in_a_marginal_scale": "did you mean `rate`?",
    "E204_rate_of_ten": "write `10%`, or `1000%` if that is what the law says",
    "E215_key_with_a_dash": "write `integer 0..2`",
    "E301_currency_before_amount": "write the currency after the number: `500 USD`",
    "E301_equals_twice": "write one `=`: it compares",
    "E101_uneven_indent": (
        "begin this line and the one above under the same letter, or put a value that holds `: ` in quotes"
    ),
    "E301_elif": "write `else if`",
    "E301_if_in_an_aggregate": "write `where`",
    "E301_in_for_one_of": "write `is one of (…)`",
    "E301_thousands_as_k": "write all digits of the number",
    "E301_words_in_capitals": "write `and`",
    "E401_role_spelt_otherwise": "did you mean `dependents`?",
    "E401_enum_before_member": "write a member of `filing_status` alone, as in `.single`",
    "E401_yes_for_true": "write `true`",
    "E406_through_the_group": "write `tax_unit.members`",
    "E406_records_of_a_group": "sum them in a figure of `person` first, and that figure over `members`",
    "E501_sum_for_a_date": "write dates as YYYY-MM-DD: `1964-01-01`",
    "E501_unit_of_length_missing": "write the length with its unit: `6570 days`",
    "E504_figure_without_unit": "multiply it by an amount: `age * 1 USD`",
    "E301_date_with_points": "write dates as YYYY-MM-DD",
    "E406_numbered_members": "aggregate: `sum(m.… for m in members)`",
    "E505_over_one_month": "write `sum(rent over months)`",
    "E505_sum_of_a_figure": "write `sum(rent over months)`, or `sum(m.x for m in members)`",
    "E505_count_of_a_role": "write `count(m in dependents where …)`",
    "E301_let_without_in": "write `in` before what the formula gives: `let x = … in …`",
    "E505_over_members": "write `sum(m.wages for m in members)`",
    "E705_over_itself": "leave `over` out: there is no other exception",
}


@pytest.mark.parametrize(("name", "help_text"), REMEDIES.items(), ids=str)
def test_the_remedy_says_what_this_author_should_write(name: str, help_text: str) -> None:
    assert [diagnostic.help for diagnostic in judged(BadCase(FOLDER / f"{name}.yaml"))] == [help_text]
