"""The command and a server refuse what an attacker makes of a permit, a list, a key, a clock or a register."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from api.http.config import Config, Permits
from api.permits.credential import TYPE, Issuer, status_token
from api.permits.holder import Challenge, with_proof
from api.permits.keys import public_jwk
from api.permits.signing import signed
from tests.api.http.client import TestClient, serving
from tests.api.test_permit_attacks import AGAIN, HOLDER, JWK, KEY, OTHER, SUBJECT, claims, forged, permit
from tests.cli.logs import run
from tests.cli.roads import CASE, write_roads

LIST = "https://office.example/v1/permits/status"
DAY = timedelta(days=1)
NOW = datetime.now(UTC)
PLACE = {"status_list": {"idx": 5, "uri": LIST}}
CRITICAL = {"alg": "ES256", "typ": TYPE, "kid": JWK["kid"], "crit": ["exp"]}


def moment(days: int) -> int:
    return int((NOW + days * DAY).timestamp())


def with_header(**header: object) -> str:
    import jwt

    named = {"typ": TYPE, "kid": JWK["kid"], **header}
    return jwt.encode(claims(status=PLACE), KEY, algorithm="ES256", headers=named) + "~"


ATTACKS = {
    "no algorithm": (forged({**CRITICAL, "alg": "none"}, b""), "signature does not fit"),
    "the public key as a secret": (forged({**CRITICAL, "alg": "HS256"}), "signature does not fit"),
    "an extension that must be understood": (with_header(crit=["exp"], exp=1), "signature does not fit"),
    "an extension that the reader of tokens knows": (with_header(crit=["b64"], b64=True), "signature does not fit"),
    "another type": (with_header(typ="JWT"), f"it is no `{TYPE}`"),
    "a proof for a permit": (with_header(typ="kb+jwt"), f"it is no `{TYPE}`"),
    "a key that is not among those given": (with_header(kid="another"), "not among those given"),
    "a disclosure twice": (permit([SUBJECT, SUBJECT], status=PLACE), "repeats a claim"),
    "two answers to a question": (permit([SUBJECT, AGAIN], status=PLACE), "repeats a claim"),
    "a place outside the list": (permit(status={"status_list": {"idx": 131_072, "uri": LIST}}), "no place 131072"),
    "a permit of tomorrow": (permit(status=PLACE, nbf=moment(1), decided_for="tomorrow"), "it holds from tomorrow on"),
    "one signed tomorrow": (permit(status=PLACE, iat=moment(1)), "signed later than the clock says"),
    "one that ran out": (permit(status=PLACE, exp=moment(-1), holds_until="yesterday"), "it held until yesterday"),
    "somebody else's": (permit(status=PLACE, cnf={"jwk": HOLDER}), "has not proved"),
}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an office's key in files, and rules."""
    folder = tmp_path_factory.mktemp("office")
    private = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(private)
    (folder / "key.jwk").write_text(json.dumps(JWK), encoding="utf-8")
    (folder / "other.jwk").write_text(json.dumps(public_jwk(OTHER)), encoding="utf-8")
    (folder / "case.yaml").write_text(CASE, encoding="utf-8")
    write_roads(folder / "roads")
    return folder


@pytest.fixture(scope="module")
def server(office: Path) -> Iterator[TestClient]:
    """A server with that key, and another one that signed before."""
    said = Permits(key=office / "key.pem", register=office / "served", earlier_keys=(office / "other.jwk",))
    config = Config(rules=(str(office / "roads"),), permits=said, url="https://office.example/")
    with serving(config) as client:
        yield client


def told_by_command(office: Path, token: str, *more: str | Path) -> list[str]:
    """What the command finds wrong, with a fresh list that takes back nothing."""
    (office / "list").write_text(status_token(Issuer("office", KEY, LIST), [], NOW, DAY), encoding="ascii")
    lists = () if "--status" in more else ("--status", office / "list")
    done = run("permit", "verify", "-", "--key", office / "key.jwk", *lists, *more, "--json", stdin=token)
    problems: list[str] = json.loads(done.stdout)["problems"]
    assert (done.returncode == 0) == (not problems)
    return problems


def told_by_server(server: TestClient, token: str, **more: str) -> list[str]:
    done = server.post("/v1/permits/verify", json={"permit": token, **more})
    assert done.status_code == 200, done.text
    problems: list[str] = done.json().get("problems", [])
    return problems


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_fails_at_the_command_and_at_a_server(office: Path, server: TestClient, name: str) -> None:
    token, words = ATTACKS[name]
    assert words in " ".join(told_by_command(office, token))
    assert words in " ".join(told_by_server(server, token))


