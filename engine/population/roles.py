"""Roles as tables state them: by name, or by the plural that a case uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.population.functions import filled, places_among
from engine.reading.declared_settings import Entity, Role


def role_places(stated: Any, roles: Sequence[Role]) -> NDArray[np.int64]:
    """The place of each stated role among `roles`; -1 for an empty cell and for what is not a role."""
    words = [role.name for role in roles] + [role.plural for role in roles]
    places = np.array([*range(len(roles)), *range(len(roles)), -1], dtype=np.int64)
    if pa.types.is_dictionary(stated.type):
        places = np.append(places[_among(stated.dictionary, words)], -1)
        stated_places: NDArray[np.int64] = places[filled(stated.indices, -1).to_numpy()]
    else:
        stated_places = places[_among(stated, words)]
    return stated_places


def _among(stated: Any, words: list[str]) -> NDArray[np.int32]:
    return places_among(stated if pa.types.is_string(stated.type) else stated.cast(pa.string()), words)


def no_such_role(stated: object, entity: Entity) -> str:
    """What is said of a role that a group does not have, with those that it has."""
    names = [f"`{role.name}`" for role in entity.roles]
    its = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
    if stated is None:
        return f"does not say which role in a {entity.name}: {its}"
    return f"there is no role `{stated}` in a {entity.name}, but {its}"
