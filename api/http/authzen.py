"""What AuthZEN's routes share: how its requests are read and refused, what decides, and the looks that are recorded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.http.access import OPERATOR, Caller
from api.http.authzen_forms import Context
from api.http.deciding import Decider, Question
from api.http.forms import read_form
from api.http.permissions import Asked
from api.http.problems import Refusal
from api.http.reading import Document
from api.http.schemas import refusals
from api.http.service import Service, read_document

_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,200}", re.ASCII)
JSON_ANSWER: dict[str, Any] = {"content": {"application/json": {"schema": {"type": "object"}}}}
ANSWERS: dict[int | str, dict[str, Any]] = {200: JSON_ANSWER, **refusals(400, 401, 403, 413, 429, 503)}
AS_400 = (406, 408, 415, 422)


def as_authzen(route: Callable[[Request], Any]) -> Callable[[Request], Any]:
    """A route whose refusals of what was sent are 400, and whose answers repeat `X-Request-ID`."""

    @wraps(route)
    async def answered(request: Request) -> Response:
        try:
            made: Response = await route(request)
        except Refusal as refusal:
            if refusal.status in AS_400:
                refusal.status = 400
            refusal.headers = {**refusal.headers, **_repeated(request)}
            raise
        made.headers.update(_repeated(request))
        return made

    return answered


def _repeated(request: Request) -> dict[str, str]:
    said = request.headers.get("x-request-id", "")
    return {"X-Request-ID": said} if _REQUEST_ID.fullmatch(said) else {}


async def read_question(request: Request, kind: Any) -> tuple[Any, Document]:
    """A request's body as a form, and as it was sent."""
    document, _ = await read_document(request)
    return read_form(kind, document), document


def decider_of(service: Service, caller: Caller, document: Document, context: Context | None) -> Decider:
    """What decides, on the day and by the ruleset that a request names."""
    when = context or Context()
    return Decider(service, document, when.at, when.ruleset, OPERATOR in caller.roles)


def question_of(form: Any, *, person: str = "", action: str = "", resource: str = "") -> Question:
    """The question of a form, or one of those that a search asks."""
    subject, wanted = form.subject, form.resource
    name = action or form.action.name
    of_action = None if action else form.action.properties
    asked = Asked(subject.type, name, wanted.type, resource or wanted.id)
    given = {} if person else dict(subject.properties or {})
    return Question(asked, person or subject.id, given, dict(of_action or {}), dict(wanted.properties or {}))


def person_of(form: Any) -> str:
    """Who is asked about, as a subject of the log."""
    return f"{form.subject.type}/{form.subject.id}"


def record_look(decider: Decider, caller: Caller, subjects: Iterable[str], what: str) -> None:
    """Record that a decision looks at somebody's record, if it does."""
    on_record = [subject for subject in subjects if decider.has_record(subject)]
    if on_record:
        assert decider.service.population is not None
        said = {"why": "decision", "case": None, "what": what}
        decider.service.population.looked_at(on_record, caller.name, "api", said)
