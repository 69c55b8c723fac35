"""Who needs whom: the order in which figures can be computed, and circles.

1. Take from every formula the figures that it reads, and whether each is read in an earlier period.
2. Earlier periods cannot lead back to now, so only the other reads can form a circle: unless one of them is of a later
   period, which may make up for it. Where figures that all need each other read a later period, every read counts.
3. Sort so that each definition comes after those that it reads; a depth-first walk with its own stack finds a circle as
   the path that returns to itself, which is shown whole (E701).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.ir import nodes as ir
from engine.ir.program import Definition, FunctionDefinition
from engine.ir.walk import walk
from engine.text.diagnostics import Diagnostics, Note
from engine.text.source import Span

READ_EARLIER = "read an earlier period (`x @ last year`), or follow the order that the statute gives"


@dataclass(frozen=True, slots=True)
class Reading:
    """That a formula reads the figure `name`. `earlier`: surely in a period before its own; `later`: after it."""

    name: str
    earlier: bool
    span: Span | None
    later: bool = False


def readings(definition: Definition) -> Iterator[Reading]:
    """Every figure that a definition's formulas read."""
    for dated in definition.formulas:
        for node in walk(dated.body):
            match node:
                case ir.VariableRead():
                    yield Reading(node.name, _earlier(node.time), node.span, _later(node.time))
                case ir.OverTime():
                    yield Reading(node.name, node.last > 0, node.span)


def _earlier(time: ir.Time) -> bool:
    return isinstance(time, ir.Containing) and time.shift < 0


def _later(time: ir.Time) -> bool:
    return isinstance(time, ir.Containing) and time.shift > 0


def call_circle(functions: Mapping[str, FunctionDefinition], problems: Diagnostics) -> bool:
    """Whether functions call each other in a circle; reports it."""
    graph = call_graph(functions)
    return len(order(graph, problems, "write the formula out: no function may come back to itself")) < len(graph)


def call_graph(functions: Mapping[str, FunctionDefinition]) -> dict[str, list[Reading]]:
    """For each function, the functions that it calls."""
    return {
        name: [
            Reading(node.name, False, node.span)
            for dated in function.formulas
            for node in walk(dated.body)
            if isinstance(node, ir.FunctionCall) and node.name in functions
        ]
        for name, function in functions.items()
    }


def figure_graph(definitions: Mapping[str, Definition]) -> dict[str, list[Reading]]:
    """For each definition, what it reads that might lead back to it."""
    whole = {
        name: [read for read in readings(definition) if read.name in definitions]
        for name, definition in definitions.items()
    }
    ahead = _looking_ahead(whole)
    return {
        name: [read for read in reads if not read.earlier or (name in ahead and ahead.get(read.name) == ahead[name])]
        for name, reads in whole.items()
    }


def _looking_ahead(graph: Mapping[str, list[Reading]]) -> dict[str, int]:
    """The names that all need each other where one of them reads a later period of another, each with its group."""
    if not any(read.later for reads in graph.values() for read in reads):
        return {}
    group = _groups(graph)
    inside = {
        group[name] for name, reads in graph.items() for read in reads if read.later and group[name] == group[read.name]
    }
    return {name: number for name, number in group.items() if number in inside}


def _groups(graph: Mapping[str, list[Reading]]) -> dict[str, int]:
    """For each name the number of its group, by Kosaraju's two walks: last finished first, against the arrows."""
    back: dict[str, list[str]] = {name: [] for name in graph}
    for name, reads in graph.items():
        for read in reads:
            back[read.name].append(name)
    found: dict[str, int] = {}
    for number, root in enumerate(reversed(_finished(graph))):
        pending = [root]
        while pending:
            name = pending.pop()
            if name not in found:
                found[name] = number
                pending += back[name]
    return found


def _finished(graph: Mapping[str, list[Reading]]) -> list[str]:
    """The names, each after everything that it leads to and that was not met before."""
    finished: list[str] = []
    seen: set[str] = set()
    for root in graph:
        path = [] if root in seen else [(root, iter(graph[root]))]
        seen.add(root)
        while path:
            name, reads = path[-1]
            read = next((one for one in reads if one.name not in seen), None)
            if read is None:
                finished.append(name)
                path.pop()
            else:
                seen.add(read.name)
                path.append((read.name, iter(graph[read.name])))
    return finished


def order(graph: Mapping[str, list[Reading]], problems: Diagnostics, remedy: str = READ_EARLIER) -> tuple[str, ...]:
    """The names so that each comes after those it reads. Names on a circle, once reported, are left out."""
    done: dict[str, bool] = {}
    ordered: list[str] = []
    for root in graph:
        if root not in done:
            _visit(root, graph, done, ordered, problems, remedy)
    return tuple(ordered)


def _visit(
    root: str,
    graph: Mapping[str, list[Reading]],
    done: dict[str, bool],
    ordered: list[str],
    problems: Diagnostics,
    remedy: str,
) -> None:
    path: list[str] = [root]
    pending: list[Iterator[Reading]] = [iter(graph[root])]
    broken: set[str] = set()
    on_path = {root}
    while path:
        read = next(pending[-1], None)
        if read is None:
            name = path.pop()
            pending.pop()
            on_path.discard(name)
            done[name] = True
            if name not in broken:
                ordered.append(name)
        elif read.name in on_path:
            circle = path[path.index(read.name) :]
            _report(circle, graph, problems, remedy)
            broken.update(circle)
        elif read.name not in done:
            path.append(read.name)
            on_path.add(read.name)
            pending.append(iter(graph[read.name]))


def _report(circle: list[str], graph: Mapping[str, list[Reading]], problems: Diagnostics, remedy: str) -> None:
    steps = []
    for name, following in zip(circle, [*circle[1:], circle[0]], strict=True):
        span = next(read.span for read in graph[name] if read.name == following)
        steps.append((name, following, span))
    names = [_short(name) for name in [*circle, circle[0]]]
    notes = [Note(f"`{_short(name)}` reads `{_short(following)}` here", span) for name, following, span in steps]
    shown = names if len(names) <= 12 else [*names[:6], "…", *names[-5:]]
    message = "these depend on each other in a circle: " + " -> ".join(f"`{name}`" for name in shown)
    problems.add("E701", message, steps[0][2], help=remedy, notes=notes[:12])


def _short(name: str) -> str:
    return name.rpartition(":")[2]
