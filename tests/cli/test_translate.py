"""`rulewright translate`: reforms of other calculators become overlays that the rules accept."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.compat.reforms import NAMES, translate
from api.failures import Failure
from api.rules.programs import load_program
from engine.interpret.constants import Constants
from tests.cli.command import run

TAXCALC = {
    "policy": {
        "CTC_c": {"2026": 3000},
        "STD": {"2026": [17000, 34000, 17000, 25000, 34000]},
        "EITC_c": {"2026": [1400, 4427, 7316, 8231]},
        "NIIT_rt": [{"year": 2026, "value": 0.05}],
    }
}
POLICYENGINE = {
    "gov.irs.credits.ctc.amount.base[0].amount": {"2025-01-01.2025-12-31": 3500},
    "gov.irs.deductions.standard.amount.JOINT": {"2026-01-01.2100-12-31": 40000},
    "gov.irs.credits.eitc.max[0].amount": {"2026-01-01.2100-12-31": 1400},
}


def written(folder: Path, content: Any) -> Path:
    path = folder / "bill.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def at(folder: Path, content: Any, name: str, year: int) -> Any:
    overlay = folder / "overlay.yaml"
    overlay.write_text(translate(written(folder, content)).text)
    program = load_program("us", [overlay])
    full = next(
        parameter for parameter in (*program.parameters, *program.tables) if parameter.rpartition(":")[2] == name
    )
    result = Constants(program).at(full, program.settings.period(str(year)).start)
    assert result is not None
    return result.content


def test_taxcalc_lists_and_records(tmp_path: Path) -> None:
    standard = at(tmp_path, TAXCALC, "basic_standard_deduction_amount", 2026)
    assert {keys[0]: row[""] for keys, row in standard.items()} == {
        "single": 17000, "joint": 34000, "separate": 17000, "head_of_household": 25000, "surviving_spouse": 34000,
    }  # fmt: skip
    text = translate(written(tmp_path, TAXCALC)).text
    assert "  ctc_amount: {2026-01-01: 3000, 2027-01-01: indexed}\n" in text
    assert "  eitc_terms[0].maximum: {2026-01-01: 1400, 2027-01-01: indexed}\n" in text
    assert "  net_investment_income_tax_rate: {2026-01-01: 0.05}\n" in text


def test_policyengine_periods_end(tmp_path: Path) -> None:
    assert at(tmp_path, POLICYENGINE, "ctc_amount", 2025) == 3500
    text = translate(written(tmp_path, POLICYENGINE)).text
    assert "  ctc_amount: {2025-01-01: 3500, 2026-01-01: current}\n" in text
    assert "  basic_standard_deduction_amount[joint]: {2026-01-01: 40000}\n" in text
    assert "  eitc_terms[0].maximum: {2026-01-01: 1400}\n" in text


def test_every_name_of_ours_is_a_constant_of_the_rules() -> None:
    program = load_program("us")
    constants = {name.rpartition(":")[2] for name in (*program.parameters, *program.tables)}
    scales = {name.rpartition(":")[2] for name in program.scales}
    names = yaml.safe_load(NAMES.read_text())
    for theirs in (names["taxcalc"], names["policyengine"]):
        known = [place for place in theirs.values() if "with" not in place or "to" in place]
        assert {place["to"] for place in known if "to" in place} <= constants
        assert {place["scale"] for place in known if "scale" in place} <= scales
    assert {*names["sums"], *(part for parts in names["sums"].values() for part in parts)} <= constants


def test_a_rate_and_a_bracket_change_the_scale_of_every_later_year(tmp_path: Path) -> None:
    """What was set holds; what was not follows the law of each year (26 USC 1(j))."""
    brackets = [12_000, 24_000, 12_000, 17_000, 24_000]
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(translate(written(tmp_path, {"II_rt3": {"2025": 0.2}, "II_brk1": {"2025": brackets}})).text)
    program = load_program("us", [overlay])
    for year, third in ((2025, 96_950), (2026, 100_800)):
        content = Constants(program).at("ordinary_rates", program.settings.period(str(year)).start)
        assert content is not None
        joint = content.content["joint"]
        assert (joint[1].threshold, joint[2].threshold, joint[2].value) == (24_000, third, Fraction(1, 5))


def test_rates_of_self_employment_are_the_sum_of_both(tmp_path: Path) -> None:
    text = translate(written(tmp_path, {"FICA_ss_trt_employee": {"2025": 0.07}})).text
    assert "  social_security_rate: {2025-01-01: 0.07}\n" in text
    assert "  self_employment_social_security_rate: {2025-01-01: 0.132}\n" in text
    assert "employer" not in text


def test_what_is_one_provision_here_must_be_said_twice_there(tmp_path: Path) -> None:
    both = {"CG_rt2": {"2026": 0.16}, "AMT_CG_rt2": {"2026": 0.16}}
    assert "  fifteen_percent_gains_rate: {2026-01-01: 0.16}\n" in translate(written(tmp_path, both)).text
    for one_sided in ({"CG_rt2": {"2026": 0.16}}, {**both, "AMT_CG_rt2": {"2026": 0.15}}):
        with pytest.raises(Failure, match="are one provision here"):
            translate(written(tmp_path, one_sided))


def test_an_amount_of_which_separate_returns_have_half(tmp_path: Path) -> None:
    text = translate(written(tmp_path, {"ID_AllTaxes_c": {"2026": [20000, 20000, 10000, 20000, 20000]}})).text
    assert "  salt_limitation_amount: {2026-01-01: 20000}\n" in text
    with pytest.raises(Failure, match="does not have its share"):
        translate(written(tmp_path, {"ID_AllTaxes_c": {"2026": [20000, 20000, 20000, 20000, 20000]}}))


def test_what_is_not_indexed_there_needs_no_note(tmp_path: Path) -> None:
    said = {"CTC_c": {"2026": 3000}, "CTC_c-indexed": {"2026": False}}
    still = translate(written(tmp_path, said))
    assert still.notes == ()
    assert "  ctc_amount: {2026-01-01: 3000}\n" in still.text
    (note,) = translate(written(tmp_path, {"CTC_c": {"2026": 3000}})).notes
    assert "`indexed`" in note


def test_amounts_move_on_from_the_year_after_they_are_set(tmp_path: Path) -> None:
    said = {"CTC_c": {"2026": 3000, "2028": 3500}, "EITC_prt": {"2026": [0.1, 0.2, 0.2, 0.2]}}
    text = translate(written(tmp_path, said)).text
    assert "  ctc_amount: {2026-01-01: 3000, 2027-01-01: indexed, 2028-01-01: 3500, 2029-01-01: indexed}\n" in text
    assert "  eitc_terms[0].phase_out: {2026-01-01: 0.1}\n" in text
    law = load_program("us")
    prices = Constants(law)
    then, now = (prices.at("chained_cpi", law.settings.period(year).start) for year in ("2026", "2030"))
    assert then is not None and now is not None
    content = at(
        tmp_path, {"STD": {"2026": [20000, 40000, 20000, 30000, 40000]}}, "basic_standard_deduction_amount", 2030
    )
    single = content["single",][""]
    assert 0 <= 20000 * Fraction(now.content) / Fraction(then.content) - single < 50


def test_thresholds_that_nobody_set_move_on_beside_a_rate_that_somebody_did(tmp_path: Path) -> None:
    """26 USC 1(f), (j)(3): a reform of a rate froze the brackets at those of its year."""
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(translate(written(tmp_path, {"II_rt1": {"2026": 0.11}})).text)
    law, reformed = load_program("us"), load_program("us", [overlay])
    day = law.settings.period("2031").start
    before, after = (Constants(program).at("ordinary_rates", day) for program in (law, reformed))
    assert before is not None and after is not None
    for status, brackets in before.content.items():
        assert [bracket.threshold for bracket in after.content[status]] == [bracket.threshold for bracket in brackets]
        assert after.content[status][0].value == Fraction(11, 100)


def test_what_has_no_index_here_stays_and_that_is_told(tmp_path: Path) -> None:
    result = translate(written(tmp_path, {"AMT_child_em": {"2026": 9000}}))
    assert "  amt_child_exemption_addition: {2026-01-01: 9000}\n" in result.text
    (note,) = result.notes
    assert note.startswith("`amt_child_exemption_addition`: ") and note.endswith("it stays as set.")


def test_what_is_not_here_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, {"CTC_c": {"2026": 3000}, "CG_nodiff": {"2026": True}})
    done = run("translate", path)
    assert done.returncode == 1
    assert "not here, and not in the overlay: `CG_nodiff`" in done.stderr
    assert "ctc_amount: {2026-01-01: 3000, 2027-01-01: indexed}" in done.stdout


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"CTC_c": {"2026": 3000},}', "is not JSON"),
        ({"CG_nodiff": {"2026": True}}, "none of the parameters"),
        ({"STD": {"2026": [1, 2]}}, "is not a list of 5"),
        ({"CTC_c": {"2026": "lots"}}, "`lots` is not a number"),
        ([], "holds no reform"),
        ({"II_brk1": {"2026": [90_000] * 5}}, "not above the one before it"),
    ],
)
def test_faults_are_told(tmp_path: Path, content: Any, told: str) -> None:
    with pytest.raises(Failure, match=told):
        translate(written(tmp_path, content))


def test_an_amount_that_is_to_stand_still_and_is_not_set_is_listed(tmp_path: Path) -> None:
    kept = {"CTC_c": {"2026": 3000}, "CTC_c-indexed": {"2026": False}}
    assert translate(written(tmp_path, kept)).unread == ()
    frozen = {**kept, "STD-indexed": {"2026": False}}
    assert translate(written(tmp_path, frozen)).unread == ("STD-indexed",)
    moving = {"CTC_c": {"2026": 3000}, "CTC_c-indexed": [{"year": 2026, "value": True}]}
    assert translate(written(tmp_path, moving)).unread == ()
    later = {"CTC_c": {"2026": 3000}, "CTC_c-indexed": {"2028": False}}
    assert translate(written(tmp_path, later)).unread == ("CTC_c-indexed",)
    bracket = {"II_brk1": {"2026": [13000, 26000, 13000, 18000, 26000]}, "II_brk1-indexed": {"2026": False}}
    assert translate(written(tmp_path, bracket)).unread == ("II_brk1-indexed",)


BASE = "gov.irs.credits.ctc.amount.base[0].amount"


@pytest.mark.parametrize(
    ("dated", "told"),
    [
        # the day on which a range ends stands before the next range in the file, or after it
        (
            {"2026-01-01.2026-12-31": 3000, "2027-01-01.2100-12-31": 3500},
            "2026-01-01: 3000, 2027-01-01: 3500",
        ),
        (
            {"2027-01-01.2100-12-31": 3500, "2026-01-01.2026-12-31": 3000},
            "2026-01-01: 3000, 2027-01-01: 3500",
        ),
        # a range within another: the other holds again after it
        (
            {"2026-01-01.2030-12-31": 3000, "2028-01-01.2028-12-31": 4000},
            "2026-01-01: 3000, 2028-01-01: 4000, 2029-01-01: 3000, 2031-01-01: current",
        ),
        ({"year:2026:2": 3000}, "2026-01-01: 3000, 2028-01-01: current"),
        ({"2026": 3000}, "2026-01-01: 3000"),
        ({"2026-02": 3000}, "2026-02-01: 3000"),
        (3000, "2000-01-01: 3000"),
    ],
)
def test_policyengine_ranges_hold_while_they_last(tmp_path: Path, dated: Any, told: str) -> None:
    assert f"  ctc_amount: {{{told}}}\n" in translate(written(tmp_path, {BASE: dated})).text


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"CTC_c": 3000}, "`CTC_c` has no years"),
        ({"CTC_c": {"two": 3000}}, "`CTC_c`: `two` is not a year"),
        ({"CTC_c": ["2026"]}, "a record has no `year` or `value`"),
        ({"CTC_c": [{"value": 3000}]}, "a record has no `year` or `value`"),
        ({"ID_AllTaxes_c": [{"year": 2026, "MARS": "mjoint", "value": 1}]}, "is not said of every filing status"),
        ({BASE: {"2026-13-01.2100-12-31": 3000}}, "is not a period of existing days"),
        ({BASE: {"2026-01-01.later": 3000}}, "is not a period of existing days"),
        ({BASE: {"2027-01-01.2026-12-31": 3000}}, "ends before it begins"),
        ('{"CTC_c": {"2026": 3000}, "CTC_c": {"2026": 4000}}', "`CTC_c` is said twice"),
    ],
)
def test_odd_reforms_are_refused_in_words(tmp_path: Path, content: Any, told: str) -> None:
    with pytest.raises(Failure, match=re.escape(told)):
        translate(written(tmp_path, content))


def test_comments_of_tax_calculators_files_are_read_over(tmp_path: Path) -> None:
    text = '// Title: a bill\n/* of two\nlines */\n{"CTC_c": {"2026": 3000}} // "more"\n'
    assert "  ctc_amount: {2026-01-01: 3000, " in translate(written(tmp_path, text)).text


def test_what_else_a_file_of_tax_calculator_assumes_is_listed(tmp_path: Path) -> None:
    said = {"policy": {"CTC_c": {"2026": 3000}}, "consumption": {"MPC_e20400": {"2026": 0.1}}, "growdiff_response": {}}
    assert translate(written(tmp_path, said)).unread == ("consumption",)


def test_infinity_is_listed_and_the_rest_is_translated(tmp_path: Path) -> None:
    result = translate(written(tmp_path, '{"CTC_c": {"2026": 3000}, "SS_Earnings_c": {"2026": 9e99}}'))
    assert result.unread == ("SS_Earnings_c",)
    assert "`SS_Earnings_c`: infinity is not a value here: it is left out" in result.notes
    assert "ctc_amount" in result.text
