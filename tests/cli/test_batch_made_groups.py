"""Tables of people whose groups facts make: figures of people and dwellings, and what to do for those of the groups."""

from __future__ import annotations

from pathlib import Path

from tests.api.kitchens import MODULE, SETTINGS
from tests.cli.command import run, write_rules


def test_groups_that_facts_make_need_no_file(tmp_path: Path) -> None:
    land = write_rules(tmp_path / "land", MODULE, SETTINGS)
    people, dwellings = tmp_path / "person.csv", tmp_path / "dwelling.csv"
    people.write_text(
        "person_id,dwelling_id,dwelling_role,pay@2024,cooks_at\n1,1,owner,10,1\n2,1,resident,20,1\n3,1,resident,5,none\n"
    )
    dwellings.write_text("dwelling_id\n1\n")
    batch = ("batch", land, "--at", "2024-03", "--input", people, "--input", dwellings, "--output", "-", "--want")
    assert run(*batch, "share").stdout.splitlines()[1:] == ["1,10.00,", "2,10.00,", "3,1.00,"]
    assert run(*batch, "food_of_month").stdout.splitlines()[1:] == ["1,20.00,"]
    refused = run(*batch, "need")
    assert refused.returncode == 2
    assert "or ask for a figure of the dwelling that adds them up" in refused.stderr
