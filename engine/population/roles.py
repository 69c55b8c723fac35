"""Roles as tables state them: by name, or by the plural that a case uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engine.reading.declared_settings import Entity, Role


def role_places(stated: Any, roles: Sequence[Role]) -> NDArray[np.int64]:
    """The place of each stated role among `roles`; -1 for an empty cell and for what is not a role."""
    if pa.types.is_dictionary(stated.type):
        stated = stated.dictionary_decode()
    words = [role.name for role in roles] + [role.plural for role in roles]
    positions = pc.index_in(stated.cast(pa.string()), value_set=pa.array(words)).fill_null(2 * len(roles))
    places = [*range(len(roles)), *range(len(roles)), -1]
    places_of_words: NDArray[np.int64] = np.array(places, dtype=np.int64)[positions.to_numpy(zero_copy_only=False)]
    return places_of_words


def no_such_role(stated: object, entity: Entity) -> str:
    """What is said of a role that a group does not have, with those that it has."""
    names = [f"`{role.name}`" for role in entity.roles]
    its = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
    if stated is None:
        return f"does not say which role in a {entity.name}: {its}"
    return f"there is no role `{stated}` in a {entity.name}, but {its}"
