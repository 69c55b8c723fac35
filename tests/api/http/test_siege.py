"""A server, commands and kills at one log for a moment; longer: `python -m tests.api.http.endurance siege COUNT`."""

from __future__ import annotations

from pathlib import Path

from tests.api.http.siege import besieged, faults_of


def test_a_server_writes_beside_commands_is_killed_and_loses_nothing(tmp_path: Path) -> None:
    siege = besieged(tmp_path, clients=8, events=12, kills=1, rounds=1, per_minute=3_000)
    assert not faults_of(siege)
    assert len({said.key for said in siege.acknowledged}) == 96
    assert set(siege.commands.values()) == {1}
    assert siege.refused[503]
