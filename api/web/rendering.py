"""Templates into pages: the frame, words for values and days, the policy that a page is under, and errors as pages."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import date
from fractions import Fraction
from functools import cache, wraps
from pathlib import Path
from typing import Any, ParamSpec

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response

from api.failures import Failure
from api.http.access import ANYBODY, require
from api.http.problems import Refusal
from api.http.service import PRIVATE, Service, refusal_of, service_of
from api.schema import Citation
from api.web import assets, refusals_said
from api.web.households import plan_of
from api.web.questions import script_of
from engine.values.numbers import format_decimal, with_commas

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
RECORD = ("record", "/record", "My record")
OWED = ("owed", "/owed", "What am I owed?")
MAY = ("may", "/may", "May I…?")
PERMITS = ("permits", "/permits", "Permits")
DESK = ("desk", "/desk", "Desk")
CALCULATOR, LAW = ("calculator", "/calculator", "Calculator"), ("law", "/law", "The law")
DOORS = {
    "may": "Ask whether the law permits it, on which condition it hangs, and what would change a no.",
    "permits": "Check a signed permit, see how yours stand, or have one issued.",
    "record": "What is recorded, what was known when, and who looked and why.",
    "owed": "Answer a few questions and see the credits that you may claim.",
    "desk": "For case workers: open a record with a purpose, work through an annual run, correct a fact.",
    "calculator": "Change a wage, a child or the law, and see what a family keeps.",
}
MINUS = "\N{MINUS SIGN}"
_SIGNS = {"USD": "$", "GBP": "£", "EUR": "€"}
_AMOUNT = re.compile(r"(?<![0-9/.])-?[0-9][0-9,]*(?:\.[0-9]+)? [A-Z]{3}\b")
_Arguments = ParamSpec("_Arguments")


def money(text: str) -> str:
    """`5,190.96 USD` as `$5,190.96`, cents with both digits; what is not an amount as it stands."""
    number, space, currency = text.rpartition(" ")
    bare = number.lstrip("-").replace(",", "")
    sign = _SIGNS.get(currency)
    if not space or sign is None or not bare.replace(".", "", 1).isdigit():
        return text
    return f"{MINUS if number.startswith('-') else ''}{sign}{number.lstrip('-')}"


def dollars(value: Fraction) -> str:
    """An amount in whole dollars, half up, as a template hands it to `money`."""
    whole = int(abs(value) + Fraction(1, 2))
    return f"{'-' if value < 0 and whole else ''}{whole:,} USD"


def cents(value: Fraction) -> str:
    """An amount to the cent, as a template hands it to `money`."""
    return f"{with_commas(format_decimal(Fraction(round(value * 100), 100), 2))} USD"


def percent(value: Fraction) -> str:
    """A rate to a tenth of a percent."""
    return f"{format_decimal(Fraction(round(value * 1000), 10), 1)}%".replace("-", MINUS)


def amounts(text: str) -> str:
    """A sentence with its amounts as `money` writes them."""
    return _AMOUNT.sub(lambda match: money(match.group()), text)


def sentence(text: str) -> Markup:
    """A message with a capital letter, and what it quotes in backticks as code."""
    parts = (text[:1].upper() + text[1:]).split("`")
    quoted = [Markup("<code>%s</code>") % part if at % 2 else escape(part) for at, part in enumerate(parts)]
    return Markup("").join(quoted)


def day(text: str) -> str:
    """`2024-03-03` as `3 March 2024`, and the first of January as its year."""
    try:
        when = date.fromisoformat(text)
    except ValueError:
        return text
    return str(when.year) if (when.month, when.day) == (1, 1) else f"{when.day} {when:%B} {when.year}"


def full_day(text: str) -> str:
    """`2024-01-01` as `1 January 2024`, where a day is meant and not the year that it begins."""
    try:
        when = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{when.day} {when:%B} {when.year}"


def grouped(text: str) -> str:
    """`31000` as `31,000`; what is not a plain number as it stands."""
    return with_commas(text) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text, re.ASCII) else text


def words(name: str) -> str:
    """`tax_unit` as `tax unit`."""
    return name.replace("_", " ")


def cite(citation: Citation) -> str:
    """A citation in a line."""
    section = citation.section if citation.section.startswith("(") or not citation.section else f" s.{citation.section}"
    return f"{citation.source}{section}"


@cache
def environment() -> Environment:
    """The templates, which escape everything and refuse names that there are none of."""
    made = Environment(
        loader=PackageLoader("api.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(
        money=money,
        amounts=amounts,
        grouped=grouped,
        day=day,
        full_day=full_day,
        words=words,
        cite=cite,
        sentence=sentence,
    )
    made.globals.update(asset=assets.address, doors=DOORS, dollars=dollars, cents=cents, percent=percent)
    return made


def menu_of(service: Service) -> list[tuple[str, str, str]]:
    """The pages that there are for the laws that are served: key, address, name."""
    names = [Path(name).name for name in service.laws.names]
    laws = [service.laws.law(name, None, "") for name in service.laws.names]
    there = {
        OWED: any(map(script_of, names)),
        CALCULATOR: any(map(plan_of, names)),
        MAY: any(law.permissions.asked for law in laws),
        PERMITS: service.permits is not None or any(law.permissions.asked for law in laws),
        LAW: True,
        RECORD: service.population is not None,
        DESK: service.population is not None,
    }
    return [entry for entry, served in there.items() if served]


def page(
    request: Request, template: str, *, nav: str = "", status: int = 200, cache: str = PRIVATE, **values: Any
) -> Response:
    """A page. `nav` is the entry of the menu that it belongs to."""
    service = service_of(request)
    shared = {"nav": nav, "development": service.config.development, "menu": menu_of(service)}
    text = environment().get_template(template).render(**shared, **values)
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": cache}
    return Response(text, status, headers, "text/html; charset=utf-8")


def require_visitor(request: Request) -> None:
    """Raise Refusal (401, 403) for who has no token, unless pages about a case are open to everybody."""
    if not service_of(request).config.open_pages:
        require(request, *ANYBODY)


def shown(
    route: Callable[_Arguments, Awaitable[Response]],
) -> Callable[_Arguments, Awaitable[Response]]:
    """A route whose refusals are pages, too."""

    @wraps(route)
    async def wrapped(*arguments: _Arguments.args, **named: _Arguments.kwargs) -> Response:
        try:
            return await route(*arguments, **named)
        except Refusal as fault:
            refusal = fault
        except Failure as fault:
            refusal = refusal_of(fault)
        request = named.get("request")
        assert isinstance(request, Request)
        return refused(request, refusal)

    return wrapped


def refused(request: Request, refusal: Refusal) -> Response:
    """The page of a refusal, with every fault and its remedy."""
    title, about = refusals_said.said(refusal.kind)
    made = page(request, "refused.html", status=refusal.status, title=title, about=about, faults=refusal.errors)
    for name, value in refusal.headers.items():
        made.headers[name] = value
    return made
