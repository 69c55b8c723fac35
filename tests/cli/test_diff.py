"""`rulewright diff`: what differs, who can be affected, and which results of worked examples change."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import MODULE, SETTINGS, run, write_rules

REFORM = """\
about: A larger allowance, and other bands
law: A bill
set:
  allowance: {2024-01-01: 3_000}
  rates: {2025-01-01: [{above: 0, rate: 15%}]}
  credits[1]: {2024-01-01: 60}
"""


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("land")
    write_rules(folder / "rules")
    (folder / "reform.yaml").write_text(REFORM)
    return folder


@pytest.fixture(scope="module")
def found(land: Path) -> Any:
    done = run("diff", "rules", "reform.yaml", "--json", cwd=land)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_constants_are_compared_date_by_date_and_row_by_row(found: Any) -> None:
    values = {
        difference["name"]: [tuple(value.values()) for value in difference["values"]]
        for difference in found["differences"]
    }
    assert values == {
        "tax:allowance": [("2024-01-01", "2,000 USD", "3,000 USD")],
        "tax:credits": [("2024-01-01", "1: 50 USD", "1: 60 USD")],
        "tax:rates": [("2025-01-01", "10% above 0 USD, 20% above 20,000 USD", "15% above 0 USD")],
    }


def test_what_reads_a_difference_can_change_and_facts_cannot(found: Any) -> None:
    assert found["can_change"] == {"tax_unit": ["income_tax"]}


def test_examples_that_come_out_otherwise_are_named(found: Any) -> None:
    (first,) = found["examples"]
    assert (first["example"], first["figure"], first["before"], first["after"]) == (
        "one child", "income_tax", "3550.00", "3340.00",
    )  # fmt: skip


def test_in_words(land: Path) -> None:
    done = run("diff", "rules", "reform.yaml", cwd=land)
    assert "parameter tax:allowance is changed: " in done.stdout
    assert "  from 2024-01-01: 2,000 USD -> 3,000 USD" in done.stdout


def test_two_folders_of_rules(land: Path) -> None:
    other = MODULE.replace("max(0 USD, head.wages - allowance)", "max(0 USD, head.wages)")
    write_rules(
        land / "other", other.replace("exports: [income_tax, wages, age]", "exports: [income_tax, wages, age, taxed]")
    )
    done = run("diff", "rules", "other", "--json", cwd=land)
    answer = json.loads(done.stdout)
    told = {difference["name"]: difference["how"] for difference in answer["differences"]}
    assert told == {"income_tax": "changed", "tax:taxed": "removed", "taxed": "added"}
    tax = next(difference for difference in answer["differences"] if difference["name"] == "income_tax")
    assert tax["parts"] == ["the same formula; what it reads has another name, type, period or group"]


def test_the_same_law_is_said_to_be_so(land: Path) -> None:
    done = run("diff", "rules", "rules", cwd=land)
    assert (done.returncode, done.stdout) == (0, "`rules` and `rules` are the same law\n")


def test_a_reform_that_is_not_there(land: Path) -> None:
    done = run("diff", "rules", "reforn.yaml", cwd=land)
    assert done.returncode == 2
    assert "there is neither a reform file nor a folder of rules `reforn.yaml`" in done.stderr


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rules whose first commit has another allowance."""
    folder = tmp_path_factory.mktemp("repository")
    rules = write_rules(folder / "law" / "rules")
    git(folder, "init", "-q")
    git(folder, "add", "law")
    git(folder, "commit", "-qm", "first")
    git(folder, "tag", "enacted")
    module = rules / "tax.yaml"
    module.write_text(MODULE.replace("2024-01-01: 2_000", "2024-01-01: 3_000"))
    git(folder, "commit", "-qam", "second")
    return folder


def test_two_revisions_of_git_are_compared(repository: Path) -> None:
    done = run("diff", "law/rules@enacted", "law/rules@HEAD", "--json", cwd=repository)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    (difference,) = answer["differences"]
    assert difference["name"] == "tax:allowance"
    assert [tuple(value.values()) for value in difference["values"]] == [("2024-01-01", "2,000 USD", "3,000 USD")]
    assert answer["can_change"] == {"tax_unit": ["income_tax"]}
    (example,) = answer["examples"]
    assert (example["figure"], example["before"], example["after"]) == ("income_tax", "3550.00", "3350.00")
    now = run("diff", "law/rules@enacted", "law/rules", "--json", cwd=repository)
    assert json.loads(now.stdout)["differences"] == answer["differences"]
    same = run("diff", "law/rules@HEAD", "law/rules", cwd=repository)
    assert same.stdout == "`law/rules@HEAD` and `law/rules` are the same law\n"


