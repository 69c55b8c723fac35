"""The names and options of `rulewright log …` and of `ledger`. What each does stands in its own module.

Every command that concerns a log names it with `--log`, or with the variable RULEWRIGHT_LOG.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.history.environment import LOG_VARIABLE

ledger_commands = typer.Typer()
log_app = typer.Typer(
    help="Who people are and what has happened to them: an append-only log, known as of any day.",
    epilog="Exit codes: 0 done, 1 failed or damaged, 2 usage, 3 rules invalid.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)

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


@log_app.command("create")
def create(log: LogOption = None, as_json: AsJson = False) -> None:
    """Create a new, empty log."""
    from api.cli.log.create import create_command

    raise typer.Exit(create_command(log, as_json))


@log_app.command("import")
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
        bool, typer.Option("--skip-bad", help="Leave out rows with faults, and all that belong to them.")
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


@log_app.command("append")
def append(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Events as YAML or JSON lines; `-` reads stdin.")],
    log: LogOption = None,
    source: Source = "",
    actor: Actor = "",
    legal_basis: Basis = "",
    retention: Retention = "tax",
    create: Create = False,
    as_json: AsJson = False,
) -> None:
    """Record events: the whole file or nothing. The options fill in what an event does not say about its origin.

    An event: {subject: person/17, id: w2-1, facts: {2024-01-01: {wages: 48_000.00}}}. citizens/README.md says the rest.
    """
    from api.cli.log.append import append_command

    raise typer.Exit(
        append_command(
            file, log, source, actor, legal_basis=legal_basis, retention=retention, create=create, as_json=as_json
        )
    )


@log_app.command("show")
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


@log_app.command("as-of")
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


@log_app.command("cut")
def cut(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Lists the cuts there are if not given.")] = None,
    log: LogOption = None,
    as_json: AsJson = False,
) -> None:
    """Name what all partitions of a log on Kafka hold now, to be asked for as `--known cut:NAME`."""
    from api.cli.log.cut import cut_command

    raise typer.Exit(cut_command(name, log, as_json))


@log_app.command("verify")
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


@log_app.command("anchor")
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


@log_app.command("anchor-key")
def anchor_key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file for the private key.")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Who signs; this machine if not given.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make the Ed25519 key that signs anchors: FILE holds it, FILE.pub what others check them with."""
    from api.cli.log.anchors import anchor_key_command

    raise typer.Exit(anchor_key_command(file, name, as_json))


@log_app.command("compact")
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


@log_app.command("hold")
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


@log_app.command("erase")
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
        raise typer.Exit(expired_command(expired, order, certificate, yes, as_json, alone=alone))
    raise typer.Exit(erase_command(named(subjects or [], listed), order, certificate, yes, as_json))


@log_app.command("merge")
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


@log_app.command("move")
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
    """Move somebody, with everybody who belongs with them, to another partition of a log on Kafka.

    Whoever marries into a household of another partition moves there first.
    """
    from api.cli.log.keep import Order
    from api.cli.log.moving import move_command

    raise typer.Exit(move_command(subject, to, Order(log, actor, legal_basis, reason), retention, as_json))


@log_app.command("backup")
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


@log_app.command("restore")
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


@log_app.command("doctor")
def doctor(log: LogOption = None, as_json: AsJson = False) -> None:
    """Report the state of the log, and the safe next step. Changes nothing; exit code 1 if it cannot be used."""
    from api.cli.log.upkeep import doctor_command

    raise typer.Exit(doctor_command(log, as_json))


@log_app.command("migrate")
def migrate(log: LogOption = None, as_json: AsJson = False) -> None:
    """Convert a log that an earlier version wrote to the current format. Checks all of it first."""
    from api.cli.log.upkeep import migrate_command

    raise typer.Exit(migrate_command(log, as_json))


@log_app.command("correct-time")
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


@log_app.command("rekey")
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


@log_app.command("replicate")
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


@log_app.command("copy")
def copy(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A log: a folder, or `kafka://host:9092/NAME`.")],
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="Where it goes: the same. Cut off, it goes on.")],
    keys: Annotated[
        Path | None, typer.Option("--keys", metavar="FILE", help="The copy's key store, if not in its folder.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Copy a log between a folder and Kafka: the same offsets, links, keys and positions. Each link is verified."""
    from api.cli.log.copying import copy_command

    raise typer.Exit(copy_command(source, target, keys, as_json))


@log_app.command("publish")
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


@log_app.command("promote")
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


@log_app.command("compare")
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


@log_app.command("stats")
def stats(log: LogOption = None, as_json: AsJson = False) -> None:
    """Show how much is in the log, what was compacted and erased, and who is under hold."""
    from api.cli.log.stats import stats_command

    raise typer.Exit(stats_command(log, as_json))


@ledger_commands.command()
def ledger(subject: Subject, log: LogOption = None, known: Known = None, as_json: AsJson = False) -> None:
    """What a subject owes and is owed: every movement, and the balance after it."""
    from api.cli.log.ledger import ledger_command

    raise typer.Exit(ledger_command(subject, log, known, as_json))
