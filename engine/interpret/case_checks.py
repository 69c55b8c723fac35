"""A case as a whole, checked: whom it names and nobody is, who would be in two groups, and what is said twice."""

from __future__ import annotations

from itertools import pairwise

from engine.interpret.case_lists import ListReader
from engine.interpret.cases import Case
from engine.interpret.contradicted import contradicted
from engine.interpret.outcomes import Fact
from engine.ir.exclusions import Exclusion, exclusions, refusal, says_something
from engine.ir.links import Link
from engine.reading.declared_settings import Entity
from engine.syntax.nodes import shown
from engine.text.diagnostics import Note
from engine.text.source import Span
from engine.values.types import Value


class CheckedReader(ListReader):
    """Reports what is wrong with a case as a whole."""

    def check_whole(self) -> None:
        placed: dict[tuple[str, str], str] = {}
        for (entity, group, role), people in self.holders.items():
            for person, span in people:
                self.placed(placed, entity, group, person, span=span, role=role)
        for (entity, record), (owner, span) in self.owner_of.items():
            self.is_there(record, owner, self.entities[entity].belongs_to, span)
        for (entity, name, record), (owner, span) in self.further.items():
            further = self.entities[entity].further_owner(name)
            assert further is not None
            self.is_there(record, owner, further.entity, span)
        self.settle_within()
        for declared in self.entities.values():
            self.check_instances(declared)

    def is_there(self, record: str, owner: str, entity: str, span: Span) -> None:
        if owner not in self.instances.get(entity, {}):
            message = f"`{record}` belongs to `{shown(owner)}`, who is not in the case"
            self.report("E805", message, span, help=f"add them under `{self.entities[entity].plural}`")

    def settle_within(self) -> None:
        """In which larger group each group lies: its members tell, if the case does not; E805 if they contradict."""
        groups = {(entity, person): name for (entity, name, _), people in self.holders.items() for person, _ in people}
        for (entity, group, _), people in self.holders.items():
            larger = self.entities[entity].within
            for person, span in people if larger else ():
                theirs = groups.get((larger, person))
                if theirs is None or (larger, person) in self.stays or (entity, person) in self.stays:
                    continue
                stated, _ = self.further.setdefault((entity, larger, group), (theirs, span))
                if stated != theirs:
                    message = f"`{group}` lies in the {larger} `{stated}`, and `{person}` is in `{theirs}`"
                    self.report("E805", message, span, help=f"people of one {entity} are in one {larger}")

    def placed(
        self, placed: dict[tuple[str, str], str], entity: str, group: str, person: str, *, span: Span, role: str
    ) -> None:
        if person not in self.instances.get(self.entities[entity].of, {}):
            plural = self.entities[self.entities[entity].of].plural
            known = list(self.instances.get(self.entities[entity].of, {}))
            message = f"`{shown(person)}` is not in the case"
            self.report(
                "E805", message, span, help=self.suggest(person, known) if known else f"add them under `{plural}`"
            )
        elif (entity, person) in self.stays:
            if not any((stay.group, stay.role) == (group, role) for stay, _ in self.stays[entity, person]):
                message = f"`{person}` is in `{group}` throughout, and in another {entity} for a time"
                self.report("E805", message, span, help=f"say when: `{{{person}: until 2024-04-30}}`")
            elif (entity, person) not in placed:
                placed[(entity, person)] = group
                self.check_stays(entity, person)
        elif (entity, person) in placed:
            message = f"`{person}` already belongs to the {entity} `{placed[(entity, person)]}`"
            self.report("E805", message, span, help=f"a person is in one {entity}, in one role")
        else:
            placed[(entity, person)] = group

    def check_stays(self, entity: str, person: str) -> None:
        """Report a day on which somebody is in two groups of a kind, or in two roles."""
        stays = sorted(self.stays.get((entity, person), ()), key=lambda dated_stay: dated_stay[0].first)
        for (earlier, _), (later, span) in pairwise(stays):
            if later.first <= earlier.last:
                groups = dict.fromkeys(f"`{stay.group}`" for stay in (earlier, later))
                where = " and ".join(groups) if len(groups) > 1 else f"{next(iter(groups))} twice"
                message = f"`{person}` is in {where} on {later.first}"
                self.report("E805", message, span, help=f"a person is in one {entity}, in one role, on each day")

    def check_instances(self, entity: Entity) -> None:
        for name, span in self.instances.get(entity.name, {}).items():
            alone = name in self.unnamed and not self.instances.get(entity.belongs_to)
            if entity.belongs_to and (entity.name, name) not in self.owner_of and not alone:
                message = f"`{name}` does not say whose it is"
                self.report("E805", message, span, help=f"add `{entity.first_owner or entity.belongs_to}: …`")
            for owner in entity.further if entity.belongs_to else ():
                if (entity.name, owner.name, name) not in self.further:
                    message = f"`{name}` does not say of which {owner.name} it is"
                    self.report("E805", message, span, help=f"add `{owner.name}: …`")
            for role in entity.roles:
                held = len(self.holders.get((entity.name, name, role.name), ()))
                if held < role.minimum and name not in self.unnamed:
                    message = f"`{name}` has no `{role.name}`"
                    self.report("E805", message, span, help=f"add `{role.name}: …`")

    def check_exclusions(self) -> None:
        """Report what is stated beside what stands for it."""
        stated: dict[str, list[Fact]] = {}
        for fact, value in self.given.items():
            if says_something(value):
                stated.setdefault(fact.name, []).append(fact)
        for exclusion in exclusions(self.program):
            for first in stated.get(exclusion.first.name, ()):
                for second in stated.get(exclusion.second.name, ()):
                    if (
                        first.period.touches(second.period)
                        and self.go_together(exclusion, first.instance, second.instance)
                        and self.fulfils(exclusion, second if exclusion.total is exclusion.first else first)
                    ):
                        message, help_text = refusal(exclusion, first.instance, second.instance)
                        self.report("E807", message, self.places[second], help_text)

    def check_contradictions(self, case: Case) -> None:
        """Report what is stated although something else that is stated implies the contrary."""
        for contradiction in contradicted(self.program, case):
            notes = [
                Note(f"`{self.program.definitions[other.name].short_name}` is stated here", self.place_of(other))
                for other in contradiction.others
            ]
            place = self.place_of(contradiction.fact) or self.place_of(contradiction.others[0])
            assert place is not None, "something that is stated implies the contrary"
            self.report("E808", contradiction.message, place, contradiction.remedy, notes)

    def place_of(self, fact: Fact) -> Span | None:
        """Where a fact is stated, if it is."""
        return self.places.get(fact) or self.places_held.get((fact.name, fact.instance))

    def fulfils(self, exclusion: Exclusion, part: Fact) -> bool:
        """Whether the conditions hold of what the total stands for; what is not stated is as if absent."""
        for condition in exclusion.where:
            stated: list[Value | None] = [
                value
                for fact, value in self.given.items()
                if fact.name == condition.name and fact.instance == part.instance and fact.period.touches(part.period)
            ]
            absent = self.program.definitions[condition.name].absent
            if not any(value in condition.values for value in stated or [absent]):
                return False
        return True

    def go_together(self, exclusion: Exclusion, first: str, second: str) -> bool:
        match exclusion.link:
            case Link.SAME:
                return first == second
            case Link.RECORD:
                return self.owner_of.get((exclusion.second.entity, second), (first,))[0] == first
            case Link.MEMBER:
                return second in self.members(exclusion.first.entity, first)
            case Link.RECORD_OF_MEMBER:
                owner = self.owner_of.get((exclusion.second.entity, second))
                return owner is not None and owner[0] in self.members(exclusion.first.entity, first)
