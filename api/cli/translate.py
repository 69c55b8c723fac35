"""`rulewright translate FILE.json`: a reform as Tax-Calculator or PolicyEngine write it, as an overlay of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.failures import ExitCode

commands = typer.Typer()


@commands.command()
def translate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A JSON reform of Tax-Calculator or PolicyEngine.")],
) -> None:
    """Translate another calculator's JSON reform into an overlay. Exit code 1 if it has unknown parameters."""
    from api.cli.output import complain, say
    from api.compat.reforms import translate as translated

    translation = translated(file)
    say(translation.text.rstrip("\n"))
    for note in translation.notes:
        complain(note)
    for name in translation.unread:
        complain(f"not here, and not in the overlay: `{name}`")
    raise typer.Exit(ExitCode.FAILED if translation.unread else ExitCode.DONE)
