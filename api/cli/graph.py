"""`rulewright graph VARIABLE`: what a figure is made of, or who uses it, as Mermaid or DOT text.

1. Walk breadth first from the figure along what definitions read (or who reads them), to the depth asked for.
2. Facts are drawn as rounded boxes, figures as boxes, requirements as hexagons; an arrow leads from what is read to who
   reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from api.cases.naming import find_definition
from api.cli.output import say, say_json
from api.failures import ExitCode
from api.rules import programs
from engine.ir.dependencies import readings
from engine.ir.program import Definition, Program


@dataclass(frozen=True, slots=True)
class Graph:
    """Definitions in the order in which they were found, and who reads whom."""

    nodes: tuple[Definition, ...]
    edges: tuple[tuple[str, str], ...]


def graph_command(rules: str, variable: str, dot: bool, users: bool, depth: int, as_json: bool) -> int:
    """Print the graph around a figure."""
    program = programs.load_program(rules)
    found = walked(program, find_definition(program, variable), users, depth)
    if as_json:
        edges = [{"from": read, "to": reader} for read, reader in found.edges]
        nodes = [{"name": one.name, "kind": _kind(one), "label": one.label, "law": one.law} for one in found.nodes]
        say_json({"nodes": nodes, "edges": edges})
    else:
        say(as_dot(found) if dot else as_mermaid(found))
    return ExitCode.DONE


def walked(program: Program, root: Definition, users: bool, depth: int) -> Graph:
    """The part of the program within `depth` steps of `root`."""
    steps = {name: _reads(one) for name, one in program.definitions.items()}
    if users:
        steps = _turned(steps)
    nodes: dict[str, None] = {root.name: None}
    edges: list[tuple[str, str]] = []
    frontier = [root.name]
    for _ in range(depth):
        following: list[str] = []
        for name in frontier:
            for other in steps.get(name, ()):
                edges.append((name, other) if users else (other, name))
                if other not in nodes:
                    nodes[other] = None
                    following.append(other)
        frontier = following
    return Graph(tuple(program.definitions[name] for name in nodes), tuple(dict.fromkeys(edges)))


def _reads(definition: Definition) -> list[str]:
    return list(dict.fromkeys(read.name for read in readings(definition)))


def _turned(steps: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Who reads whom, from whom reads who."""
    turned: dict[str, list[str]] = {}
    for reader, reads in steps.items():
        for read in reads:
            turned.setdefault(read, []).append(reader)
    return turned


def _kind(definition: Definition) -> str:
    if definition.is_input:
        return "fact"
    return "requirement" if definition.requirement is not None else "figure"


def as_mermaid(graph: Graph) -> str:
    """The graph as a Mermaid flowchart."""
    ids = {one.name: f"n{index}" for index, one in enumerate(graph.nodes)}
    brackets = {"fact": ("([", "])"), "figure": ("[", "]"), "requirement": ("{{", "}}")}
    lines = ["flowchart LR"]
    for one in graph.nodes:
        left, right = brackets[_kind(one)]
        label = f"{one.short_name}<br/>{one.label}".replace('"', "#quot;")
        lines.append(f'  {ids[one.name]}{left}"{label}"{right}')
    lines += [f"  {ids[read]} --> {ids[reader]}" for read, reader in graph.edges]
    return "\n".join(lines)


def as_dot(graph: Graph) -> str:
    """The graph in the language of Graphviz."""
    shapes = {"fact": "box, style=rounded", "figure": "box", "requirement": "hexagon"}
    lines = ["digraph rules {", "  rankdir=LR;", '  node [fontname="sans-serif"];']
    for one in graph.nodes:
        label = f"{_escaped(one.short_name)}\\n{_escaped(one.label)}"
        lines.append(f'  "{_escaped(one.name)}" [label="{label}", shape={shapes[_kind(one)]}];')
    lines += [f'  "{_escaped(read)}" -> "{_escaped(reader)}";' for read, reader in graph.edges]
    return "\n".join([*lines, "}"])


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
