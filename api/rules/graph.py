"""What a figure is made of, or who uses it: a part of the program as a graph, and that as Mermaid or DOT text.

1. Walk breadth first from the figure along what definitions read (or who reads them), to the depth asked for.
2. Facts are drawn as rounded boxes, figures as boxes, requirements as hexagons; an arrow leads from what is read to who
   reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from api.schema import Citation, citations
from engine.ir.dependencies import readings
from engine.ir.program import Definition, Program


@dataclass(frozen=True, slots=True)
class Node:
    """A definition in the graph."""

    name: str
    kind: str
    label: str
    law: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """Who (`to`) reads what (`from_`)."""

    from_: str
    to: str


@dataclass(frozen=True, slots=True)
class Graph:
    """Definitions in the order in which they were found, and who reads whom."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def graph(program: Program, root: Definition, users: bool = False, depth: int = 99) -> Graph:
    """The part of the program within `depth` steps of `root`: what it reads or, with `users`, who reads it."""
    steps = {name: _reads(definition) for name, definition in program.definitions.items()}
    if users:
        steps = _turned(steps)
    nodes: dict[str, None] = {root.name: None}
    edges: list[Edge] = []
    frontier = [root.name]
    for _ in range(depth):
        following: list[str] = []
        for name in frontier:
            for other in steps.get(name, ()):
                edges.append(Edge(name, other) if users else Edge(other, name))
                if other not in nodes:
                    nodes[other] = None
                    following.append(other)
        frontier = following
    return Graph(tuple(_node(program.definitions[name]) for name in nodes), tuple(dict.fromkeys(edges)))


def _node(definition: Definition) -> Node:
    kind = "fact" if definition.is_input else "requirement" if definition.requirement is not None else "figure"
    return Node(definition.name, kind, definition.label, citations(definition.law))


def _reads(definition: Definition) -> list[str]:
    return list(dict.fromkeys(read.name for read in readings(definition)))


def _turned(steps: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Who reads whom, from whom reads who."""
    turned: dict[str, list[str]] = {}
    for reader, reads in steps.items():
        for read in reads:
            turned.setdefault(read, []).append(reader)
    return turned


def as_mermaid(graph: Graph) -> str:
    """The graph as a Mermaid flowchart."""
    ids = {graph_node.name: f"n{index}" for index, graph_node in enumerate(graph.nodes)}
    brackets = {"fact": ("([", "])"), "figure": ("[", "]"), "requirement": ("{{", "}}")}
    lines = ["flowchart LR"]
    for node in graph.nodes:
        left, right = brackets[node.kind]
        label = f"{node.name.rpartition(':')[2]}<br/>{node.label}".replace('"', "#quot;")
        lines.append(f'  {ids[node.name]}{left}"{label}"{right}')
    lines += [f"  {ids[edge.from_]} --> {ids[edge.to]}" for edge in graph.edges]
    return "\n".join(lines)


def as_dot(graph: Graph) -> str:
    """The graph in the language of Graphviz."""
    shapes = {"fact": "box, style=rounded", "figure": "box", "requirement": "hexagon"}
    lines = ["digraph rules {", "  rankdir=LR;", '  node [fontname="sans-serif"];']
    for node in graph.nodes:
        label = f"{_escaped(node.name.rpartition(':')[2])}\\n{_escaped(node.label)}"
        lines.append(f'  "{_escaped(node.name)}" [label="{label}", shape={shapes[node.kind]}];')
    lines += [f'  "{_escaped(edge.from_)}" -> "{_escaped(edge.to)}";' for edge in graph.edges]
    return "\n".join([*lines, "}"])


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
