"""The headings under which help lists commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import typer

PROGRAM: Mapping[str, Sequence[str]] = {
    "One person or household": ("calc", "why", "ask", "cure", "sweep", "permit"),
    "Many people": ("batch", "find", "simulate", "diff", "seek", "translate", "taxsim", "population"),
    "Records over time": ("annual", "follow", "ledger", "log"),
    "Writing rules": ("new", "check", "test", "fmt", "show", "search", "list", "graph", "lsp"),
    "Trying it, serving it, measuring it": ("demo", "serve", "bench"),
}
"""Of `rulewright --help`: headings, and their commands in order."""

LOG: Mapping[str, Sequence[str]] = {
    "Record": ("create", "import", "append", "merge", "move", "correct-time"),
    "Read": ("show", "as-of", "stats", "cut"),
    "Check": ("verify", "anchor", "anchor-key", "compare", "doctor"),
    "Keep and forget": ("hold", "compact", "erase", "rekey"),
    "Copies": ("backup", "restore", "replicate", "promote", "copy", "publish", "migrate"),
}
"""Of `rulewright log --help`."""


def put_under(panels: Mapping[str, Sequence[str]], app: typer.Typer) -> None:
    """Order the commands of `app` by panel and give each its heading. A command of no panel raises KeyError."""
    panel_of = {name: panel for panel, names in panels.items() for name in names}
    places = {name: place for place, name in enumerate(panel_of)}
    app.registered_commands.sort(key=lambda command: places[command_name(command)])
    for command in app.registered_commands:
        command.rich_help_panel = panel_of[command_name(command)]
    for group in app.registered_groups:
        group.rich_help_panel = panel_of[str(group.name)]


def command_name(command: typer.models.CommandInfo) -> str:
    """What a command is called by: its own name, or that of the function behind it."""
    return command.name or (command.callback.__name__.replace("_", "-") if command.callback is not None else "")
