"""Input made to crash, hang, deceive or run code: it ends in a diagnostic, and the process lives."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from engine.pipeline import compile_ruleset
from engine.reading.data import read_data
from engine.reading.declarations import Ruleset
from engine.reading.documents import read_module, read_ruleset
from engine.syntax.files import MAX_BYTES, load_source, source_from_bytes, source_from_text
from engine.syntax.parser import parse_formula
from engine.syntax.yaml_reader import MAX_DEPTH, MAX_PROBLEMS
from engine.text.diagnostics import Diagnostic, Diagnostics, as_json, render
from engine.text.source import Fragment
from tests.language.expectations import settings

MODULE = """about: A credit
law: Test Act
exports: [credit]
inputs:
  wages: {entity: person, period: year, type: money, label: Wages}
  retired: {entity: person, period: year, type: boolean, status: true, label: Retired}
parameters:
  cap: {type: money, law: Test Act s. 3, values: {2020-01-01: %s}}
variables:
  credit:
    label: Credit
    entity: person
    period: year
    type: money
    law: Test Act s. 2
    formula: if retired then cap else wages * 10%%
examples:
  - {at: 2024, given: {person: {wages: 1_000, retired: false}}, expect: {credit: 100}}
"""
LINES = MODULE.split("\n")
CAP_COLUMN = LINES[7].index("%s") + 1


def problems_in(content: str | bytes) -> list[Diagnostic]:
    """What is wrong with a module of this content, by its place."""
    problems = Diagnostics()
    raw = content.encode() if isinstance(content, str) else content
    source = source_from_bytes(raw, "hostile.yaml", problems)
    module = read_module(source, "hostile", settings(), problems) if source else None
    if module is not None:
        return list(compile_ruleset(Ruleset(settings(), (module,)), problems).problems)
    return list(problems)


def places(content: str | bytes) -> list[tuple[str, int, int]]:
    """Code, line and column of each problem."""
    diagnostics = problems_in(content)
    for diagnostic in diagnostics:
        render(diagnostic)
        as_json(diagnostic)
    return [
        (diagnostic.code, diagnostic.span.line, diagnostic.span.column) if diagnostic.span else (diagnostic.code, 0, 0)
        for diagnostic in diagnostics
    ]


def test_the_module_of_these_tests_is_sound() -> None:
    assert places(MODULE % "500") == []


# --- 1 to 4: what kills YAML readers


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "[{a: "])
def test_thirty_thousand_openings_are_refused_where_they_get_too_deep(opening: str) -> None:
    diagnostics = problems_in(opening * 30_000)
    assert [diagnostic.code for diagnostic in diagnostics] == ["E108"]
    assert diagnostics[0].span is not None
    levels = opening.count("[") + opening.count("{") + (opening in ("- ", "? "))
    assert diagnostics[0].span.start <= MAX_DEPTH * len(opening) / levels + len(opening)


def test_deep_nesting_by_indentation_is_refused() -> None:
    lines = "".join(" " * depth + f"k{depth}:\n" for depth in range(1_000))
    assert [code for code, _, _ in places(lines)] == ["E108"]


def test_the_process_lives_with_a_small_stack() -> None:
    program = (
        "from engine.reading.data import read_data\n"
        "from engine.text.diagnostics import Diagnostics\n"
        "from engine.syntax.files import source_from_text\n"
        "for opening in ('[', '{a: ', '- '):\n"
        "    problems = Diagnostics()\n"
        "    assert read_data(source_from_text(opening * 30_000, 'x', problems), problems) is None\n"
        "    print(*(one.code for one in problems))\n"
    )

    def smaller_stack() -> None:
        resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, 1 << 20))

    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, preexec_fn=smaller_stack, check=False
    )
    assert (done.returncode, done.stdout) == (0, "E108\nE108\nE108\n"), done.stderr


def test_an_alias_bomb_is_refused_and_never_expanded() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(9)
    )
    found_places = places(bomb)
    assert [place for place in found_places if place[1] == 1 and place[0] == "E103"] == [("E103", 1, 4)]
    assert sum(code == "E103" for code, _, _ in found_places) == 10 + 18


def test_a_list_that_holds_itself_is_refused() -> None:
    assert [place for place in places("about: &a [*a]\n") if place[0] == "E103"] == [("E103", 1, 8), ("E103", 1, 12)]


def test_a_hundred_thousand_aliases_stop_being_reported() -> None:
    assert len(problems_in("- *a\n" * 100_000)) == MAX_PROBLEMS


def test_tags_are_refused_and_nothing_runs(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    text = f"about: !!python/object/apply:os.system ['touch {mark}']\nlaw: !!binary aGk=\n"
    found_places = [place for place in places(text) if place[0] == "E104"]
    assert found_places == [("E104", 1, 8), ("E104", 2, 6)]
    assert not mark.exists()


# --- 5, 6, 9: scalars that YAML reads as something else


@pytest.mark.parametrize("text", ["no", "yes", "off", "True", "~", "1", "null"])
def test_only_true_and_false_are_booleans(text: str) -> None:
    module = (MODULE % "500").replace("label: Retired", f"label: Retired, absent: {text}")
    assert places(module) == [("E204", 6, LINES[5].index("}") + 1 + len(", absent: "))]


def test_a_country_called_no_stays_text() -> None:
    problems = Diagnostics()
    source = source_from_text((MODULE % "500").replace("A credit", "no").replace("Wages", "0123"), "x", problems)
    assert source is not None
    module = read_module(source, "x", settings(), problems)
    assert module is not None
    assert (module.about, module.inputs[0].label, list(problems)) == ("no", "0123", [])


@pytest.mark.parametrize(
    "text",
    [
        "0123",
        "12:30",
        "1e3",
        ".nan",
        ".inf",
        "-.inf",
        "0x1F",
        "0o17",
        "0b1",
        "1_00",
        "1,000",
        "+5",
        ".5",
        "5.",
        "1__000",
    ]
    + ["9" * 5_000, "1." + "0" * 5_000 + "1", "1" + "_000" * 200],
)
def test_what_is_no_plain_decimal_is_refused_where_it_stands(text: str) -> None:
    quoted = f"'{text}'" if "," in text else text
    assert places(MODULE % quoted) == [("E207", 8, CAP_COLUMN)]


@pytest.mark.parametrize(
    "text", ["\u0967\u0968", "\uff11\uff12", "\u0663", "1\u00a0000", "twelve", "USD 5", "10 GBP", "true", "1/3", "10%"]
)
def test_what_is_no_number_of_ascii_digits_is_refused(text: str) -> None:
    assert [place[1:] for place in places(MODULE % text)] == [(8, CAP_COLUMN)]


# --- 7, 8, 10: keys, dates, documents


def test_keys_that_stand_twice_are_shown_with_the_first() -> None:
    diagnostics = problems_in((MODULE % "500") + "about: Again\n")
    assert [(diagnostic.code, diagnostic.span.line if diagnostic.span else 0) for diagnostic in diagnostics] == [
        ("E107", 19)
    ]
    assert diagnostics[0].notes[0].span is not None
    assert diagnostics[0].notes[0].span.line == 1


@pytest.mark.parametrize(
    "day", ["2024-02-30", "2023-02-29", "2024-13-01", "0000-01-01", "9999-01-01", "2024-1-1", "24-01-01"]
)
def test_days_that_are_none_are_refused(day: str) -> None:
    assert places((MODULE % "500").replace("500}", f"500, {day}: 600}}")) == [("E206", 8, CAP_COLUMN + len("500, "))]


def test_two_documents_merge_keys_and_odd_keys_are_all_shown_at_once() -> None:
    text = (MODULE % "500") + "<<: {law: x}\n1.5: x\n[a]: x\n? {b: c}\n: x\n---\nabout: x\n"
    found_places = places(text)
    assert found_places == [("E105", 19, 1), ("E201", 20, 1), ("E110", 21, 1), ("E110", 22, 3), ("E106", 24, 1)]


# --- 11, 12: formulas


@pytest.mark.parametrize(
    "formula", ["__import__('os')", "wages.__class__", "open(wages)", "().x", "lambda: 0", "wages; wages"]
)
def test_formulas_are_not_python(formula: str) -> None:
    codes = {
        code
        for code, _, _ in places(
            (MODULE % "500").replace(
                "if retired then cap else wages * 10%", f"'{formula}'" if "'" not in formula else formula
            )
        )
    }
    assert codes
    assert codes <= {"E301", "E304", "E401", "E406", "E505", "W901"}


@pytest.mark.parametrize(
    "formula",
    ["(" * 10_000 + "1" + ")" * 10_000, "- " * 9_000 + "1", "-" * 100_000 + "1", "1" + " + 1" * 100_000]
    + ["not " * 4_000 + "true", "(" * 10_000, "if true then " * 1_500, "1" + " + 1" * 4_900, "min(" * 4_900],
    ids=lambda text: f"{text[:13]}…",
)
def test_enormous_formulas_end_in_a_limit(formula: str) -> None:
    problems = Diagnostics()
    assert parse_formula(Fragment.whole(formula), problems) is None
    assert {problem.code for problem in problems} <= {"E301", "E302"}
    assert len(problems) == 1


def test_a_formula_longer_than_a_line_in_a_file_is_refused_at_its_place() -> None:
    text = (MODULE % "500").replace("wages * 10%", "wages * 10%" + " + 0 USD" * 10_000)
    assert [place for place in places(text) if place[0] == "E302"] == [("E302", 16, 14)]


# --- 17 and the sizes of files


def test_a_file_past_the_limit_is_refused_without_being_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as stream:
        stream.truncate(10 * MAX_BYTES)
    problems = Diagnostics()
    assert load_source(path, problems) is None
    assert [(problem.code, problem.file) for problem in problems] == [("E109", str(path))]


def test_a_file_at_the_limit_is_read(tmp_path: Path) -> None:
    path = tmp_path / "full.yaml"
    path.write_bytes((MODULE % "500").encode().ljust(MAX_BYTES, b"\n"))
    problems = Diagnostics()
    assert load_source(path, problems) is not None
    assert not problems.items


def test_a_file_full_of_mistakes_is_read_to_its_end() -> None:
    keys = "".join(f"bad_key_{number}: 1\n" for number in range(40_000))
    diagnostics = problems_in((MODULE % "500") + keys)
    assert len(diagnostics) == 40_000
    assert {diagnostic.code for diagnostic in diagnostics} == {"E201"}


def test_long_runs_of_white_space_are_read_once() -> None:
    blank = (MODULE % "500").replace("about: A credit", "about: |\n  A\n" + "\n" * 400_000 + "  credit")
    assert places(blank) == []
    spaces = (MODULE % "500").replace("formula: if", "formula: >\n      if" + " \n" * 100_000 + "     ")
    assert "E302" in {code for code, _, _ in places(spaces)}


def test_a_table_of_a_thousand_million_cells_is_refused() -> None:
    tables = (
        "tables:\n  t:\n    type: money\n    law: Test Act s. 9\n    key: {a: integer 0..%s, b: integer 0..999}\n"
        "    values: {2020-01-01: {}}\n"
    )
    text = MODULE % "500"
    for bound in ("999_999_999", "999"):
        assert sorted(place[0] for place in places(text + tables % bound)) == ["E214"]


# --- bytes


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"about: caf\xe9\n", (1, 11)),
        (b"about: x\nlaw: \xff\xfe\n", (2, 6)),
        (b"about: \xc3\xa9\xed\xa0\x80\n", (1, 9)),
        ("about: x\n".encode("utf-16"), (1, 1)),
        (b"about: a\x00b\n", (1, 9)),
        (b"\xef\xbb\xbfabout: x\n", (1, 1)),
        ("about: x\u2028law: y\n".encode(), (1, 9)),
        ("about: \U0001f600\u202ex\n".encode(), (1, 9)),
        (b"about: x\rlaw: y\n", (1, 9)),
    ],
)
def test_bytes_that_are_no_text_are_refused_at_their_character(content: bytes, place: tuple[int, int]) -> None:
    assert places(content)[0] == ("E102", *place)


def test_lone_surrogates_are_refused() -> None:
    problems = Diagnostics()
    assert source_from_text("about: \ud800\n", "x", problems) is None
    assert [problem.code for problem in problems] == ["E102"]


def test_windows_line_ends_are_read() -> None:
    assert places((MODULE % "500").replace("\n", "\r\n")) == []


# --- files and folders


def test_what_is_not_a_file_or_not_there_is_said(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.yaml", Path("/dev/zero"), tmp_path / ("x" * 5_000), Path("a\0b")):
        problems = Diagnostics()
        assert load_source(path, problems) is None
        assert [problem.code for problem in problems] == ["E111"]


def test_a_folder_without_a_ruleset_still_shows_what_is_not_yaml(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: b: c\n")
    problems = Diagnostics()
    assert read_ruleset(tmp_path, problems) is None
    assert sorted(problem.code for problem in problems) == ["E101", "E111"]
    assert read_ruleset(tmp_path / "nowhere", Diagnostics()) is None


def test_a_circle_of_links_between_folders_ends(tmp_path: Path) -> None:
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    problems = Diagnostics()
    assert read_ruleset(tmp_path, problems) is None
    assert [problem.code for problem in problems] == ["E111"]


# --- cases in JSON, read by the same reader


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ('{"at": 2024, "people": {"anna": {"wages": "1000.00"}}}', []),
        ('{"a": 1, "a": 2}', ["E107"]),
        ("[" * 100_000, ["E108"]),
        ('{"a": "\\ud800"}', ["E101"]),
        ('{"a": NaN}', []),
        ("", ["E101"]),
    ],
)
def test_cases_may_be_json(text: str, codes: list[str]) -> None:
    problems = Diagnostics()
    source = source_from_text(text, "case.json", problems)
    assert source is not None
    node = read_data(source, problems)
    assert [problem.code for problem in problems] == codes
    assert (node is None) == (codes not in ([], ["E107"]))


@pytest.mark.parametrize("char", ["\x1b", "\r", "\u202e", "\u200b", "\ufeff"])
def test_no_snippet_moves_the_cursor_or_hides_a_character(char: str) -> None:
    for place in ("label: Wages", "formula: if retired", "  wages:"):
        assert place in MODULE
        shown = "\n".join(render(problem) for problem in problems_in((MODULE % "500").replace(place, place + char, 1)))
        assert char not in shown


def test_functions_that_call_each_other_twice_and_twice_again_are_refused_before_they_run() -> None:
    functions = "".join(
        f"  f{n}: {{arguments: {{x: money}}, type: money, formula: f{n + 1}(x) + f{n + 1}(x)}}\n" for n in range(60)
    )
    last = "functions:\n" + functions + "  f60: {arguments: {x: money}, type: money, formula: x}\nvariables:"
    module = (MODULE % "500").replace("variables:", last).replace("wages * 10%", "f0(wages)")
    assert [code for code, _, _ in places(module)] == ["E706"]


def test_names_are_suggested_until_there_are_too_many_to_compare() -> None:
    inputs = "".join(f"  wages_{n}: {{entity: person, period: year, type: money, label: W}}\n" for n in range(800))
    figures = "".join(
        f"  pay_{n}: {{label: P, entity: person, period: year, type: money, law: x, formula: wagez_{n}}}\n"
        for n in range(800)
    )
    module = (MODULE % "500").replace("inputs:\n", "inputs:\n" + inputs)
    module = module.replace("variables:\n", "variables:\n" + figures)
    diagnostics = [problem for problem in problems_in(module) if problem.code == "E401"]
    assert len(diagnostics) == 800
    assert "did you mean `wages_0`" in diagnostics[0].help
    assert "did you mean" not in diagnostics[-1].help


def test_exceptions_of_many_conditions_are_told_apart() -> None:
    facts = "".join(
        f"  b{n}: {{entity: person, period: year, type: boolean, status: true, label: B, absent: false}}\n"
        for n in range(14)
    )
    cases = "".join(
        f"      e{n}: {{when: {' and '.join(('' if n >> bit & 1 else 'not ') + f'b{bit}' for bit in range(14))}, "
        f"then: {n} USD, law: x}}\n"
        for n in range(40)
    )
    module = (MODULE % "500").replace("inputs:\n", "inputs:\n" + facts)
    module = module.replace("wages * 10%\n", "wages * 10%\n    exceptions:\n" + cases)
    assert "exceptions" in module
    assert places(module) == []
    assert [code for code, _, _ in places(module.replace("then: 7 USD", "then: 7 USD, over: [e7]"))] == ["E705"]
    third = " and ".join(("" if 3 >> bit & 1 else "not ") + f"b{bit}" for bit in range(14))
    both = module.replace(third, "b0 and b1")
    assert both != module
    assert {code for code, _, _ in places(both)} == {"E702"}
