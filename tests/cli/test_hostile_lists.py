"""Hostile cases about lists, by hand: who has named one ban has not said that there is no other. Of each the right
outcome is known: yes, no, or open, or what a refusal says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import write_rules
from tests.cli.land_of_records import MODULE, SETTINGS
from tests.cli.logs import run

OPEN, YES, NO = "not determined", "may_drive  yes", "may_drive  no"
CAR = "permits: {p: {person: ann, permit_kind: car}}\n"
LATER = "bans: {b: {person: ann, banned_from: 2025-01-01, banned_until: none}}\n"
NOW = "bans: {b: {person: ann, banned_from: 2024-01-01, banned_until: none}}\n"
OVER = "bans: {b: {person: ann, banned_from: 2023-01-01, banned_until: 2024-05-31}}\n"
NO_LIST = "is not a list of records or of those who hold a role"
WORDS = "`complete` is true, false, or the lists that are whole"

LISTS: dict[str, str] = {
    CAR: OPEN,
    CAR + LATER: OPEN,
    CAR + OVER: OPEN,
    CAR + NOW: NO,
    NOW: NO,
    LATER: OPEN,
    CAR + "bans: {}\n": YES,
    CAR + "bans: []\n": YES,
    "bans: []\npermits: []\n": NO,
    "permits: {}\n": NO,
    "permits: {}\n" + LATER: NO,
    "permits: {p: {person: ann, permit_kind: lorry}}\nbans: []\n": OPEN,
    "permits: {p: {person: ann, permit_kind: lorry}}\nbans: []\ncomplete: [permits]\n": NO,
    "permits: {p: {person: ann, permit_kind: unknown}}\nbans: []\ncomplete: [permits]\n": OPEN,
    CAR + LATER + "complete: [bans]\n": YES,
    CAR + OVER + "complete: [bans]\n": YES,
    CAR + NOW + "complete: [bans]\n": NO,
    CAR + LATER + "complete: [permits]\n": OPEN,
    CAR + LATER + "complete: [bans, bans]\n": YES,
    CAR + LATER + "complete: bans\n": YES,
    CAR + LATER + "complete: true\n": YES,
    CAR + LATER + "complete: 'true'\n": YES,
    CAR + LATER + "complete: false\n": OPEN,
    CAR + LATER + "complete: []\n": OPEN,
    CAR + LATER + "complete: true\nopen: [bans]\n": OPEN,
    CAR + NOW + "complete: true\nopen: [bans]\n": NO,
    CAR + "complete: true\nopen: [bans]\nbans: []\n": OPEN,
    CAR + LATER + "complete: [bans]\nopen: [permits]\n": YES,
    "complete: [bans, permits]\n": NO,
    CAR + "complete: [bans]\n": YES,
    CAR + LATER + "complete: [residents, partner, owner, jobs]\n": OPEN,
    CAR + "bans: {b: {person: ann, banned_from: unknown, banned_until: none}}\ncomplete: [bans]\n": OPEN,
    CAR + "bans: {b: {person: ann, banned_from: {at_least: 2024-07-01}}}\ncomplete: [bans]\n": YES,
    CAR + "bans: {b: {person: ann, banned_from: {at_most: 2024-05-01}, banned_until: none}}\n": NO,
    CAR + "bans: {b: {person: ann}}\ncomplete: [bans]\n": OPEN,
    CAR + "bans: {b: {person: ann, banned_from: 2024-01-01}}\ncomplete: [bans]\n": OPEN,
    CAR + "bans: {b: {person: ann, banned_from: 2024-01-01}}\ncomplete: true\n": NO,
    CAR + LATER + "complete: [bans]\nopen: [bans]\n": "stands under `complete` and under `open`",
    CAR + LATER + "complete: [ban]\n": NO_LIST,
    CAR + LATER + "complete: [people]\n": NO_LIST,
    CAR + LATER + "complete: [homes]\n": NO_LIST,
    CAR + LATER + "complete: [true]\n": NO_LIST,
    CAR + LATER + "complete: [null]\n": NO_LIST,
    CAR + LATER + "complete: [Bans]\n": NO_LIST,
    CAR + LATER + "complete: [bans of ann]\n": NO_LIST,
    CAR + LATER + "complete: [[bans]]\n": NO_LIST,
    CAR + LATER + "complete: [b\u0430ns]\n": NO_LIST,
    CAR + LATER + "complete:\n": WORDS,
    CAR + LATER + "complete: {bans: true}\n": WORDS,
    CAR + LATER + "complete: TRUE\n": WORDS,
    CAR + LATER + "complete: 1\n": WORDS,
    CAR + LATER + "complete: yes\n": WORDS,
    CAR + LATER + "complete: [bans]\ncomplete: true\n": "`complete` appears twice",
    CAR + LATER + "Complete: true\n": "did you mean `complete`?",
    CAR + "bans:\n": "or `bans: []` if there are none",
    CAR + "bans: null\n": "or `bans: []` if there are none",
    CAR + "bans: none\n": "or `bans: []` if there are none",
    CAR + "bans: 0\n": "or `bans: []` if there are none",
    CAR + "bans: [b]\n": "or `bans: []` if there are none",
    CAR + "bans: {b: {banned_from: 2024-01-01}}\n": "does not say whose it is",
    CAR + "bans: {b: {person: bea}}\n": "who is not in the case",
    CAR + "bans: {b: {person: [ann]}}\n": "a record belongs to one",
    CAR + "bans: {b: {person: ann, person: ann}}\n": "`person` appears twice",
    CAR + "open: [bans]\nopen: [permits]\n": "`open` appears twice",
}
HEAD = "at: 2024-06-01\npeople: {ann: {}}\n"

MEMBERS: dict[str, str] = {
    "homes: {h: {owner: ann, residents: [bea]}}\ncomplete: [jobs]\n": "due  100 USD",  # nobody has another job
    "homes: {h: {owner: ann}}\ncomplete: true\n": "due  100 USD",
    "homes: {h: {owner: ann}}\ncomplete: [partner, residents, jobs]\n": "due  100 USD",
    "homes: {h: {owner: ann, partner: [], residents: []}}\ncomplete: [jobs]\n": "due  100 USD",
    "homes: {h: {owner: ann, partner: bea}}\ncomplete: [residents, jobs]\n": "due  100 USD",
    "homes: {h: {owner: ann, residents: [bea]}}\ncomplete: [partner, residents, jobs]\n": "due  100 USD",
    "homes: {h: {owner: ann, residents: [bea]}}\n": "due  not determined: at least 100 USD",
    "homes: {h: {owner: ann, residents: [bea]}}\ncomplete: [residents]\n": "due  not determined: at least 100 USD",
    "homes: {h: {owner: ann, partner: bea}}\n": "due  not determined: at least 100 USD",
    "homes: {h: {owner: ann, partner: []}}\n": "due  not determined: at least 100 USD",
    "homes: {h: {owner: ann, partner: [], residents: []}}\n": "due  not determined: at least 100 USD",
    "homes: {h: {owner: ann, residents: [{bea: from 2024-05-01}]}}\ncomplete: true\n": "due  100 USD",
    "homes: {h: {owner: ann}}\ncomplete: true\nopen: [residents, jobs]\n": "due  not determined: at least 100 USD",
    "homes: {h: {owner: ann, resident: [ann]}}\ncomplete: true\n": "`ann`",
    "homes: {h: {owner: [ann, bea]}}\ncomplete: true\n": "at most 1",
    "homes: {h: {owner: []}}\ncomplete: true\n": "owner",
    "homes: {h: {owner: {}}}\ncomplete: true\n": "names people by id",
    "homes: {h: {owner: ann, tenant: bea}}\ncomplete: true\n": "tenant",
}
TWO = """\
at: 2024
people: {ann: {}, bea: {}}
jobs: {j: {person: ann, pay: 1_000}}
"""
ROOM = "rent: {2024-01..2024-12: 0}"


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rules(tmp_path_factory.mktemp("rules") / "land", MODULE, SETTINGS)


def said(land: Path, case: str, want: str) -> str:
    done = run("calc", land, "-", "--want", want, stdin=case)
    told = done.stdout + done.stderr
    assert "Traceback" not in told
    return told


@pytest.mark.parametrize("lists", LISTS)
def test_lists(land: Path, lists: str) -> None:
    told = said(land, HEAD + lists, "may_drive")
    assert LISTS[lists] in told, told


@pytest.mark.parametrize("members", MEMBERS)
def test_members(land: Path, members: str) -> None:
    told = said(land, TWO + members.replace("{h: {", f"{{h: {{{ROOM}, "), "due")
    assert MEMBERS[members] in told, told


ADVICE = {
    "": "write `complete: [bans]` if there are none",
    "open: [bans]\n": "take `bans` out of `open` and write `complete: [bans]` if there are none",
    "open: [bans]\ncomplete: true\n": "take `bans` out of `open` if there are none",
    "open: [bans]\ncomplete: [permits]\n": "take `bans` out of `open` and write `complete: [bans]` if there are none",
}


@pytest.mark.parametrize("said_of_lists", ADVICE)
def test_what_is_advised_of_a_list_can_be_written_into_the_case(land: Path, said_of_lists: str) -> None:
    told = said(land, HEAD + CAR + LATER + said_of_lists, "may_drive")
    assert f"Add them, or {ADVICE[said_of_lists]}" in told, told
