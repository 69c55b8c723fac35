"""JSON whose numbers are written from their digits: for clients that want numbers, without a float on the way."""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

from api.http.reading import Number


def dump(value: Any) -> str:
    """The value as JSON; each `Number` in it stands as a JSON number with all its digits."""
    mark = secrets.token_hex(8)  # nothing that was sent can hold it
    text = json.dumps(_marked(value, mark), ensure_ascii=False)
    return re.sub(rf'"{mark}([-+0-9.eE]+){mark}"', r"\1", text)


def _marked(value: Any, mark: str) -> Any:
    match value:
        case Number():
            return f"{mark}{value}{mark}"
        case dict():
            return {key: _marked(inner, mark) for key, inner in value.items()}
        case list() | tuple():
            return [_marked(item, mark) for item in value]
    return value
