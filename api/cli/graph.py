"""`rulewright graph VARIABLE`: what a figure is made of, or who uses it, as Mermaid or DOT text."""

from __future__ import annotations

from api.cases.naming import find_definition
from api.cli.output import say, say_json
from api.failures import ExitCode
from api.rules import programs
from api.rules.graph import as_dot, as_mermaid, graph
from api.schema import as_data


def graph_command(rules: str, variable: str, dot: bool, users: bool, *, depth: int, as_json: bool) -> int:
    """Print the graph around a figure."""
    program = programs.load_program(rules)
    drawn = graph(program, find_definition(program, variable), users, depth)
    if as_json:
        say_json(as_data(drawn))
    else:
        say(as_dot(drawn) if dot else as_mermaid(drawn))
    return ExitCode.DONE
