"""Who asks, and what they may: tokens of others that we believe, API keys, and what each role may do."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from api.http.problems import Fault, Refusal
from api.http.service import service_of

CITIZEN, CASE_WORKER, ANALYST, RULE_AUTHOR, OPERATOR = ROLES = (
    *("citizen", "case_worker", "analyst", "rule_author", "operator"),
)
ANYBODY = ROLES


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `record` is the subject whose record is a citizen's own. `anybody`: a development server's caller."""

    name: str
    roles: frozenset[str]
    record: str = ""
    anybody: bool = False


DEVELOPER = Caller("developer", frozenset(ROLES), "", anybody=True)


def caller_of(request: Request) -> Caller:
    """Who asks. Raises Refusal (401) for a token that cannot be believed."""
    service = service_of(request)
    if service.config.development:
        return DEVELOPER
    raise Refusal("no-token", headers={"WWW-Authenticate": "Bearer"})


def require(request: Request, *roles: str) -> Caller:
    """The caller, who must have one of some roles. Raises Refusal (401, 403)."""
    caller = caller_of(request)
    if caller.roles.isdisjoint(roles):
        listed = " or ".join(f"`{role}`" for role in roles)
        raise Refusal("forbidden", [Fault("", f"this takes the scope {listed}", "ask the operator for it")])
    return caller
