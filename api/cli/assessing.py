"""The options of the commands that assess everybody in a log: `annual`, `follow`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.log.app import LogOption
from api.cli.options import AsJson, Ray, Rules, RulesOption
from api.cli.permit import NAME, STATUS_AT, IssuerName, StatusAt

commands = typer.Typer()


@commands.command()
def annual(
    rules: Rules,
    year: Annotated[str, typer.Option("--year", metavar="YEAR", help="The year to assess: 2024.")],
    log: LogOption = None,
    as_known: Annotated[
        str | None,
        typer.Option("--as-known", metavar="K", help="As known on a day, at a moment or at #17; now if not given."),
    ] = None,
    other_rules: Annotated[
        bool, typer.Option("--other-rules", help="Finish a run that started with other rules, for who is left.")
    ] = False,
    threads: Annotated[int, typer.Option("--threads", min=1, help="For computing.")] = 2,
    ray: Ray = "",
    as_json: AsJson = False,
) -> None:
    """Assess everybody in a log for a year, and post the ledger. Run it again to continue where it was cut off."""
    from api.cli.annual import annual_command

    raise typer.Exit(
        annual_command(rules, year, log, as_known, other_rules=other_rules, threads=threads, ray=ray, as_json=as_json)
    )


@commands.command()
def follow(
    log: LogOption = None,
    rules: RulesOption = "us",
    once: Annotated[bool, typer.Option("--once", help="Follow to the log's end, and stop.")] = False,
    every: Annotated[float, typer.Option("--every", min=0.05, help="Seconds between looks at the log.")] = 2.0,
    retry: Annotated[
        bool, typer.Option("--retry", help="Also retry what could not be assessed, after a correction of the rules.")
    ] = False,
    permits: Annotated[
        Path | None, typer.Option("--permits", metavar="FOLDER", help="Also take back permits of this register.")
    ] = None,
    permit_key: Annotated[Path | None, typer.Option("--permit-key", metavar="FILE", help="Their private key.")] = None,
    issuer: IssuerName = NAME,
    status_at: StatusAt = STATUS_AT,
    as_json: AsJson = False,
) -> None:
    """Correct what was assessed as late and corrected facts arrive: new assessments, adjustments, postings."""
    from api.cli.follow import follow_command
    from api.cli.permit import revising

    also = revising(permits, permit_key, issuer, status_at, log=log, as_json=as_json) if permits is not None else None
    raise typer.Exit(follow_command(rules, log, once, every, retry=retry, as_json=as_json, permits=also))
