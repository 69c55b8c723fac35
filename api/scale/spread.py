"""How many items go through one function: here, one after the other, or spread over workers (`on_ray`).

A function takes what all items share and one item, and gives its result; it changes nothing. Results come in the
order of the items, whoever computed them, so what is made of them is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, TypeVar

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")


class Spread(Protocol):
    """Puts items through a function; the results in the items' order."""

    def __call__(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]
    ) -> Iterator[Result]: ...


def here(function: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]) -> Iterator[Result]:
    """One after the other, in this process."""
    return (function(shared, item) for item in items)


def spread_over(ray: str) -> AbstractContextManager[Spread]:
    """Workers of the Ray at an address, or `local` ones; in this process where none is named."""
    if not ray:
        return nullcontext(here)
    from api.scale.on_ray import OnRay

    return OnRay(ray)
