"""Permits that somebody made up, changed or overheard: each is refused with a reason, and none stops the verifier."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from api.permits.credential import KIND, TYPE, Issuer, Verified, status_token, verify
from api.permits.holder import Challenge, with_proof
from api.permits.keys import ISSUER, public_jwk
from api.permits.signing import signed

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
KEY, OTHER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
JWK = public_jwk(KEY)
KEYS = {JWK["kid"]: JWK}
LIST = "https://office.example/status"
OFFICE = Issuer("https://office.example", KEY, LIST)
HOLDER = {name: public_jwk(OTHER)[name] for name in ("kty", "crv", "x", "y")}
CHALLENGE = Challenge("n-17", "police")
DEEP = b"[" * 200_000


def encoded(said: object) -> str:
    raw = said if isinstance(said, bytes) else json.dumps(said).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims(**other: Any) -> dict[str, Any]:
    days = {"iat": 1, "nbf": 1, "exp": 2**40, "decided_for": "2024-05-10", "holds_until": "2030-01-01"}
    status = {"status_list": {"idx": 5, "uri": LIST}}
    return {"iss": OFFICE.name, **days, "vct": KIND, "holds": True, "status": status, "_sd_alg": "sha-256", **other}


def permit(disclosures: Sequence[str] = (), **other: Any) -> str:
    digests = [encoded(hashlib.sha256(disclosure.encode()).digest()) for disclosure in dict.fromkeys(disclosures)]
    said = {"_sd": digests, **claims(), **other}
    return "~".join([signed(KEY, TYPE, said, JWK["kid"]), *disclosures, ""])


def forged(header: object, signature: bytes = bytes(64)) -> str:
    return f"{encoded(header)}.{encoded(claims())}.{encoded(signature)}~"


def refused(found: Verified, words: str) -> None:
    assert not found.sound
    assert words in " ".join(found.problems)


def test_what_was_signed_is_sound() -> None:
    verification = verify(permit([encoded(["salt", "subject", "person/eva"])]), KEYS, NOW)
    assert verification.sound and verification.disclosed == {"subject": "person/eva"}


def test_only_the_issuer_that_is_asked_for_is_accepted() -> None:
    assert verify(permit(), KEYS, NOW, issuer=OFFICE.name).sound
    refused(verify(permit(), KEYS, NOW, issuer="https://dvla.example"), "only permits of `https://dvla.example`")


def test_a_key_signs_for_its_own_issuer_alone() -> None:
    """Whoever verifies for several issuers trusts none of them with another's permits, or with its status list."""
    other = public_jwk(OTHER)
    keys = {JWK["kid"]: {**JWK, ISSUER: OFFICE.name}, other["kid"]: {**other, ISSUER: "https://dvla.example"}}
    assert verify(permit(), keys, NOW, status_token(OFFICE, [], NOW, DAY)).sound
    theirs = signed(OTHER, TYPE, claims(), other["kid"]) + "~"
    refused(verify(theirs, keys, NOW), "its key is one of `https://dvla.example`")
    unrevoking = status_token(Issuer("https://dvla.example", OTHER, LIST), [], NOW, DAY)
    refused(verify(permit(), keys, NOW, unrevoking), "signed by a key of `https://dvla.example`")


@pytest.mark.parametrize("algorithm", ["none", "None", None, 5, "HS256", "ES384", "RS256", ["ES256"], "ES256"])
def test_no_other_algorithm_and_no_empty_signature(algorithm: object) -> None:
    header = {"alg": algorithm, "typ": TYPE, "kid": JWK["kid"]}
    refused(verify(forged(header), KEYS, NOW), "the signature does not fit")
    refused(verify(forged(header, b""), KEYS, NOW), "the signature does not fit")
    body = f"{encoded(header)}.{encoded(claims())}".encode()
    by_public_key = hmac.new(json.dumps(JWK).encode(), body, hashlib.sha256).digest()
    refused(verify(forged(header, by_public_key), KEYS, NOW), "the signature does not fit")


def test_a_key_in_the_header_is_not_trusted() -> None:
    import jwt

    named = {"typ": TYPE, "kid": JWK["kid"], "jwk": public_jwk(OTHER)}
    token = jwt.encode(claims(), OTHER, algorithm="ES256", headers=named)
    refused(verify(f"{token}~", KEYS, NOW), "the signature does not fit")
    refused(verify(permit(), {JWK["kid"]: {**JWK, "x": "AQ"}}, NOW), "the signature does not fit")
    refused(verify(permit(), {JWK["kid"]: {"kty": "oct", "k": "AQAB"}}, NOW), "the signature does not fit")


