"""Texts that no file or request may hold: NUL, which ends a text for some readers, and half characters."""

from __future__ import annotations

import re
from typing import Any

_ODD = re.compile("[\ud800-\udfff\x00]")


def holds_odd_text(data: Any) -> bool:
    """Whether any text or key in JSON's data has NUL or half of a character (a lone surrogate), at whatever depth."""
    left = [data]
    while left:
        value = left.pop()
        match value:
            case str():
                if _ODD.search(value):
                    return True
            case dict():
                left.extend(value)
                left.extend(value.values())
            case list():
                left.extend(value)
    return False
