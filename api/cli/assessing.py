"""The options of the commands that assess everybody in a log: `annual`, `follow`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.log.options import LogOption
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
        typer.Option("--as-known", metavar="K", help="As known on a day, at a moment or at #17. Default: now."),
    ] = None,
    other_rules: Annotated[
        bool, typer.Option("--other-rules", help="Finish a run that started with other rules, for those who are left.")
    ] = False,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Threads to compute with.")] = 2,
    ray: Ray = "",
    manifest: Annotated[
        Path | None,
        typer.Option("--manifest", metavar="FILE", help="Write what was recorded: counts, hash, rules, offsets."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Assess everybody in a log for a year, and post to the ledger. Run it again to resume where it was cut off."""
    from api.cli.annual import annual_command

    raise typer.Exit(
        annual_command(
            rules, year, log, as_known,
            other_rules=other_rules, threads=threads, ray=ray, manifest=manifest, as_json=as_json,
        )
    )  # fmt: skip


@commands.command()
def follow(
    log: LogOption = None,
    rules: RulesOption = "us",
    once: Annotated[bool, typer.Option("--once", help="Catch up with the log, then stop.")] = False,
    every: Annotated[
        float, typer.Option("--every", min=0.05, help="Seconds to wait before looking at the log again.")
    ] = 2.0,
    retry: Annotated[
        bool, typer.Option("--retry", help="After the rules were corrected: retry what could not be assessed.")
    ] = False,
    permits: Annotated[
        Path | None, typer.Option("--permits", metavar="FOLDER", help="Also revoke permits in this register.")
    ] = None,
    permit_key: Annotated[
        Path | None, typer.Option("--permit-key", metavar="FILE", help="The register's private key.")
    ] = None,
    issuer: IssuerName = NAME,
    status_at: StatusAt = STATUS_AT,
    as_json: AsJson = False,
) -> None:
    """Correct what was assessed as late and corrected facts arrive: new assessments, adjustments, postings."""
    from api.cli.follow import follow_command
    from api.cli.permit import revising

    also = revising(permits, permit_key, issuer, status_at, log=log, as_json=as_json) if permits is not None else None
    raise typer.Exit(follow_command(rules, log, once, every, retry=retry, as_json=as_json, permits=also))
