"""Answers about an object that are kept for as long as they are among the last few.

Programs and definitions are compared by what they say, which takes long; so an answer is found by the object's
identity. The object is kept with it, so that its identity is nobody else's meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Remembered(Generic[Answer]):
    """The last `most` answers. Threads may share it: at worst an answer is worked out twice."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[tuple[int, Hashable], tuple[object, Answer]] = {}

    def of(self, about: object, key: Hashable, make: Callable[[], Answer]) -> Answer:
        """The answer to `key` about an object, made now if it is not kept."""
        place = (id(about), key)
        kept = self._kept.get(place)
        if kept is None or kept[0] is not about:
            while len(self._kept) >= self._most:
                self._kept.pop(next(iter(self._kept)), None)
            kept = self._kept[place] = (about, make())
        return kept[1]
