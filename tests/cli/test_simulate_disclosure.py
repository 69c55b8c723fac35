"""`rulewright simulate`: a group that one table hides does not follow from another table, in any form of the answer."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from tests.cli.command import run

REFORM = "about: A larger child tax credit\nlaw: A bill\nset:\n  ctc_amount: {2024-01-01: 3_000}\n"
KINDS = {("", ""): 30, ("", "child"): 20, ("spouse", ""): 5, ("spouse", "child"): 12}
"""How many units of each kind there are: five couples without children."""


def population(folder: Path) -> list[str]:
    people, units = ["person_id,tax_unit_id,role,age,employment_income"], ["tax_unit_id,weight"]
    kinds = [kind for kind, count in KINDS.items() for _ in range(count)]
    for at, (spouse, child) in enumerate(kinds):
        units.append(f"u{at},2")
        people.append(f"a{at},u{at},head,40,{25_000 + 1_000 * (at * 17 % 60)}")
        people += [f"b{at},u{at},spouse,40,5000"] * bool(spouse) + [f"c{at},u{at},dependent,9,0"] * bool(child)
    (folder / "people.csv").write_text("\n".join(people) + "\n")
    (folder / "tax_units.csv").write_text("\n".join(units) + "\n")
    (folder / "reform.yaml").write_text(REFORM)
    return ["--population", "people.csv", "--population", "tax_units.csv"]


def test_the_couples_without_children_do_not_follow_from_who_has_children(tmp_path: Path) -> None:
    done = run(
        "simulate", "us", "--reform", "reform.yaml", "--at", "2024", *population(tmp_path), "--bootstrap", "20",
        "--json", "--tables", "tables", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    reform = json.loads(done.stdout)["years"][0]["reforms"][0]
    shown = {row["group"]: row["n"] for way in reform["groups"] for row in way["rows"] if not row.get("suppressed")}
    assert "couple" not in shown
    assert not {"one filer", "no children"} <= shown.keys()  # 35 less 30 are the five
    with (tmp_path / "tables" / "groups.csv").open() as stream:
        rows = [row for row in csv.DictReader(stream) if row["group"] in ("one filer", "no children", "couple")]
    assert {row["group"] for row in rows if row["total_change"]} == {"one filer", "no children"} & shown.keys()
