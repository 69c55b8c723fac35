"""The program `rulewright`: the commands that each module registers, under the headings of `panels`."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli import analysts, asked, assessing, many, rulework, translate, trying
from api.cli.log.app import ledger_commands, log_app
from api.cli.panels import PROGRAM, put_under
from api.cli.permit import permit_app
from api.cli.population import population_app

EXIT_CODES = "Exit codes: 0 done, 1 failed, 2 usage, 3 rules invalid, 4 examples failed, 5 differences found."

app = typer.Typer(
    name="rulewright",
    help="Law as data: check it, compute with it, and see why each figure is what it is.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"rulewright {version('rulewright')}")
        except PackageNotFoundError:
            print("rulewright, not installed")
        raise typer.Exit


@app.callback()
def top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Law as data: check it, compute with it, and see why each figure is what it is."""


for family in (
    rulework.commands,
    many.commands,
    trying.commands,
    analysts.commands,
    translate.commands,
    ledger_commands,
    asked.commands,
    assessing.commands,
):
    app.registered_commands += family.registered_commands
app.add_typer(log_app, name="log")
app.add_typer(population_app, name="population")
app.add_typer(permit_app, name="permit")
put_under(PROGRAM, app)