@pytest.mark.parametrize(
    ("first", "told"),
    [
        ("law/rules@nothing", "there is no revision `nothing` of `law/rules`"),
        ("law/rules@", "names no revision of rules"),
        ("law/rools@HEAD", "there are no rules `law/rools`"),
        ("law/rules@--output=x", "there is no revision `--output=x`"),
    ],
)
def test_a_revision_that_is_not_there_is_told(repository: Path, first: str, told: str) -> None:
    done = run("diff", first, "law/rules", cwd=repository)
    assert done.returncode != 0
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_an_index_reaches_what_reads_an_amount_that_it_moves(tmp_path: Path) -> None:
    module = MODULE.replace(
        "  allowance: {type: money, law: s. 2, values: {2020-01-01: 1_000, 2024-01-01: 2_000}}",
        "  prices: {type: rate, law: s. 1, values: {2020-01-01: 100%}}\n"
        "  allowance:\n    type: money\n    law: s. 2\n    values: {2020-01-01: 1_000}\n"
        "    uprate: {by: prices, base: 2020-01-01, round: half_up to 1 USD}",
    )
    write_rules(tmp_path / "rules", module)
    (tmp_path / "reform.yaml").write_text("about: Prices\nlaw: A bill\nset:\n  prices: {2024-01-01: 150%}\n")
    done = run("diff", "rules", "reform.yaml", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["can_change"] == {"tax_unit": ["income_tax"]}


def other_law(folder: Path, settings: str = SETTINGS, **changes: str) -> dict[str, Any]:
    """What differs, by name, where the second rules have other text: `old` becomes `new`."""
    write_rules(folder / "before")
    write_rules(folder / "after", MODULE.replace(changes.get("old", ""), changes.get("new", "")), settings)
    done = run("diff", "before", "after", "--json", "--no-examples", cwd=folder)
    assert done.returncode == 0, done.stderr
    return {difference["name"]: difference for difference in json.loads(done.stdout)["differences"]}


def test_a_formula_is_shown_as_it_was_and_as_it_is(tmp_path: Path) -> None:
    found = other_law(tmp_path, old="max(0 USD, head.wages - allowance)", new="max(1 USD, head.wages)")
    assert found["tax:taxed"]["texts"] == [
        {"part": "formula", "before": "max(0 USD, head.wages - allowance)", "after": "max(1 USD, head.wages)"}
    ]
    assert found["tax:taxed"]["reads_no_more"] == [{"name": "tax:allowance", "label": ""}]
    done = run("diff", "after", "before", "--no-examples", cwd=tmp_path)
    assert done.stdout.startswith(
        "figure tax:taxed is changed (formula): Taxed income [s. 5]\n"
        "  formula:\n"
        "    - max(1 USD, head.wages)\n"
        "    + max(0 USD, head.wages - allowance)\n"
        "  now reads tax:allowance\n"
    )


def test_formulas_after_a_new_one_are_the_same_as_before(tmp_path: Path) -> None:
    new = "  taxed_again:\n    label: Again\n    entity: tax_unit\n    period: year\n    type: money\n    law: s. 5\n"
    new += "    formula: let more = head.wages in sum(m.wages for m in dependents) + more\n  income_tax:"
    found = other_law(tmp_path, old="  income_tax:", new=new)
    assert list(found) == ["tax:taxed_again"]
    done = run("diff", "before", "after", "--no-examples", cwd=tmp_path)
    assert "+ let more = head.wages in sum(m.wages for m in dependents) + more" in done.stdout


def test_a_role_that_differs_is_told_with_what_reads_it(tmp_path: Path) -> None:
    found = other_law(
        tmp_path, SETTINGS.replace("dependent: {plural: dependents}", "dependent: {plural: dependents, max: 3}")
    )
    assert list(found) == ["tax_unit"]
    assert found["tax_unit"]["texts"] == [
        {
            "part": "roles",
            "before": "head: exactly 1\ndependent: any number",
            "after": "head: exactly 1\ndependent: 0 to 3",
        }
    ]
