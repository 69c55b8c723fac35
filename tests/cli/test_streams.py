"""The command with streams that are closed, narrow, or left by their reader; and what may reach a terminal."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from api.cli.streams import is_terminal, shows_colours
from tests.cli.command import CASE, ROOT, run, write_rules


def shell(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """What `sh` answers to a line in which `rulewright` stands for the command."""
    command = line.replace("rulewright", f"{sys.executable} -m api.cli")
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, cwd=folder, env=variables, check=False, timeout=60
    )
    told = subprocess.CompletedProcess(
        line, done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    )
    assert "Traceback" not in told.stderr, told.stderr
    return told


@pytest.fixture
def land(tmp_path: Path) -> Path:
    write_rules(tmp_path / "land")
    (tmp_path / "case.yaml").write_text(CASE, encoding="utf-8")
    return tmp_path


def test_a_reader_that_leaves_is_no_failure(land: Path) -> None:
    told = shell(
        "rulewright show us --help >/dev/null; rulewright graph us eitc | head -1; echo ${PIPESTATUS[0]}", land
    )
    assert told.stdout.splitlines()[-1] in ("0", "2")
    many = shell("rulewright graph eitc --json | head -c 10 >/dev/null; echo ${PIPESTATUS[0]}", land)
    assert many.stdout == "0\n"


def test_closed_streams_are_told_of(land: Path) -> None:
    nowhere = shell("rulewright calc land case.yaml >&-", land)
    assert (nowhere.returncode, "stdout is closed" in nowhere.stderr) == (1, True)
    silent = shell("rulewright calc land - <&-", land)
    assert (silent.returncode, "empty" in silent.stderr) == (1, True)
    unheard = shell("rulewright calc land nothing.yaml 2>&-", land)
    assert unheard.returncode == 1


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_what_an_encoding_lacks_is_shown_plainly(land: Path, encoding: str) -> None:
    told = shell("rulewright why land case.yaml income_tax", land, PYTHONIOENCODING=encoding)
    assert told.returncode == 0
    assert "+- " in told.stdout
    named = shell(
        "rulewright calc land case.yaml --want 'größe\N{GRINNING FACE}' --json", land, PYTHONIOENCODING=encoding
    )
    assert named.returncode == 2


def test_control_characters_do_not_reach_the_terminal(land: Path) -> None:
    (land / "people.csv").write_bytes(b'person_id,tax_unit_id,role,wages\n"\x1b[31mx",1,head,"4\x1b]0;title\x07"\n')
    (land / "tax_units.csv").write_text("tax_unit_id\n1\n", encoding="utf-8")
    told = shell(
        "rulewright batch land --at 2024 --input people.csv --input tax_units.csv --output o.parquet --want income_tax",
        land,
    )
    assert "\x1b" not in told.stdout + told.stderr
    assert "is not a number" in told.stderr


def test_json_of_a_batch_to_stdout_goes_beside_the_rows(land: Path) -> None:
    (land / "people.csv").write_text("person_id,tax_unit_id,role,wages\n1,1,head,5000\n", encoding="utf-8")
    (land / "tax_units.csv").write_text("tax_unit_id\n1\n", encoding="utf-8")
    told = shell(
        "rulewright batch land --at 2024 --input people.csv --input tax_units.csv --output - --want income_tax --json",
        land,
    )
    assert told.stdout.startswith("tax_unit_id,income_tax")
    assert '"groups": 1' in told.stderr


def test_the_version_is_told() -> None:
    assert run("--version").stdout.startswith("rulewright")


def test_json_is_read_as_json_pairs_of_escapes_too(land: Path) -> None:
    case = '{"at": 2024, "people": {"ann": {"wages": 30000}, "bo\\ud83d\\ude00": {"age": 3}}, "tax_units": ' + (
        '{"home": {"head": "ann", "dependents": ["bo\\ud83d\\ude00"]}}}'
    )
    (land / "case.json").write_text(case, encoding="utf-8")
    told = shell("rulewright calc land case.json --want income_tax", land)
    assert (told.returncode, told.stderr) == (0, "")
    (land / "lone.json").write_text(case.replace("\\ude00", ""), encoding="utf-8")
    assert shell("rulewright calc land lone.json --want income_tax", land).returncode == 1


def test_no_colours_where_none_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert shows_colours(Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not shows_colours(Terminal())
    assert is_terminal(Terminal())
    monkeypatch.setenv("TERM", "dumb")
    assert not is_terminal(Terminal())


def test_ids_in_a_table_reach_a_terminal_without_what_it_would_obey(land: Path) -> None:
    (land / "tax_units.csv").write_text("tax_unit_id\n1\x1b[31m\n", encoding="utf-8")
    people = "person_id,tax_unit_id,role,wages\np,1\x1b[31m,head,5000\n"
    (land / "people.csv").write_text(people, encoding="utf-8")
    batch = "rulewright batch land --at 2024 --input people.csv --input tax_units.csv --want income_tax --output -"
    exact = shell(batch, land)
    shown = shell(f"script -qec '{batch}' /dev/null", land)
    assert "1\x1b[31m,300.00," in exact.stdout
    assert "1\ufffd[31m,300.00," in shown.stdout and "\x1b[31m" not in shown.stdout
