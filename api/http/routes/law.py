"""The law: rulesets, their definitions with formulas and values over time, who uses what, and search.

Answers are the same for everybody and as lasting as the law: a strong ETag by fingerprint, and under a fingerprint's
own path (`/v1/rulesets/us@9e5dbab5…/…`) they may be kept for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.cases.naming import find_definition
from api.failures import Misuse
from api.http.cases import fault_of
from api.http.problems import Refusal
from api.http.programs import Law
from api.http.schemas import refusals
from api.http.service import answer, same, service_of, tag_of, unchanged
from api.rules.definitions import describe
from api.rules.described import Described
from api.rules.graph import Graph, graph
from api.rules.names import KINDS, Summary, definitions, search, summary
from api.schema import Citation, citations

router = APIRouter(tags=["the law"])
VARIABLES = ("fact", "figure", "requirement")
CONSTANTS = ("parameter", "table", "scale")
_Route = TypeVar("_Route", bound=Callable[..., Any])
_LAW = refusals(400, 404, 409, 429, 503)
FOR_A_WHILE, FOR_EVER = "public, max-age=60", "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class EntitySaid:
    """A kind of thing that has figures: a person, a group `of` people with roles, or a record that `belongs_to` one."""

    name: str
    plural: str
    of: str = ""
    belongs_to: str = ""
    roles: tuple[RoleSaid, ...] = ()


@dataclass(frozen=True, slots=True)
class RoleSaid:
    """A part that people play in a group."""

    name: str
    plural: str
    minimum: int = 0
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class EnumSaid:
    """The members of an enum, with their labels."""

    name: str
    members: dict[str, str]


@dataclass(frozen=True, slots=True)
class RulesetSaid:
    """A ruleset: what it covers, and what cases for it are made of."""

    name: str
    about: str
    law: tuple[Citation, ...]
    fingerprint: str
    currency: str
    covers_from: str
    covers_to: str
    reforms: tuple[str, ...]
    entities: tuple[EntitySaid, ...]
    enums: tuple[EnumSaid, ...]
    projected_to: str = ""


@dataclass(frozen=True, slots=True)
class Rulesets:
    """The rulesets that this server has."""

    rulesets: tuple[RulesetSaid, ...]


@dataclass(frozen=True, slots=True)
class Definitions:
    """A page of definitions. `total` is how many there are on all pages."""

    fingerprint: str
    total: int
    definitions: tuple[Summary, ...]


def _get(path: str, summary: str, model: type) -> Callable[[_Route], _Route]:
    """A route that serves a part of the law."""
    return router.get(path, summary=summary, response_class=Response, responses={200: {"model": model}, **_LAW})


def _said(law: Law, reforms: list[str]) -> RulesetSaid:
    settings = law.program.settings
    entities = (
        EntitySaid(
            entity.name,
            entity.plural,
            entity.of,
            entity.belongs_to,
            tuple(RoleSaid(role.name, role.plural, role.minimum, role.maximum) for role in entity.roles),
        )
        for entity in settings.entities.values()
    )
    return RulesetSaid(
        settings.name,
        settings.about,
        citations(settings.law),
        law.program.fingerprint,
        settings.currency,
        settings.covers_from.isoformat(),
        settings.covers_to.isoformat(),
        tuple(reforms),
        tuple(entities),
        tuple(EnumSaid(name, dict(enum.members)) for name, enum in settings.enums.items()),
        settings.projected_to.isoformat() if settings.projected_to is not None else "",
    )


def law_at(request: Request, ruleset: str) -> tuple[Law, str]:
    """The law that a path names, and how long its answers may be kept. Raises Refusal (404, 409)."""
    name, _, fingerprint = ruleset.partition("@")
    law = service_of(request).laws.law(name, None, "")
    if fingerprint and not law.program.fingerprint.startswith(fingerprint):
        raise Refusal("other-law", extra={"available": [law.program.fingerprint]})
    return law, FOR_EVER if fingerprint else FOR_A_WHILE


async def _served(request: Request, ruleset: str, make: Callable[[Law], object]) -> Response:
    law, cache = law_at(request, ruleset)
    tag = tag_of(law.program.fingerprint, request.url.path, request.url.query)
    if same(request, tag):
        return unchanged(tag, cache)
    try:
        return answer(await service_of(request).run(make, law), tag=tag, cache=cache)
    except Misuse as fault:
        raise Refusal("not-found", [fault_of(fault, "", request.path_params.values())]) from None


@_get("/v1/rulesets", "The rulesets of this server", Rulesets)
async def rulesets(request: Request) -> Response:
    """Each with its fingerprint, what it covers, its entities, roles and enums."""
    laws = service_of(request).laws
    served = Rulesets(tuple(_said(laws.law(name, None, ""), laws.reforms(name)) for name in laws.names))
    tag = tag_of(*(ruleset.fingerprint for ruleset in served.rulesets))
    return unchanged(tag, FOR_A_WHILE) if same(request, tag) else answer(served, tag=tag, cache=FOR_A_WHILE)


@_get("/v1/rulesets/{ruleset}", "One ruleset", RulesetSaid)
async def ruleset_route(request: Request, ruleset: str) -> Response:
    """What it covers, and what cases for it are made of."""
    reforms = service_of(request).laws.reforms(ruleset.partition("@")[0])
    return await _served(request, ruleset, lambda law: _said(law, reforms))


Words = Annotated[str, Query(max_length=100, description="Words in the name, the label or the law.")]
Limit = Annotated[int, Query(ge=1, le=1_000)]
Skip = Annotated[int, Query(ge=0, le=1_000_000)]


def _listed(law: Law, words: str, kinds: tuple[str, ...], limit: int, skip: int) -> Definitions:
    ruleset = law.ruleset()
    if words.strip():
        summaries = search(ruleset, words, kinds)
    else:
        summaries = sorted(
            (summary(definition) for definition in definitions(ruleset) if definition.kind in kinds),
            key=lambda entry: entry.name,
        )
    return Definitions(law.program.fingerprint, len(summaries), tuple(summaries[skip : skip + limit]))


@_get("/v1/rulesets/{ruleset}/variables", "Facts, figures and requirements", Definitions)
async def variables(request: Request, ruleset: str, q: Words = "", limit: Limit = 200, skip: Skip = 0) -> Response:
    """All of them by name, or those that `q` finds, best first."""
    return await _served(request, ruleset, lambda law: _listed(law, q, VARIABLES, limit, skip))


@_get("/v1/rulesets/{ruleset}/parameters", "Parameters, tables and scales", Definitions)
async def parameters(request: Request, ruleset: str, q: Words = "", limit: Limit = 200, skip: Skip = 0) -> Response:
    """All of them by name, or those that `q` finds, best first."""
    return await _served(request, ruleset, lambda law: _listed(law, q, CONSTANTS, limit, skip))


def _described(law: Law, name: str, kinds: tuple[str, ...]) -> Described:
    described = describe(law.ruleset(), law.program, name)
    if described.kind not in kinds:
        raise Misuse("there is no definition of this name here", "look under `variables` or `parameters`")
    return replace(described, where=replace(described.where, file=_within(described.where.file)))


def _within(file: str) -> str:
    """A rule file from the folder of rules on: where this machine keeps it is nobody's business."""
    parts = Path(file).parts
    return "/".join(parts[len(parts) - 1 - parts[::-1].index("rules") :] if "rules" in parts else parts[-2:])


