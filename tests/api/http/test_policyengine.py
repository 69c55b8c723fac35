"""PolicyEngine's household endpoint, as its clients use it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.compat.policyengine import names
from api.compat.policyengine.names import definition_of
from api.http.config import Config
from api.rules.programs import load_program
from tests.api.http.client import TestClient, serving

PATH = "/compat/policyengine/us/calculate"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with serving(Config()) as client:
        yield client


def ask(client: TestClient, household: Any, **headers: str) -> Any:
    done = client.post(PATH, json={"household": household, "version": "1.2.3"}, headers=headers)
    assert done.status_code == 200, done.text
    return done.json()


def family(**unit: Any) -> dict[str, Any]:
    """Two parents and two children, as a benefits screener sends them."""
    return {
        "people": {
            "1": {"age": {"2024": 34}, "employment_income": {"2024": 31000}, "is_tax_unit_head": {"2024": True}},
            "2": {"age": {"2024": 33}, "employment_income": {"2024": "0"}},
            "3": {"age": {"2024": 9}},
            "4": {"age": {"2024": 6}},
        },
        "tax_units": {"main": {"members": ["1", "2", "3", "4"], **unit}},
        "families": {"family": {"members": ["1", "2", "3", "4"]}},
        "households": {"household": {"members": ["1", "2", "3", "4"], "state_code": {"2024": "CO"}}},
        "spm_units": {"spm": {"members": ["1", "2", "3", "4"]}},
        "marital_units": {"couple": {"members": ["1", "2"]}},
    }


def test_every_null_is_filled_in_under_the_period_that_was_sent(client: TestClient) -> None:
    sent = family(eitc={"2024": None}, income_tax={"2024": None}, filing_status={"2024": None})
    question = ask(client, sent)
    assert question["status"] == "ok"
    assert "rulewright" in question["policyengine_bundle"]["model_version"]
    unit = question["result"]["tax_units"]["main"]
    assert unit["members"] == ["1", "2", "3", "4"]
    assert unit["filing_status"] == {"2024": "JOINT"}
    assert int(unit["eitc"]["2024"]) == 6673  # 6,960 - 21.06% of (31,000 - 29,640): 26 USC 32(b), Rev. Proc. 2023-34
    assert isinstance(unit["income_tax"]["2024"], int | float)
    assert list(question["result"]) == list(sent)
    assert question["result"]["people"]["1"]["employment_income"] == {"2024": 31000}
    assert "warnings" not in question


def test_by_month_and_by_year(client: TestClient) -> None:
    sent = family()
    sent["spm_units"]["spm"] |= {"snap_if_takes_up": {"2024-03": None}, "snap": {"2024-3": 120}}
    sent["people"]["1"] |= {"ssi": {"2024": None}}
    sent["tax_units"]["main"] |= {"eitc": {"2024": None, "2024-01": None}}
    result = ask(client, sent)["result"]
    assert result["spm_units"]["spm"]["snap"] == {"2024-3": 120}
    assert result["spm_units"]["spm"]["snap_if_takes_up"]["2024-03"] is not None
    eitc = result["tax_units"]["main"]["eitc"]
    assert abs(eitc["2024"] / 12 - eitc["2024-01"]) < 0.01
    assert result["people"]["1"]["ssi"]["2024"] == 0


def test_a_value_stands_in_the_place_of_the_formula(client: TestClient) -> None:
    code = ask(client, family(eitc={"2024": 1000}, income_tax={"2024": None}))["result"]["tax_units"]["main"]
    less = ask(client, family(eitc={"2024": 0}, income_tax={"2024": None}))["result"]["tax_units"]["main"]
    assert less["income_tax"]["2024"] - code["income_tax"]["2024"] == 1000


def test_what_is_not_computed_is_named_and_is_no_zero(client: TestClient) -> None:
    sent = family()
    sent["people"]["1"] |= {"medicaid": {"2024": None}, "was_in_foster_care": {"2024": True}}
    question = ask(client, sent)
    assert question["result"]["people"]["1"]["medicaid"] == {"2024": None}
    assert question["not_computed"] == ["medicaid"]
    assert any("was_in_foster_care" in warning for warning in question["warnings"])
    strict = client.post(PATH, json={"household": sent}, headers={"Prefer": "handling=strict"})
    assert (strict.status_code, strict.json()["errors"]) == (400, ["`medicaid` is not computed here"])


def test_people_alone_are_enough(client: TestClient) -> None:
    question = ask(client, {"people": {"you": {"age": {"2024": 70}, "ssi": {"2024-01": None}}}})
    assert isinstance(question["result"]["people"]["you"]["ssi"]["2024-01"], int | float)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"people": {}}, "`household.people` is missing"),
        ({"pets": {}}, "`pets` is not a group"),
        ({"tax_units": {"a": {"members": ["x"]}}}, "has a member who is not among the people"),
        ({"tax_units": {"a": {"members": ["1"]}, "b": {"members": ["1"]}}}, "somebody is twice in tax_units"),
        ({"tax_units": {"a": {"members": ["1"], "etic": {"2024": None}}}}, "`etic` at `2024` is not a variable"),
        ({"people": {"1": {"wage": {"2024": 3}}}}, "`wage` at `2024` is not a variable"),
        ({"people": {"1": {"age": {"2024": "forty"}}}}, "a value of `age` at `2024` is not a integer"),
        ({"people": {"1": {"age": {"2024-13": 4}}}}, "`2024-13` of `age` is not a period"),
        ({"axes": []}, ""),
        (
            {"people": {"1": {"taxable_disability_income": {"2024": 9_000}, "is_disabled": {"2024": False}}}},
            "`is_disabled` of `1` is false, but `taxable_disability_income` of `1` is 9000, so that it is true",
        ),
    ],
)
def test_faults_in_their_form(client: TestClient, change: Any, told: str) -> None:
    household = {"people": {"1": {"age": {"2024": 30}}}, **change}
    done = client.post(PATH, json={"household": household})
    assert done.status_code == 400, done.text
    body = done.json()
    assert (body["status"], body["result"]) == ("error", None)
    assert not told or any(told in error for error in body["errors"]), body


def test_all_faults_at_once_and_none_with_a_value(client: TestClient) -> None:
    people = {"1": {"age": {"2024": "880101-1234"}, "aaa": {"2024": 1}, "bbb": {"2024": 1}}}
    done = client.post(PATH, json={"household": {"people": people}})
    assert len(done.json()["errors"]) == 3
    assert "880101" not in done.text


def test_amounts_are_json_numbers_with_their_digits(client: TestClient) -> None:
    sent = family(income_tax={"2024": None})
    sent["people"]["1"]["employment_income"] = {"2024": 31000.1}
    done = client.post(PATH, content=json.dumps({"household": sent}), headers={"Content-Type": "application/json"})
    assert '"employment_income": {"2024": 31000.1}' in done.text
    digits = json.loads(done.text, parse_float=str)["result"]["tax_units"]["main"]["income_tax"]["2024"]
    assert len(digits.partition(".")[2]) <= 2


def test_the_table_names_what_there_is() -> None:
    program, table = load_program("us"), names()
    for theirs, ours in table.same.items():
        assert program.find(ours) is not None, f"{theirs}: {ours}"
    for name in (*table.state_facts, *table.assumed, table.birth_date):
        assert program.find(name) is not None, name
    for total, parts in table.sums.items():
        assert program.find(total) is not None, total
        assert not set(parts) & table.known
    assert not table.known & set(table.same)
    assert not [name for name in table.known if program.find(name) is not None], "these are computed by now"
    assert set(table.states.values()) <= set(program.settings.enums["state"].members)


def test_every_name_of_a_screener_is_taken() -> None:
    """MyFriendBen's names: those that are ours or parts of ours, and those that stay null by name."""
    program, table = load_program("us"), names()
    theirs_alone = (*table.state_names, *table.roles)
    lines = Path(__file__).with_name("myfriendben_names.txt").read_text(encoding="utf-8").splitlines()
    sent = [line for line in lines if not line.startswith("#")]
    ours = [
        name
        for name in sent
        if definition_of(program, name) is not None or table.sum_with(name) or name in theirs_alone
    ]
    assert len(sent) == 185
    assert [name for name in sent if name not in ours and not table.is_theirs(name)] == []
    assert len(ours) >= 79


def test_what_is_said_in_parts_is_added_up(client: TestClient) -> None:
    def snap(**of_head: Any) -> Any:
        sent = family()
        sent["people"]["1"] |= {name: {"2024": value} for name, value in of_head.items()}
        sent["people"]["2"] |= {"rent": {"2024": 6_000}}
        sent["spm_units"]["spm"] |= {"snap_shelter_costs": {"2024-03": None}}
        return ask(client, sent)["result"]["spm_units"]["spm"]["snap_shelter_costs"]["2024-03"]

    assert snap() == 500
    assert snap(rent=6_000, homeowners_insurance=1_200) == 1_100


def test_a_count_with_decimals_is_told_of(client: TestClient) -> None:
    sent = family(eitc={"2024": None})
    sent["people"]["1"]["weekly_hours_worked_before_lsr"] = {"2024": 20.75}
    assert "weekly_hours_worked_before_lsr" in ask(client, sent)["warnings"][0]


def test_versions_and_checks(client: TestClient) -> None:
    assert set(client.get("/compat/policyengine/versions/us").json()) == {"current", "frontier"}
    assert client.get("/compat/policyengine/readiness_check").status_code == 200
