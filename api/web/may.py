"""*May I …?*: a permission of the rules, one question a page, a review of what was taken for granted, and the verdict.

1. The day, and how many records there are of each kind that the permission reads.
2. What must be known, in the order that the interview's engine computes.
3. A review: what a person has not said and usually need not say, each to be ticked or answered.
4. Yes, no or not known, with every condition and its law, what would change a no, and another day to ask for.

What was answered travels in forms and is stored nowhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.cure.cure import Change, Stated
from api.failures import Failure
from api.http.problems import Fault, Refusal
from api.http.programs import Law
from api.http.service import Service, service_of
from api.web.asking import FactField
from api.web.books import book_of
from api.web.may_files import people_saved, said_opened, turns_saved
from api.web.permission_said import (
    YOU,
    Permission,
    Said,
    field_named,
    opened_fields,
    permission_named,
    permissions,
    read_said,
)
from api.web.rendering import grouped, page, require_visitor, shown
from api.web.saving import Opened, attachment, opened_from, opened_page, taken_up
from api.web.steps import read_fields
from api.web.verdicts import granted_fields, next_field, verdict_of
from engine.interpret.outcomes import Fact
from engine.values.periods import PeriodKind, Unit
from engine.values.types import Kind

router = APIRouter(include_in_schema=False)
_NOBODY = Fact("", "", PeriodKind(Unit.ETERNITY).containing(date.min))


@router.get("/may")
@shown
async def doors(request: Request) -> Response:
    """The permissions that there are."""
    require_visitor(request)
    offered = permissions(service_of(request))
    if not offered:
        raise Refusal("not-found", [Fault("", "no law that is served here permits anything", "serve `gb`")])
    return page(request, "may_index.html", nav="may", permissions=offered)


@router.get("/may/{ruleset}/{name}")
@shown
async def start(request: Request, ruleset: str, name: str) -> Response:
    """The first page: the day, and which records there are."""
    require_visitor(request)
    permission = permission_named(service_of(request), ruleset, name)
    return _first(request, Said(permission), {})


@router.post("/may/{ruleset}/{name}")
@shown
async def go_on(request: Request, ruleset: str, name: str) -> Response:
    """The page after the one that was sent."""
    require_visitor(request)
    service = service_of(request)
    permission = permission_named(service, ruleset, name)
    form = await read_fields(request)
    said, wrong = read_said(permission, form)
    go = form.get("go", "on")
    if go == "save" and said.begun and not wrong:
        return attachment(permission.law, name, people_saved(said), turns_saved(said))
    if not said.begun or go == "first" or any(not name.startswith("f.") for name in wrong):
        return _first(request, said, wrong)
    if wrong:
        bad = [field_named(said, name) for name in wrong]
        return _ask(request, said, [fact_field for fact_field in bad if fact_field is not None], wrong, 0)
    if go.startswith("change."):
        named = field_named(said, go.removeprefix("change."))
        if named is not None:
            return _ask(request, said, [named], {}, 0)
    return await _next(request, service, said)


@router.post("/may/{ruleset}/{name}/open")
@shown
async def go_on_from_file(request: Request, ruleset: str, name: str) -> Response:
    """A file of answers, taken up: what it says, and what of it does not fit."""
    require_visitor(request)
    service = service_of(request)
    permission = permission_named(service, ruleset, name)

    def read(content: bytes) -> tuple[Opened, Said]:
        opened = opened_from(permission.law, content)
        return opened, said_opened(permission, opened)

    taken = await taken_up(request, read)
    said = taken[1] if not isinstance(taken, Failure) else None
    fields = list(said.hidden()) if said is not None else []
    count = len(said.answers) if said is not None else 0
    about = {"nav": "may", "action": permission.address, "title": permission.title}
    return opened_page(request, taken, fields, count, about)


def _first(request: Request, said: Said, wrong: Mapping[str, str]) -> Response:
    entities = said.permission.law.program.settings.entities
    return page(
        request,
        "may_first.html",
        nav="may",
        status=422 if wrong else 200,
        permission=said.permission,
        said=said,
        wrong=wrong,
        day=said.day or _today(said.permission.law),
        records=[(record, entities[record].plural.replace("_", " ")) for record in said.permission.records],
    )


def _today(law: Law) -> str:
    """Today, or the last day that the rules answer for."""
    settings = law.program.settings
    return min(datetime.now(UTC).date(), settings.projected_to or settings.covers_to).isoformat()


async def _next(request: Request, service: Service, said: Said) -> Response:
    permission = said.permission
    if said.reviewed and not opened_fields(said):
        verdict = await service.run(verdict_of, service, said)
        entities = permission.law.program.settings.entities
        return page(
            request,
            "may_answer.html",
            nav="may",
            permission=permission,
            said=said,
            verdict=verdict,
            answered=[(fact_field, whose(said, fact_field)) for fact_field in said.fields()],
            whose=_who,
            change_words=lambda change: _change_words(permission, change),
            stated_words=lambda stated: _stated_words(permission, stated),
            counts=[(entities[entity].plural.replace("_", " "), count) for entity, count in said.counts.items()],
            book=book_of(permission.law),
            case=json.dumps(said.data(True)),
        )
    opened = opened_fields(said)
    if opened:
        return _ask(request, said, opened[:1], {}, len(opened))
    asked, open_ = await service.run(next_field, service, said)
    if asked is not None:
        return _ask(request, said, [asked], {}, open_)
    chief, rarer = await service.run(granted_fields, service, said)
    if not chief and not rarer:
        said.reviewed = True
        return await _next(request, service, said)
    return page(
        request,
        "may_review.html",
        nav="may",
        permission=permission,
        said=said,
        chief=[(fact_field, whose(said, fact_field)) for fact_field in chief],
        rarer=[(fact_field, whose(said, fact_field)) for fact_field in rarer],
    )


def _ask(request: Request, said: Said, asked: Sequence[FactField], wrong: Mapping[str, str], left: int) -> Response:
    fact_field = asked[0]
    return page(
        request,
        "may_question.html",
        nav="may",
        status=422 if wrong else 200,
        permission=said.permission,
        said=said,
        fact_field=fact_field,
        whose=whose(said, fact_field),
        answer=said.answers.get(fact_field.name, ""),
        fault=wrong.get(fact_field.name, ""),
        number=len(said.answers) + 2,
        left=left,
        before=next((name for name in reversed(said.answers) if name != fact_field.name), "first"),
        book=book_of(said.permission.law),
    )


def whose(said: Said, fact_field: FactField) -> str:
    """Which record a fact is of, in words; empty for you."""
    return _who(fact_field.fact.instance) if fact_field.fact.instance != YOU else ""


def _who(instance: str) -> str:
    kind, _, number = instance.rpartition("-")
    return f"{kind.replace('_', ' ').capitalize()} {number}" if kind else ""


def _change_words(permission: Permission, change: Change) -> str:
    """`B instead of C`, in the labels of the rules."""
    to = _words_of(permission, change.fact, change.to)
    return to if change.from_ is None else f"{to} instead of {_words_of(permission, change.fact, change.from_)}"


def _stated_words(permission: Permission, stated: Stated) -> str:
    """What a record that is added must say, in the labels of the rules."""
    return _words_of(permission, stated.fact, stated.to)


def _words_of(permission: Permission, fact: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    definition = permission.law.program.find(fact)
    members = FactField(_NOBODY, definition, permission.law.program.settings).members if definition else {}
    if definition is not None and definition.type.kind is Kind.DATE and value != "none":
        on = date.fromisoformat(str(value))
        return f"{on.day} {on:%B %Y}"
    return members.get(str(value), grouped(str(value)))
