"""A short run of each program; the long one is `python -m tests.citizens.torture`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.citizens.torture.__main__ import PROGRAMS


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", PROGRAMS)
def test_nothing_is_wrong_and_nothing_is_lost(tmp_path: Path, name: str, seed: int) -> None:
    assert PROGRAMS[name](tmp_path, seed) > 0
