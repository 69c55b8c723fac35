"""check, test, fmt, graph and show, through the real command."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.cli.command import MODULE, ROOT, run, write_rules


def line_of(text: str) -> int:
    """The line of the module on which `text` stands, from 1."""
    return next(number for number, line in enumerate(MODULE.splitlines(), 1) if text in line)


def test_check_says_how_much_was_checked(rules: Path) -> None:
    done = run("check", rules)
    assert done.returncode == 0
    assert done.stdout == "land: 1 module, 2 facts, 2 figures, 3 dated constants; 0 errors, 0 warnings\n"


def test_check_shows_all_problems_and_counts_them(tmp_path: Path) -> None:
    broken = MODULE.replace("head.wages - allowance", "head.wagez - alowance")
    broken = broken.replace("law: s. 4", "law: s. 4\n    sort: x")
    done = run("check", write_rules(tmp_path / "land", broken))
    assert done.returncode == 3
    assert "did you mean `allowance`?" in done.stdout
    line = line_of("head.wages")
    column = MODULE.splitlines()[line - 1].index("wages") + 1
    assert f"tax.yaml:{line + 1}:{column}\n" in done.stdout  # one line was added above it
    assert "3 errors, 0 warnings" in done.stdout


def test_check_in_json_has_positions(tmp_path: Path) -> None:
    done = run("check", write_rules(tmp_path / "land", MODULE.replace("rates(taxed)", "rates(taxt)")), "--json")
    assert done.returncode == 3
    answer = json.loads(done.stdout)
    assert (answer["ok"], answer["errors"]) == (False, 1)
    problem = answer["problems"][0]
    assert (problem["code"], problem["line"], problem["column"]) == ("E401", line_of("rates(taxed)"), 27)
    assert "taxed" in problem["help"]


def test_the_shipped_rules_check_and_their_examples_hold() -> None:
    assert run("check", "us").returncode == 0
    done = run("test", "us")
    assert done.returncode == 0, done.stdout
    assert "all met" in done.stdout


def test_a_failing_example_is_shown_with_both_figures(tmp_path: Path) -> None:
    done = run("test", write_rules(tmp_path / "land", MODULE.replace("3_550", "3_551")))
    assert done.returncode == 4
    assert "expected 3551.00" in done.stdout
    assert "found    3550.00" in done.stdout
    assert "1 expectation not met" in done.stdout


def test_an_example_that_is_unknown_or_an_error_says_why(tmp_path: Path) -> None:
    ann = MODULE.replace("{wages: 30_000}, bo", "{}, bo")
    done = run("test", write_rules(tmp_path / "unknown", ann))
    assert "found    unknown: not determined: between 0" in done.stdout
    assert "not stated: wages of ann for 2024" in done.stdout
    failing = MODULE.replace("max(0 USD, rates(taxed)", "max(0 USD, rates(taxed) / (children - 1)")
    done = run("test", write_rules(tmp_path / "error", failing))
    line = line_of("in max(0 USD")
    assert re.search(rf"found    error: division by zero, at \S+tax.yaml:{line}:\d+", done.stdout), done.stdout
    result = json.loads(run("test", tmp_path / "error", "--json").stdout)["mismatches"][0]
    assert (result["found"], "division by zero" in result["reason"]) == ("error", True)


def test_examples_are_run_again_when_a_file_changes(tmp_path: Path) -> None:
    folder = write_rules(tmp_path / "land")
    command = [sys.executable, "-m", "api.cli", "test", str(folder), "--watch"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        try:
            assert "all met" in watching.stdout.readline()
            assert "waiting" in watching.stdout.readline()
            write_rules(folder, MODULE.replace("3_550", "3_551"))
            assert "income_tax in tax (one child)" in watching.stdout.readline()
        finally:
            watching.terminate()


def test_examples_can_be_chosen_by_name(rules: Path) -> None:
    assert "1 example" in run("test", rules, "--only", "one child").stdout


def test_fmt_changes_formulas_and_nothing_else(tmp_path: Path) -> None:
    orderly = "max(0 USD, head.wages - allowance)"
    folder = write_rules(tmp_path / "land", MODULE.replace(orderly, "max( 0 USD,head.wages-allowance )  # why"))
    path = folder / "tax.yaml"
    checked = run("fmt", folder, "--check")
    assert (checked.returncode, checked.stdout.strip()) == (1, str(path))
    assert "max( 0 USD" in path.read_text(encoding="utf-8")
    assert run("fmt", folder).returncode == 0
    assert path.read_text(encoding="utf-8") == MODULE.replace(orderly, f"{orderly}  # why")
    assert run("fmt", path, "--check").returncode == 0


def test_fmt_keeps_the_breaks_of_the_author_where_lines_fit(tmp_path: Path) -> None:
    path = write_rules(tmp_path / "land") / "tax.yaml"
    formula = """\
      let kept = case
            when wages>(1000 USD) then wages
            else 0 USD
      in min(kept,
             allowance + wages)
