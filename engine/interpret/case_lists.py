"""Which lists of a case are whole, as the case says it: of records, and of those who hold a role.

1. `complete: true` says it of all lists, `complete: [licences, dependents]` of these; an empty list says it of itself.
   A list that holds something is not whole for that: whoever names one disqualification has not said that there was no
   other.
2. `open: [licences]` says the contrary, of an empty list too, or in a complete case.
3. What the members of a group decide needs no word of its own: the records that are made for each pair of them, and
   the smaller groups that they are in. These lists are whole where the members are known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.interpret.case_links import LinkReader
from engine.interpret.further import Place, owner_role
from engine.reading.declared_settings import Entity, Role
from engine.syntax.nodes import Mapping as YamlMapping
from engine.syntax.nodes import Node, Scalar, Sequence, shown

_Holders = Mapping[tuple[str, str, str], tuple[str, ...]]
_List = tuple[str, str]


class ListReader(LinkReader):
    """Reads which lists may hold more than the case lists."""

    def lists(self, node: YamlMapping) -> None:
        """Read `complete` and `open`."""
        stated, opened = node.get("complete"), node.get("open")
        if isinstance(stated, Scalar) and stated.text in ("true", "false"):
            self.complete = stated.text == "true"
        elif stated is not None:
            self.whole = self._named(stated, "complete")
        if opened is None:
            return
        self.more = self._named(opened, "open")
        for entity, role in sorted(self.more & self.whole):
            word = role or self.entities[entity].plural
            message = f"the list `{word}` stands under `complete` and under `open`"
            self.report("E805", message, opened.span, help="leave it under one of them")

    def _named(self, node: Node, key: str) -> set[_List]:
        words = self._words()
        places: set[_List] = set()
        for item in node.items if isinstance(node, Sequence) else (node,):
            word = item.text if isinstance(item, Scalar) else ""
            if word in words:
                places |= words[word]
                continue
            message = f"`{shown(word)}` is not a list of records or of those who hold a role"
            help_text = self.suggest(word, list(words))
            if key == "complete" and not isinstance(node, Sequence):
                message = "`complete` is true, false, or the lists that are whole"
                help_text = "write `complete: true`, or the lists by name: `complete: [a, b]`"
            self.report("E802", message, item.span, help=help_text)
        return places

    def _words(self) -> dict[str, set[_List]]:
        """What lists are called: records and groups within others by their plural, roles by both their names. Groups of
        several kinds may have a role of one name."""
        words = {
            entity.plural: {(entity.name, "")}
            for entity in self.entities.values()
            if entity.belongs_to or entity.within
        }
        for group in self.entities.values():
            for role in group.roles:
                for word in {role.name, role.plural} - {""}:
                    words.setdefault(word, set()).add((group.name, role.name))
        return words

    # --- the lists that are whole

    def whole_lists(self, held: _Holders) -> frozenset[Place]:
        """The lists of a case that is not complete that hold all that there is. `held`: who holds which role where."""
        said = [Place(entity, "", role) for entity, role in self.whole]
        nobody = [Place(*key) for key, people in held.items() if not people or self.vacant(*key)]
        nothing = [Place(name, "") for name in self.listed if name in self.entities and not self.instances.get(name)]
        whole = frozenset((*said, *nobody, *nothing))
        return whole if self.complete else whole.union(self._decided(held, whole))

    def _decided(self, held: _Holders, whole: frozenset[Place]) -> Iterator[Place]:
        """The lists that the members of groups decide."""
        group_of = {(kind, person): group for (kind, group, _), people in held.items() for person in people}
        known = {
            (kind.name, group)
            for kind in self.entities.values()
            for group in self.instances.get(kind.name, ())
            if all(self._holds_all(held, whole, Place(kind.name, group, role.name), role) for role in kind.roles)
        }
        for entity in self.entities.values():
            for person in self.instances.get(entity.belongs_to, ()) if entity.made_for else ():
                if all((kind, group_of.get((kind, person))) in known for kind in entity.made_for):
                    yield from (Place(entity.name, person, role) for role in _by_owner(entity))
            for larger in self.instances.get(entity.within, ()):
                if (entity.within, larger) in known and all(
                    (entity.name, person) in group_of for person in self.members(entity.within, larger)
                ):
                    yield Place(entity.name, larger, owner_role(entity.within))

    def _holds_all(self, held: _Holders, whole: frozenset[Place], place: Place, role: Role) -> bool:
        """Whether a role's list is said to be whole, or has no room for another."""
        if (place.link, place.role) in self.more:
            return False
        if place in whole or Place(place.link, "", place.role) in whole:
            return True
        always = [person for person in held.get(place, ()) if (place.link, person) not in self.stays]
        return role.maximum is not None and len(always) >= role.maximum


def _by_owner(entity: Entity) -> Iterator[str]:
    """How the lists of a record are read: by its first owner, and by each further one."""
    yield ""
    yield from (owner_role(owner.name) for owner in entity.further)
