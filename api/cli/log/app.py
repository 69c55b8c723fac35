"""`rulewright log …` and `ledger`: the commands that each module registers, under the headings of `panels`.

Every command that concerns a log names it with `--log`, or with the variable RULEWRIGHT_LOG.
"""

from __future__ import annotations

import typer

from api.cli.log import copies, guarding, recording
from api.cli.log.options import AsJson, Known, LogOption, Subject
from api.cli.panels import LOG, put_under

ledger_commands = typer.Typer()
log_app = typer.Typer(
    help="Who people are and what has happened to them: an append-only log, known as of any day.",
    epilog="Exit codes: 0 done, 1 failed or damaged, 2 usage, 3 rules invalid.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)

for family in (recording.commands, guarding.commands, copies.commands):
    log_app.registered_commands += family.registered_commands
put_under(LOG, log_app)


@ledger_commands.command()
def ledger(subject: Subject, log: LogOption = None, known: Known = None, as_json: AsJson = False) -> None:
    """Show what a subject owes and is owed: every movement, and the balance after it."""
    from api.cli.log.ledger import ledger_command

    raise typer.Exit(ledger_command(subject, log, known, as_json))