def test_what_the_office_signed_is_relied_on_at_both(office: Path, server: TestClient) -> None:
    token = permit([SUBJECT], status=PLACE)
    assert told_by_command(office, token) == []
    assert told_by_server(server, token) == []


def test_an_issuer_s_metadata_is_keys_for_that_issuer_alone(office: Path, server: TestClient) -> None:
    said = server.get("/.well-known/jwt-vc-issuer").json()
    (office / "issuer.json").write_text(json.dumps(said), encoding="utf-8")
    elsewhere = {"issuer": "https://dvla.example", "jwks": {"keys": [public_jwk(OTHER)]}}
    (office / "dvla.json").write_text(json.dumps(elsewhere), encoding="utf-8")
    (office / "fresh").write_text(status_token(Issuer("office", KEY, LIST), [], NOW, DAY), encoding="ascii")
    forged_one = signed(OTHER, TYPE, claims(status=PLACE), public_jwk(OTHER)["kid"]) + "~"
    for token, more, words in (
        (permit(status=PLACE), (), ""),
        (permit(status=PLACE), ("--issuer", said["issuer"]), ""),
        (permit(status=PLACE), ("--issuer", "https://dvla.example"), "only permits of `https://dvla.example`"),
        (forged_one, ("--key", office / "dvla.json"), "its key is one of `https://dvla.example`"),
    ):
        (office / "known").write_text(
            json.dumps({**said, "jwks": {"keys": said["jwks"]["keys"][:1]}}), encoding="utf-8"
        )
        shown = ("permit", "verify", "-", "--key", office / "known", "--status", office / "fresh", *more)
        done = run(*shown, stdin=token)
        assert (done.returncode == 0, words in done.stderr) == (not words, True), done.stderr
    both = run(
        "permit", "verify", "-", "--key", office / "issuer.json", "--key", office / "dvla.json", stdin=forged_one
    )
    assert both.returncode == 2 and f"is also one of `{said['issuer']}`" in both.stderr
    assert told_by_server(server, permit(status=PLACE, iss="https://dvla.example")) == [
        f"`https://dvla.example` issued it, and only permits of `{said['issuer']}` are accepted"
    ]


def test_an_earlier_key_is_good_until_it_is_retired(office: Path, server: TestClient) -> None:
    earlier = signed(OTHER, TYPE, claims(status=PLACE), public_jwk(OTHER)["kid"]) + "~"
    assert "not among those given" in told_by_command(office, earlier)[0]
    assert told_by_command(office, earlier, "--key", office / "other.jwk") == []
    assert told_by_server(server, earlier) == []
    names = [key["kid"] for key in server.get("/v1/permits/keys").json()["keys"]]
    assert names == [JWK["kid"], public_jwk(OTHER)["kid"]]  # the one that signs first
    both = office / "both.jwk"
    both.write_text(json.dumps({"keys": [JWK, public_jwk(OTHER)]}), encoding="utf-8")
    assert told_by_command(office, earlier, "--key", both) == []


@pytest.mark.parametrize("text", ["[]", "5", '{"keys": 5}', '{"keys": [5]}', '{"keys": [{}]}', "[" * 100_000, ""])
def test_a_file_that_holds_no_key_is_told(office: Path, text: str) -> None:
    (office / "none.jwk").write_text(text, encoding="utf-8")
    done = run("permit", "verify", "-", "--key", office / "none.jwk", stdin=permit(status=PLACE))
    assert done.returncode == 2 and "holds no public key" in done.stderr


def test_a_private_key_is_no_verifiers(office: Path) -> None:
    (office / "private.jwk").write_text(json.dumps({**JWK, "d": "AQ"}), encoding="utf-8")
    done = run("permit", "verify", "-", "--key", office / "private.jwk", stdin=permit(status=PLACE))
    assert done.returncode == 2 and "holds a private key" in done.stderr


def test_a_verifier_whose_clock_is_wrong_relies_on_nothing(office: Path) -> None:
    token, lists = permit(status=PLACE), office / "lists"
    for days, words in ((-2, "too old"), (2, "signed later than the clock says")):
        lists.write_text(status_token(Issuer("office", KEY, LIST), [], NOW + days * DAY, DAY), encoding="ascii")
        assert words in told_by_command(office, token, "--status", lists)[0]
    # a day that is asked about is no clock
    assert told_by_command(office, token, "--status", lists, "--on", NOW.date().isoformat()) == []


