"""calc and why, through the real command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import CASE, MODULE, SETTINGS, run, write_rules

REFORM = "about: Half the allowance\nlaw: Bill 1\nset:\n  allowance: {2024-01-01: 1_000}\n"


def test_calc_gives_the_figure(rules: Path, case: Path) -> None:
    done = run("calc", rules, case, "--want", "income_tax")
    assert (done.returncode, done.stdout.split()) == (0, ["income_tax", "3,550", "USD"])


def test_what_names_no_figure_is_not_taken_for_all_of_them(rules: Path, case: Path) -> None:
    for want in (",", " , "):
        done = run("calc", rules, case, "--want", want)
        assert done.returncode == 2 and "names no figure" in done.stderr and not done.stdout


def test_calc_in_json_writes_money_as_text(rules: Path, case: Path) -> None:
    answer = json.loads(run("calc", rules, case, "--at", "2024", "--want", "income_tax,taxed", "--json").stdout)
    assert [(entry["figure"], entry["of"]["id"], entry["value"]) for entry in answer["results"]] == [
        ("income_tax", "home", "3550.00"),
        ("taxed", "home", "28000.00"),
    ]
    assert answer["ask_next"] == []


def test_calc_reads_json_from_stdin(rules: Path) -> None:
    case = json.dumps({"people": {"ann": {"wages": 12000}}, "tax_units": {"home": {"head": "ann"}}, "complete": True})
    done = run("calc", rules, "-", "--at", "2021", "--want", "income_tax", stdin=case)
    assert (done.returncode, done.stdout.split()[1]) == (0, "1,100")


def test_calc_under_a_reform(rules: Path, case: Path, tmp_path: Path) -> None:
    reform = tmp_path / "reform.yaml"
    reform.write_text(REFORM, encoding="utf-8")
    done = run("calc", rules, case, "--want", "income_tax", "--reform", reform)
    assert done.stdout.split()[1] == "3,750"
    absent = run("calc", rules, case, "--want", "income_tax", "--reform", tmp_path / "none.yaml")
    assert absent.returncode == 2


def test_calc_says_the_range_and_what_to_ask(rules: Path) -> None:
    case = CASE.replace("{wages: 30_000}", "{}")
    done = run("calc", rules, "-", "--want", "income_tax", stdin=case)
    assert done.returncode == 0
    assert "not determined: between 0 USD and 197,550 USD" in done.stdout
    assert "How much did you earn?  (wages of ann for 2024)" in done.stdout
    answer = json.loads(run("calc", rules, "-", "--want", "income_tax", "--json", stdin=case).stdout)
    assert answer["results"][0]["status"] == "undetermined"
    assert (answer["results"][0]["low"], answer["results"][0]["high"]) == ("0.00", "197550.00")
    assert answer["ask_next"][0]["fact"] == "wages"


SHARES = """
  share: {label: Share, entity: tax_unit, period: year, type: rate, law: s. 7, formula: 1_000 USD / head.wages}
  half_share: {label: Half of the share, entity: tax_unit, period: year, type: rate, law: s. 8, formula: share / 2}
