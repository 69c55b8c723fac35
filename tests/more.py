"""How often random tests are tried: so many times as usual as `RULEWRIGHT_TEST_EXAMPLES` says."""

from __future__ import annotations

import os

TIMES = int(os.environ.get("RULEWRIGHT_TEST_EXAMPLES", "1"))


def seeds(number: int) -> range:
    """The seeds of a test that is tried so many times as usual."""
    return range(number * TIMES)
