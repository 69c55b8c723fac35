"""The options of the commands that copy a log, and that see to the state of it and of its copies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.log.options import Actor, AsJson, Basis, LogOption, Yes

commands = typer.Typer()


@commands.command("backup")
def backup(
    target: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder for the copy.")],
    log: LogOption = None,
    since: Annotated[
        Path | None, typer.Option("--since", metavar="FOLDER", help="Only what came after this backup or increment.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Copy the log, or what came since another copy, into a new folder, even while it is being written."""
    from api.cli.log.backup import backup_command

    raise typer.Exit(backup_command(target, log, since, as_json))


@commands.command("restore")
def restore(
    source: Annotated[Path, typer.Argument(metavar="FOLDER", help="The backup.")],
    increments: Annotated[
        list[Path] | None, typer.Argument(metavar="[INCREMENTS]", help="What `backup --since` made after it, in order.")
    ] = None,
    log: LogOption = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="K", help="As it was: 2025-06-01 (all that day, UTC), a moment, or #17."),
    ] = None,
    erasures: Annotated[
        Path | None, typer.Option("--erasures", metavar="FILE", help="A copy of the ledger of erasures.")
    ] = None,
    erasures_lost: Annotated[
        bool, typer.Option("--erasures-lost", help="Use the backup's own ledger of erasures: no other is left.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Replace the log with a backup, replay the erasures made since, and verify all of it."""
    from api.cli.log.backup import Wanted, restore_command

    wanted = Wanted(source, tuple(increments or ()), to, erasures, erasures_lost)
    raise typer.Exit(restore_command(wanted, log, yes, as_json))


@commands.command("doctor")
def doctor(log: LogOption = None, as_json: AsJson = False) -> None:
    """Report the state of the log, and the safe next step. Changes nothing; exit code 1 if it cannot be used."""
    from api.cli.log.upkeep import doctor_command

    raise typer.Exit(doctor_command(log, as_json))


@commands.command("migrate")
def migrate(log: LogOption = None, as_json: AsJson = False) -> None:
    """Convert a log that an earlier version wrote to the current format. Checks all of it first."""
    from api.cli.log.upkeep import migrate_command

    raise typer.Exit(migrate_command(log, as_json))


@commands.command("correct-time")
def correct_time(
    log: LogOption = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")] = "",
    actor: Actor = "",
    legal_basis: Basis = "",
    as_json: AsJson = False,
) -> None:
    """Vouch for the clock: it is right, and what came before was recorded no later than now."""
    from api.cli.log.keep import Order
    from api.cli.log.upkeep import correct_time_command

    raise typer.Exit(correct_time_command(Order(log, actor, legal_basis, reason), as_json))


@commands.command("rekey")
def rekey(
    to: Annotated[
        str,
        typer.Option("--to", metavar="SOURCE", help="`file:PATH`, `env:NAME`, `command:…`, or `none`."),
    ],
    log: LogOption = None,
    as_json: AsJson = False,
) -> None:
    """Wrap the key store under another key-encryption key. RULEWRIGHT_KEK says where the current one is."""
    from api.cli.log.upkeep import rekey_command

    raise typer.Exit(rekey_command(log, to, as_json))


@commands.command("replicate")
def replicate(
    target: Annotated[
        Path, typer.Argument(metavar="TARGET", help="The replica's folder, new or followed into before.")
    ],
    log: LogOption = None,
    keys: Annotated[
        Path | None, typer.Option("--keys", metavar="FILE", help="The replica's key store, if not in its folder.")
    ] = None,
    every: Annotated[
        float | None, typer.Option("--every", metavar="S", min=0.01, help="Keep running, and look every S seconds.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Copy committed events into a second folder, verify each link, and say how far behind it is."""
    from api.cli.log.replicas import replicate_command

    raise typer.Exit(replicate_command(target, log, keys, every, as_json))


@commands.command("copy")
def copy(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A log: a folder, or `kafka://host:9092/NAME`.")],
    target: Annotated[
        Path, typer.Argument(metavar="TARGET", help="Where to: the same. It continues after an interruption.")
    ],
    keys: Annotated[
        Path | None, typer.Option("--keys", metavar="FILE", help="The copy's key store, if not in its folder.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Copy a log between a folder and Kafka: the same offsets, links, keys and positions. Each link is verified."""
    from api.cli.log.copying import copy_command

    raise typer.Exit(copy_command(source, target, keys, as_json))


@commands.command("publish")
def publish(
    to: Annotated[str, typer.Argument(metavar="TO", help="`https://…`, or `kafka://host:9092/TOPIC`.")],
    log: LogOption = None,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Whose position it is, of several.")] = "events",
    kinds: Annotated[str, typer.Option("--kinds", metavar="A,B", help="Only these: `assessment,adjustment`.")] = "",
    without_data: Annotated[
        bool, typer.Option("--without-data", help="Only that something happened, to whom, and when.")
    ] = False,
    every: Annotated[
        float | None, typer.Option("--every", metavar="S", min=0.01, help="Go on, looking every S seconds.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell other systems what the log records, as CloudEvents: in order, each at least once."""
    from api.cli.log.publishing import publish_command

    raise typer.Exit(publish_command(to, log, name, kinds, without_data=without_data, every=every, as_json=as_json))


@commands.command("promote")
def promote(
    log: LogOption = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")] = "",
    actor: Actor = "",
    legal_basis: Basis = "",
    as_json: AsJson = False,
) -> None:
    """Turn a replica into the log that is written. Later events of the old log are then a fork."""
    from api.cli.log.keep import Order
    from api.cli.log.replicas import promote_command

    raise typer.Exit(promote_command(Order(log, actor, legal_basis, reason), as_json))


@commands.command("compare")
def compare(
    other: Annotated[Path, typer.Argument(metavar="OTHER", help="Another copy of the log, such as an old primary.")],
    log: LogOption = None,
    rest: Annotated[
        Path | None, typer.Option("--rest", metavar="FILE", help="Write what only OTHER has as JSON lines.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show where two copies of one log diverge, and what only one of them has. Exit code 1 if they have forked."""
    from api.cli.log.replicas import compare_command

    raise typer.Exit(compare_command(other, log, rest, as_json))


@commands.command("stats")
def stats(log: LogOption = None, as_json: AsJson = False) -> None:
    """Show how much is in the log, what was compacted and erased, and who is under hold."""
    from api.cli.log.stats import stats_command

    raise typer.Exit(stats_command(log, as_json))
