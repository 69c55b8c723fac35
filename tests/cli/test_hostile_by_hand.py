"""Hostile input made by hand, through the command itself: of each the right outcome is known.

The land is that of `hostile_land`: ann's wages of 30,000 owe 4,400 in 2024. A number is that tax, answered with exit
code 0; words are what a refusal says, with an exit code other than 0.
"""

from __future__ import annotations

import gzip
from fractions import Fraction
from pathlib import Path

import pytest

from tests.cli.command import write_rules
from tests.cli.hostile_land import LAND, LAND_SETTINGS, Attempt, write_land
from tests.cli.test_hostile_shapes import answered, outcome

CASE = "at: 2024\ncomplete: true\npeople: {ann: {%s}}\ntax_units: {home: {head: ann}}\n"
HEADER = "person_id,tax_unit_id,role,wages\n"
OTHER = "2,2,head,5000\n"
Right = int | str

VALUES: dict[str, Right] = {
    "wages: 30_000": 4_400,
    "wages: 30_000 USD": 4_400,
    "wages: '30_000.00'": 4_400,
    "wages: -0": 0,
    "wages: 30_000 EUR": "money is in USD here",
    "wages: [30_000]": "holds a list",
    "wages: true": "an amount of money is expected",
    "wages: 2024-01-01": "not a plain decimal number",
    "wages: 0o70": "not a plain decimal number",
    "wages: 8:20:00": "not a plain decimal number",
    "wages: 030000": "not a plain decimal number",
    "wages: 3_0000": "not a plain decimal number",
    "wages: \uff13\uff10\uff10\uff10\uff10": "an amount of money is expected",
    "wages: 30\u00a0000": "not a plain decimal number",
    "wages: \u22125": "an amount of money is expected",
    "wages: none": "`none` is allowed only where the type says so",
    "wages: {between: [1, 2]}": "`between` is not a period",
    "wages: 30_000, Wages: 1": "no figure `Wages`",
    "wages: 30_000, born: 2023-02-29": "no date",
    "wages: 30_000, savings: {2024-12-31: 5, from 2024-12-31: 6}": "stated twice",
    "wages: 30_000, savings: {from 2024-06: 500, until 2024-07: 700}": "stated twice",
    "wages: 30_000, tax: 5": "`tax` is a figure of a tax_unit",
    "<<: {wages: 5}": "merge key",
    "wages: &a 5": "anchor",
    'kind: "plain\\u202e"': "U+202E right-to-left override, which cannot be seen: remove it",
    'kind: "plain\\0"': "U+0000",
    'kind: "pl\\u200bain"': "U+200B zero width space",
    'kind: "plain\\u00a0"': "U+00A0 no-break space",
    '"wag\\u202ees": 5': "U+202E",
}
CASES: dict[str, Right] = {
    "[1, 2]": "a case is a mapping",
    "5": "a case is a mapping",
    "null": "a case is a mapping",
    "{}{}": "not valid YAML",
    "at: 2024\npeople:\n\tann: {}\n": "not valid YAML",
    "at: 2024\n---\nat: 2025\n": "second document",
    CASE.replace("true", "no") % "": "`complete` is true, false, or the lists that are whole",
    CASE.replace("true", "False") % "": "`complete` is true, false, or the lists that are whole",
    "note: hi\n" + CASE % "": "`note` is neither an entity nor a key of a case",
    CASE.replace("head: ann", "head: home") % "": "`home` is not in the case",
    CASE.replace("head: ann", "head: ann, spouse: ann") % "": "a tax_unit has no figure `spouse`",
    CASE.replace("head: ann", "head: ann, dependents: [[ann]]") % "": "names people by id",
    CASE.replace("head: ann", "head: ann, wages: 5") % "": "`wages` is a figure of a person",
    CASE.replace("home: {head: ann}", "home: {head: ann}, flat: {head: ann}") % "": "already belongs",
    CASE % "" + "payslips: {s: {person: home, pay: 5}}\n": "who is not in the case",
    CASE % "" + "payslips: {s: {person: [ann], pay: 5}}\n": "does not say whose it is",
    "at: 2024\ncomplete: true\npeople: {ann: {}}\n": "the case has none",
    CASE.replace("ann", "1") % "wages: 30_000": 4_400,
    CASE % "" + "payslips: {" + ", ".join(f"s{n}: {{person: ann, pay: 1_000}}" for n in range(30)) + "}\n": 4_400,
}
PERIODS = (
    "0000",
    "9999",
    "99999",
    "2024-1",
    "2024-01-32",
    "",
    "\u0662\u0660\u0662\u0664",
    " 2024 ",
    "2024.0",
    "2024..2025",
)
PEOPLE: dict[str, Right] = {
    "1,1,head,30000\n": 4_400,
    "1,1,head,5%\n": "not a number",
    '1,1,head,"30,000"\n': "not a number",
    "1,1,head,3e4\n": "not a plain decimal number",
    "1,1,head,+30000\n": "not a plain decimal number",
    "1,1,head,(30000)\n": "not a number",
    "1,1,head,$30000\n": "not a number",
    "1,1,Head,30000\n": "no role `Head`",
    "1,9,head,30000\n": "no tax_unit `9`",
    "1,1,head,30000\n3,1,head,5\n": "at most 1 may",
    "1,1,head\n": "cannot be read as a table",
    "1,1,head,5,6\n": "cannot be read as a table",
}
FILES: dict[str, tuple[bytes, Right]] = {
    "utf16.csv": ((HEADER + "1,1,head,5\n" + OTHER).encode("utf-16"), "cannot be read as a table"),
    "latin.csv": ((HEADER + "\u00e9,1,head,5\n" + OTHER).encode("latin-1"), "cannot be read as a table"),
    "mark.csv": (("\ufeff" + HEADER + "1,1,head,30000\n" + OTHER).encode(), 4_400),
    "packed.csv.gz": (gzip.compress((HEADER + "1,1,head,30000\n" + OTHER).encode()), 4_400),
    "cut.csv.gz": (gzip.compress((HEADER + "1,1,head,30000\n" * 900).encode())[:60], "cannot be read as a table"),
    "empty.csv": (b"", "cannot be read as a table"),
    "false.parquet": (b"PAR1xxxxPAR1", "cannot be read as a table"),
    "semicolons.csv": (HEADER.replace(",", ";").encode() + b"1;1;head;5\n", "has no column `tax_unit_id`"),
}
REFORMS: dict[str, Right] = {
    "set:\n  allowance: {2024-01-01: 12_000}": 1_800,
    "set:\n  allowance: {2024-01-01: 1, 2024-1-1: 2}": "not a date",
    "set:\n  allowance: {2024-02-30: 1}": "no date",
    "set:\n  allowance: {2024-01-01: 2_000}": "already has these values",
    "set:\n  allowance: {2024-01-01: 10%}": "an amount of money is expected",
    "set:\n  alowance: {2024-01-01: 1}": "no constant `alowance`",
    "set: {}": "changes nothing",
    "": "changes nothing",
    "remove: [tax_of_person]": "unknown name `tax_of_person`",
    "set:\n  rates: {2024-01-01: []}": "no bracket",
    "set:\n  rates: {2024-01-01: [{above: 0, rate: 30%}, {above: 0, rate: 10%}]}": "not above the one before it",
}
RULES: dict[tuple[str, str], str] = {
    ("sum(m.tax_of_person for m in members where m.age >= 18)", "tax + 1 USD"): "in a circle",
    ("(savings @ end) * 1%", "(savings @ end) * 1% + tax_unit.tax"): "in a circle",
    ("(savings @ end) * 1%", "(savings @ end) / 0"): "divides by zero",
    ("m.age >= 18", "m.wages >= 18 years"): "cannot be compared",
    ("in members where", "in membres where"): "unknown name `membres`",
    ("kind = .special", "kind = .specail"): "no member `specail`",
    (" else 0 USD) + (if", ") + (if"): "is not allowed here",
    ("absent: 40", "absent: 400"): "outside the range",
    ("range: 0 .. 130", "range: 130 .. 0"): "is empty",
    ("excludes: [pay]", "excludes: [zilch]"): "unknown name `zilch`",
    ("exports: [tax,", "exports: [tax, tax,"): "listed twice",
    ("expect: {tax: 4_400", "expect: {taxx: 4_400"): "no figure `taxx`",
    ("label: Wages,", 'label: "\\u202eWages",'): "an escape gives the character U+202E",
    ("label: Wages,", 'label: "\\e[2JWages",'): "an escape gives the character U+001B",
}
SWEEPS: dict[str, str] = {
    "wages=60000..0": "before it begins",
    "wages=0..1000000000000": "`wages` lies in",
    "wages=0..0.001": "not on the grid",
    "wages=nan..5": "no money",
    "kind=0..5": "only numbers and dates",
    "wages": "does not say what to move",
    "=..": "does not say what to move",
}
CONDITIONS: dict[str, str] = {
    "tax >": "ends too early",
    "true": "names no fact or figure",
    "1/0 > tax": "divides by zero",
    "wages > 5": "cannot be compared with money",
    "tax = 'x'": "there are no strings",
    "tax > 1e5": "is not allowed here",
    "__import__('os')": "names no fact or figure",
}


