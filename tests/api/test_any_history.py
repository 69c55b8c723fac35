"""The annual run, the follower and imports ask only what any `History` answers: a log made of topics gives the same."""

from __future__ import annotations

import ast
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

import api
from api.assess.annual import run_annual
from api.assess.follow import Follower
from citizens import Assessment, Belongs, History, Membership, Source, import_tables, open_log
from tests.api.households import BORN, ORIGIN, PAY, UNIT, correction, facts, form, person, program, retraction, terms
from tests.citizens.histories import Clock
from tests.citizens.topic_log import Broker, TopicLog


def lived(log: History) -> list[tuple[object, ...]]:
    """Households imported, assessed and corrected; what was recorded of them."""
    people = pa.table({"id": ["1", "2"], UNIT: ["1", "2"], PAY: [50_000, 20_000]})
    member = Membership(UNIT, UNIT, UNIT, role="head")
    import_tables(log, [Source(people, "person", "id", date(2024, 1, 1), memberships=(member,))], ORIGIN, "import")
    log.append([facts(f"person/{number}", f"born-{number}", {BORN: date(1980, 1, 1)}) for number in (1, 2)])
    log.append(
        [facts("form_w2/2", "w2-0", {"person": Belongs("person/1", "owner"), "w2_wages": 5}), person(3, 3, "head")]
    )
    log.append([form(1, 3, "1000.00")])
    report = run_annual(log, terms())
    log.append([correction("person/2", "late", {PAY: 25_000}), person(4, 2, "spouse", pay="5000.00")])
    log.append([facts("form_w2/1", "w2-2", {"w2_wages": Decimal("3000.00")})])
    follower = Follower(log, program())
    while follower.step():
        pass
    log.append([retraction("person/4", "gone", UNIT)])
    while follower.step():
        pass
    follower.retry()
    told = [(report.groups, report.totals, report.due, report.failed), (follower.report.changed, log.positions())]
    return [*told, *((event.subject, event.body, event.event_id) for event in log.read(0, 1_000))]


def test_a_log_of_topics_is_assessed_and_followed_to_the_same_events(tmp_path: Path) -> None:
    with open_log(tmp_path / "log", clock=Clock()) as log:
        embedded = lived(log)
    topics = lived(TopicLog(Broker(), Clock()))
    assert len(embedded) == len(topics)
    kinds = [type(event[1]) for event in embedded if len(event) == 3]
    assert kinds.count(Assessment) >= 5
    for ours, theirs in zip(embedded[:1], topics[:1], strict=True):
        assert ours[0] == theirs[0] and ours[3] == theirs[3]
    for ours, theirs in zip(embedded[2:], topics[2:], strict=True):
        assert ours[0] == theirs[0]
        assert type(ours[1]) is type(theirs[1])
        if isinstance(ours[1], Assessment) and isinstance(theirs[1], Assessment):
            assert (ours[1].figures, ours[1].used) == (theirs[1].figures, theirs[1].used)


@pytest.mark.parametrize("name", ["annual", "follow", "concerned", "drafts", "gathering", "figures"])
def test_assessing_names_no_store(name: str) -> None:
    path = Path(api.__file__).parent / "assess" / f"{name}.py"
    names = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
    assert not {"SqliteLog", "SharedLog", "open_log"} & names
