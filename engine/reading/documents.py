"""Rule files into declarations: text -> nodes (`syntax.yaml_reader`) -> declarations (`reading`).

1. `ruleset.yaml` gives the settings; without them no value can be typed, so if its YAML does not read, the other files
   are only checked for being YAML.
2. Every other `*.yaml` below the folder, except in `reforms/` and `overlays/`, is a module named by its path.
3. `based_on: NAME` in `ruleset.yaml` names a folder beside this one, whose settings are shared. What lies over its law
   is in `overlays/`: `engine.reforms.based` puts the two together.
4. All problems of all files are collected. A declaration with a fault in it is still there, with stand-ins for what
   could not be read, so that later passes report other faults and not this one again.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from engine.reading import read_before
from engine.reading.context import Context
from engine.reading.declarations import RuleModule, Ruleset
from engine.reading.declared_settings import Settings
from engine.reading.module import read_rule_module
from engine.reading.reform import Reform, read_reform_file
from engine.reading.settings import read_settings
from engine.syntax.files import OVERLAYS_FOLDER, REFORMS_FOLDER, SCREENS_FILE, SETTINGS_FILE, load_source
from engine.syntax.nodes import Mapping, Node, Scalar
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
    ground = _ground(folder)
    modules = [_read_module_file(path, folder, settings, ground, problems) for path in module_files(folder, problems)]
    if settings is None:
        return None
    rule_modules = sorted((module for module in modules if module is not None), key=lambda module: module.name)
    return Ruleset(settings, tuple(rule_modules))


def keep_modules(folder: Path) -> None:
    """Keep the modules of rules as they are read, for everybody who uses this installation. Raises OSError."""
    quiet = Diagnostics()
    settings, ground = _read_settings_file(folder, quiet), _ground(folder)
    for path in module_files(folder, quiet):
        problems = Diagnostics()
        source = load_source(path, problems)
        module = read_module(source, _module_name(path, folder), settings, problems) if source and settings else None
        if source is not None and module is not None and not list(problems):
            read_before.keep(ground, folder, module, source.text)


def _ground(folder: Path) -> str:
    above = base_of(folder)
    return read_before.ground_of(path / SETTINGS_FILE for path in (folder, above) if path is not None)


def _module_name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).with_suffix("").as_posix()


def _read_settings_file(folder: Path, problems: Diagnostics) -> Settings | None:
    path = folder / SETTINGS_FILE
    if not path.exists():
        message, remedy = f"there is no `{SETTINGS_FILE}` here", "write it: rules/README.md says what it holds"
        problems.add("E111", message, None, help=remedy, file=str(path))
        return None
    source = load_source(path, problems)
    node = read_nodes(source, problems) if source else None
    return settings_of(node, folder, problems) if node is not None else None


def settings_of(node: Node, folder: Path, problems: Diagnostics) -> Settings:
    """What a `ruleset.yaml` that was read says, with what it shares with the rules that it is based on."""
    named = _based_on(node)
    if named is None:
        return read_settings(node, folder.resolve().name, problems)
    above = base_folder(folder, named.text)
    shared = _read_settings_file(above, Diagnostics()) if above is not None else None
    if shared is None:
        told = f"there are no rules `{named.text}` beside these to be based on"
        remedy = "name the folder beside this one whose rules are the base, which is based on no other"
        problems.add("E215", told, named.span, help=remedy)
        shared = Settings(folder.resolve().name)
    return read_settings(node, folder.resolve().name, problems, shared)


def base_of(folder: Path) -> Path | None:
    """The folder of the rules that those in `folder` are based on; None if they stand by themselves."""
    quiet = Diagnostics()
    source = load_source(folder / SETTINGS_FILE, quiet)
    node = read_nodes(source, quiet) if source is not None else None
    named = _based_on(node) if node is not None else None
    return base_folder(folder, named.text) if named is not None else None


def base_folder(folder: Path, name: str) -> Path | None:
    """The folder beside this one that `based_on` names; None if there are no rules in it, or it has a base itself."""
    base = folder.resolve().parent / name
    sound = re.fullmatch(r"[a-z][a-z0-9_]*", name) and base != folder.resolve() and (base / SETTINGS_FILE).is_file()
    if not sound:
        return None
    quiet = Diagnostics()
    source = load_source(base / SETTINGS_FILE, quiet)
    node = read_nodes(source, quiet) if source is not None else None
    return base if node is not None and _based_on(node) is None else None


def _based_on(node: Node) -> Scalar | None:
    if not isinstance(node, Mapping):
        return None
    return next((entry.value for entry in node if entry.name == "based_on" and isinstance(entry.value, Scalar)), None)


def _read_module_file(
    path: Path, folder: Path, settings: Settings | None, ground: str, problems: Diagnostics
) -> RuleModule | None:
    source = load_source(path, problems)
    if source is None:
        return None
    if settings is None:
        read_nodes(source, problems)
        return None
    name = _module_name(path, folder)
    known = read_before.fetch(ground, folder, name, source.text)
    return known if known is not None else read_module(source, name, settings, problems)


def module_files(folder: Path, problems: Diagnostics) -> list[Path]:
    """The modules' files in order of path. A `.yml` file, which would be passed over in silence, is E111."""
    paths: list[Path] = []
    for top, folders, files in os.walk(folder):
        here = Path(top)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and (here != folder or name not in (REFORMS_FOLDER, OVERLAYS_FOLDER))
        )
        for name in sorted(files):
            if name.lower().endswith((".yml", ".yaml")) and not name.endswith(".yaml"):
                message, remedy = "rule files are named `.yaml`", "rename it, or move it out of the rules"
                problems.add("E111", message, None, help=remedy, file=str(here / name))
            elif (
                name.endswith(".yaml")
                and not name.startswith(".")
                and here / name not in (folder / SETTINGS_FILE, folder / SCREENS_FILE)
            ):
                paths.append(here / name)
    return sorted(paths)


def read_module(source: Source, name: str, settings: Settings, problems: Diagnostics) -> RuleModule | None:
    """The module in `source`; None if it is not YAML or holds no mapping."""
    node = read_nodes(source, problems)
    return read_rule_module(Context(settings, problems), node, name) if node is not None else None


def read_reform(source: Source, name: str, settings: Settings, problems: Diagnostics) -> Reform | None:
    """The reform in `source`, not applied; None if it is not YAML or holds no mapping."""
    node = read_nodes(source, problems)
    return read_reform_file(Context(settings, problems), node, name) if node is not None else None
