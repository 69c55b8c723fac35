"""Taking into a partition's store what its topics have more."""

from __future__ import annotations

from citizens.kafka.address import Address
from citizens.kafka.store import Store
from citizens.kafka.transport import Reading
from citizens.sqlite.connections import Settings, connect, get_meta, set_meta
from citizens.sqlite.keys import KeyStore
from citizens.sqlite.layout import Layout
from citizens.sqlite.reader import Reader

STORED = Settings("NORMAL")
"""The store is made anew from the topics if it is lost; the key store is not, and is always written with FULL."""


def catch_up(address: Address, layout: Layout, reading: Reading, kek: bytes | None, *, write: bool = False) -> None:
    """Take into a partition's store what its topics have more. Nobody else writes the store meanwhile."""
    connection = connect(layout.events_path(), STORED, write=True)
    try:
        begun = reading.end(reading.audit) > 0
        made_for = None if begun or not write else get_meta(connection, "log_id")
        keys = key_store(address, layout, made_for, kek)
    except BaseException:
        connection.close()
        raise
    reader = Reader(connection, keys)
    try:
        Store(reader, reading).catch_up()
        if connection.execute("SELECT value FROM meta WHERE name = 'keys'").get is None:
            set_meta(connection, "keys", keys.identity)
            set_meta(connection, "last_number", keys.last_number.to_bytes(8, "big"))
    finally:
        reader.close()


def key_store(address: Address, layout: Layout, made_for: bytes | None, kek: bytes | None) -> KeyStore:
    """The key store of a partition; `made_for` is the identity of the log if it may be made now."""
    return KeyStore(layout.keys_path, Settings(), write=True, log_id=made_for, kek=kek, partition=address.here)
