"""The columns of a table of records that say whose each is."""

from __future__ import annotations

from collections.abc import Collection

from engine.reading.declared_settings import Entity


def column_of_owner(name: str) -> str:
    """The column with the ids of those whom formulas call so."""
    return f"{name}_id"


def owner_names(entity: Entity) -> tuple[str, ...]:
    """What the owners of a record are called, the first by its entity too; nothing of what is no record."""
    if not entity.belongs_to:
        return ()
    first = (entity.first_owner,) if entity.first_owner else ()
    return (entity.belongs_to, *first, *(owner.name for owner in entity.further))


def first_owner_column(entity: Entity, columns: Collection[str]) -> str:
    """The column that says who the first owner is, among those of a table: by what formulas call it (`child_id`), or by
    its entity (`person_id`) if no further owner is called that."""
    by_name = column_of_owner(entity.first_owner or entity.belongs_to)
    by_entity = column_of_owner(entity.belongs_to)
    taken = entity.further_owner(entity.belongs_to) is not None
    return by_entity if by_name not in columns and by_entity in columns and not taken else by_name
