"""Help that was shown before is shown again without the libraries that make it, and is the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from api.cli.app import app as program
from api.cli.log.app import log_app
from api.cli.panels import LOG, PROGRAM, command_name

_RUN = """
import sys
from api.cli import main
code = main()
print(code, sorted({"typer", "rich", "numpy", "yaml", "inspect"} & set(sys.modules)), len(sys.modules), file=sys.stderr)
"""
MOST_MODULES = 120


def shown(cache: Path | str, *arguments: str, **variables: str) -> tuple[str, str]:
    """What a new process prints, and what it says of itself: exit code, libraries, number of modules."""
    environment = {**os.environ, "RULEWRIGHT_CACHE": str(cache), "COLUMNS": "100", **variables}
    command = [sys.executable, "-c", _RUN, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    return done.stdout, done.stderr


@pytest.mark.parametrize("arguments", [("--help",), ("log", "append", "-h")])
def test_help_is_the_same_again_without_its_libraries(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    first, made_with = shown(tmp_path, *arguments)
    again, shown_with = shown(tmp_path, *arguments)
    assert "Usage" in first
    assert again == first
    assert "'typer'" in made_with
    code, _, rest = shown_with.partition(" ")
    libraries, _, modules = rest.rpartition(" ")
    assert (code, libraries) == ("0", "[]")
    assert int(modules) <= MOST_MODULES


def test_help_of_another_width_is_made_anew(tmp_path: Path) -> None:
    wide = shown(tmp_path, "--help")[0]
    narrow, made_with = shown(tmp_path, "--help", COLUMNS="60")
    assert narrow != wide
    assert "'typer'" in made_with


def test_a_command_that_does_not_exist_fails_again(tmp_path: Path) -> None:
    for _ in range(2):
        output, error = shown(tmp_path, "nonsense", "--help")
        assert output == ""
        assert "No such command 'nonsense'" in error
        assert error.splitlines()[-1].startswith("2 ")


def test_without_a_cache_help_is_made_each_time() -> None:
    output, made_with = shown("", "--help")
    assert "Usage" in output
    assert "'typer'" in made_with


def test_help_lists_every_command_under_a_heading() -> None:
    for panels, app in ((PROGRAM, program), (LOG, log_app)):
        listed = [name for names in panels.values() for name in names]
        commands = [(command_name(command), command.rich_help_panel) for command in app.registered_commands]
        parts = [*commands, *((str(group.name), group.rich_help_panel) for group in app.registered_groups)]
        assert sorted(listed) == sorted(name for name, _ in parts)
        assert {panel for _, panel in parts} == set(panels)
