"""An author's session: problems as they type, names found and changed everywhere, examples run from the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import MODULE, SETTINGS, write_rules
from tests.lsp.client import Client, within

OPTIONS = {"tabSize": 2, "insertSpaces": True}
OTHER = """\
about: What is left \N{COW FACE} of the tax
law: Rest Act
exports: [rest]
variables:
  rest:
    label: Rest
    entity: tax_unit
    period: year
    type: money
    law: s. 1
    formula: head.wages - income_tax
examples:
  - {at: 2024, given: {tax_unit: {income_tax: 10, head: ann}, people: {ann: {wages: 100}}}, expect: {rest: 90}}
  - name: "\N{COW FACE} wrong"
    at: 2024
    given: {tax_unit: {income_tax: 10, head: ann}, people: {ann: {wages: 100}}}
    expect: {rest: 91}
"""


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, Path, Path]]:
    """A client with both files of a small land open, and nothing wrong in them."""
    folder = write_rules(tmp_path_factory.mktemp("lsp") / "land")
    tax, rest = folder / "tax.yaml", folder / "rest.yaml"
    rest.write_text(OTHER, encoding="utf-8")
    with Client(folder) as client:
        client.open(tax)
        client.open(rest)
        client.wait_for(tax, lambda _: True)
        yield client, tax, rest


def codes(found: list[dict[str, Any]]) -> set[str]:
    return {entry["code"] for entry in found}


def test_problems_come_and_go_as_one_types(session: tuple[Client, Path, Path]) -> None:
    client, tax, _ = session
    client.type(tax, "head.wages - allowance", "head.wages - allowanse")
    (result,) = client.wait_for(tax, lambda problems: "E401" in codes(problems))
    assert within(client.texts[tax], result["range"]) == "allowanse"
    assert (result["severity"], "did you mean `allowance`?" in result["message"]) == (1, True)
    client.type(tax, "allowanse", "allowance")
    client.wait_for(tax, lambda problems: not problems)


def test_a_file_that_depends_on_another_is_checked_with_it(session: tuple[Client, Path, Path]) -> None:
    client, tax, rest = session
    client.type(
        tax, "period: year\n    type: money\n    label: Wages", "period: year\n    type: integer\n    label: Wages"
    )
    (result, *_) = client.wait_for(rest, lambda problems: bool(problems))
    assert within(client.texts[rest], result["range"]) in ("head.wages - income_tax", "head.wages", "wages")
    client.type(tax, "type: integer\n    label: Wages", "type: money\n    label: Wages")
    client.wait_for(rest, lambda problems: not problems)


def test_what_only_the_whole_program_shows_comes_on_a_pause(session: tuple[Client, Path, Path]) -> None:
    client, tax, _ = session
    client.type(tax, "head.wages - allowance", "head.wages - 0 * income_tax - allowance")
    client.wait_for(tax, lambda problems: "E701" in codes(problems))
    client.type(tax, " - 0 * income_tax", "")
    client.wait_for(tax, lambda problems: not problems)


def test_hover_tells_label_law_and_values_by_date(session: tuple[Client, Path, Path]) -> None:
    client, tax, rest = session
    shown = client.request("textDocument/hover", client.at(rest, "income_tax", 3))
    assert "**Income tax** `income_tax`" in shown["contents"]["value"]
    assert "*s. 6*" in shown["contents"]["value"]
    assert within(client.texts[rest], shown["range"]) == "income_tax"
    shown = client.request("textDocument/hover", client.at(tax, "wages - allowance", 9))
    assert "2024-01-01  2,000 USD\n2020-01-01  1,000 USD" in shown["contents"]["value"]
    shown = client.request("textDocument/hover", client.at(tax, "in dependents", 5))
    assert "dependents" in shown["contents"]["value"]
    assert client.request("textDocument/hover", client.at(tax, "about", 1)) is None


def test_definition_and_references(session: tuple[Client, Path, Path]) -> None:
    client, tax, rest = session
    (result,) = client.request("textDocument/definition", client.at(rest, "head.wages", 6))
    assert (result["uri"], within(client.texts[tax], result["range"])) == (tax.as_uri(), "wages")
    params = {**client.at(tax, "  wages:", 3), "context": {"includeDeclaration": True}}
    places = client.request("textDocument/references", params)
    said = [within(client.texts[tax if place["uri"] == tax.as_uri() else rest], place["range"]) for place in places]
    text = client.texts[tax] + client.texts[rest]
    assert (set(said), len(said)) == ({"wages"}, text.count("wages"))


def test_completion_offers_what_may_stand_there(session: tuple[Client, Path, Path]) -> None:
    client, tax, rest = session

    def offered(path: Path, words: str) -> list[str]:
        params = client.at(path, words, len(words))
        return [item["label"] for item in client.request("textDocument/completion", params)["items"]]

    assert offered(rest, "head.wages - inc")[0] == "income_tax"
    assert "allowance" not in offered(rest, "head.wages - ")  # it is private to the other file
    assert offered(rest, "head.wa") == ["wages"]
    assert offered(rest, "head.")[0] == "wages"  # a person's, before what is a tax unit's
    assert set(offered(rest, "entity: ")) == {"person", "tax_unit"}
    assert "money" in offered(tax, "type: ")


def test_a_rename_changes_every_place_or_none(session: tuple[Client, Path, Path]) -> None:
    client, tax, rest = session
    ready = client.request("textDocument/prepareRename", client.at(rest, "income_tax", 1))
    assert ready["placeholder"] == "income_tax"
    edit = client.request("textDocument/rename", {**client.at(rest, "income_tax", 1), "newName": "tax_of_income"})
    changed = {uri: len(edits) for uri, edits in edit["changes"].items()}
    assert changed == {
        tax.as_uri(): client.texts[tax].count("income_tax"), rest.as_uri(): client.texts[rest].count("income_tax")
    }  # fmt: skip
    reforms = tax.parent / "reforms"
    reforms.mkdir()
    (reforms / "half.yaml").write_text("about: x\nlaw: y\nremove: [income_tax]\n", encoding="utf-8")
    refused = client.ask("textDocument/rename", {**client.at(rest, "income_tax", 1), "newName": "tax_of_income"})
    assert "the reform `half.yaml` names `income_tax`" in refused["error"]["message"]
    (reforms / "half.yaml").unlink()
    for new, why in (("wages", "means something already"), ("Case", "cannot be a name"), ("children", "is already in")):
        refused = client.ask("textDocument/rename", {**client.at(rest, "income_tax", 1), "newName": new})
        assert why in refused["error"]["message"]


def test_formatting_is_what_fmt_does(session: tuple[Client, Path, Path]) -> None:
    client, tax, _ = session
    assert client.request("textDocument/formatting", {"textDocument": {"uri": tax.as_uri()}, "options": OPTIONS}) == []
    client.type(tax, "head.wages - allowance", "head.wages-allowance")
    (edit,) = client.request("textDocument/formatting", {"textDocument": {"uri": tax.as_uri()}, "options": OPTIONS})
    assert edit["newText"] == MODULE
    client.type(tax, "head.wages-allowance", "head.wages - allowance")


def test_an_example_is_run_from_its_lens(session: tuple[Client, Path, Path]) -> None:
    client, _, rest = session
    lenses = client.request("textDocument/codeLens", {"textDocument": {"uri": rest.as_uri()}})
    results = []
    for lens in lenses:
        command = {"command": lens["command"]["command"], "arguments": lens["command"]["arguments"]}
        results.append(client.request("workspace/executeCommand", command))
    assert [result["holds"] for result in results] == [True, False]
    assert results[1]["said"] == "rest: expected 91.00, found 90.00"
    again = client.request("textDocument/codeLens", {"textDocument": {"uri": rest.as_uri()}})
    assert "all met" in again[0]["command"]["title"]


def test_symbols_of_a_file_and_of_all(session: tuple[Client, Path, Path]) -> None:
    client, tax, _ = session
    names = [
        item["name"] for item in client.request("textDocument/documentSymbol", {"textDocument": {"uri": tax.as_uri()}})
    ]
    assert {"wages", "allowance", "rates", "income_tax"} <= set(names)
    request = client.request("workspace/symbol", {"query": "rest act"})
    income = client.request("workspace/symbol", {"query": "income tax"})
    assert income[0]["name"] == "income_tax"
    assert request == []


def test_rules_without_settings_and_files_outside_are_no_fault(tmp_path: Path) -> None:
    alone = tmp_path / "alone.yaml"
    alone.write_text(MODULE, encoding="utf-8")
    folder = write_rules(tmp_path / "broken", settings=SETTINGS.replace("entities:", "entities: ["))
    with Client(tmp_path) as client:
        client.open(alone)
        assert client.request("textDocument/hover", client.at(alone, "income_tax", 1)) is None
        client.open(folder / "ruleset.yaml")
        assert codes(client.wait_for(folder / "ruleset.yaml", bool)) <= {"E101", "E110"}
        client.open(folder / "tax.yaml")
        assert client.request("textDocument/hover", client.at(folder / "tax.yaml", "income_tax", 1)) is None
