"""What a server is told: where it listens, which rules and which log it serves, whom it trusts, and its limits.

Without a file it is a development server: it listens on loopback only, and asks nobody who they are.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.cases.files import CaseInvalid
from api.failures import Failure, Misuse
from engine.reading.data import read_data
from engine.syntax.files import load_source
from engine.syntax.nodes import Mapping as NodeMapping
from engine.syntax.nodes import Node, Scalar
from engine.text.diagnostics import Diagnostics


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(_Part):
    """What one request may ask for, and how much the server takes on at a time."""

    body_bytes: int = Field(default=1_000_000, ge=1_000, description="the largest body")
    batch_bytes: int = Field(default=64_000_000, ge=1_000, description="the largest body of a batch")
    instances: int = Field(default=200, ge=1, description="people, groups and records in a case")
    results: int = Field(default=2_000, ge=1, description="figures in an answer")
    waiting: int = Field(default=64, ge=1, description="requests that wait for a thread; more get 503")
    in_flight: int = Field(default=256, ge=1, description="requests being read or answered; more get 503")
    threads: int = Field(default=2, ge=1, le=64, description="threads that compute")
    body_seconds: float = Field(default=10, gt=0, description="how long a body may take to arrive")
    seconds: float = Field(default=20, gt=0, description="how long an answer may take")
    per_minute: int = Field(default=0, ge=0, description="requests a minute from one caller; 0: any number")
    page: int = Field(default=200, ge=1, le=1_000, description="items on a page")
    streams: int = Field(default=32, ge=1, description="event streams that are open at a time")


class Access(_Part):
    """Whose tokens are believed: signed by a key of `jwks` (a file, read again when it changes), for `audience`."""

    issuer: str = Field(min_length=1)
    audience: str = Field(min_length=1)
    jwks: Path
    api_keys: Path | None = Field(default=None, description="a file of hashed API keys, `NAME ROLE HASH` a line")


class Permits(_Part):
    """Who signs permits."""

    key: Path = Field(description="the private key: `rulewright permit key` makes one")
    folder: Path = Field(alias="register", description="the register's folder; made if it is not there")
    issuer: str = Field(default="", max_length=500, description="the issuer's name; the server's address if empty")
    earlier_keys: tuple[Path, ...] = Field(default=(), description="public keys that signed before and are still good")


class Config(_Part):
    """Everything that a server is told. `access` None: development, on loopback only."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    rules: tuple[str, ...] = ("us",)
    log: Path | None = None
    keys: Path | None = Field(default=None, description="the log's key store, if it is not in the log's folder")
    access: Access | None = None
    retention: str = Field(default="tax", description="the retention class of what is recorded here")
    origins: tuple[str, ...] = Field(default=(), description="web origins that may read answers (CORS); none if empty")
    url: str = Field(
        default="", max_length=500, description="how clients reach the server: `https://rules.example.gov`"
    )
    open_pages: bool = Field(
        default=False, description="whether pages about a case are for people without a token, too"
    )
    permits: Permits | None = Field(default=None, description="who signs permits; without it none are issued")
    workers: int = Field(default=1, ge=1, le=64)
    limits: Limits = Limits()

    @property
    def development(self) -> bool:
        """Whether anybody who reaches the server may do anything."""
        return self.access is None

    @property
    def address(self) -> str:
        """How clients reach the server, without a slash at its end."""
        return (self.url or f"http://{self.host}:{self.port}").rstrip("/")


def read_config(path: Path) -> Config:
    """The configuration in a YAML file. Raises Failure or Misuse with what is wrong and where."""
    problems = Diagnostics()
    source = load_source(path, problems)
    node = read_data(source, problems) if source is not None else None
    if node is None or problems.errors:
        raise CaseInvalid(problems)
    try:
        config = Config.model_validate(_plain(node))
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        message = f"`{where}` of `{path}`: {first['msg'][:1].lower()}{first['msg'][1:]}"
        raise Misuse(message, "see api/http/README.md for what a configuration holds") from None
    if config.access is None:
        raise Misuse(f"`{path}` does not say whose tokens to trust", "add `access: {issuer: …, audience: …, jwks: …}`")
    return config


def _plain(node: Node) -> Any:
    match node:
        case Scalar():
            return node.text.replace("_", "") if node.text.replace("_", "").isdigit() else node.text
        case NodeMapping():
            return {entry.name: _plain(entry.value) for entry in node}
    return [_plain(item) for item in node]


def check_address(config: Config) -> None:
    """Raise Failure if a development server would be reachable from elsewhere."""
    if not config.development or is_loopback(config.host):
        return
    message = f"a development server asks nobody who they are, and `{config.host}` can be reached from elsewhere"
    raise Failure(message, "leave `--host` out, or give `--config FILE` with `access:`")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def with_options(config: Config, options: Mapping[str, object]) -> Config:
    """The configuration with what the command line says on top."""
    return Config.model_validate(
        {**config.model_dump(by_alias=True), **{key: option for key, option in options.items() if option is not None}}
    )
