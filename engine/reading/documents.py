"""Rule files into declarations: text -> nodes (`syntax.yaml_reader`) -> declarations (`reading`).

1. `ruleset.yaml` gives the settings; without them no value can be typed, so if its YAML does not read, the other files
   are only checked for being YAML.
2. Every other `*.yaml` below the folder, except in `reforms/`, is a module named by its path.
3. All problems of all files are collected. A declaration with a fault in it is still there, with stand-ins for what
   could not be read, so that later passes report other faults and not this one again.
"""

from __future__ import annotations

import os
from pathlib import Path

from engine.reading.context import Context
from engine.reading.declarations import RuleModule, Ruleset, Settings
from engine.reading.module import read_rule_module
from engine.reading.reform import Reform, read_reform_file
from engine.reading.settings import read_settings
from engine.syntax.files import REFORMS_FOLDER, SETTINGS_FILE, load_source
from engine.syntax.yaml_reader import read_nodes
from engine.text.diagnostics import Diagnostics
from engine.text.source import Source


def read_ruleset(folder: Path, problems: Diagnostics) -> Ruleset | None:
    """The jurisdiction in `folder`; None if the folder or its `ruleset.yaml` cannot be read at all."""
    if not folder.is_dir():
        message, remedy = f"there is no folder `{folder.name}`", "name a folder that holds `ruleset.yaml`"
        problems.add("E111", message, None, help=remedy, file=str(folder))
        return None
    settings = _read_settings_file(folder, problems)
    modules = [_read_module_file(path, folder, settings, problems) for path in module_files(folder, problems)]
    if settings is None:
        return None
    found = sorted((module for module in modules if module is not None), key=lambda module: module.name)
    return Ruleset(settings, tuple(found))


def _read_settings_file(folder: Path, problems: Diagnostics) -> Settings | None:
    path = folder / SETTINGS_FILE
    if not path.exists():
        message, remedy = f"there is no `{SETTINGS_FILE}` here", "write it: rules/README.md says what it holds"
        problems.add("E111", message, None, help=remedy, file=str(path))
        return None
    source = load_source(path, problems)
    node = read_nodes(source, problems) if source else None
    return read_settings(node, folder.resolve().name, problems) if node is not None else None


def _read_module_file(path: Path, folder: Path, settings: Settings | None, problems: Diagnostics) -> RuleModule | None:
    source = load_source(path, problems)
    if source is None:
        return None
    if settings is None:
        read_nodes(source, problems)
        return None
    return read_module(source, path.relative_to(folder).with_suffix("").as_posix(), settings, problems)


def module_files(folder: Path, problems: Diagnostics) -> list[Path]:
    """The modules' files in order of path. A `.yml` file, which would be passed over in silence, is E111."""
    found: list[Path] = []
    for top, folders, files in os.walk(folder):
        here = Path(top)
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and (here != folder or name != REFORMS_FOLDER)
        )
        for name in sorted(files):
            if name.lower().endswith((".yml", ".yaml")) and not name.endswith(".yaml"):
                message, remedy = "rule files are named `.yaml`", "rename it, or move it out of the rules"
                problems.add("E111", message, None, help=remedy, file=str(here / name))
            elif name.endswith(".yaml") and not name.startswith(".") and here / name != folder / SETTINGS_FILE:
                found.append(here / name)
    return sorted(found)


def read_module(source: Source, name: str, settings: Settings, problems: Diagnostics) -> RuleModule | None:
    """The module in `source`; None if it is not YAML or holds no mapping."""
    node = read_nodes(source, problems)
    return read_rule_module(Context(settings, problems), node, name) if node is not None else None


def read_reform(source: Source, name: str, settings: Settings, problems: Diagnostics) -> Reform | None:
    """The reform in `source`, not applied; None if it is not YAML or holds no mapping."""
    node = read_nodes(source, problems)
    return read_reform_file(Context(settings, problems), node, name) if node is not None else None
