"""The version of this program: what its installation says, or where it was never installed what its sources say."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

NAME = "rulewright"


@cache
def engine_version() -> str:
    """The version of this program."""
    said = next(_installed(), None)
    return said if said is not None else _version_by_other_means()


def _installed() -> Iterator[str]:
    """What installations on Python's path say, the first that counts first. `importlib.metadata` gives the same, but to
    import it takes a tenth of a short command: it brings the standard library's e-mail."""
    for folder in sys.path:
        with suppress(OSError):
            for name in sorted(os.listdir(folder or ".")):
                if name.startswith(f"{NAME}-") and name.endswith(".dist-info"):
                    header = Path(folder, name, "METADATA").read_text(encoding="utf-8").partition("\n\n")[0]
                    lines = (line.partition(": ") for line in header.splitlines())
                    yield from (value for key, _, value in lines if key == "Version")


def _version_by_other_means() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(NAME)
    except PackageNotFoundError:
        return _version_of_checkout()


def _version_of_checkout() -> str:
    """The version that the sources say, where they were never installed: `0.1.0+checkout`."""
    import tomllib

    try:
        said = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
        return f"{said['project']['version']}+checkout"
    except (OSError, ValueError, KeyError):
        return "unknown"
