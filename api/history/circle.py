"""Who may belong to whom: for each subject those that were ever recorded to belong to it, as an index of the log.

A history says of a person in which group they are, and not of a group who is in it. The index is read from the log
once, and goes on from there: asking costs only what was recorded since. Whether somebody belongs at a day, as known
at a moment, their own timeline says.
"""

from __future__ import annotations

import threading

from citizens import Belongs, Correction, Facts, Log

_BLOCK = 5_000


class Circle:
    """The index of one log. May be used by many threads."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self._lock = threading.Lock()
        self._read_to = 0
        self._named: dict[str, dict[str, None]] = {}

    def update(self) -> None:
        """Take in what was recorded since."""
        with self._lock:
            while True:
                events = self.log.read(self._read_to, _BLOCK)
                for event in events:
                    if isinstance(event.body, Facts | Correction):
                        for point in event.body.points:
                            if isinstance(point.value, Belongs):
                                self._named.setdefault(point.value.group, {})[event.subject] = None
                if not events:
                    return
                self._read_to = events[-1].offset

    def ever_in(self, subject: str) -> list[str]:
        """Those that were ever recorded to belong to a subject, in order."""
        self.update()
        return list(self._named.get(subject, ()))