def test_a_list_kept_from_before_tells_of_no_later_revocation_and_runs_out(office: Path) -> None:
    token, kept, fresh = permit(status=PLACE), office / "kept", office / "fresh"
    signer = Issuer("office", KEY, LIST)
    kept.write_text(status_token(signer, [], NOW - DAY / 2, DAY), encoding="ascii")
    fresh.write_text(status_token(signer, [5], NOW, DAY), encoding="ascii")
    assert told_by_command(office, token, "--status", kept) == []
    assert told_by_command(office, token, "--status", fresh) == ["it has been revoked"]
    tomorrow = (NOW + DAY).date().isoformat()
    assert "too old" in told_by_command(office, token, "--status", kept, "--on", tomorrow)[0]


def test_a_proof_is_replayed_to_nobody_else(office: Path, server: TestClient) -> None:
    bound = permit(status=PLACE, cnf={"jwk": HOLDER})
    proved = with_proof(bound, OTHER, Challenge("n-1", "police"), datetime.now(UTC))
    for nonce, audience, words in (("n-1", "police", ""), ("n-2", "police", "another"), ("n-1", "bank", "another")):
        challenge = ("--nonce", nonce, "--audience", audience)
        assert words in " ".join(told_by_command(office, proved, *challenge)) or not words
        assert bool(told_by_command(office, proved, *challenge)) == bool(words)
        assert bool(told_by_server(server, proved, nonce=nonce, audience=audience)) == bool(words)
    stale = with_proof(bound, OTHER, Challenge("n-1", "police"), datetime.now(UTC) - timedelta(minutes=6))
    assert "not current" in told_by_server(server, stale, nonce="n-1", audience="police")[0]


def issued(office: Path, register: Path, name: str, *more: str | Path) -> tuple[int, str]:
    """Issue a permit into a file; its place, or 0 and what was said."""
    signing: tuple[str | Path, ...] = ("--key", office / "key.pem", "--register", register, "--output", office / name)
    asked = ("permit", "issue", office / "roads", office / "case.yaml", "may_drive", "--at", "2024-05-10")
    done = run(*asked, "--over", "drives", *signing, *more)
    return (int(done.stderr.split("permit ")[1].partition(":")[0]) if not done.returncode else 0), done.stderr


def test_a_register_put_back_from_an_older_copy_signs_nothing(office: Path, tmp_path: Path) -> None:
    register = tmp_path / "register"
    place, _ = issued(office, register, "lost")
    shutil.copy(register / "register.db", tmp_path / "older.db")
    signing = ("--key", office / "key.pem", "--register", register)
    assert run("permit", "revoke", str(place), "--why", "stolen", *signing).returncode == 0
    shutil.copy(tmp_path / "older.db", register / "register.db")
    for command in (("status",), ("revoke", str(place), "--why", "stolen")):
        done = run("permit", *command, *signing)
        assert done.returncode == 1 and f"not in `register.db`: {place}" in done.stderr
    refused, words = issued(office, register, "another")
    assert refused == 0 and "older copy" in words
    shown = run("permit", "verify", office / "lost", "--key", office / "key.jwk", "--status", register / "status.jwt")
    assert "it has been revoked" in shown.stderr
    assert run("permit", "list", *signing).stdout.count("\n") == 1  # and no permit that nobody was given


def test_a_list_is_signed_for_the_address_at_which_permits_look(office: Path, tmp_path: Path) -> None:
    register = tmp_path / "register"
    place, _ = issued(office, register, "elsewhere", "--status-at", LIST)
    signing = ("--key", office / "key.pem", "--register", register)
    done = run("permit", "revoke", str(place), "--why", "stolen", *signing)
    assert done.returncode == 1 and f"add `--status-at {LIST}`" in done.stderr
    assert run("permit", "revoke", str(place), "--why", "stolen", *signing, "--status-at", LIST).returncode == 0


def test_no_two_permits_have_one_place(office: Path, tmp_path: Path) -> None:
    places = [issued(office, tmp_path / "register", f"permit-{number}")[0] for number in range(3)]
    assert len(set(places)) == 3
    elsewhere, _ = issued(office, tmp_path / "second", "second", "--status-at", LIST)
    token = (office / "second").read_text(encoding="ascii")
    assert elsewhere
    # at the same place of another register's list it has no status
    assert "another one" in told_by_command(office, token, "--status", tmp_path / "register" / "status.jwt")[-1]


def test_another_curve_in_a_set_of_keys_hides_none(office: Path) -> None:
    larger = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()
    odd = {"kty": "EC", "crv": "P-384", "kid": "odd", "x": str(larger.x), "y": str(larger.y)}
    (office / "mixed.jwk").write_text(json.dumps({"keys": [odd, {"kty": "oct", "kid": "k"}, JWK]}), encoding="utf-8")
    assert told_by_command(office, permit(status=PLACE), "--key", office / "mixed.jwk") == []
    assert told_by_command(office, with_header(kid="odd"), "--key", office / "mixed.jwk") == [
        "the signature does not fit"
    ]