def furnished(folder: Path) -> Path:
    """A folder with the rules, a case and the tables of two units."""
    write_land(folder)
    (folder / "case.yaml").write_text(CASE % "wages: 30_000", encoding="utf-8")
    (folder / "tax_units.csv").write_text("tax_unit_id\n1\n2\n", encoding="utf-8")
    (folder / "people.csv").write_text(HEADER + "1,1,head,30000\n" + OTHER, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnished(tmp_path_factory.mktemp("by_hand"))


def check(arguments: list[str], right: Right, stdin: str = "") -> None:
    attempt = Attempt(arguments, None, stdin)
    code, out, err = outcome(attempt)
    assert "Traceback" not in out + err
    if isinstance(right, str):
        told = " ".join((out + err).replace("\u2502", " ").split())
        assert code != 0, (arguments, out)
        assert right in told, told
    else:
        assert (code, answered(attempt, out)) == (0, Fraction(right)), (out, err)


def calc(here: Path, *more: str) -> list[str]:
    return ["calc", str(here / "land"), "-", "--want", "tax", "--json", *more]


def batch(here: Path, people: Path, *more: str) -> list[str]:
    inputs = ["--input", f"person={people}", "--input", str(here / "tax_units.csv")]
    return ["batch", str(here / "land"), "--at", "2024", *inputs, "--output", "-", "--want", "tax", *more]


@pytest.mark.parametrize("facts", VALUES)
def test_values(here: Path, facts: str) -> None:
    check(calc(here), VALUES[facts], CASE % facts)


@pytest.mark.parametrize("case", CASES)
def test_cases(here: Path, case: str) -> None:
    check(calc(here), CASES[case], case)


@pytest.mark.parametrize("period", PERIODS)
def test_periods(here: Path, period: str) -> None:
    check(calc(here, "--at", period), "", CASE % "wages: 30_000")


@pytest.mark.parametrize("rows", PEOPLE)
def test_rows(here: Path, tmp_path: Path, rows: str) -> None:
    (tmp_path / "people.csv").write_text(HEADER + rows + OTHER, encoding="utf-8")
    check(batch(here, tmp_path / "people.csv"), PEOPLE[rows])


@pytest.mark.parametrize("name", FILES)
def test_files(here: Path, tmp_path: Path, name: str) -> None:
    content, right = FILES[name]
    (tmp_path / name).write_bytes(content)
    check(batch(here, tmp_path / name), right)


@pytest.mark.parametrize("reform", REFORMS)
def test_reforms(here: Path, tmp_path: Path, reform: str) -> None:
    (tmp_path / "reform.yaml").write_text(f"about: More\nlaw: A bill\n{reform}\n", encoding="utf-8")
    check(calc(here, "--reform", str(tmp_path / "reform.yaml")), REFORMS[reform], CASE % "wages: 30_000")


@pytest.mark.parametrize("change", RULES)
def test_rules(tmp_path: Path, change: tuple[str, str]) -> None:
    assert change[0] in LAND
    write_rules(tmp_path / "land", LAND.replace(*change), LAND_SETTINGS)
    check(["check", str(tmp_path / "land")], RULES[change])


@pytest.mark.parametrize("range_", SWEEPS)
def test_sweeps(here: Path, range_: str) -> None:
    check(["sweep", str(here / "land"), str(here / "case.yaml"), "--vary", range_, "--show", "tax"], SWEEPS[range_])


@pytest.mark.parametrize("condition", CONDITIONS)
def test_conditions(here: Path, condition: str) -> None:
    inputs = ["--input", str(here / "people.csv"), "--input", str(here / "tax_units.csv")]
    check(["find", str(here / "land"), condition, "--at", "2024", *inputs], CONDITIONS[condition])


def test_a_column_to_keep_that_is_not_there(here: Path) -> None:
    check(batch(here, here / "people.csv", "--keep", "ghost"), "no table has a column `ghost` to keep")