@_get("/v1/rulesets/{ruleset}/variables/{name:path}/graph", "What a figure is made of", Graph)
async def variable_graph(
    request: Request,
    ruleset: str,
    name: str,
    users: Annotated[bool, Query(description="Who uses it, instead of what it uses.")] = False,
    depth: Annotated[int, Query(ge=1, le=99)] = 2,
) -> Response:
    """The part of the law within `depth` steps, as nodes and edges."""

    def made(law: Law) -> Graph:
        return graph(law.program, find_definition(law.program, name), users, depth)

    return await _served(request, ruleset, made)


@_get("/v1/rulesets/{ruleset}/variables/{name:path}", "A fact, figure or requirement", Described)
async def variable(request: Request, ruleset: str, name: str) -> Response:
    """Its dated formulas, conditions and citations, what it uses and who uses it."""
    return await _served(request, ruleset, lambda law: _described(law, name, (*VARIABLES, "function")))


@_get("/v1/rulesets/{ruleset}/parameters/{name:path}", "A parameter, table or scale", Described)
async def parameter(request: Request, ruleset: str, name: str) -> Response:
    """Its values over time, with their law."""
    return await _served(request, ruleset, lambda law: _described(law, name, CONSTANTS))


@_get("/v1/rulesets/{ruleset}/search", "Search the law", Definitions)
async def search_route(request: Request, ruleset: str, q: Words, limit: Limit = 50, skip: Skip = 0) -> Response:
    """Whatever has a name, best first: definitions, reasons of requirements, entities, roles, enums and members."""
    return await _served(request, ruleset, lambda law: _listed(law, q, KINDS, limit, skip))
