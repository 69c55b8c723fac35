"""Small rules and a case, as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import CASE, write_rules


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A folder of rules that check."""
    return write_rules(tmp_path / "land")


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A case for them."""
    path = tmp_path / "case.yaml"
    path.write_text(CASE, encoding="utf-8")
    return path
