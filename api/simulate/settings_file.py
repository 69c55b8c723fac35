"""YAML files that an analyst writes for a simulation: views, maps of columns, targets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from api.failures import Misuse


def read_settings(path: Path, what: str) -> Any:
    """What a file says; `what` it is to be, for whom it is not there. Raises Misuse with the place of a fault."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Misuse(f"there is no file `{path}`", f"name {what}") from None
    except OSError as fault:
        raise Misuse(f"`{path}` cannot be read: {fault.strerror}", f"name {what}") from None
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark
        place = f" in line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        raise Misuse(f"`{path}` is not YAML{place}: {fault.problem}", "correct it there") from None
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        raise Misuse(f"`{path}` is not YAML: {str(fault).splitlines()[0]}", "write it as YAML, in UTF-8") from None
