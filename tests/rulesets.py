"""Small rulesets for tests: modules as text, laid into a folder beside the shared `language/ruleset.yaml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import dedent

from engine.pipeline import Compiled, check_rules
from engine.text.diagnostics import render

SETTINGS = Path(__file__).parent / "language" / "ruleset.yaml"


def write_rules(folder: Path, modules: Mapping[str, str], reforms: Sequence[str] = ()) -> list[Path]:
    """Lay modules (by name) and reforms into `folder`; the paths of the reforms, in order."""
    (folder / "ruleset.yaml").write_text(SETTINGS.read_text(encoding="utf-8"), encoding="utf-8")
    for name, text in modules.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
    paths = []
    for number, text in enumerate(reforms):
        paths.append(folder / "reforms" / f"reform_{number}.yaml")
        paths[-1].parent.mkdir(exist_ok=True)
        paths[-1].write_text(dedent(text), encoding="utf-8")
    return paths


def check(folder: Path, modules: Mapping[str, str], reforms: Sequence[str] = ()) -> Compiled:
    """The rules compiled, with whatever problems they have; lint is left out."""
    return check_rules(folder, write_rules(folder, modules, reforms), lint=False)


def codes(compiled: Compiled) -> list[str]:
    """The codes of the problems, in order."""
    return [problem.code for problem in compiled.problems]


def told(compiled: Compiled) -> str:
    """All problems as text, for messages of assertions."""
    return "\n".join(render(problem) for problem in compiled.problems)
