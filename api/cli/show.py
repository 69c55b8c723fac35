"""`rulewright show NAME`: one definition whole, with its law, its values over time, what it uses and who uses it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from api.cli.output import say, say_json, waiting
from api.failures import ExitCode, Misuse
from api.rules import programs
from api.rules.definitions import describe
from api.rules.described_lines import fields
from api.schema import as_data
from engine.syntax.files import SETTINGS_FILE
from engine.text.diagnostics import RulesInvalid


def show_command(rules: str, name: str, reforms: Sequence[Path], as_json: bool) -> int:
    """Print the definition called `name`."""
    with waiting("reading the rules"):
        compiled = programs.check(rules, reforms, lint=False)
    if compiled.ruleset is None or compiled.program is None:
        raise RulesInvalid(compiled.problems)
    try:
        described = describe(compiled.ruleset, compiled.program, name)
    except Misuse:
        if name in programs.shipped_rules() or (Path(name) / SETTINGS_FILE).is_file():
            help = f"`rulewright list {name}` lists the names in it; write `rulewright show {name} NAME`"
            raise Misuse(f"`{name}` is a ruleset, and not a name in `{rules}`", help) from None
        raise
    if as_json:
        say_json(as_data(described))
        return ExitCode.DONE
    say(f"{described.name.rpartition(':')[2]}  ({described.kind} of {described.module or 'the ruleset'})")
    for key, value in fields(described):
        _say_field(key, value)
    return ExitCode.DONE


def _say_field(key: str, value: str | list[str]) -> None:
    if isinstance(value, str):
        if value:
            value = value.removeprefix(f"{Path.cwd()}{os.sep}") if key == "where" else value
            say(f"  {key + ':':<10} {value}" if key else f"  {value}")
    elif value:
        say(f"  {key}:")
        for line in value:
            say(f"    {line}")
