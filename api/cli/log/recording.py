"""The options of the commands that record, and that show what was recorded."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.log.options import Actor, AsJson, Basis, Create, Known, LogOption, Retention, Source, Subject

commands = typer.Typer()


@commands.command("create")
def create(
    log: LogOption = None,
    partitions: Annotated[
        int | None,
        typer.Option("--partitions", metavar="N", help="Make a folder of N logs that share the people."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create a new, empty log."""
    from api.cli.log.create import create_command

    raise typer.Exit(create_command(log, partitions, as_json))


@commands.command("import")
def import_(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILES]", help="`people.parquet`, `tax_units.csv`, or `ENTITY=FILE`."),
    ] = None,
    log: LogOption = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="The population that ships: 10,000 tax units of 2024, 19,204 people.")
    ] = False,
    valid_from: Annotated[
        str | None, typer.Option("--valid-from", metavar="DAY", help="The day from which the facts hold.")
    ] = None,
    rules: Annotated[str, typer.Option("--rules", metavar="RULES", help="The rules that say what a column is.")] = "us",
    also: Annotated[
        str, typer.Option("--also", metavar="A,B", help="Columns to record even though the rules do not know them.")
    ] = "",
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out rows with faults, and everything that belongs to them.")
    ] = False,
    source: Source = "",
    actor: Actor = "",
    legal_basis: Basis = "",
    retention: Retention = "tax",
    create: Create = False,
    as_json: AsJson = False,
) -> None:
    """Record tables of people, groups and records. All are checked first; recording them again changes nothing.

    The sample makes a log for itself where there is none; other tables need one, or `--create`.
    """
    from api.cli.log.tables import Question, import_command

    question = Question(
        tuple(files or ()), log, sample, valid_from, rules, also, skip_bad, source, actor, legal_basis, retention,
        create,
    )  # fmt: skip
    raise typer.Exit(import_command(question, as_json))


@commands.command("append")
def append(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Events as YAML or JSON lines; `-` reads stdin.")],
    log: LogOption = None,
    source: Source = "",
    actor: Actor = "",
    legal_basis: Basis = "",
    retention: Retention = "tax",
    create: Create = False,
    rules: Annotated[
        str, typer.Option("--rules", metavar="RULES", help="Refuse subjects, facts, groups and roles that they lack.")
    ] = "",
    also: Annotated[
        str, typer.Option("--also", metavar="A,B", help="Facts to record even though the rules do not know them.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Record events: the whole file or nothing. The options fill in what an event does not say about its origin.

    An event: {subject: person/17, id: w2-1, facts: {2024-01-01: {wages: 48_000.00}}}. citizens/README.md says the rest.
    """
    from api.cli.log.append import append_command

    raise typer.Exit(
        append_command(
            file,
            log,
            source,
            actor,
            legal_basis=legal_basis,
            retention=retention,
            create=create,
            checked_by=(rules, also),
            as_json=as_json,
        )
    )


@commands.command("show")
def show(
    subject: Subject,
    log: LogOption = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="K", help="Only what was recorded from a day, moment or #17 on.")
    ] = None,
    known: Known = None,
    as_json: AsJson = False,
) -> None:
    """Show a subject's history: what was recorded, when, by whom, on what authority, and what corrected what."""
    from api.cli.log.show import show_command

    raise typer.Exit(show_command(subject, log, since, known, as_json))


@commands.command("as-of")
def as_of(
    subject: Subject,
    log: LogOption = None,
    valid: Annotated[
        str | None, typer.Option("--valid", metavar="DAY", help="What held on this day; today if not given.")
    ] = None,
    known: Known = None,
    as_json: AsJson = False,
) -> None:
    """Show a subject's facts as valid on a day, as known then or later; for a group, also who was in it."""
    from api.cli.log.show import as_of_command

    raise typer.Exit(as_of_command(subject, log, valid, known, as_json))


@commands.command("cut")
def cut(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Lists the cuts there are if not given.")] = None,
    log: LogOption = None,
    as_json: AsJson = False,
) -> None:
    """Name what all partitions of a log hold now, so that you can ask for it as `--known cut:NAME`."""
    from api.cli.log.cut import cut_command

    raise typer.Exit(cut_command(name, log, as_json))
