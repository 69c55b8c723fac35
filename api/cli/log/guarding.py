"""The options of the commands that verify a log, and that forget, hold, merge and move what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.log.options import Actor, AsJson, Basis, LogOption, Retention, Source, Subject, Yes

commands = typer.Typer()


@commands.command("verify")
def verify(
    log: LogOption = None,
    anchor: Annotated[
        list[Path] | None,
        typer.Option("--anchor", metavar="PATH", help="An anchor kept elsewhere, or a folder of them."),
    ] = None,
    public_key: Annotated[
        str | None,
        typer.Option("--public-key", metavar="FILE", help="Whose signature each anchor must have."),
    ] = None,
    write_anchor: Annotated[
        Path | None, typer.Option("--write-anchor", metavar="FILE", help="Write an anchor, to keep elsewhere.")
    ] = None,
    events_only: Annotated[
        bool, typer.Option("--events-only", help="Check the file of events by itself, without the key store.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check that the log is what was written, link by link. If not: exit code 1, and where."""
    from api.cli.log.verify import Question, verify_command

    question = Question(log, tuple(anchor or ()), public_key, write_anchor, events_only)
    raise typer.Exit(verify_command(question, as_json))


@commands.command("anchor")
def anchor(
    to: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="Where anchors are kept, apart from the log.")
    ] = None,
    log: LogOption = None,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="SOURCE", help="The key that signs: `file:PATH`, `env:NAME`, `command:…`."),
    ] = None,
    every: Annotated[
        float | None, typer.Option("--every", metavar="S", min=0.01, help="Go on: one every S seconds, if events came.")
    ] = None,
    events: Annotated[
        int, typer.Option("--events", metavar="N", min=0, help="Go on: one as soon as N events came.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Write how far the log reaches into a folder elsewhere, signed: what `verify --anchor` holds the log against."""
    from api.cli.log.anchors import anchor_command

    raise typer.Exit(anchor_command(to, log, key, every, events=events, as_json=as_json))


@commands.command("anchor-key")
def anchor_key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file for the private key.")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Who signs; this machine if not given.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make the Ed25519 key that signs anchors: FILE holds it, FILE.pub what others check them with."""
    from api.cli.log.anchors import anchor_key_command

    raise typer.Exit(anchor_key_command(file, name, as_json))


@commands.command("compact")
def compact(
    horizon: Annotated[
        list[str],
        typer.Option("--horizon", metavar="CLASS=DAY", help="Forget what was superseded by that day; may be repeated."),
    ],
    log: LogOption = None,
    tombstone_days: Annotated[
        int, typer.Option("--tombstone-days", min=0, max=36_500, help="How long retractions wait before they go.")
    ] = 30,
    despite: Annotated[
        list[str] | None,
        typer.Option("--despite", metavar="NAME", help="Compact although this run or follower still needs the facts."),
    ] = None,
    actor: Actor = "",
    legal_basis: Basis = "",
    as_json: AsJson = False,
) -> None:
    """Forget superseded facts older than their retention class allows. No answer as known later changes."""
    from api.cli.log.keep import compact_command

    raise typer.Exit(
        compact_command(
            horizon, log, tombstone_days, despite or [], actor=actor, legal_basis=legal_basis, as_json=as_json
        )
    )


@commands.command("hold")
def hold(
    subject: Annotated[
        str | None, typer.Argument(metavar="[SUBJECT]", help="Whose history; without it, all holds are listed.")
    ] = None,
    log: LogOption = None,
    case: Annotated[str, typer.Option("--case", metavar="TEXT", help="The case that needs the history.")] = "",
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")] = "",
    release: Annotated[bool, typer.Option("--release", help="End the hold for the case.")] = False,
    actor: Actor = "",
    legal_basis: Basis = "",
    retention: Retention = "tax",
    as_json: AsJson = False,
) -> None:
    """Keep everything about a subject while a case is open: nothing is compacted or erased."""
    from api.cli.log.keep import Order, hold_command

    order = Order(log, actor, legal_basis, reason)
    raise typer.Exit(hold_command(subject, order, case, release, retention=retention, as_json=as_json))


@commands.command("erase")
def erase(
    subjects: Annotated[
        list[str] | None, typer.Argument(metavar="[SUBJECTS]", help="`<entity>/<id>`: person/17, tax_unit/4.")
    ] = None,
    log: LogOption = None,
    listed: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="More subjects, one per line; all are erased, or none."),
    ] = None,
    expired: Annotated[
        list[str] | None,
        typer.Option(
            "--expired", metavar="CLASS=DAY", help="Those who have only events of that class, none after that day."
        ),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", metavar="FILE", help="Write what was destroyed, naming nobody.")
    ] = None,
    open_accounts: Annotated[
        bool, typer.Option("--open-accounts", help="Also those who owe or are owed money: then nobody does.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")] = "",
    actor: Actor = "",
    legal_basis: Basis = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Destroy the keys and names of subjects and their records for good: no backup brings them back."""
    from api.cli.log.erasing import erase_command, expired_command, named
    from api.cli.log.keep import Order

    order = Order(log, actor, legal_basis, reason)
    if expired:
        alone = not subjects and listed is None
        erased = expired_command(expired, order, certificate, yes, as_json, alone=alone, open_accounts=open_accounts)
        raise typer.Exit(erased)
    whom = named(subjects or [], listed)
    raise typer.Exit(erase_command(whom, order, certificate, yes, as_json, open_accounts=open_accounts))


@commands.command("merge")
def merge(
    duplicate: Annotated[str, typer.Argument(metavar="DUPLICATE", help="The name that goes: person/17.")],
    into: Annotated[str, typer.Argument(metavar="SUBJECT", help="The name that stays: person/4.")],
    log: LogOption = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")] = "",
    source: Source = "",
    actor: Actor = "",
    legal_basis: Basis = "",
    retention: Retention = "tax",
    as_json: AsJson = False,
) -> None:
    """Merge two histories of the same subject: somebody recorded twice, or under a new id."""
    from api.cli.log.keep import Order
    from api.cli.log.merging import merge_command

    order = Order(log, actor, legal_basis, reason)
    raise typer.Exit(merge_command(duplicate, into, order, source, retention=retention, as_json=as_json))


@commands.command("move")
def move(
    subject: Subject,
    to: Annotated[
        str, typer.Option("--to", metavar="PARTITION", help="Its number, or a subject that lives there: tax_unit/4.")
    ],
    log: LogOption = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")] = "",
    actor: Actor = "",
    legal_basis: Basis = "",
    retention: Retention = "tax",
    as_json: AsJson = False,
) -> None:
    """Move somebody, with everybody who belongs with them, to another partition of the log.

    Whoever marries into a household of another partition moves there first.
    """
    from api.cli.log.keep import Order
    from api.cli.log.moving import move_command

    raise typer.Exit(move_command(subject, to, Order(log, actor, legal_basis, reason), retention, as_json))
