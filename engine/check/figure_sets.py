"""The figures that `figure_sets:` names are exported, and no set has the name of something that is exported."""

from __future__ import annotations

from engine.check.resolve import Symbols
from engine.syntax.nodes import shown
from engine.text.diagnostics import Diagnostics


def check_figure_sets(symbols: Symbols, problems: Diagnostics) -> None:
    """Report each name in a set that is no exported figure, and each set that is named like an export."""
    figures = {name for name, symbol in symbols.exported.items() if symbol.figure is not None}
    for figure_set in symbols.settings.figure_sets.values():
        if figure_set.name in symbols.exported:
            message = f"a module exports `{shown(figure_set.name)}`, so no set of figures can have this name"
            problems.add("E402", message, figure_set.span, help="choose another name")
        for name, place in figure_set.places.items():
            if name not in figures:
                help_text = symbols.suggest(name, lambda: figures)
                problems.add("E401", f"no module exports a figure `{shown(name)}`", place, help=help_text)