examples:"""


def test_a_reason_for_which_several_figures_may_fail_is_told_once(tmp_path: Path) -> None:
    rules = write_rules(tmp_path / "shares", module=MODULE.replace("\nexamples:", SHARES))
    case = CASE.replace("{wages: 30_000}", "{}")
    both = run("calc", rules, "-", "--want", "share,half_share", stdin=case).stdout
    assert both.count("or it cannot be computed: division by zero") == 1, both
    assert [line.rsplit(" ", 1)[1] for line in both.splitlines()[:2]] == ["[1]", "[1]"], both
    alone = run("calc", rules, "-", "--want", "share", stdin=case).stdout
    assert "(or it cannot be computed: division by zero)" in alone and "[1]" not in alone


def test_a_name_that_a_group_does_not_know_is_answered_by_its_roles_and_facts(rules: Path) -> None:
    done = run(
        "calc", rules, "-", "--want", "income_tax", stdin="at: 2024\npeople: {ann: {}}\ntax_units: {home: {zz: [ann]}}"
    )
    assert "its people go under `head`, `dependents`; it has no facts" in done.stderr
    near = run("calc", rules, "-", "--want", "income_tax", stdin="at: 2024\npeople: {ann: {wages_paid: 1}}").stderr
    assert "did you mean `wages`? If not, `rulewright search wages paid` finds names by their words" in near
    wrong = run("calc", rules, "-", "--want", "income_tax", stdin="at: 2024\npeople: {ann: {wagse: 1}}").stderr
    assert "did you mean `wages`?\n" in wrong


def test_why_names_what_decided_and_the_law(rules: Path, case: Path) -> None:
    done = run("why", rules, case, "income_tax")
    assert done.returncode == 0
    for part in ("Income tax: 3,550 USD", "s. 6", "Taxed income", "28,000 USD", "30,000 USD"):
        assert part in done.stdout
    tree = json.loads(run("why", rules, case, "income_tax", "--json").stdout)["explanations"][0]
    assert (tree["figure"], tree["of"]) == ("income_tax", "home")


def test_why_says_where_it_stops(tmp_path: Path, case: Path) -> None:
    chain = "".join(
        f"  step_{number}: {{label: Step {number}, entity: person, period: year, type: money, law: s. 9, "
        f"formula: {f'step_{number + 1} + 1 USD' if number < 14 else 'wages'}}}\n"
        for number in range(15)
    )
    folder = write_rules(tmp_path / "deep", MODULE.replace("  taxed:\n", f"{chain}  taxed:\n"))
    shown = run("why", folder, case, "step_0", "--of", "ann").stdout
    assert "Step 12: 30,002 USD … (it rests on more: ask why of `step_12`)" in " ".join(shown.split())
    tree = json.loads(run("why", folder, case, "step_0", "--of", "ann", "--json").stdout)["explanations"][0]
    for _ in range(12):
        assert "cut" not in tree
        (tree,) = tree["children"]
    assert (tree["figure"], tree["cut"], "children" in tree) == ("step_12", True, False)


def test_why_of_one_of_several(rules: Path, case: Path) -> None:
    assert run("why", rules, case, "wages", "--of", "ann").stdout.startswith("Wages: 30,000 USD")
    unknown = run("why", rules, case, "wages", "--of", "an")
    assert unknown.returncode == 2
    assert "did you mean `ann`?" in unknown.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--want", "incom_tax"], 2, "did you mean `income_tax`?"),
        (["--want", "income_tax", "--at", "2024-13"], 2, "there is no date `2024-13-01`"),
        (["--want", "income_tax", "--at", "soon"], 2, "`soon` is not a period"),
        (["--want", "income_tax", "--at", "1960"], 2, "they cover 2020-01-01 to 2026-12-31"),
    ],
)
def test_wrong_questions(rules: Path, case: Path, arguments: list[str], code: int, words: str) -> None:
    done = run("calc", rules, case, *arguments)
    assert done.returncode == code
    assert words in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "error[E101]: the file is empty"),
        ("[1, 2]", "error[E801]: a case is a mapping"),
        ("at: 2024\npeople: {ann: {wage: 3}}", "did you mean `wages`?"),
        ("at: 2024\npeople: {ann: {wages: much}}", "an amount of money is expected, not `much`"),
        ("at: 2024\npeople: {ann: {wages: -1}}", "`wages` lies in 0 .. 1,000,000"),
        ("at: 2024\npeople: {ann: {}}\ntax_units: {home: {head: bea}}", "`bea` is not in the case"),
        ("people: {ann: {}}", "does not say at which period"),
        ("a: &x [1]\nb: *x", "error[E103]: the alias `*x` is refused"),
        ("{" * 5000, "error[E108]: nesting is deeper than 64"),
        ("\x00\x01", "the character U+0001 is not allowed in a rule file"),
    ],
)
def test_wrong_cases(rules: Path, text: str, words: str) -> None:
    done = run("calc", rules, "-", "--want", "income_tax", stdin=text)
    assert done.returncode == 1
    assert words in done.stderr


def test_cases_that_are_no_files(rules: Path, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    for path in (tmp_path / "none.yaml", tmp_path, tmp_path / "binary"):
        done = run("calc", rules, path, "--want", "income_tax")
        assert done.returncode == 1
        assert "error[E1" in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("at: 2024\npeople: {ann: {}}\ntax_units: {home: {hed: ann}}", "did you mean `head`?"),
        ("at: now\npeople: {ann: {wages: 1}}", "`now` is not a period"),
        ("people: {ann: {wages: 1}}", "add `at: 2024`"),
        ("at: 2024\npeople: {ann: {wages: 99_999_999_999}}", "lies in 0 .. 1,000,000"),
        ("", "write `at: 2024` and who there is"),
        ("at: 2024\npeople: {ann: {wages: {}}}", "`wages` states no value for any time"),
        ("at: 2024\ncomplte: true\npeople: {ann: {}}", "`complte` is neither an entity nor a key of a case"),
    ],
)
def test_a_wrong_case_is_one_problem_with_its_remedy(rules: Path, text: str, said: str) -> None:
    done = run("calc", rules, "-", "--want", "income_tax", stdin=text)
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count("error[") == 1, done.stderr


def test_records_in_the_place_of_a_figure_are_told_where_they_are_listed(tmp_path: Path) -> None:
    settings = SETTINGS + "  licence: {plural: licences, belongs_to: person}\n"
    rules = write_rules(tmp_path / "licensed", settings=settings)
    done = run("calc", rules, "-", "--want", "income_tax", stdin="at: 2024\npeople: {ann: {licences: []}}")
    assert (done.returncode, "list them beside `people`: `licences: {a_name: {person: …}}`" in done.stderr) == (1, True)


def test_a_figure_that_nobody_in_the_case_has_says_what_to_add(rules: Path) -> None:
    done = run("calc", rules, "-", "--want", "income_tax", stdin="at: 2024\npeople: {ann: {}}")
    assert done.returncode == 2
    assert "add one: `tax_units: {home: {head: ann}}`" in done.stderr


def test_why_says_the_same_of_a_figure_that_nobody_has(rules: Path) -> None:
    done = run("why", rules, "-", "income_tax", stdin="at: 2024\npeople: {ann: {}}")
    assert done.returncode == 2
    assert "add one: `tax_units: {home: {head: ann}}`" in done.stderr


def test_a_wanted_figure_that_nobody_has_is_named_beside_those_that_somebody_has(rules: Path) -> None:
    done = run("calc", rules, "-", "--want", "wages,income_tax", stdin="at: 2024\npeople: {ann: {wages: 500}}")
    assert (done.returncode, done.stdout.split()) == (1, ["wages", "500", "USD"])
    assert "`income_tax` is a figure of a tax_unit, and the case has none" in done.stderr


def test_calc_in_json_lists_the_reasons_of_a_requirement_by_whether_they_are_met(tmp_path: Path) -> None:
    assert run("new", tmp_path / "land").returncode == 0
    people = {"ann": {"birth_date": "1990-03-01"}, "bo": {"birth_date": "2018-07-01"}}
    case = {"at": 2026, "people": people, "households": {"home": {"adults": ["ann"], "children": ["bo"]}}}
    asked = ("calc", tmp_path / "land", "-", "--want", "may_have_allowance,allowance", "--json")
    answer = json.loads(run(*asked, stdin=json.dumps({**case, "complete": True})).stdout)
    requirement, figure = sorted(answer["results"], key=lambda result: result["figure"], reverse=True)
    reasons = {status: [reason["path"] for reason in told] for status, told in requirement["reasons"].items()}
    held, open_ = "may_have_allowance.has_child", "may_have_allowance.lives_here"
    assert reasons == {"met": [held], "not_met": [], "unknown": [open_]}
    assert requirement["reasons"]["unknown"][0]["law"] == [{"source": "s. 1(a)"}]
    assert not figure.get("reasons")
    case["households"]["home"]["lives_here"] = False  # type: ignore[index]
    refused = json.loads(run(*asked, stdin=json.dumps({**case, "complete": True})).stdout)["results"]
    told = next(result for result in refused if result["figure"] == "may_have_allowance")["reasons"]
    assert [(reason["path"], reason["fails"]) for reason in told["not_met"]] == [(open_, "You must live here.")]
