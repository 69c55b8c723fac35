"""The reader of MyFriendBen's validations, on households of our own in their format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from api.rules import programs
from engine.ir.program import Program
from tests.validation import my_friend_ben


@pytest.fixture(scope="module")
def program() -> Program:
    return programs.load_program("us")


def _home(state: str, wages: float, **flags: bool) -> dict[str, Any]:
    head = {"relationship": "headOfHousehold", "age": 30, "insurance": {"none": True}}
    stream = {"type": "wages", "amount": wages, "frequency": "monthly"}
    child = {"relationship": "child", "age": 4, "income_streams": [], "insurance": {"none": True}}
    return {"white_label": state, "household_members": [{**head, "income_streams": [stream]}, child], **flags}


def test_somebody_of_the_household_is_eligible_or_nobody(program: Program) -> None:
    for name, wages, eligible in (
        ("tx_medicaid_for_children", 2_600, True),
        ("tx_medicaid_for_children", 2_800, False),
        ("tx_medicaid_for_parents_and_caretakers", 0, True),
        ("tx_medicaid_for_parents_and_caretakers", 286, True),
        ("tx_medicaid_for_parents_and_caretakers", 287, False),
        ("tx_medicaid_for_parents_and_caretakers", 3_000, False),
        ("tx_head_start", 1_000, True),
        ("tx_early_head_start", 1_000, False),
    ):
        assert my_friend_ben.eligible(program, _home("tx", wages), name) is eligible, (name, wages)


def test_what_is_received_counts(program: Program) -> None:
    assert my_friend_ben.eligible(program, _home("wa", 4_500), "wa_wic") is False
    assert my_friend_ben.eligible(program, _home("wa", 4_500, has_snap=True), "wa_wic") is True


def test_cases_of_our_programs_are_read_from_a_folder(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / my_friend_ben.DATA
    folder.mkdir(parents=True)
    case = {
        "notes": "own",
        "household": _home("wa", 1_000),
        "expected_results": {"program_name": "wa_snap", "eligible": True},
    }
    other = {**case, "expected_results": {"program_name": "wa_ferry", "eligible": True}}
    (folder / "own.json").write_text(json.dumps([case, other]))
    (compared,) = my_friend_ben.compare(program, tmp_path)
    assert (compared.key, compared.ours, compared.theirs) == ("own #1", True, True)
