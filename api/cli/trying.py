"""The options of `serve` and `demo`, with which somebody tries the program out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.log.options import LogOption
from api.cli.options import AsJson

commands = typer.Typer()


@commands.command()
def serve(
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="A configuration, for production.")
    ] = None,
    rules: Annotated[
        list[str] | None, typer.Option("--rules", metavar="RULES", help="Shipped rules, or a folder; several times.")
    ] = None,
    log: LogOption = None,
    host: Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help="Default: 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65_535, help="Default: 8000.")] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Processes; one if there is a log.")] = None,
) -> None:
    """Serve the API. Without a configuration: on this machine only, for trying it out."""
    from api.cli.serve import serve_command

    raise typer.Exit(serve_command(config, rules or [], log, host, port=port, workers=workers))


@commands.command()
def demo(
    units: Annotated[int, typer.Option("--units", min=1, max=10_000, help="How many units of the sample.")] = 2_000,
    as_json: AsJson = False,
) -> None:
    """Compute the 2024 tax of 2,000 real tax units, and explain one household's credit."""
    from api.cli.demo import demo_command

    raise typer.Exit(demo_command(units, as_json))
