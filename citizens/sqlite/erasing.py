"""Erasures: keys and names destroyed for ever, and the ledger of it carried out (see `erasure`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import apsw

from citizens.errors import LogUnavailable, UnderHold
from citizens.events import check_text
from citizens.kinds import ERASURE
from citizens.sqlite.cipher import fingerprint
from citizens.sqlite.erasure import (
    LEDGER_SOURCE,
    Certificate,
    ErasureEntry,
    add_to_ledger,
    count_lines,
    is_held,
    read_ledger,
    read_on,
    recorded_erasures,
    with_records,
)
from citizens.sqlite.expiry import expired
from citizens.sqlite.opened import Opened
from citizens.sqlite.reader import Reader
from citizens.sqlite.readings import microseconds


class Erasing(Opened):
    """A log that erases."""

    def erase(self, subject: str, *, actor: str, legal_basis: str, reason: str) -> Certificate:
        """Destroy the key and the name of a subject and of the records it owns, for ever (see `erase_many`)."""
        return self.erase_many([subject], actor=actor, legal_basis=legal_basis, reason=reason)

    def erase_many(self, subjects: Iterable[str], *, actor: str, legal_basis: str, reason: str) -> Certificate:
        """Destroy the keys and the names of subjects and of the records they own, all or none, for ever.

        On return no event of them can be read, here or from a restored backup; the amounts of their postings stay in
        the books under their numbers. Subjects that are not known are passed over. Raises UnderHold.
        """
        for text, what in ((actor, "an actor"), (legal_basis, "a legal basis"), (reason, "a reason")):
            check_text(text, what)
        writer = self._require_writer()
        with writer.lock:
            reader = writer.reader
            numbers = with_records(reader, filter(None, map(reader.keys.find, dict.fromkeys(subjects))))
            if not numbers:
                return Certificate((), reader.head())
            for number in numbers:
                if is_held(reader, number):
                    raise UnderHold("the subject is under legal hold, or its owner is", "release the hold first")
            keys = {number: reader.keys.key(number) for number in numbers}
            entries = [
                ErasureEntry(number, fingerprint(key), actor, legal_basis, reason)
                for number, key in keys.items()
                if key is not None
            ]
            self._carry_out(entries)
            return Certificate(tuple(entries), writer.tip.offset)

    def expired(
        self, horizons: Mapping[str, datetime], *, accompanying: Collection[str] = (), kept: Collection[str] = ()
    ) -> list[str]:
        """The subjects whose retention classes no longer allow them to be kept: each class with its last moment.

        Records of an `accompanying` class that has no moment of its own keep nobody. Subjects in `kept` stay, and
        with them whom they need (see `expiry`).
        """
        with self._reader() as reader:
            numbers = expired(reader, _offsets(reader, horizons), accompanying, kept)
            return [reader.keys.name(number) for number in numbers]

    def erase_expired(
        self,
        horizons: Mapping[str, datetime],
        *,
        actor: str,
        legal_basis: str,
        reason: str,
        accompanying: Collection[str] = (),
        kept: Collection[str] = (),
    ) -> Certificate:
        """Destroy the keys and names of all who have expired, and of their records, all or none, for ever. Subjects in
        `kept` stay."""
        writer = self._require_writer()
        with writer.lock:
            numbers = expired(writer.reader, _offsets(writer.reader, horizons), accompanying, kept)
            names = map(writer.reader.keys.name, numbers)
            return self.erase_many(list(names), actor=actor, legal_basis=legal_basis, reason=reason)

    def _carry_out(self, entries: Sequence[ErasureEntry]) -> None:
        """Put erasures into the ledger, and finish them."""
        try:
            add_to_ledger(self.layout.erasures_path, entries)
        except OSError as error:
            message = f"nothing was erased ({error.strerror})"
            raise LogUnavailable(message, "make room or mend the disk, and erase again") from error
        try:
            self._finish_erasures()
        except (OSError, apsw.Error) as error:
            message = f"the erasure is in the ledger, and not finished ({error})"
            self._require_writer().stop(message)
            raise LogUnavailable(message, "mend the disk, and erase again") from error

    def _finish_what_was_begun(self) -> None:
        self._complete_ledger()
        self._finish_erasures()

    def _complete_ledger(self) -> None:
        """Put erasures that the log recorded back into a ledger that has lost them."""
        reader = self._require_writer().reader
        count = "SELECT count(*) FROM events WHERE kind >= 32 AND kind = ?"
        if reader.connection.execute(count, (ERASURE,)).get <= count_lines(self.layout.erasures_path):
            return
        recorded = recorded_erasures(reader.events("WHERE kind >= 32 AND kind = ? ORDER BY offset", (ERASURE,)))
        missing = set(recorded) - set(read_ledger(self.layout.erasures_path))
        if missing:
            add_to_ledger(self.layout.erasures_path, [entry for entry in recorded if entry in missing])

    def _finish_erasures(self) -> None:
        """Carry out what the ledger of erasures says and is not done yet."""
        writer = self._require_writer()
        entries, mark = read_on(self.layout.erasures_path, writer.reader.keys.replayed)
        if not entries:
            return
        self._empty_pool()
        keys = writer.reader.keys
        destroyed = keys.destroy_many((entry.number, entry.fingerprint) for entry in entries)
        find = writer.reader.find_own
        unrecorded = [entry.draft() for entry in entries if find(LEDGER_SOURCE, entry.event_id, 0) is None]
        if destroyed or unrecorded:
            self.layout.clear_cache()
        if unrecorded:
            writer.append_about_log(unrecorded)
        try:
            keys.scrub()
        except LogUnavailable:  # a reader is in the way, and pages with old content are left for the next opening
            if destroyed:
                raise
            return
        keys.note_replayed(mark)


def _offsets(reader: Reader, horizons: Mapping[str, datetime]) -> dict[str, int]:
    """The offsets up to which each retention class has run out."""
    return {name: reader.offset_at(microseconds(moment)) for name, moment in horizons.items()}
