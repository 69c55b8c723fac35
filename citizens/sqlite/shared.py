"""One log that several processes write in turn: the annual run, the follower, a server, and commands beside them.

The embedded log has one writer at a time. Who has much to do need not keep others out while it computes:

1. Questions are answered by readers, which need no turn.
2. An append opens the log for writing, or goes on with what is open, so that the threads of a process share commits.
3. Whoever wants to write stands in a line: it locks the file `turn`, then waits for the file `lock`. So the one who
   writes sees that somebody waits (the file `turn` is locked), and the next in line cannot be overtaken.
4. A writer that sees somebody waiting finishes the appends that are under way, closes the log and goes to the back of
   the line. One that nobody waits for closes it after a second without appends.
5. Appends that wait are bounded. Beyond that they are refused at once (LogBusy): the caller slows down and repeats.
"""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from citizens.errors import LogBusy, LogLocked, LogUnavailable
from citizens.events import Draft
from citizens.log import Advance, Receipt
from citizens.sqlite.connections import SHIPPED, Settings
from citizens.sqlite.layout import Layout
from citizens.sqlite.log import SqliteLog, open_log
from citizens.sqlite.readings import Readings
from citizens.sqlite.writer import Clock, system_clock

PATIENCE_SECONDS = 30.0
WAITING_DRAFTS = 200_000
_LOOK_SECONDS = 0.02
_IDLE_SECONDS = 1.0


def write_in_turn(
    folder: Path,
    opens: Callable[[], SqliteLog],
    patience: float = PATIENCE_SECONDS,
    pause: Callable[[float], None] = sleep,
) -> SqliteLog:
    """The log, open for writing, once it is this caller's turn. Raises LogLocked if it is not within `patience`."""
    folder.mkdir(parents=True, exist_ok=True)
    until = monotonic() + patience
    with (folder / "turn").open("a") as turn:
        while not _taken(turn.fileno()):
            if monotonic() >= until:
                raise LogLocked(f"others are waiting to write {folder} as well", "try again, or see who writes it")
            pause(_LOOK_SECONDS)
        while True:
            try:
                return opens()
            except LogLocked:
                if monotonic() >= until:
                    raise
            pause(_LOOK_SECONDS / 2)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def somebody_waits(folder: Path) -> bool:
    """Whether a process is waiting to write the log."""
    try:
        with (folder / "turn").open("a") as turn:
            return not _taken(turn.fileno())
    except OSError:
        return False


class SharedLog(Readings):
    """A log that this process writes in turn with others. Satisfies `History`. Many threads may call its methods.

    `pause` is what it sleeps with while it waits for its turn.
    """

    def __init__(
        self,
        folder: Path | str,
        *,
        keys: Path | str | None = None,
        settings: Settings = SHIPPED,
        clock: Clock = system_clock,
        kek: bytes | None = None,
        patience: float = PATIENCE_SECONDS,
        opens: Callable[[], SqliteLog] | None = None,
    ) -> None:
        """The log in `folder`, which must be there. Parameters as of `open_log`; `patience` is for one append.

        `opens` opens it for writing, if it is not a log of its own but the store of one that lies elsewhere.
        """
        path = Path(folder)
        super().__init__(Layout(path, Path(keys) if keys is not None else path / "keys.db"), settings, kek)
        self._clock, self._patience, self._opens = clock, patience, opens
        self.pause: Callable[[float], None] = sleep
        self._change, self._queue = threading.Condition(), threading.Lock()
        self._writer: SqliteLog | None = None
        self._under_way = self._waiting = 0
        self._yielding = False
        self._last_used = 0.0
        with self._reader():
            pass

    def store_age(self) -> float:
        """How many seconds ago the files were last known to hold all of the log: always, of an embedded one."""
        return 0.0

    def append(self, drafts: Sequence[Draft], *, advance: Advance | None = None) -> list[Receipt]:
        """As `Log.append`, when it is this process's turn. Raises LogBusy or LogLocked if that takes too long."""
        with self._queued(len(drafts)), self._turn() as log:
            return log.append(drafts, advance=advance)

    @contextmanager
    def _queued(self, drafts: int) -> Iterator[None]:
        with self._queue:
            if self._waiting and self._waiting + drafts > WAITING_DRAFTS:
                message = f"{self._waiting:,} events are waiting to be recorded"
                raise LogBusy(f"{message}, and none of these was accepted", "deliver it again in a few seconds")
            self._waiting += drafts
        try:
            yield
        finally:
            with self._queue:
                self._waiting -= drafts

    @contextmanager
    def _turn(self) -> Iterator[SqliteLog]:
        """The log open for writing, for one append; several threads may be in it at once."""
        with self._change:
            while self._yielding:
                self._change.wait()
            if self._closed:
                raise LogUnavailable("this log is closed", "open it again")
            log = self._writer or self._begin()
            self._under_way += 1
        try:
            yield log
        finally:
            with self._change:
                self._under_way -= 1
                self._last_used = monotonic()
                self._change.notify_all()

    def _begin(self) -> SqliteLog:
        """Open the log for writing. Called with the condition held: the other threads want nothing else."""

        def opens() -> SqliteLog:
            if self._opens is not None:
                return self._opens()
            layout = self.layout
            return open_log(
                layout.folder, keys=layout.keys_path, settings=self._settings, clock=self._clock, kek=self._kek
            )

        self._writer = write_in_turn(self.layout.folder, opens, self._patience, self.pause)
        self._last_used = monotonic()
        threading.Thread(target=self._watch, args=(self._writer,), name="turn", daemon=True).start()
        return self._writer

    def _watch(self, log: SqliteLog) -> None:
        """Close the log when somebody waits for it, when nobody uses it, or when it can be written no more."""
        while True:
            with self._change:
                if self._writer is not log:
                    return
                idle = not self._under_way and monotonic() - self._last_used > _IDLE_SECONDS
            if idle or log.is_stopped or somebody_waits(self.layout.folder):
                self._end(log)
                return
            sleep(_LOOK_SECONDS)

    def _end(self, log: SqliteLog) -> None:
        """Let the appends under way finish, and close."""
        with self._change:
            if self._writer is not log:
                return
            self._yielding = True
            while self._under_way:
                self._change.wait()
            try:
                log.close()
            finally:
                self._writer, self._yielding = None, False
                self._change.notify_all()

    def close(self) -> None:
        """Stop writing and let go of the files."""
        with self._change:
            log, self._closed = self._writer, True
        if log is not None:
            self._end(log)
        self._empty_pool()

    def __enter__(self) -> SharedLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
