"""Every page in a real browser: no fault that axe can find, no sideways scrolling, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.http.config import Config
from tests.api.http.client import land
from tests.api.http.logs import people
from tests.web.browser import browser, faults_of, press, served

PAGES = (
    "/",
    "/law/us",
    "/law/us?q=earned+income",
    "/law/us/eitc",
    "/law/us/eitc_eligible",
    "/law/us/ctc_amount",
    "/law/us/nothing",
    "/law/us/eitc_terms",
    "/calculator",
    "/owed",
)
DO_NOT_KNOW = "I don\N{RIGHT SINGLE QUOTATION MARK}t know"
WIDTHS = (320, 500, 1280)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(Config(rules=("us",))) as result:
        yield result


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as result:
        yield result


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_fit_for_everybody(chromium: Any, address: str, path: str) -> None:
    complaints: list[str] = []
    for scheme in ("light", "dark"):
        page = chromium.new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
        page.on("console", lambda said: complaints.append(said.text) if "404" not in said.text else None)
        page.on("request", lambda sent: complaints.append(sent.url) if not sent.url.startswith(address) else None)
        page.goto(address + path)
        assert faults_of(page) == []
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()
    assert complaints == []


def test_the_steps_of_an_example_open_by_keyboard(chromium: Any, address: str) -> None:
    page = chromium.new_page()
    page.goto(f"{address}/law/us/eitc")
    page.get_by_role("button", name="See every step").first.press("Enter")
    page.wait_for_url("**/steps")
    assert faults_of(page) == []
    page.get_by_role("button", name="Close all").press("Enter")
    assert page.get_by_text("Has earned income").is_hidden()
    page.locator(".tree summary").first.press("Enter")
    assert page.get_by_text("May have the earned income credit").first.is_visible()
    page.close()


def test_pages_need_no_script(chromium: Any, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/law/us")
    page.get_by_label("Search").fill("earnd incom crdit")
    press(page, "Search")
    assert page.get_by_role("link", name="Earned income credit", exact=True).is_visible()
    context.close()


def test_the_calculator_answers_while_one_types(chromium: Any, address: str) -> None:
    from playwright.sync_api import expect

    page = chromium.new_page(viewport={"width": 500, "height": 900})
    page.goto(f"{address}/calculator")
    net = page.locator("#sum .big")
    assert net.inner_text() == "$37,017"
    page.get_by_label("Wages").first.fill("20,000")
    expect(net).not_to_have_text("$37,017")
    typed = net.inner_text()
    assert page.get_by_role("slider").input_value() == "20000"
    page.get_by_role("slider").press("ArrowRight")
    expect(net).not_to_have_text(typed)
    assert page.get_by_label("Wages").first.input_value() == "20,500"
    assert "?" not in page.url
    page.close()


def test_the_calculator_needs_no_script(chromium: Any, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/calculator")
    press(page, "Add a child")
    page.get_by_label("Age of child 3").fill("3")
    page.get_by_label("Interest").fill("11,000")
    page.get_by_label("The chart runs over").select_option("Interest")
    press(page, "Work it out")
    assert "Earned income credit falls by" in page.locator("li", has_text="one more cent costs").inner_text()
    press(page, "Every step of Earned income credit")
    assert page.get_by_text("Reduction of the credit because of income", exact=True).is_visible()
    context.close()


def test_a_fault_in_the_form_is_told_where_it_is(chromium: Any, address: str) -> None:
    page = chromium.new_page()
    page.goto(f"{address}/calculator")
    page.get_by_label("Age", exact=True).fill("young")
    press(page, "Work it out")
    assert page.evaluate("document.activeElement.id") == "problems"
    assert faults_of(page) == []
    page.get_by_role("link", name="Enter an age").click()
    assert page.evaluate("document.activeElement.id") == "age-1"
    page.close()


def answer(page: Any, *, fields: dict[str, str] | None = None, check: str = "") -> None:
    """Answer the question on a page, and go on."""
    for label, text in (fields or {}).items():
        page.get_by_role("textbox", name=label).first.fill(text)
    if check:
        for entry in page.get_by_label(check, exact=True).all():
            entry.check()
    press(page, "Continue", at=-1)


def test_what_am_i_owed_needs_no_script_and_takes_not_knowing(chromium: Any, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 320, "height": 900})
    page = context.new_page()
    page.goto(f"{address}/owed")
    answer(page)
    answer(page, fields={"How old were you": "34"})
    answer(page)
    assert page.get_by_role("alert").is_visible() and "Choose an answer" in page.inner_text("main")
    answer(page, check="No")
    answer(page, fields={"How many children": "2"})
    answer(page, fields={"Child 1": "9", "Child 2": "6"})
    assert "up to $6,960" in page.inner_text("aside")
    assert "What were your wages" in page.inner_text("h1"), "what moves the credits most is asked first"
    answer(page, check=DO_NOT_KNOW)
    answer(page, fields={"What profit": "0"})
    press(page, "Back")
    assert page.get_by_label("What profit").input_value() == "0"
    answer(page)
    answer(page, fields={"What interest": "120"})
    answer(page, check="Yes")
    assert page.get_by_role("heading", name="Check your answers").is_visible()
    press(page, "See what you may be owed", at=-1)
    assert "up to" in page.inner_text("h1")
    press(page, "Answer", at=0)
    answer(page, fields={"What were your wages": "31,000"})
    assert page.get_by_role("heading", name="What we assumed").is_visible()
    press(page, "See what you may be owed", at=-1)
    assert "$8,269" in page.inner_text("h1") and "$5,190.96" in page.inner_text("main")
    assert "Social Security" in page.inner_text("main")
    press(page, "Change an answer")
    page.get_by_text("rarer things").click()
    page.get_by_text("The number is a Social Security number, not issued only").click()
    press(page, "See what you may be owed", at=-1)
    answer(page, check="No")
    while "Check your answers" not in page.inner_text("h1"):
        answer(page, check="Yes")
    press(page, "See what you may be owed", at=-1)
    assert "$5,190.96" not in page.inner_text("main")
    assert "Form W-2" in page.inner_text("aside")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.url == f"{address}/owed"
    press(page, "See every step of Earned income credit")
    assert page.get_by_text("Reduction of the credit because of income", exact=True).is_visible()
    context.close()


def couple_with_children(page: Any, address: str, children: str) -> None:
    """Answer up to how many children a couple of 34 and 33 has."""
    page.goto(f"{address}/owed")
    answer(page)
    answer(page, fields={"How old were you": "34"})
    answer(page, check="Yes")
    answer(page, fields={"How old was your": "33"})
    answer(page, fields={"How many children": children})


def test_of_several_fields_the_summary_says_which_is_wrong(chromium: Any, address: str) -> None:
    page = chromium.new_page()
    couple_with_children(page, address, "0")
    answer(page, fields={"You": "3000.50", "Your husband or wife": "much"})
    assert "Your husband or wife: Enter an amount" in page.get_by_role("alert").inner_text()
    for amount in ("2000", "0", "0"):
        answer(page, fields={"You": "3000.50" if amount == "2000" else amount, "Your husband or wife": amount})
    press(page, "See what you may be owed", at=-1)
    assert "Earning $1,000 more" in page.inner_text("aside"), "though there are cents in the wages"
    assert "of home" not in page.inner_text("main")
    press(page, "See every step of Earned income credit")
    assert page.inner_text("h1").startswith("Earned income credit, 2024")
    page.close()


def test_answers_are_saved_to_a_file_and_opened_again_without_a_script(
    chromium: Any, address: str, tmp_path: Path
) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 320, "height": 900})
    page = context.new_page()
    page.goto(f"{address}/owed")
    answer(page)
    page.get_by_role("textbox", name="How old were you").fill("34")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save my answers").click()
    download.value.save_as(tmp_path / "answers.json")
    assert "How old were you" in page.inner_text("h1"), "the page stays"
    page.goto(f"{address}/owed")
    page.get_by_text("Go on from a file").click()
    page.get_by_label("Your file").set_input_files(tmp_path / "answers.json")
    press(page, "Open it")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.get_by_role("heading", name="Your answers are back").is_visible()
    press(page, "Go on with 2 answers")
    assert "Are you married" in page.inner_text("h1") and page.url == f"{address}/owed"
    context.close()


def test_a_file_that_cannot_be_opened_is_told_where_the_reader_looks(
    chromium: Any, address: str, tmp_path: Path
) -> None:
    page = chromium.new_page()
    for content, told in ((b"x" * 20_000_000, "larger than 1,000,000 bytes"), (b"{}", "holds no answers")):
        (tmp_path / "file.json").write_bytes(content)
        page.goto(f"{address}/owed")
        page.get_by_text("Go on from a file").click()
        assert faults_of(page) == []
        page.get_by_label("Your file").set_input_files(tmp_path / "file.json")
        press(page, "Open it")
        assert told in page.get_by_role("alert").inner_text()
        assert page.evaluate("document.activeElement.id") == "problems"
        assert faults_of(page) == []
    page.close()


def test_the_pages_of_the_questions_are_fit_for_everybody(chromium: Any, address: str) -> None:
    page = chromium.new_page()
    couple_with_children(page, address, "9")
    assert faults_of(page) == []
    answer(page, fields={f"Child {at}": str(at) for at in range(1, 10)})
    assert faults_of(page) == []
    for amount in ("40000", "0", "0"):
        answer(page, fields={"You": amount, "Your husband or wife": amount})
    answer(page, check="Yes")
    assert faults_of(page) == []
    press(page, "See what you may be owed", at=-1)
    assert faults_of(page) == []
    assert page.get_by_role("button", name="Print").is_visible()
    page.close()


def test_a_record_is_fit_for_everybody(chromium: Any, tmp_path: Path) -> None:
    with served(Config(rules=(land(tmp_path),)), people(tmp_path)) as own:
        page = chromium.new_page(viewport={"width": 320, "height": 900})
        page.goto(f"{own}/record")
        assert faults_of(page) == []
        page.get_by_label("The person").fill("ann")
        page.get_by_label("Why you look").fill("a test")
        press(page, "Open the record")
        assert page.locator(".amount", has_text="$30,000").is_visible()
        assert faults_of(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert page.url == f"{own}/record"
        page.close()


def test_what_one_may_and_the_desk_are_fit_for_everybody(chromium: Any, tmp_path: Path) -> None:
    with served(Config(rules=(land(tmp_path), "gb")), people(tmp_path)) as own:
        page = chromium.new_page(viewport={"width": 320, "height": 900}, color_scheme="dark")
        for path in ("/may", "/desk", "/may/gb/may_drive"):
            page.goto(f"{own}{path}")
            assert faults_of(page) == []
        page.get_by_label("On which day").fill("2026-03-03")
        page.get_by_label("How many licences").fill("1")
        answer(page)
        page.locator("input[type=date]").fill("2006-06-14")
        answer(page)
        assert faults_of(page) == []
        answer(page)
        assert page.evaluate("document.activeElement.id") == "problems"
        assert faults_of(page) == []
        page.locator("select").select_option("b")
        answer(page)
        answer(page, check="Full")
        page.locator("select").select_option("k")
        answer(page)
        assert "No" in page.inner_text(".verdict") and faults_of(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.goto(f"{own}/desk")
        page.get_by_label("The person").fill("ann")
        page.get_by_label("Why you look").first.fill("a test")
        press(page, "Open the record")
        press(page, "Correct", at=0)
        assert faults_of(page) == []
        page.get_by_label("What is right").fill("31,000")
        page.get_by_label("Why it is corrected").fill("a slip")
        press(page, "See what it changes")
        assert faults_of(page) == [] and "$31,000" in page.inner_text("main")
        press(page, "Record the correction")
        assert page.get_by_role("heading", name="The correction is recorded").is_visible()
        assert faults_of(page) == []
        page.close()
