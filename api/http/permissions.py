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
        for one in self.program.definitions.values():
            if one.requirement is None or not one.exported:
                continue
            if one.entity == self.subject and one.period.unit is Unit.DAY and one.label.startswith(MAY):
                self.asked.append(one)
            if not one.permits and one.entity == self.subject:
                self.by_name[one.short_name] = one
            for permit in one.permits:
                self.by_action.setdefault((permit.action, permit.type), {})[permit.id] = one

    def requirement(self, asked: Asked) -> Definition | None:
        """The requirement that answers; None if the rules say nothing of such an action."""
        if asked.subject != self.subject:
            return None
        by_id = self.by_action.get((asked.action, asked.type), {})
        found = by_id.get(asked.id) or by_id.get("")
        if found is not None:
            return found
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
        found = self.by_action.get((action, type), {}) if subject == self.subject else {}
        return [id for id in found if id]

    def is_record(self, type: str) -> bool:
        """Whether resources of a type are records that stand before the subject as their own."""
        entity = self.program.settings.entities.get(type)
        return entity is not None and entity.belongs_to == self.subject