"""
    text = MODULE.replace("  taxed:", "  shown:\n    label: x\n    entity: person\n    period: year\n    type: money\n"
                          f"    law: s. 9\n    formula: |\n{formula}  taxed:")  # fmt: skip
    path.write_text(text, encoding="utf-8")
    assert run("fmt", path).returncode == 0
    assert formula.replace("wages>(1000 USD)", "wages > 1_000 USD") in path.read_text(encoding="utf-8")


def test_fmt_keeps_line_endings_and_links(tmp_path: Path) -> None:
    path, link = write_rules(tmp_path / "land") / "tax.yaml", tmp_path / "link.yaml"
    text = MODULE.replace("head.wages - allowance)", " + ".join(["(head.wages-allowance)"] * 12) + ")")
    path.write_bytes(text.replace("\n", "\r\n").encode())
    link.symlink_to(path)
    assert run("fmt", link).returncode == 0
    assert link.is_symlink()
    written = path.read_bytes()
    assert written != text.replace("\n", "\r\n").encode()
    assert written.count(b"\n") == written.count(b"\r\n")


def test_fmt_leaves_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    broken = MODULE.replace("head.wages - allowance", "head.wages - - -")
    folder = write_rules(tmp_path / "land", broken)
    assert run("fmt", folder).returncode == 3
    assert (folder / "tax.yaml").read_text(encoding="utf-8") == broken


def test_graph_in_mermaid_and_dot(rules: Path) -> None:
    mermaid = run("graph", "income_tax", "--rules", rules).stdout
    assert mermaid.startswith("flowchart LR")
    assert '"taxed<br/>Taxed income"' in mermaid
    assert mermaid.count("-->") == 3
    dot = run("graph", "income_tax", "--rules", rules, "--dot").stdout
    assert dot.startswith("digraph")
    assert '"wages" -> "tax:taxed";' in dot
    users = json.loads(run("graph", "wages", "--rules", rules, "--users", "--json").stdout)
    assert [node["name"] for node in users["nodes"]] == ["wages", "tax:taxed", "income_tax"]


def test_show_a_figure_a_constant_and_what_is_not_there(rules: Path) -> None:
    shown = run("show", "income_tax", "--rules", rules).stdout
    assert "s. 6" in shown
    assert "in max(0 USD, rates(taxed) - credits[min(2, children)])" in shown
    constant = json.loads(run("show", "allowance", "--rules", rules, "--json").stdout)
    dated = [(value["from"], value["value"], value["text"]) for value in constant["values"]]
    assert dated == [("2020-01-01", "1000.00", "1,000 USD"), ("2024-01-01", "2000.00", "2,000 USD")]
    assert constant["used_by"] == ["tax:taxed"]
    missing = run("show", "alowance", "--rules", rules)
    assert missing.returncode == 2
    assert "did you mean `allowance`?" in missing.stderr


def test_show_cites_each_value_from_its_own_day(tmp_path: Path) -> None:
    stated = "type: money, law: s. 2, values: {2020-01-01: 1_000, 2024-01-01: 2_000}"
    laws = "{2020-01-01: Act A s. 2, 2024-01-01: Act B s. 9}"
    dated = stated.replace("law: s. 2", f"law: {laws}")
    assert stated in MODULE
    rules = write_rules(tmp_path / "land", MODULE.replace(stated, dated))
    shown = run("show", "allowance", "--rules", rules).stdout
    assert "2020-01-01  1,000 USD  [Act A s. 2]" in shown and "2024-01-01  2,000 USD  [Act B s. 9]" in shown
    assert "law:       Act B s. 9\n" in shown
    values = json.loads(run("show", "allowance", "--rules", rules, "--json").stdout)["values"]
    assert [value["law"] for value in values] == [[{"source": "Act A s. 2"}], [{"source": "Act B s. 9"}]]


def test_search_finds_by_word_label_and_law(rules: Path) -> None:
    def found(*words: str) -> list[list[str]]:
        return [line.split()[:2] for line in run("search", *words, "--rules", rules).stdout.splitlines()]

    assert found("allowance") == [["tax:allowance", "parameter"]]
    assert found("taxed", "income") == [["tax:taxed", "figure"]]  # by its label
    assert found("s. 6") == [["income_tax", "figure"]]
    assert found("Income", "tax")[0] == ["income_tax", "figure"]  # it is called so; others have both words
    assert found("dependents") == [["tax_unit.dependent", "role"]]
    assert found("tax_unit")[0] == ["tax_unit", "entity"]
    long_names = run("search", "standard deduction").stdout.splitlines()
    kinds = [line[50:61].strip() for line in long_names if line[:50].strip() == "" or "  " in line]
    assert kinds and set(kinds) <= {"figure", "fact", "table", "parameter", "member", "scale", "function", "reason"}
    found_in_json = json.loads(run("search", "age", "--rules", rules, "--json").stdout)
    assert found_in_json["names"][0]["name"] == "age"
    nothing = run("search", "zeppelin", "--rules", rules)
    assert (nothing.returncode, nothing.stdout) == (1, "")
    assert "nothing in" in nothing.stderr
    wrong = run("search", "age", "--rules", rules, "--kind", "figur")
    assert (wrong.returncode, "did you mean `figure`" in wrong.stderr) == (2, True)


def test_list_and_show_know_everything_that_has_a_name(tmp_path: Path) -> None:
    module = MODULE.replace("examples:", """requirements:
  may_pay:
    entity: person
    period: year
    law: s. 8
    all:
      grown: {needs: age >= 18, law: s. 8(1), fails: You must be 18.}
      liable: {law: s. 8(2), any_of: {earns: {needs: wages > 0 USD}, old: {needs: age > 65}}}
