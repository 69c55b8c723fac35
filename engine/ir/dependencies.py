"""Who needs whom: the order in which figures can be computed, and circles.

1. Take from every formula the figures that it reads, each with how much later than the formula's period the period that
   it reaches may begin (`lateness`).
2. A circle of figures is sound if every turn goes back in time, or along records in order at the same time: if its
   reads add up to less than nothing. Among figures that all need each other the longest paths tell (Bellman and Ford);
   reads that surely go back are then left out.
3. Sort so that each definition comes after those that it reads; a depth-first walk with its own stack finds a circle as
   the path that returns to itself, which is shown whole (E701).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.ir import nodes as ir
from engine.ir.knots import knots
from engine.ir.lateness import ANY_TIME, Reading, reads_with_lateness
from engine.ir.program import Definition, FunctionDefinition
from engine.ir.walk import walk
from engine.text.diagnostics import Diagnostics, Note

READ_EARLIER = "read an earlier period (`x @ last year`), or follow the order that the statute gives"


def readings(definition: Definition) -> Iterator[Reading]:
    """Every figure that a definition's formulas read."""
    if definition.period.is_personal:
        yield Reading(definition.period.calendar.starts, 0, definition.span)
    for dated in definition.formulas:
        yield from reads_with_lateness(dated.body, definition.period)


def call_circle(functions: Mapping[str, FunctionDefinition], problems: Diagnostics) -> bool:
    """Whether functions call each other in a circle; reports it."""
    graph = call_graph(functions)
    return len(order(graph, problems, "write the formula out: no function may come back to itself")) < len(graph)


def call_graph(functions: Mapping[str, FunctionDefinition]) -> dict[str, list[Reading]]:
    """For each function, the functions that it calls."""
    return {
        name: [
            Reading(node.name, 0, node.span)
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
    group = knots({name: [read.name for read in reads] for name, reads in whole.items()})
    members: dict[int, list[str]] = {}
    for name, number in group.items():
        members.setdefault(number, []).append(name)
    kept: dict[str, list[Reading]] = {}
    for names in members.values():
        inside = {name: [read for read in whole[name] if group[read.name] == group[name]] for name in names}
        sound = not any(inside.values()) or _goes_back(inside)
        for name in names:
            reads = [read for read in whole[name] if not _is_earlier(read) or group[read.name] != group[name]]
            kept[name] = reads if sound else whole[name]
    return {name: kept[name] for name in whole}


def _is_earlier(read: Reading) -> bool:
    """Whether what is read surely lies before: in time, or at the same time among records in order."""
    return read.later < 0 or (read.later == 0 and read.along < 0)


def _goes_back(graph: Mapping[str, list[Reading]]) -> bool:
    """Whether every circle adds up to less than nothing: then no path of reads grows for ever.

    A day weighs more than all records together, and a record that may be any more than all the steps back."""
    steps = sum(-min(read.along, 0) for reads in graph.values() for read in reads) + 1
    day = steps * (sum(map(len, graph.values())) + 2)
    edges = [
        (name, read.name, read.later * day + (steps if read.along > 0 else read.along))
        for name, reads in graph.items()
        for read in reads
    ]
    scale = len(edges) + 1  # a circle that adds up to nothing must grow too, and one below nothing must not
    longest = dict.fromkeys(graph, 0)
    for _ in range(len(graph) + 1):
        grew = False
        for name, other, later in edges:
            reached = longest[name] + later * scale + 1
            if reached > longest[other]:
                longest[other], grew = reached, True
        if not grew:
            return True
    return False


def order(graph: Mapping[str, list[Reading]], problems: Diagnostics, remedy: str = READ_EARLIER) -> tuple[str, ...]:
    """The names so that each comes after those it reads. Names on a circle, once reported, are left out."""
    done: dict[str, bool] = {}
    ordered: list[str] = []
    for root in graph:
        if root not in done:
            _visit(root, graph, done, ordered, problems=problems, remedy=remedy)
    return tuple(ordered)


def _visit(
    root: str,
    graph: Mapping[str, list[Reading]],
    done: dict[str, bool],
    ordered: list[str],
    *,
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
    days = sum(max(read.later for read in graph[name] if read.name == following) for name, following, _ in steps)
    if 0 < days < ANY_TIME:
        remedy = f"a turn may end {days} days later: {remedy}"
    problems.add("E701", message, steps[0][2], help=remedy, notes=notes[:12])


def _short(name: str) -> str:
    return name.rpartition(":")[2]
