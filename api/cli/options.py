"""Arguments and options that several commands take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from api.failures import Misuse

Rules = Annotated[str, typer.Argument(metavar="RULES", help="Shipped rules, such as `us`, or a folder.")]
RulesOption = Annotated[str, typer.Option("--rules", metavar="RULES", help="Shipped rules, or a folder.")]
Case = Annotated[str, typer.Argument(metavar="CASE", help="A case in YAML or JSON; `-` reads stdin.")]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="PERIOD", help="2024, 2024-03 or 2024-03-05. Default: what the case says."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON. Money is a decimal in a string.")]
Reforms = Annotated[
    list[Path] | None,
    typer.Option("--reform", metavar="FILE", help="Lay a reform over the law; may be given several times."),
]
PopulationFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--population",
        metavar="FILE",
        help="A file for each entity; `cps` is the shipped sample of tax units, `cps-homes` of whole households.",
    ),
]
DataYear = Annotated[
    int | None, typer.Option("--data-year", help="The year of the files' money, if it is not the year asked for.")
]
UprateIndex = Annotated[str, typer.Option("--uprate", metavar="INDEX", help="What carries money on, or `none`.")]
WeightColumn = Annotated[str, typer.Option("--weight", metavar="COLUMN", help="How many units each row stands for.")]
ViewFile = Annotated[Path | None, typer.Option("--view", metavar="FILE", help="What is counted, for other rules.")]
ColumnMapFile = Annotated[
    Path | None,
    typer.Option("--columns", metavar="FILE", help="YAML: which columns of the files are which facts, by entity."),
]
Ray = Annotated[
    str,
    typer.Option("--ray", metavar="ADDRESS", help="Compute on Ray: `local`, `local:2`, `auto`, or where its head is."),
]
EarnerRoles = Annotated[
    list[str] | None,
    typer.Option(
        "--earner", metavar="ROLE", help="Whose marginal and participation rates: `head`, `spouse`; several times."
    ),
]


def rules_and_name(words: Sequence[str], rules: str) -> tuple[str, str]:
    """What `[RULES] NAME` means, beside the option `--rules`. Raises Misuse for more words."""
    if len(words) == 1:
        return rules, words[0]
    if len(words) == 2 and rules == "us":
        return words[0], words[1]
    told = " ".join(words)
    raise Misuse(f"`{told[:80]}` is not one name", "write NAME, RULES NAME, or NAME --rules RULES")
