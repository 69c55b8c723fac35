"""Settings of the property tests: a slow or busy machine fails no test, so nothing is held to a time.
`RULEWRIGHT_TEST_EXAMPLES=10` tries ten times as many examples in each."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

from tests.more import TIMES

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
_OWN = "_hypothesis_internal_use_settings"  # where a test keeps what it says of itself, which no profile changes


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Multiply the examples of each property test."""
    if TIMES == 1:
        return
    tests = {getattr(item.obj, "__func__", item.obj) for item in items if isinstance(item, pytest.Function)}
    for test in filter(is_hypothesis_test, tests):
        usual = getattr(test, _OWN, settings())
        setattr(test, _OWN, settings(usual, max_examples=usual.max_examples * TIMES))
