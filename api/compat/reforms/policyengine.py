"""PolicyEngine's reforms: `{"gov.irs.….amount": {"2026-01-01.2100-12-31": 3000}}`; then the law's own value is back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from api.compat.reforms.settings import Setting, keys_of, number_text, target_of
from api.failures import Failure

_FOREVER = 2100
_PATH = re.compile(r"^(?P<base>.*?)(?:\[(?P<row>\d+)\](?:\.amount)?|\.(?P<status>[A-Z_]+))$")


def of_policyengine(name: str, content: Any, names: Mapping[str, Any]) -> Iterator[Setting]:
    """What one of its parameters sets here; nothing where it is not here."""
    known, key = names.get(name), ""
    parts = _PATH.match(name)
    if known is None and parts is not None and parts["base"] in names:
        known, key = names[parts["base"]], parts["row"] or str(parts["status"]).lower()
    if known is None or (key not in keys_of(known)):
        return
    if not isinstance(content, Mapping):
        raise Failure(f"`{name}` has no dates", 'write `{"2026-01-01.2100-12-31": 3000}`')
    for period, value in content.items():
        first, _, last = period.partition(".")
        day = first if "-" in first else f"{first}-01-01"
        yield Setting(target_of(known, key), day, number_text(name, value))
        if last and int(last[:4]) < _FOREVER:
            after = date.fromisoformat(last) + timedelta(days=1)
            yield Setting(target_of(known, key), after.isoformat(), "current")
