"""Checkpoints off the commit path: a thread that moves WAL pages into the database files.

It has connections of its own and waits for nobody: pages that a reader still needs stay for the next time. Should it
fall far behind, the writer itself waits for one whole checkpoint, so that the WAL cannot grow without bound.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import apsw

from citizens.sqlite.connections import Settings, checkpoint, connect


class Checkpointer:
    """Runs until `stop`. `on_failure` is told of an I/O error, once; the thread then ends."""

    def __init__(self, paths: tuple[Path, ...], settings: Settings, on_failure: Callable[[str], None]) -> None:
        self._connections = [connect(path, settings, write=True) for path in paths]
        self._on_failure = on_failure
        self._wanted = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="checkpointer", daemon=True)
        self._thread.start()

    def request(self) -> None:
        """Ask for a checkpoint soon."""
        self._wanted.set()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            if self._stopping:
                return
            try:
                for connection in self._connections:
                    checkpoint(connection, wait=False)
            except apsw.BusyError:
                continue  # another checkpoint is under way
            except apsw.Error as error:
                self._on_failure(f"a checkpoint failed: {error}")
                return

    def stop(self, *, checkpoint_on_close: bool) -> None:
        """End the thread and close its connections."""
        self._stopping = True
        self._wanted.set()
        self._thread.join()
        while self._connections:
            connection = self._connections.pop()
            if not checkpoint_on_close:
                connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            connection.close()
