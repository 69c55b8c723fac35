"""Which requirement answers for an action on a resource: what the rules' `permits` say, else requirements by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from api.history.record import person_entity
from engine.ir.program import Definition, Program
from engine.values.periods import Unit

MAY = "May "


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, as AuthZEN names it. An empty resource `id` is any."""

    subject: str
    action: str
    type: str
    id: str = ""


@dataclass(eq=False)
class Permissions:
    """The permissions of a program, by action and type of resource."""

    program: Program
    subject: str = field(init=False)
    by_action: dict[tuple[str, str], dict[str, Definition]] = field(default_factory=dict)
    by_name: dict[str, Definition] = field(default_factory=dict)
    asked: list[Definition] = field(default_factory=list)
    """What people ask on a day: requirements called `May …`."""

    def __post_init__(self) -> None:
        self.subject = person_entity(self.program)
        for definition in self.program.definitions.values():
            if definition.requirement is None or not definition.exported:
                continue
            if (
                definition.entity == self.subject
                and definition.period.unit is Unit.DAY
                and definition.label.startswith(MAY)
            ):
                self.asked.append(definition)
            if not definition.permits and definition.entity == self.subject:
                self.by_name[definition.short_name] = definition
            for permit in definition.permits:
                self.by_action.setdefault((permit.action, permit.type), {})[permit.id] = definition

    def requirement(self, asked: Asked) -> Definition | None:
        """The requirement that answers; None if the rules say nothing of such an action."""
        if asked.subject != self.subject:
            return None
        by_id = self.by_action.get((asked.action, asked.type), {})
        definition = by_id.get(asked.id) or by_id.get("")
        if definition is not None:
            return definition
        names = (f"may_{asked.action}_{asked.type}", f"may_{asked.action}", asked.action)
        return next((self.by_name[name] for name in names if name in self.by_name), None)

    def actions(self, subject: str, type: str, id: str) -> Iterator[str]:
        """The actions that there are on a resource, in the order of the rules."""
        if subject != self.subject:
            return
        for (action, of_type), by_id in self.by_action.items():
            if of_type == type and (id in by_id or "" in by_id):
                yield action
        yield from self.by_name

    def ids(self, subject: str, action: str, type: str) -> list[str]:
        """The resources of a type that the rules name for an action."""
        definitions = self.by_action.get((action, type), {}) if subject == self.subject else {}
        return [id for id in definitions if id]

    def is_record(self, type: str) -> bool:
        """Whether resources of a type are records that stand before the subject as their own."""
        entity = self.program.settings.entities.get(type)
        return entity is not None and entity.belongs_to == self.subject
