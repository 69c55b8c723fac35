"""The commands that ask about cases and people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.log.options import LogOption
from api.cli.options import AsJson, At, Case, Reforms, Rules

commands = typer.Typer()


@commands.command()
def sweep(
    rules: Rules,
    case: Case,
    vary: Annotated[str, typer.Option("--vary", metavar="FACT=A..B", help="The fact to move: `age=20..70`.")],
    of: Annotated[str, typer.Option("--of", metavar="NAME", help="Whose, where the case has several.")] = "",
    show: Annotated[
        list[str] | None,
        typer.Option("--show", metavar="SUM", help="`eitc`, or `employment_income - income_tax`; several times."),
    ] = None,
    at: At = None,
    svg: Annotated[
        list[Path] | None,
        typer.Option("--svg", "--png", metavar="FILE", help="Also draw the curves: `out.svg`, `out.png`; or both."),
    ] = None,
    reform: Reforms = None,
    as_json: AsJson = False,
) -> None:
    """Vary one fact of a case: show figures as exact straight pieces, with the rule behind every jump and bend."""
    from api.cli.sweep import sweep_command

    raise typer.Exit(
        sweep_command(
            rules, case, at, vary, of=of, show=show or [], reforms=reform or [], drawings=svg or [], as_json=as_json
        )
    )


@commands.command()
def find(
    rules: Rules,
    condition: Annotated[str, typer.Argument(metavar="CONDITION", help="In the rule language: 'eitc > 0 and …'.")],
    at: Annotated[str, typer.Option("--at", metavar="PERIOD", help="2024, 2024-03 or 2024-03-05: facts of its end.")],
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="FILE", help="Tables, as for `batch`, to search instead of a log."),
    ] = None,
    log: LogOption = None,
    known: Annotated[
        str | None, typer.Option("--known", metavar="K", help="As known on a day, at a moment or at #17.")
    ] = None,
    of: Annotated[
        str,
        typer.Option("--of", metavar="ENTITY", help="Whom to look for. Default: the entity of the first figure."),
    ] = "",
    show: Annotated[str, typer.Option("--show", metavar="A,B", help="Figures to print for each.")] = "",
    by: Annotated[str, typer.Option("--by", metavar="FIGURE", help="Rank by this figure, the largest first.")] = "",
    top: Annotated[int, typer.Option("--top", min=0, help="How many to print.")] = 20,
    sums: Annotated[str, typer.Option("--sum", metavar="A,B", help="Figures to add up over everybody found.")] = "",
    group: Annotated[
        str, typer.Option("--group", metavar="FIGURE", help="Also count by the values of this figure.")
    ] = "",
    missing: Annotated[
        str, typer.Option("--missing", help="What an empty cell means: `none`, as on a signed return, or `unknown`.")
    ] = "none",
    count_missing: Annotated[
        bool,
        typer.Option(
            "--count-missing", help="With `--missing unknown`: count how many answers depend on one missing fact alone."
        ),
    ] = False,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Your reason, which is kept in the log.")] = "",
    reform: Reforms = None,
    as_json: AsJson = False,
) -> None:
    """Find everybody who meets a condition; rank, count and add up.

    A log keeps every question, with how many gave which answer, and a look at each who is shown or is one of fewer than
    ten who are counted.
    """
    from api.cli.find import Options, find_command

    options = Options(
        rules,
        condition,
        at,
        inputs or [],
        log,
        known,
        of,
        show,
        by,
        top,
        sums,
        group,
        missing,
        count_missing,
        why,
        reform or [],
        as_json,
    )
    raise typer.Exit(find_command(options))


@commands.command()
def cure(
    rules: Rules,
    case: Case,
    condition: Annotated[str, typer.Argument(metavar="CONDITION", help="A requirement, or any condition.")],
    at: At = None,
    of: Annotated[str, typer.Option("--of", metavar="NAME", help="Whose, where the case has several.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Also look for larger sets once a smaller one works.")] = False,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Search up to a hundred times as long, where a second leaves sets open.")
    ] = False,
    reform: Reforms = None,
    as_json: AsJson = False,
) -> None:
    """Show what would turn a refusal around: the fewest facts to change, or how long to wait."""
    from api.cli.cure import cure_command

    how_far = {"every": every, "thorough": thorough}
    raise typer.Exit(cure_command(rules, case, condition, at, of=of, **how_far, reforms=reform or [], as_json=as_json))


@commands.command()
def ask(
    rules: Rules,
    case: Annotated[
        str,
        typer.Argument(
            metavar="CASE|FIGURES",
            help="A file with who there is and what is known; or figures (`eitc`, `may_drive`), and you are asked.",
        ),
    ],
    want: Annotated[
        str,
        typer.Option(
            "--want", metavar="A,B", help="Figures, or sets of them such as `benefits`. Default: what might be owed."
        ),
    ] = "",
    at: At = None,
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="FILE", help="Save who there is and the answers here, and go on from them."),
    ] = None,
    one_by_one: Annotated[bool, typer.Option("--one-by-one", help="Ask one fact at a time, without lists.")] = False,
    learn: Annotated[
        list[str] | None,
        typer.Option(
            "--learn", metavar="FILE", help="Tables, or a file that `--keep-learned` wrote: how common each fact is."
        ),
    ] = None,
    keep_learned: Annotated[
        Path | None,
        typer.Option("--keep-learned", metavar="FILE", help="Write what was learned to this file, as shares."),
    ] = None,
    reform: Reforms = None,
    as_json: AsJson = False,
) -> None:
    """Ask for the facts that figures still depend on, the most important first, in lists if the rules have them."""
    from api.cli.ask import Options, ask_command

    options = Options(rules, case, want, at, save, reform or [], one_by_one, as_json, learn or [], keep_learned)
    raise typer.Exit(ask_command(options))
