"""The options of the commands about rules and single cases. What a command does stands in a module of its own, imported
when it is called."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.options import AsJson, At, Case, Reforms, Rules, RulesOption, rules_and_name
from api.failures import Failure

commands = typer.Typer()


Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="KIND", help="Only these: figure, fact, parameter, enum, reason …; several times."),
]


@commands.command()
def new(
    jurisdiction: Annotated[str, typer.Argument(metavar="FOLDER", help="Where to; its last part names the rules.")],
    currency: Annotated[str, typer.Option("--currency", metavar="CODE", help="The currency of its amounts.")] = "EUR",
    year: Annotated[
        int | None, typer.Option("--year", min=1900, max=2200, help="The first year it answers for; now if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a small working ruleset with examples, to build on."""
    from api.cli.new import new_command

    raise typer.Exit(new_command(jurisdiction, currency, year, as_json))


@commands.command()
def check(
    rules: Rules,
    reform: Reforms = None,
    differential: Annotated[
        bool,
        typer.Option("--differential", help="Also compare machine code with the interpreter on random populations."),
    ] = False,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="Number of populations to compare.")] = 4,
    people: Annotated[int, typer.Option("--people", min=1, help="Number of people in each.")] = 40,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The random seed.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Report everything that is wrong with rules: where it is, and how to mend it."""
    from api.cli.check import check_command
    from api.rules.check import Differential

    wanted = Differential(rounds, people, seed) if differential else None
    raise typer.Exit(check_command(rules, reform or [], as_json, wanted))


@commands.command("test")
def run_examples(
    rules: Rules,
    only: Annotated[
        str, typer.Option("--only", metavar="TEXT", help="Only examples with this text in their name or file.")
    ] = "",
    coverage: Annotated[bool, typer.Option("--coverage", help="Also report what no example covers.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Run them again whenever a rule file changes.")] = False,
    reform: Reforms = None,
    as_json: AsJson = False,
) -> None:
    """Run the worked examples in the rules."""
    from api.cli.test import test_command, watch_command

    if watch and as_json:
        raise Failure("`--watch` goes on and `--json` is one answer", "leave one of the two out")
    if watch:
        watch_command(rules, reform or [], only, coverage)
    raise typer.Exit(test_command(rules, reform or [], only, as_json, coverage))


@commands.command()
def calc(
    rules: Rules,
    case: Case,
    at: At = None,
    want: Annotated[
        str,
        typer.Option(
            "--want",
            metavar="A,B",
            help="Figures, or sets of them such as `benefits` (`list RULES --kind figure_set`); `all` for every one.",
        ),
    ] = "",
    reform: Reforms = None,
    as_json: AsJson = False,
) -> None:
    """Compute figures for one case. If facts are missing, show the range and what to ask next."""
    from api.cli.calc import calc_command

    raise typer.Exit(calc_command(rules, case, at, want, reforms=reform or [], as_json=as_json))


@commands.command()
def why(
    rules: Rules,
    case: Case,
    variable: Annotated[str, typer.Argument(metavar="VARIABLE", help="The figure to explain.")],
    at: At = None,
    of: Annotated[str, typer.Option("--of", metavar="NAME", help="Whose, where the case has several.")] = "",
    reform: Reforms = None,
    as_json: AsJson = False,
) -> None:
    """Explain a figure step by step, with the law behind each step."""
    from api.cli.why import why_command

    raise typer.Exit(why_command(rules, case, variable, at, of=of, reforms=reform or [], as_json=as_json))


@commands.command()
def fmt(
    paths: Annotated[list[str], typer.Argument(metavar="PATHS", help="Rule files, or folders of rules.")],
    check_only: Annotated[
        bool, typer.Option("--check", help="Only say what would change; exit with 1 if anything.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Format the formulas in rule files, and leave everything else as it is."""
    from api.cli.fmt import fmt_command

    raise typer.Exit(fmt_command(paths, check_only, as_json))


@commands.command()
def graph(
    words: Annotated[list[str], typer.Argument(metavar="[RULES] VARIABLE", help="The figure to start from.")],
    rules: RulesOption = "us",
    dot: Annotated[bool, typer.Option("--dot", help="DOT for Graphviz, instead of Mermaid.")] = False,
    users: Annotated[bool, typer.Option("--users", help="Who uses it, instead of what it uses.")] = False,
    depth: Annotated[int, typer.Option("--depth", min=1, max=99, help="How many steps to follow.")] = 99,
    as_json: AsJson = False,
) -> None:
    """Draw what a figure depends on, as Mermaid or DOT text."""
    from api.cli.graph import graph_command

    rules, variable = rules_and_name(words, rules)
    raise typer.Exit(graph_command(rules, variable, dot, users, depth=depth, as_json=as_json))


@commands.command()
def show(
    words: Annotated[
        list[str],
        typer.Argument(metavar="[RULES] NAME", help="Any name in the rules; `enum:filing_status` for that kind."),
    ],
    rules: RulesOption = "us",
    reform: Reforms = None,
    as_json: AsJson = False,
) -> None:
    """Show a definition: its law, its values over time, what it uses and who uses it."""
    from api.cli.show import show_command

    rules, name = rules_and_name(words, rules)
    raise typer.Exit(show_command(rules, name, reform or [], as_json))


@commands.command()
def search(
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help="Words of the name, label, law or module.")],
    rules: RulesOption = "us",
    kind: Kinds = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many to show.")] = 40,
    as_json: AsJson = False,
) -> None:
    """Search facts, figures, constants, requirements, reasons, entities and enums by word, label or law."""
    from api.cli.search import search_command

    raise typer.Exit(search_command(words, rules, kind or [], limit, as_json))


@commands.command("list")
def list_names(
    rules: Annotated[str, typer.Argument(metavar="[RULES]", help="Whose names; without it, which are shipped.")] = "",
    kind: Kinds = None,
    module: Annotated[str, typer.Option("--module", metavar="NAME", help="One module, or a folder of them.")] = "",
    as_json: AsJson = False,
) -> None:
    """List every name in the rules, file by file; without RULES, list the rules that are shipped."""
    from api.cli.search import list_command

    raise typer.Exit(list_command(rules, kind or [], module, as_json))


@commands.command()
def lsp() -> None:
    """Serve an editor: problems as you type, hover, definitions, references, completion, rename, examples to run."""
    from api.cli.lsp import lsp_command

    raise typer.Exit(lsp_command())