@pytest.mark.parametrize("raw", [DEEP, b'{"a":' * 100_000, b"5", b"", b'["s","n",' + b"9" * 9_000 + b"]"])
def test_what_nobody_signed_stops_nothing(raw: bytes) -> None:
    refused(verify(f"{permit()}{encoded(raw)}~", KEYS, NOW), "not one that was signed")
    refused(verify(f"{encoded(raw)}.{encoded(claims())}.{encoded(b'')}~", KEYS, NOW), "signature does not fit")
    refused(verify(permit(), KEYS, NOW, status=f"{encoded(raw)}.a.b"), "signature does not fit")
    bound = permit(cnf={"jwk": HOLDER})
    refused(verify(f"{bound}{encoded(raw)}.a.b", KEYS, NOW, challenge=CHALLENGE), "signature does not fit")


SUBJECT, AGAIN = encoded(["s1", "subject", "person/eva"]), encoded(["s2", "subject", "person/zoe"])


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (permit([SUBJECT, SUBJECT]), "repeats a claim"),
        (permit([SUBJECT, AGAIN]), "repeats a claim"),
        (permit([encoded(["s", "holds", False])]), "repeats a claim"),
        (permit([encoded(["s", "...", 1])]), "not well formed"),
        (permit([encoded(["s", 5, 1])]), "not well formed"),
        (permit([SUBJECT], _sd_alg="sha-512"), "that this program does not support"),
        (permit([SUBJECT], _sd="a text"), "list of disclosures"),
        (permit(_sd=["a", "a"]), "list of disclosures"),
        (permit(exp="9999999999"), "from when to when"),
        (permit(holds=1), "no permission"),
        (permit(vct="urn:another"), "no permission"),
    ],
)
def test_a_signed_part_that_says_what_it_may_not(token: str, words: str) -> None:
    refused(verify(token, KEYS, NOW), words)


@pytest.mark.parametrize(
    ("place", "words"),
    [("none", "another one"), ({"idx": True, "uri": LIST}, "no place"), ({"idx": -1, "uri": LIST}, "no place -1"),
     ({"idx": 10**9, "uri": LIST}, "no place"), ({"idx": 5, "uri": "https://other.example"}, "another one")],
)  # fmt: skip
def test_a_place_in_no_list(place: object, words: str) -> None:
    listed = status_token(OFFICE, [], NOW, DAY)
    refused(verify(permit(status={"status_list": place}), KEYS, NOW, listed), words)
    refused(verify(permit(status=place), KEYS, NOW, listed), "another one")


def test_lists_that_are_old_forged_or_something_else() -> None:
    assert verify(permit(), KEYS, NOW, status_token(OFFICE, [4, 6], NOW, DAY)).status == "valid"
    refused(verify(permit(), KEYS, NOW, status_token(OFFICE, [5], NOW, DAY)), "revoked")
    refused(verify(permit(), KEYS, NOW, status_token(OFFICE, [], NOW - 2 * DAY, DAY)), "too old")
    forger = Issuer("https://office.example", OTHER, LIST)
    refused(verify(permit(), KEYS, NOW, status_token(forger, [], NOW, DAY)), "not among those given")
    refused(verify(permit(), KEYS, NOW, permit().partition("~")[0]), "it is no `statuslist+jwt`")


def test_a_proof_that_may_be_overheard_proves_nothing() -> None:
    shown = with_proof(permit(cnf={"jwk": HOLDER}), OTHER, CHALLENGE, NOW)
    assert verify(shown, KEYS, NOW, challenge=CHALLENGE).holder == "proved"
    unasked = verify(shown, KEYS, NOW)
    assert unasked.holder == "not proved"
    refused(unasked, "overheard")
    assert verify(shown, KEYS, NOW, needs_holder=False).sound  # what the issuer said alone
    refused(verify(permit(cnf=None), KEYS, NOW, challenge=CHALLENGE), "has not proved")
    refused(
        verify(with_proof(permit(cnf={"jwk": "x"}), OTHER, CHALLENGE, NOW), KEYS, NOW, challenge=CHALLENGE), "proof"
    )
