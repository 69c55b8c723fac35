"""Refusals: RFC 9457 problem documents, with a JSON pointer for every fault and no word of what was sent.

A kind of problem has a page of its own at `/problems/{kind}`, which `type` links to. Faults stop at 50, or where the
document would pass 8 KB; `errors_left_out` counts the rest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

MAX_FAULTS = 50
MAX_BYTES = 8_000
MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its status, its title, and what its page says to do."""

    status: int
    title: str
    about: str


KINDS: Mapping[str, Kind] = {
    "not-json": Kind(
        400, "The body is not JSON", "Send one JSON value in UTF-8, each key once, numbers with plain digits."
    ),
    "bad-cursor": Kind(400, "The cursor cannot be used", "Take `after` from the `Link` header of the page before."),
    "bad-query": Kind(400, "The query cannot be read", "See the parameters of this route in `/openapi.json`."),
    "no-token": Kind(
        401,
        "The token cannot be used",
        "Send `Authorization: Bearer …` with a current token for this server, or an API key.",
    ),
    "forbidden": Kind(403, "This token may not do that", "Ask the operator for the scope that `errors` names."),
    "no-purpose": Kind(
        403, "The purpose is missing", "Send `Purpose: case/4711 why you look`. Whom you look at can read it."
    ),
    "not-found": Kind(404, "There is nothing here", "Check the address. What you may not know of is not found either."),
    "no-log": Kind(404, "This server has no record of citizens", "Start it with `--log FOLDER`."),
    "no-permits": Kind(404, "This server issues no permits", "Say `permits:` in its configuration."),
    "no-such-method": Kind(405, "This address does not take that method", "See `Allow`."),
    "not-acceptable": Kind(406, "This address does not answer in that form", "Accept `application/json`."),
    "too-slow": Kind(408, "The request was not sent in time", "Send the whole request without pausing."),
    "conflict": Kind(409, "Somebody else was first", "Read again, and decide again."),
    "not-permitted": Kind(
        409,
        "The permission is refused",
        "`errors` names the reasons that are not met; `POST /v1/cure` says what would change it.",
    ),
    "other-law": Kind(
        409, "That version of the law is not here", "Ask for one of the versions that `available` lists."
    ),
    "stale-version": Kind(412, "The record has moved on", "Read it again, decide again, and send its `version` now."),
    "too-large": Kind(413, "The request is too large", "Send it in parts, or as a batch."),
    "not-supported": Kind(
        415, "The body's form is not supported", "Send `Content-Type: application/json`, not compressed."
    ),
    "invalid-request": Kind(
        422, "The request cannot be used", "`errors` lists each fault with its place and its remedy."
    ),
    "invalid-case": Kind(422, "The case cannot be read", "`errors` lists each fault with its place and its remedy."),
    "key-reused": Kind(
        422, "That key was used for another request", "Give each event an `Idempotency-Key` of its own."
    ),
    "too-often": Kind(429, "Too many requests", "Wait as long as `Retry-After` says."),
    "broken": Kind(
        500, "This server made a mistake", "Try again. If it happens again, tell the operator the `instance`."
    ),
    "busy": Kind(503, "The server has no room for this now", "Wait as long as `Retry-After` says, and send it again."),
    "damaged": Kind(
        503, "The record cannot be trusted now", "Its files are not as they were written. Tell the operator."
    ),
    "read-only": Kind(
        503, "Nothing can be recorded now", "Reading works. Send it again later: sending it twice is safe."
    ),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where (a JSON pointer into the body, empty for the whole), what, and what to do."""

    pointer: str
    message: str
    remedy: str = ""
    code: str = ""

    def data(self) -> dict[str, str]:
        """As JSON: what is empty is left out, but for the pointer and the message."""
        optional = {"code": self.code, "message": self.message, "remedy": self.remedy}
        return {"pointer": self.pointer, **{key: value for key, value in optional.items() if value}}


@dataclass(eq=False)
class Refusal(Exception):
    """A request that is not done. `extra` are further members of the document, `headers` of the answer."""

    kind: str
    errors: Sequence[Fault] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, object] = field(default_factory=dict)
    status: int = 0

    def __post_init__(self) -> None:
        self.status = self.status or KINDS[self.kind].status


def document(refusal: Refusal, instance: str) -> bytes:
    """The problem document, within its limits."""
    kind = KINDS[refusal.kind]
    head: dict[str, object] = {
        "type": f"/problems/{refusal.kind}",
        "title": kind.title,
        "status": refusal.status,
        "instance": instance,
        **refusal.extra,
    }
    faults = [fault.data() for fault in refusal.errors]
    shown = faults[:MAX_FAULTS]
    while True:
        left_out = len(faults) - len(shown)
        body = {**head, "errors": shown, "errors_left_out": left_out} if faults else head
        made = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        if len(made) <= MAX_BYTES or not shown:
            return made
        shown = shown[: len(shown) * 3 // 4]
