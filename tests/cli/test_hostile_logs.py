"""Hostile logs, by hand: of each event it is known whether it is recorded, what the rules say to it at the door, and
what an annual run makes of it. Ann's jobs of 1,000 and 500 owe 150 in 2024."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import write_rules
from tests.cli.land_of_records import MODULE, SETTINGS
from tests.cli.logs import BASIS, run

ANN = "person/ann: {2024-01-01: {born: 1990-01-01, home: {group: home/h, role: owner}}}"
OF_ANN = "person: {group: person/ann, role: owner}"
JOBS = (
    f"job/j: {{2024-01-01: {{pay: 1_000.00, {OF_ANN}}}}}",
    f"job/k: {{2024-01-01: {{pay: 500.00, {OF_ANN}}}}}",
)
DUE = "due  150.00"
LOST = "could not be assessed; the log says why"
KINDS = "the rules know no entity of this name"
FACT = "has no fact of this name"
TYPE = "the rules take a value of type"

TAKEN: dict[str, tuple[str, str]] = {
    # an event beside ann's: what the rules say at the door (nothing: they take it), and what the run says
    "home/h: {2024-03-01: {rent: 500.00}}": ("", "due  155.00"),
    "home/h: {2024-03-15: {rent: 500.00}}": ("", "due  155.00"),
    "home/h: {2024-12-31: {rent: 500.00}}": ("", "due  155.00"),
    "home/h: {2023-12-31: {rent: 500.00}}": ("", "`rent` is read for 2024, and was recorded for 2023-12-31 only"),
    "home/h: {2025-01-01: {rent: 500.00}}": ("", "`rent` is read for 2024, and was recorded for 2025-01-01 only"),
    "home/h: {1600-01-01: {rent: 5.00}}": ("", "`rent` is read for 2024, and was recorded for 1600-01-01 only"),
    "home/h: {9999-12-31: {rent: 5.00}}": ("", "`rent` is read for 2024, and was recorded for 9999-12-31 only"),
    "home/h: {2024-03-01: {rent: 50_000.00}}": (TYPE, LOST),
    "home/h: {2024-03-01: {rent: -1.00}}": (TYPE, LOST),
    "home/h: {2024-03-01: {rent: 1.005}}": (TYPE, LOST),
    "home/h: {2024-03-01: {rent: true}}": (TYPE, LOST),
    "home/h: {2024-03-01: {rent: {text: '500'}}}": (TYPE, LOST),
    "home/h: {2024-03-01: {rent: 2024-03-01}}": (TYPE, LOST),
    "home/h: {2024-03-01: {rent: null}}": ("", DUE),
    "home/h: {2024-01-01: {due: 7.00}}": ("", "due  7.00"),
    "home/h: {2024-01-01: {due: seven}}": (TYPE, LOST),
    "home/h: {2024-01-01: {dues: 7.00}}": (FACT, DUE),
    "person/ann: {2024-03-01: {rent: 500.00}}": (FACT, "`rent` is recorded of a person, and is a fact of a home"),
    "home/h: {2024-01-01: {pay: 500.00}}": (FACT, "`pay` is recorded of a home, and is a fact of a job"),
    "person/ann: {2024-01-01: {pay: 500.00}}": (FACT, "`pay` is recorded of a person, and is a fact of a job"),
    "homes/h: {2024-03-01: {rent: 500.00}}": (KINDS, "the rules know no entity `homes`"),
    "people/ann: {2024-01-01: {pay: 5.00}}": (KINDS, "the rules know no entity `people`"),
    "hom\u0435/h: {2024-03-01: {rent: 5.00}}": ("the entity in lower case", ""),
    "person/ann: {2024-06-01: {home: null}}": ("", "1 person died or left"),
    "person/ann: {2024-01-01: {car: null}}": (FACT, DUE),
    "person/bo: {2024-01-01: {home: {group: home/h, role: owner}}}": ("", "2 have the role `owner`, and at most 1 may"),
    "person/bo: {2024-01-01: {home: {group: home/h, role: tenant}}}": ("has no such role", "there is no role `tenant`"),
    "person/bo: {2024-01-01: {home: {group: house/h, role: owner}}}": ("is not a home", "1 person has no facts"),
    "person/bo: {2024-01-01: {home: {group: person/bo, role: owner}}}": ("is not a home", "1 person has no facts"),
    "person/bo: {2024-01-01: {house: {group: home/h, role: resident}}}": (
        "cannot belong to anything by this name", DUE,
    ),
    "person/bo: {2024-01-01: {home: 'home/h'}}": (FACT, "150.00"),
    "job/l: {2024-01-01: {pay: 9.00, person: {group: person/nobody, role: owner}}}": ("", "1 person is in no home"),
    "job/l: {2024-01-01: {pay: 9.00, person: {group: home/h, role: owner}}}": ("is not a person", "9.00 USD stated"),
    "job/l: {2024-01-01: {pay: 9.00, worker: {group: person/ann, role: owner}}}": (
        "cannot belong to anything by this name", "9.00 USD stated",
    ),
    "job/l: {2024-01-01: {pay: 9.00}}": ("", "1 record with an owner that is not known, with 9.00 USD stated"),
    f"job/l: {{2024-07-01: {{pay: 10.00, {OF_ANN}}}}}": ("", "due  151.00"),
    f"job/l: {{2023-07-01: {{pay: 10.00, {OF_ANN}}}}}": ("", DUE),
    "person/a b: {2024-01-01: {born: 1990-01-01}}": ("", DUE),
    "person/a/b: {2024-01-01: {born: 1990-01-01}}": ("", DUE),
    "person/a\U0001f600: {2024-01-01: {born: 1990-01-01}}": ("", DUE),
    "permit/p: {2024-01-01: {permit_kind: bike}}": (TYPE, DUE),
    "permit/p: {2024-01-01: {permit_kind: car}}": ("", DUE),
    "person/ann: {2024-01-02: {born: 1650-01-01}}": ("", DUE),
}  # fmt: skip
REFUSED: dict[str, str] = {
    "Person/ann: {2024-01-01: {born: 1990-01-01}}": "the entity in lower case",
    "person/: {2024-01-01: {born: 1990-01-01}}": "a subject's id has 0 characters",
    "person: {2024-01-01: {born: 1990-01-01}}": "a subject is named `<entity>/<id>`",
    "annual_run/dues-2024: {2024-01-01: {program: x}}": "kept by this program itself",
    "home/h: {2024-01: {rent: 5.00}}": "2024-01",
    "home/h: {2024-02-30: {rent: 5.00}}": "2024-02-30",
    "home/h: {today: {rent: 5.00}}": "today",
    "home/h: {from 2024-01-01: {rent: 5.00}}": "from 2024-01-01",
    "home/h: {2024-01-01: {rent: 5e3}}": "can be read in several ways",
    "home/h: {2024-01-01: {rent: yes}}": "can be read in several ways",
    "home/h: {2024-01-01: {rent: .nan}}": "can be read in several ways",
    "home/h: {2024-01-01: {rent: 0500}}": "can be read in several ways",
    "home/h: {2024-01-01: {rent: [5]}}": "rent",
    "home/h: {2024-01-01: {rent: {group: home/h}}}": "is a mapping of other keys",
    "home/h: {2024-01-01: {}}": "2024-01-01",
    "home/h: {}": "facts",
    "home/h: []": "facts",
    "home/h: {2024-01-01: {rent: 12345678901234567890123456789012345678901.0}}": "over 18 digits",
    "home/h: {2024-01-01: {person: {group: Home/h, role: owner}}}": "lower case",
    "home/h: {2024-01-01: {person: {group: home/h, role: ''}}}": "role",
}


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rules(tmp_path_factory.mktemp("rules") / "land", MODULE, SETTINGS)


def written(*events: str) -> str:
    lines = []
    for number, event in enumerate(events):
        subject, _, facts = event.partition(": ")
        lines.append(f'- {{subject: "{subject}", id: e{number}, facts: {facts}}}\n')
    return "".join(lines)


def appended(log: Path, events: str, *more: str | Path) -> str:
    done = run("log", "append", "-", "--log", log, "--create", "--source", "s", *BASIS, *more, stdin=events)
    told = " ".join((done.stdout + done.stderr).split())
    assert "Traceback" not in told
    assert (done.returncode == 0) == told.startswith("recorded"), told
    return told


@pytest.mark.parametrize("event", TAKEN)
def test_what_a_run_makes_of_an_event(land: Path, tmp_path: Path, event: str) -> None:
    at_the_door, of_the_run = TAKEN[event]
    events = written(ANN, *JOBS, event)
    checked = appended(tmp_path / "checked.db", events, "--rules", land)
    assert (at_the_door in checked) if at_the_door else checked.startswith("recorded"), checked
    told = appended(tmp_path / "log.db", events)
    if not of_the_run:
        assert at_the_door in told
        return
    assert told.startswith("recorded")
    done = run("annual", land, "--year", "2024", "--log", tmp_path / "log.db")
    assert "Traceback" not in done.stderr
    assert (done.returncode == 1) == (LOST in done.stdout), done.stdout + done.stderr
    assert " ".join(of_the_run.split()) in " ".join((done.stdout + done.stderr).split()), done.stdout + done.stderr


@pytest.mark.parametrize("event", REFUSED)
def test_what_is_not_recorded(tmp_path: Path, event: str) -> None:
    told = appended(tmp_path / "log.db", written(event))
    assert "nothing was recorded" in told and REFUSED[event] in told, told


def test_a_run_that_assesses_nobody_says_who_there_was(land: Path, tmp_path: Path) -> None:
    appended(tmp_path / "log.db", written("person/bo: {2024-01-01: {born: 1990-01-01, home: 'home/h'}}"))
    done = run("annual", land, "--year", "2024", "--log", tmp_path / "log.db")
    assert "no homes to assess" in done.stdout and "1 person" in done.stdout, done.stdout
