"""A log of the small land's people, and a server with tokens that tests sign themselves."""

from __future__ import annotations

import json
import time
from datetime import date
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from api.http.config import Access, Config, Limits
from citizens import Belongs, Draft, Facts, Origin, Point, SqliteLog, open_log
from tests.api.http.client import land

ISSUER, AUDIENCE = "https://login.example", "rulewright"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
DAY = date(2024, 1, 1)
_ORIGIN = Origin("office", "clerk", "Tax Act s. 1", "standard")


def facts(subject: str, day: date = DAY, **values: Any) -> Draft:
    """An event that says facts of a subject from a day on."""
    points = tuple(Point(name, day, value) for name, value in values.items())
    return Draft(subject, Facts(points), _ORIGIN, f"{subject}/{day}/{'-'.join(values)}")


def people(folder: Path) -> SqliteLog:
    """Ann with her child Bo in one tax unit, Eve in another, and a case of Ann's that Carl works on."""
    log = open_log(folder / "log")
    home, other = Belongs("tax_unit/home", "head"), Belongs("tax_unit/other", "head")
    log.append(
        [
            facts("person/ann", wages=30_000, tax_unit=home),
            facts("person/bo", age=3, tax_unit=Belongs("tax_unit/home", "dependent")),
            facts("person/eve", wages=10_000, tax_unit=other),
            facts("case/7", citizen="person/ann", workers="carl dora"),
        ]
    )
    return log


def secured(folder: Path, **limits: Any) -> Config:
    """A server that believes tokens signed with `KEY`."""
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
    keys = {"keys": [{**public, "kid": "one", "alg": "RS256", "use": "sig"}]}
    (folder / "jwks.json").write_text(json.dumps(keys), encoding="utf-8")
    access = Access(issuer=ISSUER, audience=AUDIENCE, jwks=folder / "jwks.json", api_keys=folder / "keys")
    (folder / "keys").write_text("", encoding="utf-8")
    return Config(rules=(land(folder),), access=access, limits=Limits(**limits))


def token(sub: str, scope: str, record: str = "", key: Any = KEY, kid: str = "one", **more: Any) -> dict[str, str]:
    """Headers with a token. A claim given as None is left out."""
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": sub, "exp": int(time.time()) + 3_600, "scope": scope, **more}
    if record:
        claims["record"] = record
    kept = {name: value for name, value in claims.items() if value is not None}
    return {"Authorization": f"Bearer {jwt.encode(kept, key, algorithm='RS256', headers={'kid': kid})}"}


ANN = {"sub": "ann@login", "scope": "citizen", "record": "person/ann"}
CARL = {"sub": "carl", "scope": "case_worker"}
PURPOSE = {"Purpose": "case/7 correction of wages"}
