"""Running the application on uvicorn, which stops gracefully: what was begun is answered, then the log is closed."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import uvicorn

from api.failures import Misuse
from api.history.population import Population
from api.http.app import create_app
from api.http.config import Config, Permits
from api.http.guard import Guard
from api.http.service import Service
from api.permits.keys import make_key
from api.rules.programs import load_program
from api.web import ROUTERS as PAGES
from api.web.rendering import refused
from citizens import Origin, SqliteLog, open_log

GRACE = 10
SAMPLED = "us"
SAMPLE_ORIGIN = Origin("sample", "server", "sample data, public domain", "tax")
SWITCH_SECONDS = 0.001
"""How long a thread that computes holds Python's lock while the event loop waits for it."""
_HANDED_ON = "RULEWRIGHT_SERVED"


def run(config: Config) -> None:
    """Serve until a signal to stop. Raises Misuse for several processes with a log, which has one writer."""
    if config.workers > 1:
        if config.log is not None:
            raise Misuse("a log has one writer, so a server with a log is one process", "leave `--workers` out")
        os.environ[_HANDED_ON] = config.model_dump_json(by_alias=True)
        _serve("api.http.server:handed_on", config, workers=config.workers, factory=True)
    elif config.development and config.log is None and SAMPLED in config.rules:
        with tempfile.TemporaryDirectory(prefix="rulewright-sample-") as folder:
            _serve(application(Service(with_office(config, Path(folder)), sample_log(Path(folder)))), config)
    else:
        _serve(application(Service(config, _log(config))), config)


def application(service: Service) -> Guard:
    """The API and the pages; in development for who calls the server by a name of this machine."""
    made = create_app(service, PAGES, refused)
    made.local_names_only = service.config.development
    return made


def with_office(config: Config, folder: Path) -> Config:
    """The configuration with a key and a register of its own, for trying permits out, unless it has others."""
    if config.permits is not None:
        return config
    key = folder / "permits.pem"
    make_key(key, folder / "permits.jwk")
    return config.model_copy(update={"permits": Permits(key=key, register=folder / "register")})


def sample_log(folder: Path) -> SqliteLog:
    """A log of the sample population, for trying things out: `/v1/citizens/u00001-head` is the first of it."""
    from api.history.tables import SAMPLE_ALSO, SAMPLE_DAY, admit, record, sample_tables

    program = load_program(SAMPLED)
    admission = admit(program, SAMPLE_DAY, sample_tables(), SAMPLE_ALSO, skip_bad=False, files={})
    log = open_log(folder / "log")
    record(log, admission, SAMPLE_ORIGIN, SAMPLE_DAY, lambda _done, _total: None)
    return log


def _log(config: Config) -> Population | None:
    """The log, or all that a population is in, written in turn with other commands; it must be there, so that a
    mistyped path makes no new one."""
    return Population.opened(config.log, config.keys) if config.log is not None else None


def handed_on() -> Guard:
    """The application of a worker process, with the configuration that its parent was given."""
    return application(Service(Config.model_validate_json(os.environ[_HANDED_ON])))


def _serve(app: Any, config: Config, **more: Any) -> None:
    sys.setswitchinterval(SWITCH_SECONDS)
    uvicorn.run(
        app,
        host=config.host,
        port=config.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=10,
        h11_max_incomplete_event_size=16_384,
        **more,
    )
