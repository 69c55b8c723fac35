"""The household calculator: what a family keeps, over an income, under the law and under a reform beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.cases.calculate import Basis, basis_of
from api.cases.naming import find_definition, period_for
from api.http.cases import read_request_case
from api.http.problems import Fault, Refusal
from api.http.programs import Law
from api.http.reading import Document, Number
from api.http.service import Service, service_of
from api.sweep.points import Points, Terms
from api.sweep.sweep import Break, Vary, sweep
from api.sweep.sweep import Law as SweptLaw
from api.web.books import book_of
from api.web.charts import Chart, Mark, Series
from api.web.curves import Cliff, Curve, curve
from api.web.households import YOU, Household, Plan, bare, first_household, plan_for, read_household
from api.web.rendering import dollars, money, page, require_visitor, shown
from api.web.steps import read_fields
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.values.numbers import format_decimal

router = APIRouter(include_in_schema=False)
ROWS = 12


@dataclass(frozen=True, slots=True)
class Answer:
    """What the page shows of a household."""

    basis: Basis
    now: Curve
    reform: Curve | None
    chart: Chart
    rates: Chart
    finding: str
    rows: Sequence[tuple[Fraction, Fraction, Fraction | None, Fraction]]
    case: str
    breaks: Sequence[Break] | None


@router.get("/calculator")
@shown
async def first(request: Request) -> Response:
    """The form with the household that it begins with, and its answer."""
    require_visitor(request)
    law, plan = _calculated_here(service_of(request))
    return await _answered(request, law, plan, first_household(plan))


@router.post("/calculator")
@shown
async def again(request: Request) -> Response:
    """The answer for the household that the form describes."""
    require_visitor(request)
    law, plan = _calculated_here(service_of(request))
    fields = await read_fields(request)
    return await _answered(
        request, law, plan, read_household(plan, law.program.settings, fields), fields.get("change") == "bends"
    )


def _calculated_here(service: Service) -> tuple[Law, Plan]:
    """The first law here that has a calculator. Raises Refusal if none has."""
    for name in service.laws.names:
        law = service.laws.law(name, None, "")
        plan = plan_for(law)
        if plan is not None:
            return law, plan
    raise Refusal("not-found", [Fault("", "no law that is served here has a calculator", "serve `us`")])


async def _answered(request: Request, law: Law, plan: Plan, household: Household, bends: bool = False) -> Response:
    service = service_of(request)
    answer = None if household.wrong else await service.run(_answer, service, law, plan, household, bends)
    return page(
        request,
        "calculator.html",
        nav="calculator",
        status=422 if household.wrong else 200,
        household=household,
        plan=plan,
        settings=law.program.settings,
        answer=answer,
        book=book_of(law),
        causes=causes_said,
    )


def _answer(service: Service, law: Law, plan: Plan, household: Household, bends: bool) -> Answer:
    case = household.case(plan)
    now = _curve(service, law, plan, household, case)
    reform = None
    if household.reform:
        chosen = next(reform_offered for reform_offered in plan.reforms if reform_offered.name == household.reform)
        changed = service.laws.law(law.name, _overlay(chosen.overlay))
        reform = _curve(service, changed, plan, household, case)
    own = Fraction(bare(household.adults[0][household.over]) or "0")
    label = next(fact.label for fact in plan.facts if fact.name == household.over)
    document = Document({"case": case})
    read = read_request_case(law.program, document, case, "/case", at=household.year, most=200)
    return Answer(
        basis_of(law.program, read, ()),
        now,
        reform,
        _net_chart(now, reform, own, label),
        _rate_chart(now, reform, label),
        _finding(now, label),
        _rows(now, reform),
        json.dumps(case),
        _breaks(law, plan, household, read, now) if bends else None,
    )


def _breaks(law: Law, plan: Plan, household: Household, case: Case, now: Curve) -> Sequence[Break]:
    """Every bend and jump of net income within the chart, with the rules that cause it."""
    incomes = " + ".join(fact.name for fact in plan.facts)
    taken, given = (
        "".join(f" {sign} {name}" for name in names) for sign, names in (("-", plan.takes), ("+", plan.gives))
    )
    vary = Vary(household.over, "0", str(now.xs[-1]), YOU)
    swept = sweep(SweptLaw(law.program, law.reforms), None, case, vary, [f"{incomes}{taken}{given}"])
    return swept.law.curves[0].breaks


def _curve(service: Service, law: Law, plan: Plan, household: Household, case: Any) -> Curve:
    """The household under a law. Raises Failure where its figures are not all known."""
    program = law.program
    document = Document({"case": case})
    read = read_request_case(program, document, case, "/case", at=household.year, most=service.config.limits.instances)
    names = [*plan.takes, *plan.gives, *plan.parts]
    wanted = [find_definition(program, name) for name in names]
    over = find_definition(program, household.over)
    fact = Fact(over.name, YOU, period_for(program, over, read.at))
    points = Points(
        program,
        read,
        fact,
        [Terms(name, "", ((1, definition),)) for name, definition in zip(names, wanted, strict=True)],
        law.constants,
    )

    def evaluate(values: Sequence[Fraction]) -> dict[str, Sequence[Fraction]]:
        entries = [int(value * points.unit) for value in values]
        points.at(entries)
        rows = [points.computed[entry] for entry in entries]
        units = enumerate(zip(names, points.units, strict=True))
        return {name: [Fraction(row[at] or 0, unit) for row in rows] for at, (name, unit) in units}

    incomes = [
        (name, bare(adult[name]) or "0") for adult in household.adults for name in (asked.name for asked in plan.facts)
    ]
    own = Fraction(incomes[[name for name, _ in incomes].index(household.over)][1])
    others = sum((Fraction(text) for _, text in incomes), Fraction(0)) - own
    high = next(asked.high for asked in plan.facts if asked.name == household.over)
    signs = {**dict.fromkeys(plan.takes, -1), **dict.fromkeys(plan.gives, 1), **dict.fromkeys(plan.parts, 0)}
    return curve(evaluate, own, high, others, signs)


def _overlay(value: Any) -> Any:
    """A reform of the plan as a request would send it."""
    if isinstance(value, dict):
        return {key: _overlay(inner) for key, inner in value.items()}
    return Number(value) if isinstance(value, str) and value.isdigit() else value


def _thousands(value: Fraction) -> str:
    if abs(value) >= 1000 and (value / 100).denominator == 1:
        part = value / 1000
        return f"{format_decimal(part)}k"
    return f"{int(value):,}"


def _net_chart(now: Curve, reform: Curve | None, own: Fraction, label: str) -> Chart:
    series = [Series(list(zip(now.xs, now.net, strict=True)), "Now")]
    if reform is not None:
        series.append(Series(list(zip(reform.xs, reform.net, strict=True)), "With the reform", dashed=True))
    marks = [Mark(own, now.own_net, f"you: {money(dollars(now.own_net))}", line=True)]
    about = f"Net income over {label.lower()}; the table below shows the same"
    return Chart(about, series, now.xs[0], now.xs[-1], _thousands, _thousands, marks)


def _rate_chart(now: Curve, reform: Curve | None, label: str) -> Chart:
    series = [Series([*_clipped(now), (now.xs[-1], _clipped(now)[-1][1])], step=True)]
    if reform is not None:
        points = _clipped(reform)
        series.append(Series([*points, (reform.xs[-1], points[-1][1])], step=True, dashed=True))
    about = f"What taxes and lost credits take of the next dollar, over {label.lower()}"
    return Chart(about, series, now.xs[0], now.xs[-1], _thousands, lambda value: f"{int(value * 100)}%")


def _clipped(drawn: Curve) -> list[tuple[Fraction, Fraction]]:
    """Rates within what a chart can show; beyond it they stand in the table."""
    return [(x, min(max(rate, Fraction(-1)), Fraction(1))) for x, rate in drawn.rates()]


def _finding(now: Curve, label: str) -> str:
    """The chart's title: what is worth knowing most."""
    if now.cliffs:
        worst = max(now.cliffs, key=lambda cliff: cliff.loss)
        return f"One more cent beyond {money(dollars(worst.at))} of {label.lower()} costs {money(dollars(worst.loss))}"
    rates = [(x, round(rate * 100)) for x, rate in now.rates()]
    best: tuple[int, int, int] = (0, 0, 0)
    start = 0
    for at in range(1, len(rates) + 1):
        if at == len(rates) or rates[at][1] != rates[start][1]:
            best = max(best, (rates[start][1] if at - start > 2 else 0, start, at))
            start = at
    rate, start, end = best
    if rate <= 0:
        return f"Net income over {label.lower()}"
    ends = [money(dollars(Fraction(int(now.xs[place])))) for place in (start, end)]
    return f"Each dollar between about {ends[0]} and {ends[1]} costs {rate} cents of tax and credits"


def _rows(now: Curve, reform: Curve | None) -> list[tuple[Fraction, Fraction, Fraction | None, Fraction]]:
    """The table beside the chart: income, net income, net income under the reform, and what is taken of the next."""
    rates = dict(now.rates())
    step = max(1, len(now.xs) // ROWS)
    places = range(0, len(now.xs) - 1, step)
    return [
        (now.xs[at], now.net[at], reform.net[at] if reform is not None else None, rates[now.xs[at]]) for at in places
    ]


def causes_said(plan: Plan, cliff: Cliff) -> list[tuple[str, Fraction]]:
    """What changes at a cliff, by label; of a sum that changes by a part that is named, the part."""
    labels = {**plan.takes, **plan.gives, **plan.parts}
    parts = [(name, change) for name, change in cliff.causes if name in plan.parts]
    told = parts or list(cliff.causes)
    return [(labels[name], change) for name, change in told]
