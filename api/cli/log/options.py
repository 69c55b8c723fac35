"""Options that several commands of a log share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.history.environment import LOG_VARIABLE

LogOption = Annotated[
    Path | None,
    typer.Option("--log", envvar=LOG_VARIABLE, metavar="LOG", help="The log's folder."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON. Decimals are texts.")]
Subject = Annotated[str, typer.Argument(metavar="SUBJECT", help="`<entity>/<id>`: person/17, tax_unit/4.")]
Source = Annotated[str, typer.Option("--source", metavar="TEXT", help="Who the facts come from.")]
Actor = Annotated[str, typer.Option("--actor", metavar="TEXT", help="Who records this. Default: your login name.")]
Basis = Annotated[str, typer.Option("--legal-basis", metavar="TEXT", help="The authority for recording it.")]
Retention = Annotated[str, typer.Option("--retention", metavar="CLASS", help="How long it is kept: a retention class.")]
Known = Annotated[
    str | None,
    typer.Option("--known", metavar="K", help="As known when: 2025-06-01 (all that day, UTC), a moment, or #17."),
]
Create = Annotated[bool, typer.Option("--create", help="Make the log if there is none.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]
