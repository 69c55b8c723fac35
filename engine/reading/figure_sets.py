"""`figure_sets:` of `ruleset.yaml`: figures that people ask for together, by one name.

    figure_sets:
      benefits:
        label: What a household may be owed
        law: 7 USC 2014
        figures: [snap, tanf]

The names of figures are checked once the rules are typed (`engine.check.figure_sets`).
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.reading.context import Context
from engine.reading.declared_settings import FigureSet
from engine.reading.fields import Fields, name_list, named_entries, open_fields
from engine.syntax.nodes import MappingEntry, shown
from engine.text.diagnostics import Note
from engine.text.source import Span

EVERY = "all"
"""The word that asks for every exported figure."""


def read_figure_sets(fields: Fields) -> Mapping[str, FigureSet]:
    """The sets by name, none if the ruleset declares none. A set that cannot be read whole is left out."""
    node = fields.node_of("figure_sets")
    if node is None:
        return {}
    place = fields.span_of("figure_sets")
    entries = named_entries(fields.context, node, place, "`figure_sets`", of_what="a set of figures", in_formulas=False)
    sets = ((entry.name, _figure_set(fields.context, entry)) for entry in entries)
    return {name: read for name, read in sets if read is not None}


def _figure_set(context: Context, entry: MappingEntry) -> FigureSet | None:
    what = f"the set `{shown(entry.name)}`"
    inner = open_fields(context, entry.value, entry.key.span, what, ("label", "law", "figures"))
    if inner is None:
        return None
    if entry.name == EVERY:
        context.report("E210", f"`{EVERY}` means every figure", entry.key.span, help="choose another name")
    inner.required("figures", help="add `figures: [eitc, ctc]`")
    places: dict[str, Span] = {}
    for name, span in name_list(inner, "figures"):
        if name in places:
            notes = [Note("the first is here", places[name])]
            message = f"`{shown(name)}` appears twice in {what}"
            context.report("E210", message, span, help="keep one of the two", notes=notes)
        places.setdefault(name, span)
    if inner.has("figures") and not places:
        context.report("E203", f"{what} names no figure", inner.span_of("figures"), help="name at least one: `[eitc]`")
    return FigureSet(
        entry.name, entry.key.span, inner.text("label", needed=True), inner.text("law"), places, tuple(places)
    )
