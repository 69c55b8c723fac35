"""What requirements permit, over the whole program: each action on a resource by one requirement, which may be asked
for, and facts that say whether a resource's person is the one who asks."""

from __future__ import annotations

from collections.abc import Mapping

from engine.ir.program import Definition
from engine.reading.declared_settings import Settings
from engine.text.diagnostics import Diagnostics, Note
from engine.values.types import BOOLEAN


def check_permits(settings: Settings, definitions: Mapping[str, Definition], problems: Diagnostics) -> None:
    """E210 for what nobody could be told, E402 for an action on a resource that two requirements permit."""
    taken: dict[tuple[str, str, str, str], Definition] = {}
    for definition in definitions.values():
        if definition.subject_is:
            _check_subject(settings, definition, problems)
        for permit in definition.permits:
            if not definition.exported:
                message = f"`{definition.short_name}` permits `{permit.action}`, and is not exported"
                help_text = f"add `{definition.short_name}` to `exports`, or remove `permits`"
                problems.add("E210", message, permit.span, help=help_text)
            who = settings.entities[definition.entity].belongs_to or definition.entity
            other = taken.setdefault((who, permit.action, permit.type, permit.id), definition)
            if other is not definition or definition.permits.count(permit) > 1:
                message = f"`{permit.action}` on this resource is permitted twice"
                notes = (Note(f"by `{other.short_name}`, too", other.span),) if other is not definition else ()
                help_text = "let one requirement permit it, with what the two need as its reasons"
                problems.add("E402", message, permit.span, help=help_text, notes=notes)


def _check_subject(settings: Settings, definition: Definition, problems: Diagnostics) -> None:
    """A fact by `subject_is` is a yes or no of a record: nothing else has a person to compare with."""
    entity = settings.entities.get(definition.entity)
    if definition.type == BOOLEAN and entity is not None and entity.belongs_to:
        return
    message = f"`{definition.short_name}` says `subject_is`, and is no yes or no of a record"
    help_text = "give it `type: boolean` and an entity that belongs to the one who asks, or remove `subject_is`"
    problems.add("E210", message, definition.span, help=help_text)
