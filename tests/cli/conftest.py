"""Small rules, a case and a log, as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import CASE, write_rules
from tests.cli.logs import append


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


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with a small history."""
    append(tmp_path / "citizens.db")
    return tmp_path / "citizens.db"
