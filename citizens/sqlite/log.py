"""The embedded log: a folder of SQLite files that one process writes and many may read.

Compaction, bulk load and erasure take the writer's lock; the first two put a new events file in place. The rest is
inherited: what can be asked (`readings`), opening, appending and closing (`opened`), erasing (`erasing`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import apsw

from citizens.errors import InvalidEvent, LogDamaged, LogUnavailable
from citizens.events import Draft, Origin, Promotion, TimeCorrection, check_text
from citizens.sqlite import anchoring, bulk, compaction
from citizens.sqlite.compaction import Compacted, Horizons, OnStep
from citizens.sqlite.connections import SHIPPED, Settings, set_meta
from citizens.sqlite.durable import sync_folder
from citizens.sqlite.erasing import Erasing
from citizens.sqlite.erasure import (
    LEDGER_RETENTION,
)
from citizens.sqlite.keys import KeyStore
from citizens.sqlite.layout import Layout, create_events
from citizens.sqlite.reader import Reader, Tip, epoch_of, read_tip
from citizens.sqlite.readings import microseconds
from citizens.sqlite.writer import Clock, Writer, system_clock

FORCED_CHECKPOINT = 16


def open_log(
    folder: Path | str,
    *,
    write: bool = True,
    keys: Path | str | None = None,
    settings: Settings = SHIPPED,
    clock: Clock = system_clock,
    kek: bytes | None = None,
) -> SqliteLog:
    """Open the log in `folder`; with `write`, create it if there is none, and keep other writers out.

    `keys` is the key store's path if it is not in the folder, `kek` the key-encryption key that it is wrapped under, if
    it is. Raises Refused for a log of another format, for a key store that others may read or that `kek` does not open;
    LogLocked, LogDamaged (AnchorMismatch if the log's end is missing) or LogUnavailable.
    """
    path = Path(folder)
    layout = Layout(path, Path(keys) if keys is not None else path / "keys.db")
    try:
        return SqliteLog(layout, settings, clock, write=write, kek=kek)
    except OSError as error:
        message = f"{folder} cannot be opened as a log ({error.strerror})"
        raise LogUnavailable(message, "check the path, its rights, the disk's room") from None
    except (apsw.FullError, apsw.IOError, apsw.CantOpenError, apsw.ReadOnlyError, apsw.BusyError) as error:
        message = f"{folder} cannot be opened as a log ({error})"
        raise LogUnavailable(message, "make room on the disk, or check it and its rights") from error
    except apsw.Error as error:
        raise LogDamaged(f"{folder} is not a readable log ({error})", "restore it from a backup") from error


class SqliteLog(Erasing):
    """An open log. Methods may be called by many threads. Satisfies `History`, and does what only a whole store can."""

    def bulk_load(
        self,
        origin: Origin,
        rows: Callable[[KeyStore], Iterable[bulk.Loaded]],
    ) -> int:
        """Fill an empty log with Facts events, all or nothing; the number of them. See `population.import_tables`."""
        writer = self._require_writer()
        with writer.lock:
            if writer.tip.offset:
                raise InvalidEvent("a bulk load fills an empty log", "append to this one instead")
            keys, path = writer.reader.keys, self.layout.next_path()
            start = replace(writer.tip, recorded_at_us=self._clock())
            with self._unharmed("bulk load"):
                create_events(path, keys.log_id, self._settings, indexed=False, meta={"keys": keys.identity})
                connection = bulk.open_unsafe(path, self._settings)
                reached = bulk.load(connection, start, origin, rows(keys))
                set_meta(connection, "last_number", keys.last_number.to_bytes(8, "big"))
                keys.commit()
                bulk.finish_file(connection, path)
            return self._put_in_place(path, reached)

    @contextmanager
    def _unharmed(self, what: str) -> Iterator[None]:
        """Turn an error while a new events file is written into one that says that the log is as it was."""
        try:
            yield
        except BaseException as error:
            self._require_writer().reader.keys.roll_back()
            if not isinstance(error, OSError | apsw.Error | LogUnavailable):
                raise
            message = f"the {what} was not done ({error}), and the log is as it was"
            raise LogUnavailable(message, "make room or mend the disk, and repeat") from error

    def compact(
        self,
        horizons: Mapping[str, datetime],
        *,
        actor: str,
        legal_basis: str,
        tombstone_delay: timedelta = timedelta(days=30),
        despite: Collection[str] = (),
        on_step: OnStep = lambda _: None,
    ) -> Compacted:
        """Forget superseded change points recorded at or before their retention class's horizon (see `compaction`).

        Writers wait while it runs. `on_step` is told of each step, for showing progress. Raises PositionBehind if a run
        that is not finished still needs what was known before a horizon; `despite` names consumers that are given up.
        """
        writer = self._require_writer()
        with writer.lock:
            reader = writer.reader
            limits = compaction.spare_consumers(reader, horizons_of(reader, horizons, tombstone_delay), despite)
            on_step("plan")
            planned = compaction.plan(reader, limits)
            if not len(planned.dropped):
                return Compacted(0, int(reader.connection.execute("SELECT count(*) FROM events").get))
            origin = Origin("log", actor, legal_basis, LEDGER_RETENTION)

            def append(copied: Reader, digest: str) -> None:
                body = compaction.record(planned, limits, digest)
                draft = Draft("", body, origin, f"compaction-{writer.tip.offset + 1}")
                Writer(copied, self._clock, lambda: None).write_about_log(draft)

            with self._unharmed("compaction"):
                path = compaction.write(reader, self.layout, self._settings, planned, append=append, on_step=on_step)
            left = self._put_in_place(path)
            on_step("swapped")
            return Compacted(len(planned.dropped), left)

    def _put_in_place(self, path: Path, reached: Tip | None = None) -> int:
        """Swap in a complete events file and go on with it; the number of its events.

        `reached` is where it ends, if all of it was chained here a moment ago: then it is not walked again.
        """
        writer = self._require_writer()
        self._stop_writer(keep_wal=False)
        self._empty_pool()
        try:
            self.layout.swap(path)
            self._start_writer(reached)
        except BaseException as error:
            writer.stop(f"the new events file could not be put in place: {error}")
            raise writer.unavailable() from error
        self.layout.remove_strays()
        self.layout.write_anchor(anchoring.anchor_of(writer.reader))
        return int(writer.reader.connection.execute("SELECT count(*) FROM events").get)

    def correct_time(self, *, actor: str, legal_basis: str, reason: str) -> int:
        """Vouch for the clock: record that what came before was recorded no later than now; the record's offset.

        From here on events are recorded at the clock's time, though the log had run ahead of it, or though the clock is
        far ahead of the last event.
        """
        writer = self._require_writer()
        origin = Origin("log", actor, legal_basis, LEDGER_RETENTION)
        check_text(reason, "a reason")
        with writer.lock:
            draft = Draft("", TimeCorrection(reason), origin, f"time-{writer.tip.offset + 1}")
            writer.append_about_log([draft], vouched=True)
            writer.reader.refresh()
            return writer.tip.offset

    def promote(self, *, actor: str, legal_basis: str, reason: str) -> int:
        """Record that this copy is the log that is written from now on; which life of the log that begins.

        For a log opened as `promoting`. What the log that it was a copy of records later is a fork.
        """
        writer = self._require_writer()
        check_text(reason, "a reason")
        with writer.lock:
            epoch = epoch_of(writer.reader) + 1
            origin = Origin("log", actor, legal_basis, LEDGER_RETENTION)
            writer.append_about_log([Draft("", Promotion(epoch, reason), origin, f"promotion-{epoch}")])
            self.layout.follows_path.unlink(missing_ok=True)
            sync_folder(self.layout.folder)
            return epoch

    def ahead_us(self) -> int:
        """By how many microseconds the last event's time is ahead of the clock; 0 if it is not."""
        with self._reader() as reader:
            return max(read_tip(reader).recorded_at_us - self._clock(), 0)

    def rewrap_keys(self, kek: bytes | None) -> None:
        """Wrap the key store's own key under another key-encryption key, or under none."""
        writer = self._require_writer()
        with writer.lock:
            writer.reader.keys.rewrap(kek)
            self._kek = kek
            self._empty_pool()


def horizons_of(reader: Reader, moments: Mapping[str, datetime], delay: timedelta) -> Horizons:
    """The offsets up to which each retention class forgets."""
    superseded = {name: reader.offset_at(microseconds(moment)) for name, moment in moments.items()}
    retractions = {name: reader.offset_at(microseconds(moment - delay)) for name, moment in moments.items()}
    return Horizons(superseded, retractions, delay // timedelta(microseconds=1))
