"""Who needs each other, directly or through others, by Kosaraju's two walks: the second goes against the arrows, from
those that the first finished last.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def knots(graph: Mapping[T, Collection[T]]) -> dict[T, int]:
    """For each node the number of its group: nodes of one group lead to each other. Every arrow to another group leads
    to a higher number."""
    back: dict[T, list[T]] = {node: [] for node in graph}
    for node, reads in graph.items():
        for read in reads:
            back[read].append(node)
    group_of: dict[T, int] = {}
    for number, root in enumerate(reversed(finished(graph))):
        pending = [root]
        while pending:
            node = pending.pop()
            if node not in group_of:
                group_of[node] = number
                pending += back[node]
    return group_of


def finished(graph: Mapping[T, Collection[T]]) -> list[T]:
    """The nodes, each after everything that it leads to and that was not met before."""
    done: list[T] = []
    seen: set[T] = set()
    for root in graph:
        path = [] if root in seen else [(root, iter(graph[root]))]
        seen.add(root)
        while path:
            node, reads = path[-1]
            read = next((other for other in reads if other not in seen), None)
            if read is None:
                done.append(node)
                path.pop()
            else:
                seen.add(read)
                path.append((read, iter(graph[read])))
    return done


__all__ = ["finished", "knots"]
