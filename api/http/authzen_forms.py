"""What AuthZEN's requests say: questions, several at once, and searches, as the specification has them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from api.http.forms import Form

MOST_EVALUATIONS = 100
MOST_EXAMINED = 1_000


class Lenient(Form):
    """What AuthZEN says has room for what others add to it."""

    model_config = ConfigDict(extra="ignore")


class Subject(Lenient):
    """Who wants to: `type` is the rules' entity of people."""

    type: str = Field(max_length=100)
    id: str = Field(min_length=1, max_length=200)
    properties: dict[str, Any] | None = None


class Action(Lenient):
    """What they want to do, as `permits` of a requirement names it."""

    name: str = Field(min_length=1, max_length=200)
    properties: dict[str, Any] | None = None


class Resource(Lenient):
    """With what."""

    type: str = Field(max_length=200)
    id: str = Field(min_length=1, max_length=200)
    properties: dict[str, Any] | None = None


class Wanted(Lenient):
    """Somebody or something of a type, to be searched for; an id is ignored."""

    type: str = Field(max_length=200)
    properties: dict[str, Any] | None = None


class Context(Lenient):
    """When: the day; today if not given. `ruleset`: the first of this server that knows the action if not given."""

    at: str | None = Field(default=None, max_length=20)
    ruleset: str | None = Field(default=None, max_length=100)


class Evaluation(Lenient):
    """One question."""

    subject: Subject
    action: Action
    resource: Resource
    context: Context | None = None


class Part(Lenient):
    """A question of several; what it leaves out stands in the request around it."""

    subject: Subject | None = None
    action: Action | None = None
    resource: Resource | None = None
    context: Context | None = None


class Options(Lenient):
    """When to stop."""

    evaluations_semantic: Literal["execute_all", "deny_on_first_deny", "permit_on_first_permit"] = "execute_all"


class Around(Lenient):
    """What stands around several questions. A part that is not a question is refused by itself."""

    evaluations: list[dict[str, Any]] = Field(default_factory=list, max_length=MOST_EVALUATIONS)
    options: Options | None = None


class Evaluations(Part):
    """Several questions at once."""

    evaluations: list[Part] = Field(default_factory=list, max_length=MOST_EVALUATIONS)
    options: Options | None = None


class Page(Lenient):
    """Which part of the results: `token` is the `next_token` of the page before."""

    token: str = Field(default="", max_length=500)
    limit: int = Field(default=100, ge=1, le=MOST_EXAMINED)


class SubjectSearch(Lenient):
    """Who may do something."""

    subject: Wanted
    action: Action
    resource: Resource
    context: Context | None = None
    page: Page | None = None


class ResourceSearch(Lenient):
    """With what somebody may do something."""

    subject: Subject
    action: Action
    resource: Wanted
    context: Context | None = None
    page: Page | None = None


class ActionSearch(Lenient):
    """What somebody may do with something."""

    subject: Subject
    resource: Resource
    context: Context | None = None
    page: Page | None = None
