"""Decisions for other programs: a question as a case, with what is on record, and the requirement's answer.

1. The subject is a person of the rules. A resource whose type is a record of the rules stands in the case as one of
   theirs; of any other type it is told by its name only.
2. Properties are facts by name: the subject's of the person, the resource's of the record, or else of the person, as
   the action's are. Other properties are not read, and `not_read` names them.
3. Of an operator's question, what is on record of the subject and of the resource is read, too. It stands over what is
   sent; `on_record_otherwise` names what was sent otherwise.
4. What is not determined is refused, with what to ask: a machine must not wave somebody through.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from api.cases.calculate import Asked as Told
from api.cases.calculate import Calculation, Result, calculate, question
from api.cases.calculate import Question as Asking
from api.history.population import Offsets, Place, Population
from api.history.record import record_case
from api.history.recorded import give
from api.http.cases import read_request_case
from api.http.forms import safe_key
from api.http.permissions import Asked, Permissions
from api.http.problems import Fault, Refusal
from api.http.programs import Law
from api.http.reading import Document
from api.http.service import Service
from api.interview.interview import open_facts
from api.schema import as_data
from citizens import Belongs, CitizensError, Timeline, check_subject
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition
from engine.reading.declarations import SubjectIs
from engine.values.types import Value

STATUS = {True: "met", False: "not_met"}
MOST_QUESTIONS = 5
UNKNOWN_ACTION = {"status": "unknown_action", "reasons": {"met": [], "not_met": [], "unknown": []}}


@dataclass(frozen=True, slots=True)
class Question:
    """Who wants to do what with which resource, and the properties of each."""

    asked: Asked
    person: str
    subject: dict[str, Any]
    action: dict[str, Any]
    resource: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """The decision, and what is said of it."""

    decision: bool
    said: dict[str, Any]


@dataclass(eq=False)
class Decider:
    """What decides the questions of one request. With `records`, what is on record is read; each subject once."""

    service: Service
    document: Document
    at: str | None = None
    ruleset: str | None = None
    records: bool = False

    def __post_init__(self) -> None:
        self.records = self.records and self.service.population is not None
        self.timeline = cache(self._timeline)
        self.record_of = cache(self._record_of)
        self.place = cache(self._place)
        self.now = cache(lambda: Offsets(tuple(self._population().heads())))

    def permissions(self) -> Iterator[tuple[Law, Permissions]]:
        """The permissions of the ruleset that is asked, or of all that are served. Raises Refusal (400)."""
        names = self.service.laws.names if self.ruleset is None else (self.ruleset,)
        for name in names:
            try:
                law = self.service.laws.law(name, None, "/context/ruleset")
            except Refusal as refusal:
                refusal.status = 400
                raise
            yield law, law.permissions

    def permission_of(self, asked: Asked) -> tuple[Law, Definition] | None:
        """The first requirement that answers for what is asked."""
        for law, permissions in self.permissions():
            definition = permissions.requirement(asked)
            if definition is not None:
                return law, definition
        return None

    def named(self, subject: str, action: str, type: str) -> list[str]:
        """The resources of a type that the rules name for an action."""
        return [id for _, permissions in self.permissions() for id in permissions.ids(subject, action, type)]

    def actions(self, subject: str, type: str, id: str) -> list[str]:
        """The actions that the rules have on a resource."""
        return [name for _, permissions in self.permissions() for name in permissions.actions(subject, type, id)]

    def on_record(self, entity: str, after: str, limit: int) -> list[str]:
        """The ids of the next subjects on record of an entity of the rules; none if the log is not to be read."""
        if not self.records or all(entity not in law.program.settings.entities for law, _ in self.permissions()):
            return []
        return [name.partition("/")[2] for name in self._population().subjects_of(entity, after, limit)]

    def has_record(self, subject: str) -> bool:
        """Whether there is a record of a subject to be read."""
        return self.records and bool(self.timeline(subject).changes)

    def decide(self, question: Question, pointer: str = "", explain: str = "reasons") -> Answer:
        """The answer. Raises Refusal (400) for properties that are no such facts."""
        permission = self.permission_of(question.asked)
        if permission is None:
            return Answer(False, dict(UNKNOWN_ACTION))
        law, definition = permission
        case, otherwise, not_read = self._case(law, definition, question, pointer)
        whose = question.asked.id if definition.entity != law.permissions.subject else question.person
        asked = Told(explain)
        made = calculate(
            law.program, case, [definition], asked, reforms=law.reforms, constants=law.constants, must=False
        )
        results = [result for result in made.results if result.of.id == whose]
        if not results:  # such a resource stands before nobody: it has no record and no facts
            return Answer(False, dict(UNKNOWN_ACTION))
        if self.records:
            place = self.place(f"{question.asked.subject}/{question.person}")
            offset = self.now().offsets[place.part or 0]
            made = replace(made, basis=replace(made.basis, offset=offset, partition=place.part))
        met, said = _told(made, results[0])
        if said["status"] == "undetermined" and explain != "none":
            said["ask_next"] = as_data(_questions(law, case, definition))
        if otherwise:
            said["on_record_otherwise"] = otherwise
        if not_read:
            said["not_read"] = not_read
        return Answer(met, said)

    # --- the case

    def _case(
        self, law: Law, definition: Definition, question: Question, pointer: str
    ) -> tuple[Case, list[str], list[str]]:
        """The case, the facts that are on record otherwise than sent, and the properties that are not read."""
        program, asked = law.program, question.asked
        entities = program.settings.entities
        person, record, not_read = _placed(law, question)
        data: dict[str, Any] = {entities[asked.subject].plural: {question.person: person}}
        if law.permissions.is_record(asked.type):
            record |= self._told_by(law, question)
            data[entities[asked.type].plural] = {asked.id: {asked.subject: question.person, **record}}
        at = self.at or datetime.now(UTC).date().isoformat()
        try:
            case = read_request_case(
                program, self.document, data, pointer, at=at, most=self.service.config.limits.instances
            )
        except Refusal as refusal:
            refusal.status = 400
            raise
        if not self.records:
            return case, [], not_read
        merged, otherwise = self._with_records(law, question, case)
        return merged, otherwise, not_read

    def _told_by(self, law: Law, question: Question) -> dict[str, Any]:
        """Facts that say whether the person whom a property of the resource names is the one who asks."""
        facts: dict[str, Any] = {}
        for definition in law.program.definitions.values():
            if definition.subject_is is None or definition.entity != question.asked.type:
                continue
            named = self._on_record(f"{question.asked.type}/{question.asked.id}", definition.subject_is.property)
            named = named or question.resource.get(definition.subject_is.property)
            if isinstance(named, str):
                facts[definition.short_name] = named in self._names(question, definition.subject_is)
        return facts

    def _names(self, question: Question, by: SubjectIs) -> set[str]:
        """What the subject may be called by."""
        names = {question.person, f"{question.asked.subject}/{question.person}"}
        if by.named_by:
            known = self._on_record(f"{question.asked.subject}/{question.person}", by.named_by)
            names.add(str(known or question.subject.get(by.named_by, question.person)))
        return names

    def _on_record(self, subject: str, attribute: str) -> str | None:
        """What a text on record says today of a subject, or whom it names."""
        if not self.records:
            return None
        value = self.timeline(subject).at(datetime.now(UTC).date()).get(attribute)
        return value.group if isinstance(value, Belongs) else value if isinstance(value, str) else None

    def _timeline(self, subject: str) -> Timeline:
        try:
            check_subject(subject)
        except CitizensError:
            return Timeline(subject, (), 0)  # what is not a subject's name has no record
        place = self.place(subject)
        return place.log.timeline(subject, place.known)

    def _population(self) -> Population:
        assert self.service.population is not None
        return self.service.population

    def _place(self, subject: str) -> Place:
        """Where a subject is asked about, as known when the first question of the request was asked."""
        return self._population().place(subject, self.now())

    def _record_of(self, law_name: str, subject: str, at: str) -> Case | None:
        """What is on record of a person and of those who belong together with them."""
        if not self.timeline(subject).changes:
            return None
        program = self.service.laws.law(law_name).program
        period = program.settings.period(at)
        place = self.place(subject)
        return record_case(place.log, program, subject, period, valid=period.end, known=place.known).case

    def _with_records(self, law: Law, question: Question, case: Case) -> tuple[Case, list[str]]:
        """The case with what is on record; the facts that were sent otherwise, in whose place it stands."""
        asked, program = question.asked, law.program
        on_record = self.record_of(law.name, f"{asked.subject}/{question.person}", str(case.at))
        stated: dict[Fact, Value] = dict(on_record.given) if on_record is not None else {}
        if law.permissions.is_record(asked.type):
            for _ in give(program, stated, self.timeline(f"{asked.type}/{asked.id}"), case.at):
                pass  # what the rules do not take is not a fact
        differing = [fact.name for fact, value in stated.items() if case.given.get(fact, value) != value]
        otherwise = [name.rpartition(":")[2] for name in dict.fromkeys(differing)]
        given = {**case.given, **stated}
        if on_record is None:
            return replace(case, given=given), otherwise
        instances = {
            entity: tuple(dict.fromkeys((*on_record.instances.get(entity, ()), *case.instances.get(entity, ()))))
            for entity in (*on_record.instances, *case.instances)
        }
        records = {
            key: tuple(dict.fromkeys((*on_record.records.get(key, ()), *ids))) for key, ids in case.records.items()
        }
        further_records = {
            key: tuple(dict.fromkeys((*on_record.further_records.get(key, ()), *ids)))
            for key, ids in case.further_records.items()
        }
        return replace(
            on_record,
            instances=instances,
            owner_of={**on_record.owner_of, **case.owner_of},
            records={**on_record.records, **records},
            further_owner={**on_record.further_owner, **case.further_owner},
            further_records={**on_record.further_records, **further_records},
            given=given,
        ), otherwise


def _placed(law: Law, question: Question) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """The properties as facts of the person and of the record, and those that are not read."""
    asked = question.asked
    record_type = asked.type if law.permissions.is_record(asked.type) else ""
    person: dict[str, Any] = {}
    record: dict[str, Any] = {}
    not_read: list[str] = []
    for part, properties in (
        *(("subject", question.subject), ("resource", question.resource), ("action", question.action)),
    ):
        for name, value in properties.items():
            definition = law.program.find(name)
            entity = definition.entity if definition is not None and definition.is_input else ""
            if entity == record_type and entity and part != "subject":
                record.setdefault(name, value)
            elif entity == asked.subject and (part == "subject" or name not in question.subject):
                person.setdefault(name, value)
            elif not _is_link(law, record_type, part, name):
                not_read.append(f"{part}.{safe_key(name)}")
    return person, record, not_read


def _is_link(law: Law, record_type: str, part: str, name: str) -> bool:
    """Whether a property serves to tell whose a resource is."""
    links = [
        definition.subject_is
        for definition in law.program.definitions.values()
        if definition.subject_is and definition.entity == record_type
    ]
    return any(name == (link.named_by if part == "subject" else link.property) for link in links)


def _questions(law: Law, case: Case, definition: Definition) -> list[Asking]:
    """What to ask first: what must be stated, then what is usually one way, each in the order of the rules."""
    needs = open_facts(law.program, case, [definition], law.interpreters)
    first = sorted(needs, key=lambda need: law.program.definitions[need.name].absent is not None)
    return [question(law.program, fact) for fact in first[:MOST_QUESTIONS]]


def _told(made: Calculation, result: Result) -> tuple[bool, dict[str, Any]]:
    status = STATUS[bool(result.value)] if result.status == "determined" else result.status
    said: dict[str, Any] = {"status": status, "reasons": as_data(result.reasons), "basis": as_data(made.basis)}
    return status == "met", said


def invalid(refusal: Refusal, pointer: str) -> dict[str, Any]:
    """What is said of a question among others that is none."""
    told = (
        error if error.pointer.startswith(pointer) else replace(error, pointer=pointer + error.pointer)
        for error in refusal.errors
    )
    return {"status": "invalid", "errors": [fault.data() for fault in told]}


def missing(pointer: str, name: str) -> Fault:
    """A field that a question lacks."""
    return Fault(f"{pointer}/{name}", "this field is missing", "add it")
