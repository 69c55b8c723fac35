"""What requests say: pydantic models that refuse unknown fields, and their faults as pointers with a remedy.

The models describe requests in the OpenAPI document, too. A field that holds a case or a household is read by its own
reader, which keeps numbers as digits; everywhere else a number is a whole number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.failures import suggestion
from api.http.problems import Fault, Refusal
from api.http.reading import Document, Number, escaped

RAW = frozenset({"case", "household", "properties", "reform", "events"})
"""Fields that are handed on as they were sent."""


class Form(BaseModel):
    """A request's body. Unknown fields are refused, types are not bent."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True)


class BasisWanted(Form):
    """The version of the law that is asked for: 409 if it is not here."""

    fingerprint: str = Field(max_length=64, description="That of an earlier answer's basis, or how it begins.")


_Form = TypeVar("_Form", bound=Form)


def read_form(kind: type[_Form], document: Document) -> _Form:
    """The body as a form. Raises Refusal (422) with every fault."""
    if not isinstance(document.data, dict):
        raise Refusal("invalid-request", [Fault("", "the body is an object", "send `{…}`")])
    try:
        return kind.model_validate({key: _plain(value, key) for key, value in document.data.items()})
    except ValidationError as fault:
        problems = fault.errors(include_url=False, include_input=False, include_context=True)
        faults: dict[str, Fault] = {}
        for told in (_fault(kind, problem, document.data) for problem in problems):
            faults.setdefault(told.pointer if told.pointer[-1:] != "?" else f"{told.pointer}{len(faults)}", told)
        raise Refusal("invalid-request", list(faults.values())) from None


def _plain(value: Any, key: str = "") -> Any:
    """Numbers as Python's own, but in what is read by its own reader."""
    if key in RAW:
        return value
    match value:
        case Number():
            return int(value) if value.lstrip("-").isdigit() else Decimal(value)
        case dict():
            return {name: _plain(inner, name) for name, inner in value.items()}
        case list():
            return [_plain(item) for item in value]
    return value


def _fault(kind: type[Form], problem: Any, data: Any) -> Fault:
    place = _place(problem["loc"], data)
    pointer = "".join(f"/{segment}" for segment in place)
    match problem["type"]:
        case "extra_forbidden":
            known = _fields(kind, place[:-1])
            name = str(problem["loc"][-1])
            listed = "it has " + ", ".join(f"`{known_name}`" for known_name in known)
            return Fault(pointer, "there is no field of this name here", suggestion(name, known, listed))
        case "missing":
            return Fault(pointer, "this field is missing", "add it")
    message = str(problem["msg"])
    return Fault(pointer, f"{message[:1].lower()}{message[1:]}".replace("input should", "this should"), "correct it")


def _place(loc: Iterable[Any], data: Any) -> list[str]:
    """The parts of a location that are keys and positions of the data: pydantic names branches of unions, too."""
    segments: list[str] = []
    for part in loc:
        if isinstance(part, int) and isinstance(data, list):
            data = data[part] if part < len(data) else None
            segments.append(str(part))
        elif isinstance(part, str) and isinstance(data, dict):
            data = data.get(part)
            segments.append(safe_key(part))
    return segments


def safe_key(name: str, known: Sequence[str] | frozenset[str] = ()) -> str:
    """A key as a pointer tells it: one that is not known is told if it looks like a field's name, and is short."""
    plain = name.isascii() and name.replace("_", "").isalpha() and name == name.lower()
    return escaped(name) if name in known or (plain and len(name) <= 40) else "?"


def _fields(kind: type[Form], place: Sequence[str]) -> list[str]:
    """The fields that there are at a place in a form."""
    if not place:
        return list(kind.model_fields)
    field = kind.model_fields.get(place[0])
    inner = list(_models(field.annotation)) if field is not None else []
    return _fields(inner[0], [part for part in place[1:] if not part.isdigit()]) if inner else []


def _models(annotation: Any) -> Iterable[type[Form]]:
    if isinstance(annotation, type) and issubclass(annotation, Form):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _models(inner)
