"""The report of a simulation in a real browser without a network: fit for everybody, on a phone, on paper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.simulate.named_tables import named_tables
from api.simulate.report import report
from api.simulate.request import Request
from api.simulate.run import simulate
from tests.api.test_distribution import FILE, amounts
from tests.cli.command import write_rules
from tests.cli.test_simulate import REFORM, VIEW, write_people
from tests.web.browser import browser, faults_of
from tests.web.test_browser import WIDTHS


@pytest.fixture(scope="module")
def page_of(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of two years, with every part that one can have: Tax-Calculator's tables are those of another survey."""
    import numpy as np

    folder = tmp_path_factory.mktemp("land")
    write_people(folder)
    rules = write_rules(folder / "rules")
    (folder / "view.yaml").write_text(VIEW)
    (folder / "reform.yaml").write_text(REFORM)
    files = tuple(str(folder / name) for name in ("people.csv", "tax_units.csv"))
    asked = Request(
        str(rules), ((folder / "reform.yaml",),), ("2024", "2025"), files, view=folder / "view.yaml", samples=20
    )
    answer = simulate(asked)
    with np.load(FILE) as file:
        made = {name: file[name] for name in file.files}
    tables = named_tables(amounts(made, "law"), amounts(made, "reform"), made["weights"])
    years = [replace(year, reforms=(replace(year.reforms[0], distribution=tables),)) for year in answer.years]
    path = folder / "report.html"
    path.write_text(report(replace(answer, years=tuple(years))), encoding="utf-8")
    single = replace(answer, years=answer.years[:1], window=())
    path.with_name("single.html").write_text(report(single), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as result:
        yield result


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_is_fit_for_everybody_and_loads_nothing(chromium: Any, page_of: Path, scheme: str) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme, offline=True)
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(page_of.as_uri())
    assert page.locator("svg.chart").count() > 3
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert faults_of(page) == []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (asked, said) == ([page_of.as_uri()], [])
    context.close()


def test_on_a_phone_only_the_widest_tables_are_scrolled(chromium: Any, page_of: Path) -> None:
    page = chromium.new_page(viewport={"width": 320, "height": 700})
    page.goto(page_of.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    scrolled = "[...document.querySelectorAll('.scroll')].filter(part => part.scrollWidth > part.clientWidth)"
    assert page.evaluate(f"{scrolled}.every(part => part.closest('.wide') !== null)")
    assert page.evaluate(f"{scrolled}.length") > 0


def test_a_report_of_one_reform_is_fit_for_everybody_too(chromium: Any, page_of: Path) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(page_of.with_name("single.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert faults_of(page) == []


def test_wide_tables_are_reached_by_keyboard(chromium: Any, page_of: Path) -> None:
    page = chromium.new_page(viewport={"width": 320, "height": 700})
    page.goto(page_of.as_uri())
    page.get_by_text("Distribution table, current law, by weighted_deciles").first.click()
    region = page.locator("details[open] [role=region]").last
    assert region.evaluate("part => part.scrollWidth > part.clientWidth && part.tabIndex === 0")
    region.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 0")
    page.close()


def test_the_report_prints_with_every_table(chromium: Any, page_of: Path) -> None:
    """On paper nothing can be unfolded: the tables stand there."""
    page = chromium.new_page()
    page.goto(page_of.as_uri())
    page.set_viewport_size({"width": 1030, "height": 700})  # a sheet of A4 on its side
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1030
    tables = "[...document.querySelectorAll('table')]"
    hidden = page.evaluate(f"{tables}.filter(table => !table.checkVisibility({{contentVisibilityAuto: true}})).length")
    assert hidden == 0
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.close()


def test_no_page_break_parts_a_chart_from_its_caption_or_cuts_a_table(chromium: Any, page_of: Path) -> None:
    page = chromium.new_page()
    page.goto(page_of.as_uri())
    page.emulate_media(media="print")
    style = "(names) => names.map(([of, key]) => getComputedStyle(document.querySelector(of))[key])"
    kept = [["figcaption", "breakAfter"], ["table", "breakInside"], ["pre", "breakInside"], ["li", "breakInside"]]
    assert page.evaluate(style, kept) == ["avoid"] * len(kept)
    page.close()


def test_the_budget_stands_line_by_line_on_a_phone(chromium: Any, page_of: Path) -> None:
    """Nothing to scroll sideways, no tall head, and every figure says beside it what it is."""
    context = chromium.new_context(viewport={"width": 320, "height": 700}, offline=True)
    page = context.new_page()
    page.goto(page_of.as_uri())
    table = page.locator('.stacking[aria-label^="Totals for all"]').first
    assert table.evaluate("box => box.scrollWidth <= box.clientWidth")
    assert table.locator("thead").bounding_box()["height"] <= 1
    first = table.locator("td").first
    assert first.evaluate("cell => getComputedStyle(cell, '::before').content") == '"Current law"'
    assert not faults_of(page)
    context.close()