examples:""")  # fmt: skip
    folder = write_rules(tmp_path / "land", module)
    listed = json.loads(run("list", folder, "--json").stdout)["names"]
    kinds = {entry["name"]: entry["kind"] for entry in listed}
    assert kinds["wages"] == "fact"
    assert kinds["tax:may_pay.liable.earns"] == "reason"
    assert kinds["tax_unit.head"] == "role"
    assert run("list", folder, "--module", "tax", "--kind", "scale").stdout.split()[:3] == ["tax", "tax:rates", "scale"]
    assert "us" in run("list").stdout.split()
    assert run("list", folder, "--module", "tacks").returncode == 2
    reason = run("show", "earns", "--rules", folder).stdout
    assert "tax:may_pay.liable.earns" in reason or "earns" in reason.splitlines()[0]
    assert "wages > 0 USD" in reason
    entity = run("show", "tax_unit", "--rules", folder).stdout
    for part in ("(entity of the ruleset)", "a group of", "head: exactly 1", "dependent: any number", "income_tax"):
        assert part in entity
    assert "Monday" in run("show", "enum:weekday", "--rules", folder).stdout


def test_a_new_ruleset_checks_and_its_examples_hold(tmp_path: Path) -> None:
    folder = tmp_path / "west_land"
    made = run("new", folder, "--currency", "CHF", "--year", "2025")
    assert (made.returncode, "benefits/allowance.yaml" in made.stdout) == (0, True)
    checked = run("check", folder)
    assert (checked.returncode, "warning[" in checked.stderr + checked.stdout) == (0, False)
    tested = run("test", folder, "--coverage")
    assert tested.returncode == 0, tested.stdout
    assert "every exported figure and every reason is tried" in tested.stdout
    assert run("fmt", folder, "--check").returncode == 0
    again = run("new", folder)
    assert (again.returncode, "is not empty" in again.stderr) == (1, True)
    assert "write `west_land`" in run("new", tmp_path / "West-Land").stderr
    assert run("new", "us", cwd=tmp_path).returncode == 2


def test_rules_that_are_not_there(tmp_path: Path) -> None:
    for name in ("nowhere", tmp_path / "nothing", ROOT / "README.md"):
        done = run("check", name)
        assert done.returncode == 2
        assert "help:" in done.stderr


def test_rules_that_are_binary(tmp_path: Path) -> None:
    folder = write_rules(tmp_path / "land")
    (folder / "noise.yaml").write_bytes(bytes(range(256)) * 40)
    done = run("check", folder)
    assert done.returncode == 3
    assert "\x1b" not in done.stdout
    assert "E102" in done.stdout


def test_help_is_there_for_every_command() -> None:
    listed = run("--help").stdout
    for name in ("check", "test", "calc", "why", "fmt", "graph", "show", "taxsim", "demo"):
        assert name in listed
        assert run(name, "--help").returncode == 0
    assert run("nonsense").returncode == 2


def test_importing_the_command_imports_nothing_heavy() -> None:
    heavy = "('typer', 'rich', 'lark', 'yaml', 'numpy', 'pyarrow', 'llvmlite')"
    code = f"import sys, api.cli; print([name for name in sys.modules if name.split('.')[0] in {heavy}])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_reader_that_leaves_is_no_fault() -> None:
    command = f"{sys.executable} -m api.cli graph income_tax | head -1"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "flowchart LR"
    assert done.stderr == ""


def test_check_reads_the_reforms_of_the_rules_too(rules: Path) -> None:
    (rules / "reforms").mkdir()
    reform = rules / "reforms" / "bill.yaml"
    reform.write_text("about: Half\nlaw: Bill 1\nset:\n  allowanse: {2024-01-01: 1_000}\n", encoding="utf-8")
    done = run("check", rules)
    assert done.returncode == 3
    assert f"--> {reform}:4:3" in done.stdout
    assert done.stdout.count("error[") == 1
    reform.write_text(reform.read_text(encoding="utf-8").replace("allowanse", "allowance"), encoding="utf-8")
    assert run("check", rules).returncode == 0


def test_a_reform_names_what_there_is(rules: Path, tmp_path: Path) -> None:
    reform = tmp_path / "bill.yaml"
    start = "about: Half\nlaw: Bill 1\n"
    figure = "{label: x, entity: tax_unit, period: year, type: money, formula: 0}"
    variables = f"replace: {{variables: {{incometax: {figure}}}}}\n"
    for text, said in (
        ("remove: [incometax]\n", "did you mean `income_tax`?"),
        (variables, "did you mean `income_tax`? What is new goes under `add`"),
        ("set:\n  income_tax: {2024-01-01: 3}\n", "`income_tax` is computed"),
    ):
        reform.write_text(start + text, encoding="utf-8")
        assert said in run("check", rules, "--reform", reform).stdout


def test_check_reads_the_examples_too_and_computes_none(tmp_path: Path) -> None:
    misspelt = MODULE.replace("expect: {", "expect: {taxt: 1, ", 1)
    assert misspelt != MODULE
    done = run("check", write_rules(tmp_path / "land", misspelt))
    assert done.returncode == 3
    assert "error[E801]: there is no figure `taxt`" in done.stdout
    wrong = write_rules(tmp_path / "other", MODULE.replace("3_550", "3_551"))
    assert run("check", wrong).returncode == 0


def test_asking_for_examples_that_are_not_there_is_no_success(rules: Path) -> None:
    done = run("test", rules, "--only", "nothing_like_it")
    assert done.returncode == 2
    assert "`nothing_like_it`" in done.stderr


def test_fmt_counts_what_it_could_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe")
    done = run("fmt", tmp_path / "a.yaml")
    assert done.returncode == 3
    assert "0 files changed, 0 in order, 1 not read" in done.stderr


def test_a_folder_named_as_shipped_rules_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    write_rules(tmp_path / "us")
    unclear = run("check", "us", cwd=tmp_path)
    assert (unclear.returncode, "write `./us` for the folder" in unclear.stderr) == (2, True)
    assert "1 module" in run("check", "./us", cwd=tmp_path).stdout


def test_fmt_knows_the_rulesets_of_a_folder_by_their_settings(tmp_path: Path) -> None:
    """A ruleset's screens are no module, though `fmt` is given the folder that holds several rulesets."""
    shipped = Path(__file__).parents[2] / "rules"
    done = run("fmt", shipped, "--check")
    assert (done.returncode, "not read" in done.stderr, done.stdout) == (0, False, "")
    assert run("fmt", shipped / "us" / "credits", "--check").returncode == 0
    assert run("fmt", tmp_path, "--check").returncode == 0
