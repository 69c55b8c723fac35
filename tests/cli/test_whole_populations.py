"""`annual --manifest` and `follow` over whole populations: the same however it was computed, and in all partitions."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from api.history.folders import make_population
from api.history.moves import move
from api.history.parts import append_to_parts, make_parts
from citizens import Assessment, Belongs, Draft, Facts, Origin, Point, open_log
from tests.api.second_land import MODULE, SETTINGS
from tests.cli.command import write_rules
from tests.cli.logs import run

DAY = date(2024, 1, 1)
ORIGIN = Origin("register", "clerk", "Basic Law", "tax")


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rules(tmp_path_factory.mktemp("land"), MODULE, SETTINGS)


def everybody() -> list[Draft]:
    drafts = []
    for number in range(8):
        points = (
            Point("pay", DAY, Decimal(10_000 + number)),
            Point("couple", DAY, Belongs(f"couple/{number}", "partner")),
        )
        drafts.append(Draft(f"citizen/{number}", Facts(points), ORIGIN, f"e{number}"))
    return drafts


def manifest(rules: Path, log: Path, *more: str) -> Any:
    file = log.with_name("manifest.json")
    done = run("annual", rules, "--year", "2024", "--log", log, "--manifest", file, *more)
    assert done.returncode == 0, done.stderr
    return json.loads(file.read_text())


def test_the_manifest_can_be_computed_again_from_the_log(rules: Path, tmp_path: Path) -> None:
    with open_log(tmp_path / "log") as log:
        log.append(everybody())
    told = manifest(rules, tmp_path / "log")
    (taxes,) = [each for each in told["runs"] if each["assessment"] == "taxes"]
    (part,) = taxes["parts"]
    with open_log(tmp_path / "log", write=False) as log:
        mine = [event for event in log.read(0, 1_000) if event.subject.startswith("couple/")]
    lines = []
    for event in mine:
        if isinstance(event.body, Assessment) and isinstance(event.body.figures, tuple):
            figures = [[name, None if value is None else str(value)] for name, value in event.body.figures]
            lines.append(json.dumps([event.subject, "2024", event.body.program, figures]) + "\n")
    mine = [event for event in mine if isinstance(event.body, Assessment)]
    assert part["sha256"] == hashlib.sha256("".join(lines).encode()).hexdigest()
    assert (taxes["groups"], taxes["faults"], part["known_to"]) == (8, 0, 8)
    assert (part["first_offset"], part["last_offset"]) == (mine[0].offset, mine[-1].offset)
    assert part["rules"] == [told["rules"]]
    late = Draft("citizen/1", Facts((Point("pay", DAY, Decimal(7)),)), ORIGIN, "late")
    with open_log(tmp_path / "log") as log:
        log.append([late])
    assert run("follow", "--rules", rules, "--once", "--log", tmp_path / "log").returncode == 0
    assert manifest(rules, tmp_path / "log") == told, "a run that is repeated after corrections has the same manifest"


def test_each_partition_has_its_own_lines_and_a_move_counts_nobody_twice(rules: Path, tmp_path: Path) -> None:
    parts = make_population(tmp_path / "log", 2)
    make_parts(parts)
    append_to_parts(parts, everybody(), create=False)
    before = manifest(rules, tmp_path / "log")
    (taxes,) = [each for each in before["runs"] if each["assessment"] == "taxes"]
    assert taxes["groups"] == 8 and {part["partition"] for part in taxes["parts"]} == {0, 1}
    moves = Origin("rulewright", "clerk", "Act s. 9", "tax")
    moved = next(
        m for n in range(8) for to in "01" if (m := move(parts, f"citizen/{n}", to, moves, reason="wish")).subjects
    )
    (after,) = [each for each in manifest(rules, tmp_path / "log")["runs"] if each["assessment"] == "taxes"]
    assert after["groups"] == 8
    counts = {part["partition"]: part["groups"] for part in taxes["parts"]}
    counts[moved.source] -= 1
    counts[moved.target] += 1
    assert {part["partition"]: part["groups"] for part in after["parts"]} == counts


def test_one_process_follows_all_logs_of_a_folder(rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = make_population(tmp_path / "log", 2)
    make_parts(parts)
    append_to_parts(parts, everybody(), create=False)
    manifest(rules, tmp_path / "log")
    late = [
        Draft(f"citizen/{number}", Facts((Point("pay", DAY, Decimal(7)),)), ORIGIN, f"late{number}")
        for number in range(8)
    ]
    recorded = append_to_parts(parts, late, create=False)
    assert {record.part for record in recorded} == {0, 1}

    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("api.cli.follow.time.sleep", interrupted)
    done = run("follow", "--rules", rules, "--log", tmp_path / "log")
    assert "partition 0:" in done.stdout and "partition 1:" in done.stdout, done.stderr
    assert done.stdout.count("2024  couple/") == 8


def test_who_comes_after_a_run_that_found_nobody_anywhere_is_followed_to_what_a_run_from_nothing_says(
    rules: Path, tmp_path: Path
) -> None:
    """Somebody is in no couple, and a couple has nobody in it. In the other partitions nothing is recorded."""
    parts = make_population(tmp_path / "log", 3)
    make_parts(parts)
    nothing = run("annual", rules, "--year", "2024", "--log", tmp_path / "log")
    assert nothing.returncode == 1 and "nothing was known by then" in nothing.stderr
    alone = [
        Draft("citizen/alone", Facts((Point("pay", DAY, Decimal(5)),)), ORIGIN, "alone"),
        Draft("couple/empty", Facts((Point("since", DAY, DAY),)), ORIGIN, "empty"),
    ]
    append_to_parts(parts, alone, create=False)
    made = run("annual", rules, "--year", "2024", "--log", tmp_path / "log")
    assert made.returncode == 0 and "to assess" in made.stdout and "the run is on record" in made.stdout, made.stderr
    append_to_parts(parts, everybody(), create=False)
    assert run("follow", "--rules", rules, "--once", "--log", tmp_path / "log").returncode == 0
    with open_log(tmp_path / "whole") as log:
        log.append([*alone, *everybody()])
    assert run("annual", rules, "--year", "2024", "--log", tmp_path / "whole").returncode == 0
    assert figures_in(parts) == figures_in([tmp_path / "whole"]) != {}


def figures_in(logs: list[Path]) -> dict[tuple[str, str], object]:
    """The figures of the assessments of couples, by couple and period."""
    figures: dict[tuple[str, str], object] = {}
    for folder in logs:
        with open_log(folder, write=False) as log:
            for event in log.read_assessments(0, 1_000):
                if isinstance(event.body, Assessment) and event.subject.startswith("couple/"):
                    figures[event.subject, event.body.period] = event.body.figures
    return figures
