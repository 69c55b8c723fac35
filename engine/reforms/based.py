"""Rules that are based on others: a member state's law over a directive.

`based_on: eu` in `ruleset.yaml` names rules beside these. Their modules come first, without their examples, which are
about the base alone; then every file in `overlays/`, a reform each, in order of name; then the own modules.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.reading.declarations import RuleModule, Ruleset
from engine.reading.declared_settings import Settings
from engine.reading.documents import base_of, read_ruleset
from engine.reforms.apply import apply_reforms
from engine.syntax.files import OVERLAYS_FOLDER
from engine.text.diagnostics import Diagnostics


def read_law(folder: Path, problems: Diagnostics) -> Ruleset | None:
    """The rules in `folder`, with those that they are based on; None if they cannot be read at all."""
    own = read_ruleset(folder, problems)
    if own is None:
        return None
    shared = shared_modules(folder, own.settings, problems)
    return replace(own, modules=tuple(sorted((*shared, *own.modules), key=lambda rule_module: rule_module.name)))


def shared_modules(folder: Path, settings: Settings, problems: Diagnostics) -> tuple[RuleModule, ...]:
    """The modules of the rules that those in `folder` are based on, under the overlays; none if they stand alone."""
    above = base_of(folder)
    base = read_ruleset(above, problems) if above is not None else None
    if above is None or base is None:
        return ()
    modules = tuple(replace(module, name=f"{above.name}/{module.name}", examples=()) for module in base.modules)
    return apply_reforms(Ruleset(settings, modules), overlays_of(folder), problems).modules


def overlays_of(folder: Path) -> list[Path]:
    """The files that lie over the base, in order of name."""
    return sorted(path for path in (folder / OVERLAYS_FOLDER).glob("*.yaml") if path.is_file())
