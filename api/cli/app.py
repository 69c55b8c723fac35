"""The commands' names and options. What a command does stands in its own module, imported when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.analysts import diff, seek, simulate_reforms
from api.cli.asked import ask, cure, find, sweep
from api.cli.assessing import annual, follow
from api.cli.log.app import LogOption, ledger, log_app
from api.cli.many import batch, bench, taxsim
from api.cli.options import AsJson, At, Case, Reforms, Rules, RulesOption
from api.cli.permit import permit_app
from api.cli.population import population_app
from api.cli.translate import translate
from api.failures import Failure

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


Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="KIND", help="Only these: figure, fact, parameter, enum, reason …; several times."),
]


@app.command()
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


@app.command()
def check(
    rules: Rules,
    reform: Reforms = None,
    differential: Annotated[
        bool, typer.Option("--differential", help="Also compare machine code with the interpreter on random people.")
    ] = False,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="How many populations to compare.")] = 7,
    people: Annotated[int, typer.Option("--people", min=1, help="How many people are in each.")] = 100,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The seed of their randomness.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Find everything that is wrong with rules, with positions and remedies."""
    from api.cli.check import check_command
    from api.rules.check import Differential

    wanted = Differential(rounds, people, seed) if differential else None
    raise typer.Exit(check_command(rules, reform or [], as_json, wanted))


@app.command("test")
def run_examples(
    rules: Rules,
    only: Annotated[str, typer.Option("--only", metavar="TEXT", help="Only examples whose name or file has it.")] = "",
    coverage: Annotated[bool, typer.Option("--coverage", help="Also say what none of them tries.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Run them again whenever a rule file has changed.")] = False,
    reform: Reforms = None,
    as_json: AsJson = False,
) -> None:
    """Run the worked examples that stand in the rules."""
    from api.cli.test import test_command, watch_command

    if watch and as_json:
        raise Failure("`--watch` goes on and `--json` is one answer", "leave one of the two out")
    if watch:
        watch_command(rules, reform or [], only, coverage)
    raise typer.Exit(test_command(rules, reform or [], only, as_json, coverage))


@app.command()
def calc(
    rules: Rules,
    case: Case,
    at: At = None,
    want: Annotated[str, typer.Option("--want", metavar="A,B", help="Figures to compute, by name.")] = "",
    reform: Reforms = None,
    as_json: AsJson = False,
) -> None:
    """Compute figures of one case. Where facts are missing: the range, and what to ask next."""
    from api.cli.calc import calc_command

    raise typer.Exit(calc_command(rules, case, at, want, reforms=reform or [], as_json=as_json))


@app.command()
def why(
    rules: Rules,
    case: Case,
    variable: Annotated[str, typer.Argument(metavar="VARIABLE", help="The figure to explain.")],
    at: At = None,
    of: Annotated[str, typer.Option("--of", metavar="NAME", help="Whose, where the case has several.")] = "",
    reform: Reforms = None,
    as_json: AsJson = False,
) -> None:
    """Explain a figure: what decided it, step by step, with the law."""
    from api.cli.why import why_command

    raise typer.Exit(why_command(rules, case, variable, at, of=of, reforms=reform or [], as_json=as_json))


@app.command()
def fmt(
    paths: Annotated[list[str], typer.Argument(metavar="PATHS", help="Rule files, or folders of rules.")],
    check_only: Annotated[
        bool, typer.Option("--check", help="Only say what would change; exit with 1 if anything.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put the formulas of rule files in order, and leave everything else as it is."""
    from api.cli.fmt import fmt_command

    raise typer.Exit(fmt_command(paths, check_only, as_json))


@app.command()
def graph(
    variable: Annotated[str, typer.Argument(metavar="VARIABLE", help="The figure to begin with.")],
    rules: RulesOption = "us",
    dot: Annotated[bool, typer.Option("--dot", help="DOT for Graphviz, instead of Mermaid.")] = False,
    users: Annotated[bool, typer.Option("--users", help="Who uses it, instead of what it uses.")] = False,
    depth: Annotated[int, typer.Option("--depth", min=1, max=99, help="How many steps to follow.")] = 99,
    as_json: AsJson = False,
) -> None:
    """Draw what a figure is made of, as Mermaid or DOT text."""
    from api.cli.graph import graph_command

    raise typer.Exit(graph_command(rules, variable, dot, users, depth=depth, as_json=as_json))


@app.command()
def show(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Any name in the rules; `enum:filing_status` for that kind.")
    ],
    rules: RulesOption = "us",
    reform: Reforms = None,
    as_json: AsJson = False,
) -> None:
    """Show a definition: its law, its values over time, what it uses and who uses it."""
    from api.cli.show import show_command

    raise typer.Exit(show_command(rules, name, reform or [], as_json))


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help="Words of the name, label, law or module.")],
    rules: RulesOption = "us",
    kind: Kinds = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many to show.")] = 40,
    as_json: AsJson = False,
) -> None:
    """Find facts, figures, constants, requirements, reasons, entities and enums by word, label or law."""
    from api.cli.search import search_command

    raise typer.Exit(search_command(words, rules, kind or [], limit, as_json))


@app.command("list")
def list_names(
    rules: Annotated[str, typer.Argument(metavar="[RULES]", help="Whose names; without it, which are shipped.")] = "",
    kind: Kinds = None,
    module: Annotated[str, typer.Option("--module", metavar="NAME", help="One module, or a folder of them.")] = "",
    as_json: AsJson = False,
) -> None:
    """List everything that has a name in the rules, file by file; without RULES, which rules are shipped."""
    from api.cli.search import list_command

    raise typer.Exit(list_command(rules, kind or [], module, as_json))


@app.command()
def lsp() -> None:
    """Serve an editor: problems as you type, hover, definitions, references, completion, rename, examples to run."""
    from api.cli.lsp import lsp_command

    raise typer.Exit(lsp_command())


app.command()(taxsim)
app.command()(batch)
app.command()(bench)


@app.command()
def serve(
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="A configuration, for production.")
    ] = None,
    rules: Annotated[
        list[str] | None, typer.Option("--rules", metavar="RULES", help="Shipped rules, or a folder; several times.")
    ] = None,
    log: LogOption = None,
    host: Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help="127.0.0.1 if not given.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65_535, help="8000 if not given.")] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Processes; one if there is a log.")] = None,
) -> None:
    """Serve the API. Without a configuration: on this machine only, for trying it out."""
    from api.cli.serve import serve_command

    raise typer.Exit(serve_command(config, rules or [], log, host, port=port, workers=workers))


@app.command()
def demo(
    units: Annotated[int, typer.Option("--units", min=1, max=10_000, help="How many units of the sample.")] = 2_000,
    as_json: AsJson = False,
) -> None:
    """Compute the 2024 tax of 2,000 real tax units, and explain one household's credit."""
    from api.cli.demo import demo_command

    raise typer.Exit(demo_command(units, as_json))


app.add_typer(log_app, name="log")
app.add_typer(population_app, name="population")
app.add_typer(permit_app, name="permit")
app.command(name="simulate")(simulate_reforms)
app.command()(diff)
app.command()(seek)
app.command()(translate)
app.command()(ledger)
app.command()(sweep)
app.command()(find)
app.command()(cure)
app.command()(ask)


app.command()(annual)
app.command()(follow)
