"""People and records in words: who counts, who was chosen, who decided, and that there is nobody."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.explain.speech import Speech
from engine.explain.words import humanized, listed
from engine.interpret import choosing
from engine.ir import nodes as ir
from engine.values.types import Value

LISTED = 12
"""So many of those chosen are named."""


@dataclass(slots=True)
class Members(Speech):
    """What formulas say of members and records."""

    def _aggregate(self, node: ir.Aggregate) -> str:
        """Who counts, and with what: a list of the members that matter."""
        members = self.interpreter.linked(node.link, self.frame)
        if members is None:
            return self.amount(node)
        parts: list[str] = []
        for member in members:
            outer = self.frame
            self.frame = replace(outer, bound={**outer.bound, node.name: member})
            counted = node.where is None or self.known(node.where) is not False
            if counted and node.body is not None and self.known(node.body) not in (0, False):
                parts.append(self.say(node.body))
            elif counted and node.body is None:
                if node.where is not None:
                    self.condition(node.where)
                parts.append(member)
            self.frame = outer
        if node.operator == "count":
            return f"{self.amount(node)}" + (f" ({listed(parts)})" if parts else "")
        if not parts:
            return "nothing" if node.operator == "sum" else self.amount(node)
        return " plus ".join(parts) if node.operator == "sum" else listed(parts)

    def _chosen(self, node: ir.Chosen) -> str:
        """What was chosen, and how many were not."""
        selection = choosing.selected(self.interpreter, node, self.frame)
        if selection is None:
            return self.amount(node)
        taken, left = selection
        outer, parts = self.frame, list[str]()
        for instance in taken[:LISTED]:
            self.frame = replace(outer, bound={**outer.bound, node.name: instance})
            parts.append(self.say(node.body))
        self.frame = outer
        if len(taken) > LISTED:
            parts.append(f"{len(taken) - LISTED} more")
        said = listed(parts) if parts else "nothing"
        others = f", and not {left} {self._called(node.link)}{'' if left == 1 else 's'} more" if left else ""
        if node.operator == "only":
            return f"{said}, the {node.pick} of {left + 1}" if left else said
        if node.operator == "sum":
            return (" plus ".join(parts) if parts else "nothing") + others
        return f"{self.amount(node)} ({said}{others})"

    def _among(self, node: ir.Ranked) -> str:
        """Among how many a rank is."""
        members = self.interpreter.linked(node.link, self.frame)
        return "" if members is None else f" among {len(members)}"

    def _of_members(self, node: ir.Aggregate, truth: Value | None) -> str:
        """The member who decided, or where nobody did, what holds of each who counts."""
        members = self.interpreter.linked(node.link, self.frame)
        if members is None or node.body is None:
            return self.amount(node)
        deciding = node.operator == "any"
        outer, parts = self.frame, list[str]()
        for member in members:
            self.frame = replace(outer, bound={**outer.bound, node.name: member})
            counted = node.where is None or self.known(node.where) is not False
            if counted and (truth is not deciding or self.known(node.body) is deciding):
                parts.append(self.condition(node.body))
        self.frame = outer
        if truth is deciding:
            return parts[0]
        return listed(list(dict.fromkeys(parts))) if parts else "nobody here is asked about"

    def _presence(self, count: ir.Aggregate) -> str:
        """Who there is of those that are counted, or that there is nobody."""
        who = self._called(count.link)
        number = self.known(count)
        if number == 0:
            return f"there is no {who}" + (" of whom this holds" if count.where is not None else "")
        said = self.say(count)
        return f"there is a {who}: {said.partition(' (')[2][:-1] or said}" if number == 1 else f"{who}: {said}"

    def _nobody(self, node: ir.Nobody) -> str:
        """That there is nobody, or who there is."""
        subject = node.subject
        instance = self.interpreter.somebody(subject, self.frame)
        match subject:
            case ir.HolderOf():
                what = humanized(subject.role)
            case ir.Before():
                what = humanized(subject.sequence)
            case _:
                what = humanized(subject.entity)
        return f"{what}: {instance}" if instance is not None else f"there is no {what}"

    def _same(self, node: ir.Same, truth: Value | None) -> str:
        """Who is, or is not, somebody else."""
        left, right = (self.interpreter.somebody(side, self.frame) for side in (node.left, node.right))
        if left is None or right is None:
            return self.amount(node)
        return f"both are {left}" if truth else f"{left} is not {right}"

    def _called(self, link: ir.Link) -> str:
        """Members by their roles, records by what they are."""
        if not isinstance(link, ir.Members):
            return humanized(link.entity)
        everybody = {role.name for role in self.settings.entities[link.group.entity].roles}
        return "member" if set(link.roles) == everybody else listed([humanized(role) for role in link.roles], "or")
