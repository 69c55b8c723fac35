"""permit: issued, verified offline, kept back in parts, tampered with, run out, and taken back by a late fact."""

from __future__ import annotations

import json
import sqlite3
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cure.turning import turning_days
from api.failures import Failure, Misuse
from api.permits.credential import Issuer, verify, without
from api.permits.decide import case_on
from api.permits.decision import Decision
from api.permits.holder import Challenge, holder_key, with_proof
from api.permits.keys import read_private, read_public
from api.permits.register import Register
from api.permits.status_list import packed, status_at
from api.rules.programs import load_program
from engine.interpret.case_reader import read_case
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.reading.data import read_data
from engine.text.diagnostics import Diagnostics
from engine.text.source import Source
from tests.cli.logs import run
from tests.cli.roads import CASE, EVENTS, LATE, write_roads

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key and a permit of a case."""
    folder = tmp_path_factory.mktemp("office")
    write_roads(folder / "land")
    assert run("permit", "key", folder / "key.pem").returncode == 0
    assert (folder / "key.pem").stat().st_mode & 0o077 == 0
    (folder / "case.yaml").write_text(CASE, encoding="utf-8")
    signing = ("--key", folder / "key.pem", "--register", folder / "register")
    done = run("permit", "issue", folder / "land", folder / "case.yaml", "may_drive", *signing, "--at", "2024-05-10",
               "--over", "drives", "--output", folder / "permit")  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def test_no_permit_is_registered_that_has_no_place(office: Path, tmp_path: Path) -> None:
    signing = ("--key", office / "key.pem", "--register", tmp_path / "register", "--over", "drives")
    issue = ("permit", "issue", office / "land", office / "case.yaml", "may_drive", *signing, "--at", "2024-05-10")
    for place, words in ((tmp_path / "gone" / "permit", "there is no folder"), (tmp_path, "is a folder")):
        done = run(*issue, "--output", place)
        assert (done.returncode, words in done.stderr) == (2, True)
    assert not (tmp_path / "register").exists()


def test_a_permit_states_categories_and_is_verified_offline(office: Path) -> None:
    keys = ("--key", office / "key.pem.jwk", "--status", office / "register" / "status.jwt", "--on", "2024-06-01")
    told = run("permit", "verify", office / "permit", *keys, "--json")
    assert told.returncode == 0, told.stdout
    answer = json.loads(told.stdout)
    assert answer["status"] == "valid"
    assert answer["disclosed"]["driving_privileges"] == [
        {"vehicle_category_code": "B", "issue_date": "2024-05-10", "expiry_date": "2025-05-10"},
        {"vehicle_category_code": "BE", "issue_date": "2024-05-10", "expiry_date": "2025-02-28"},
    ]
    assert answer["disclosed"]["domestic_driving_privileges"] == [
        {
            "domestic_vehicle_class": {
                "domestic_vehicle_class_code": "G",
                "domestic_vehicle_class_description": "Rollers",
                "issue_date": "2024-05-10",
                "expiry_date": "2024-12-31",
            }
        }
    ]
    late = run("permit", "verify", office / "permit", "--key", office / "key.pem.jwk", "--on", "2025-05-11")
    assert late.returncode == 1
    assert "it held until 2025-05-10" in late.stderr
    early = run("permit", "verify", office / "permit", "--key", office / "key.pem.jwk", "--on", "2024-05-09")
    assert "it holds from 2024-05-10 on" in early.stderr


def test_the_holder_keeps_back_a_name_and_adds_nothing(office: Path) -> None:
    keys = read_public(office / "key.pem.jwk")
    shown = run("permit", "present", office / "permit", "--hide", "subject").stdout
    verification = verify(shown, keys, NOON)
    assert verification.sound
    assert set(verification.disclosed) == {"driving_privileges", "domestic_driving_privileges"}
    forged = urlsafe_b64encode(json.dumps(["salt", "subject", "person/zoe"]).encode()).rstrip(b"=").decode()
    assert "not one that was signed" in verify(f"{shown.strip()}{forged}~", keys, NOON).problems[0]


def bound_permit(office: Path) -> str:
    """The permit again, bound to the key of a holder; both are in the office."""
    path = office / "bound"
    if not path.exists():
        assert run("permit", "key", office / "holder.pem").returncode == 0
        signing = ("--key", office / "key.pem", "--register", office / "register", "--output", path)
        asked = ("may_drive", "--at", "2024-05-10", "--over", "drives", "--holder", office / "holder.pem.jwk")
        done = run("permit", "issue", office / "land", office / "case.yaml", *asked, *signing)
        assert done.returncode == 0, done.stderr
    return path.read_text(encoding="ascii").strip()


def test_a_bound_permit_is_shown_by_its_holder_alone(office: Path) -> None:
    bound_permit(office)
    asked = ("--nonce", "n-17", "--audience", "police")
    shown = run(
        "permit", "present", office / "bound", "--hide", "subject", "--holder-key", office / "holder.pem", *asked
    )
    (office / "shown").write_text(shown.stdout, encoding="ascii")
    keys = ("--key", office / "key.pem.jwk")
    # the proof is of now, and the permit ran out: both are told, and nothing else
    told = json.loads(run("permit", "verify", office / "shown", *keys, *asked, "--json").stdout)
    assert (told["holder"], told["problems"]) == ("proved", ["it held until 2025-05-10"])
    assert "subject" not in told["disclosed"]
    bare = run("permit", "verify", office / "bound", *keys, "--on", "2024-06-01")
    assert bare.returncode == 1 and "not proved that they hold that key" in bare.stderr
    assert run("permit", "verify", office / "bound", *keys, "--on", "2024-06-01", "--unproved").returncode == 0
    half = run("permit", "present", office / "bound", "--holder-key", office / "holder.pem")
    assert "`--holder-key`, `--nonce` and `--audience` together" in half.stderr


def test_a_proof_serves_once_for_one_verifier_and_one_choice_of_disclosures(office: Path) -> None:
    token, keys = bound_permit(office), read_public(office / "key.pem.jwk")
    challenge, holder = Challenge("n-17", "police"), read_private(office / "holder.pem")
    shown = without(token, ["subject"])

    def said(proved: str, asked: Challenge = challenge, now: datetime = NOON) -> tuple[str, ...]:
        return verify(proved, keys, now, challenge=asked).problems

    proved = with_proof(shown, holder, challenge, NOON)
    assert said(proved) == ()
    assert "another challenge" in said(proved, Challenge("n-18", "police"))[0]
    assert "another challenge" in said(proved, Challenge("n-17", "bank"))[0]
    assert "not current" in said(proved, now=NOON + timedelta(minutes=6))[0]
    assert "something other than what is shown" in said(token + proved.rpartition("~")[2])[0]
    thief = read_private(office / "key.pem")
    assert "signature does not fit" in said(with_proof(shown, thief, challenge, NOON))[0]
    plain = (office / "permit").read_text(encoding="ascii").strip()
    assert "bound to no key" in said(with_proof(plain, holder, challenge, NOON))[0]
    assert "has not proved" in said(token)[0]


def test_a_holder_gives_the_public_part_of_a_key(office: Path) -> None:
    bound_permit(office)
    jwk = json.loads((office / "holder.pem.jwk").read_text(encoding="utf-8"))
    assert holder_key(jwk) == {name: jwk[name] for name in ("kty", "crv", "x", "y")}
    wrongs: tuple[Any, ...] = (
        None,
        [],
        {},
        {**jwk, "kty": "RSA"},
        {**jwk, "d": "AQ"},
        {**jwk, "x": "AQ"},
        {**jwk, "y": 7},
    )
    for wrong in wrongs:
        with pytest.raises(Misuse, match="the holder's key is"):
            holder_key(wrong)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_changed_letter_is_found_out(office: Path, part: int) -> None:
    token = (office / "permit").read_text(encoding="ascii").strip()
    signed, _, rest = token.partition("~")
    pieces = signed.split(".")
    content = bytearray(urlsafe_b64decode(pieces[part] + "=" * (-len(pieces[part]) % 4)))
    content[len(content) // 2] ^= 1
    pieces[part] = urlsafe_b64encode(bytes(content)).rstrip(b"=").decode()
    assert not verify(".".join(pieces) + "~" + rest, read_public(office / "key.pem.jwk"), NOON).sound


def test_other_keys_other_tokens_and_unsigned_ones_are_refused(office: Path) -> None:
    token = (office / "permit").read_text(encoding="ascii")
    keys = read_public(office / "key.pem.jwk")
    assert "not among those given" in verify(token, {}, NOON).problems[0]
    header, body, _ = token.partition("~")[0].split(".")
    unsigned = json.loads(urlsafe_b64decode(header + "==")) | {"alg": "none"}
    bare = urlsafe_b64encode(json.dumps(unsigned).encode()).rstrip(b"=").decode()
    assert "signature does not fit" in verify(f"{bare}.{body}.~", keys, NOON).problems[0]
    status = (office / "register" / "status.jwt").read_text(encoding="ascii").strip()
    assert "it is no `dc+sd-jwt`" in verify(f"{status}~", keys, NOON).problems[0]
    old = datetime(2050, 1, 1, tzinfo=UTC)
    assert "too old" in " ".join(verify(token, keys, old, status).problems)
    assert not verify("nonsense", keys, NOON).sound


def test_whoever_is_refused_gets_no_permit(office: Path) -> None:
    signing = ("--key", office / "key.pem", "--register", office / "register")
    asked = ("permit", "issue", office / "land", office / "case.yaml")
    refused = run(*asked, "may_drive", *signing, "--at", "2026-01-01", "--over", "drives")
    assert refused.returncode == 1
    assert "does not hold for evangeline on 2026-01-01: for none of `drives`, not met: licence" in refused.stderr
    assert "not a permission of a day" in run(*asked, "age", *signing).stderr
    assert "not a fact of a person" in run(*asked, "may_drive", *signing, "--over", "birth_date").stderr


def test_a_refusal_says_in_words_what_is_not_met(office: Path) -> None:
    signing = ("--key", office / "key.pem", "--register", office / "register")
    (office / "young.yaml").write_text(CASE.replace("1955-03-01", "2010-01-01, drives: b"), encoding="utf-8")
    told = run("permit", "issue", office / "land", office / "young.yaml", "may_drive", *signing, "--at", "2024-05-10")
    assert "not met: old_enough" in told.stderr


def test_a_permit_says_which_vehicle_it_was_asked_for(office: Path) -> None:
    signing = ("--key", office / "key.pem", "--register", office / "other")
    (office / "car.yaml").write_text(CASE.replace("1955-03-01", "1955-03-01, drives: b"), encoding="utf-8")
    asked = ("permit", "issue", office / "land", office / "car.yaml", "may_drive", *signing, "--at", "2024-05-10")
    done = run(*asked, "--output", office / "car")
    assert " (Cars), 2024-05-10 to 2025-05-10" in done.stderr, done.stderr
    keys = ("--key", office / "key.pem.jwk", "--on", "2024-06-01")
    assert "only for Drives: b\n" in run("permit", "verify", office / "car", *keys).stdout
    hidden = run("permit", "present", office / "car", "--hide", "circumstances").stdout
    claims = json.loads(run("permit", "verify", "-", *keys, "--json", stdin=hidden).stdout)["claims"]
    assert claims["circumstances"] == [{"fact": "drives", "label": "Drives", "value": "b"}]
    over = run(*asked, "--over", "drives", "--output", office / "all")
    assert over.returncode == 0 and "only for" not in run("permit", "verify", office / "all", *keys).stdout


def test_a_late_fact_takes_a_permit_back_through_follow(office: Path, tmp_path: Path) -> None:
    log = ("--log", tmp_path / "log")
    basis = ("--source", "register", "--legal-basis", "Road Traffic Act 1988", "--actor", "clerk")
    (tmp_path / "events.yaml").write_text(EVENTS, encoding="utf-8")
    (tmp_path / "late.yaml").write_text(LATE, encoding="utf-8")
    recorded = run("log", "append", tmp_path / "events.yaml", "--create", *log, *basis)
    assert recorded.returncode == 0, recorded.stderr
    signing = ("--key", office / "key.pem", "--register", tmp_path / "register")
    today = date.today().isoformat()
    done = run("permit", "issue", office / "land", "person/evangeline", "may_drive", *log, *signing, "--at", today,
               "--days", "10", "--output", tmp_path / "permit")  # fmt: skip
    assert done.returncode == 0, done.stderr
    taken = ("--permits", tmp_path / "register", "--permit-key", office / "key.pem")
    follow = ("follow", *log, "--rules", office / "land", "--once", *taken)
    status = ("--status", tmp_path / "register" / "status.jwt")
    checked = ("permit", "verify", tmp_path / "permit", "--key", office / "key.pem.jwk", *status)
    assert "0 permits revoked" in run(*follow).stdout
    assert run(*checked).returncode == 0
    assert run("log", "append", tmp_path / "late.yaml", *log, *basis).returncode == 0
    assert "revoked" in run(*follow).stdout
    after = run(*checked)
    assert after.returncode == 1
    assert "it has been revoked" in after.stderr
    listed = run("permit", "list", *signing).stdout
    assert "may_drive does not hold on" in listed and "evangeline" not in listed
    assert "  person/evangeline  may_drive" in run("permit", "list", *signing, *log).stdout
    for path in (tmp_path / "register").iterdir():
        assert b"evangeline" not in path.read_bytes(), path
    order = ("--reason", "request", "--legal-basis", "GDPR art. 17", "--yes")
    assert run("log", "erase", "person/evangeline", *log, *order).returncode == 0
    assert "  person 1 of the log  may_drive" in run("permit", "list", *signing, *log).stdout


def test_a_permit_stands_when_its_holder_goes_by_a_new_id(office: Path, tmp_path: Path) -> None:
    log, order = ("--log", tmp_path / "log"), ("--legal-basis", "Road Traffic Act 1988", "--actor", "clerk")
    (tmp_path / "events.yaml").write_text(EVENTS, encoding="utf-8")
    assert run("log", "append", tmp_path / "events.yaml", "--create", *log, *order, "--source", "r").returncode == 0
    signing = ("--key", office / "key.pem", "--register", tmp_path / "register")
    asked = ("permit", "issue", office / "land", "person/evangeline", "may_drive", *log, *signing, "--days", "10")
    assert run(*asked).returncode == 0
    assert run("log", "merge", "person/evangeline", "person/new", *log, *order, "--reason", "a new id").returncode == 0
    taken = ("--permits", tmp_path / "register", "--permit-key", office / "key.pem")
    followed = run("follow", *log, "--rules", office / "land", "--once", *taken)
    assert "0 permits revoked" in followed.stdout, followed.stdout


class OneLog:
    """A log that knows some people by number."""

    def __init__(self, **numbers: int) -> None:
        self.numbers = {f"person/{name}": f"{number}-key" for name, number in numbers.items()}

    def pseudonym(self, subject: str) -> str | None:
        return self.numbers.get(subject)

    def named_by(self, pseudonym: str) -> str | None:
        return next((name for name, kept in self.numbers.items() if kept == pseudonym), None)


def test_a_register_of_an_earlier_program_loses_its_names_beside_the_log(tmp_path: Path, office: Path) -> None:
    issuer = Issuer("office", read_private(office / "key.pem"), "https://office.example")
    Register(tmp_path, issuer)
    decision = Decision("may_drive", "", "person", "Ursula", date(2024, 5, 1), True, date(2025, 5, 1))
    now = datetime(2024, 5, 1, tzinfo=UTC)
    with closing(sqlite3.connect(tmp_path / "register.db")) as base, base:
        base.execute("alter table permits drop column is_pseudonym")
    register = Register(tmp_path, issuer)
    for name, offset in (("Ursula", 7), ("Gone", 8), ("of a case", None)):
        register.add(replace(decision, instance=name), "", "roads", offset, now=now)
    log = OneLog(Ursula=3)
    register.hide(log)
    told = {entry.told(log) for entry in register.entries()}
    assert told == {"person/Ursula", "person - of the log", "person/of a case"}
    assert {entry.told(None) for entry in register.entries()} == {
        "person 3 of the log", "person - of the log", "person/of a case",
    }  # fmt: skip
    with pytest.raises(Failure, match="nothing is recorded of `person/Nobody`"):
        register.add(replace(decision, instance="Nobody"), "", "roads", 9, now=now, names=log)
    content = (tmp_path / "register.db").read_bytes()
    assert b"Ursula" not in content and b"Gone" not in content


@given(st.sets(st.integers(0, 1023)), st.integers(0, 1023))
def test_a_status_list_says_what_was_revoked(revoked: set[int], index: int) -> None:
    assert status_at(packed(revoked, 1024), index) == (index in revoked)


def test_a_status_list_that_is_broken_is_refused() -> None:
    for claim in (None, {}, {"bits": 3, "lst": ""}, {"bits": 1, "lst": "!"}, packed([], 8)):
        with pytest.raises(ValueError, match="status list"):
            status_at(claim, 8)


def test_a_condition_turns_on_no_other_day(office: Path) -> None:
    program = load_program(str(office / "land"))
    problems = Diagnostics()
    node = read_data(Source("case", CASE.replace("evangeline: {", "evangeline: {drives: be, ")), problems)
    assert node is not None
    case = read_case(program, node, problems)
    assert case is not None, list(problems)
    definition, constants = program.definitions["may_drive"], Constants(program)
    days = turning_days(program, case, definition, date(2026, 2, 1))

    def answer(day: date) -> object:
        found_case = case_on(case, day)
        outcome = Interpreter(program, found_case, constants).find(Fact("may_drive", "evangeline", found_case.at))
        return isinstance(outcome, Known) and outcome.value

    after = [case.at.shift(number).start for number in range(1, 640)]
    turns = [day for before, day in pairwise((case.at.start, *after)) if answer(before) != answer(day)]
    assert turns == [date(2025, 3, 1)]
    assert set(turns) <= set(days)
    assert len(days) < 20
