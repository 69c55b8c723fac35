"""The version of this program is what its installation says, told without the standard library's slow reader."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from api.version import _installed, engine_version


def test_the_version_is_the_one_that_is_installed() -> None:
    assert engine_version() == version("rulewright")


def test_the_installation_that_comes_first_counts_and_what_follows_the_header_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in ("2.0.0", "1.0.0"):
        information = tmp_path / number / f"rulewright-{number}.dist-info"
        information.mkdir(parents=True)
        content = f"Metadata-Version: 2.1\nName: rulewright\nVersion: {number}\n\nVersion: 9.9.9\n"
        (information / "METADATA").write_text(content, encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path / name) for name in ("nowhere", "2.0.0", "1.0.0")])
    assert list(_installed()) == ["2.0.0", "1.0.0"]


def test_a_figure_is_computed_without_reading_how_packages_are_installed() -> None:
    code = "import sys, api.cli.calc; from api.version import engine_version; engine_version(); print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"importlib.metadata", "email", "socket"} & set(told.stdout.split())
