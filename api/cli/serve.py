"""`rulewright serve`: the API, on loopback for trying it out, or as a configuration says."""

from __future__ import annotations

import logging
from pathlib import Path

from api.cli.output import complain
from api.failures import ExitCode
from api.http.config import Config, check_address, read_config, with_options

SHIPPED = ("us", "gb", "us_ca", "us_passport")
"""What a development server serves: records are of the first, questions of the first that has any."""


def serve_command(
    config: Path | None, rules: list[str], log: Path | None, host: str | None, *, port: int | None, workers: int | None
) -> int:
    """Serve until the process is told to stop."""
    base = read_config(config) if config is not None else Config(rules=SHIPPED)
    options = {"rules": tuple(rules) or None, "log": log, "host": host, "port": port, "workers": workers}
    chosen = with_options(base, options)
    check_address(chosen)
    _announce(chosen)
    logging.basicConfig(level=logging.WARNING if chosen.development else logging.INFO, format="%(asctime)s %(message)s")
    from api.http.server import run

    run(chosen)
    return ExitCode.DONE


def _announce(config: Config) -> None:
    address = f"http://{config.host}:{config.port}"
    if config.development:
        complain("DEVELOPMENT MODE: anybody who can reach this server may do anything. Use --config for production.")
    if config.development and config.log is None:
        complain("Citizens are the sample population, and what is recorded is gone when the server stops; see --log.")
        complain(f"a record:      {address}/v1/citizens/u00001-head")
    complain(f"pages:         {address}/")
    complain(f"calculate:     POST {address}/v1/calculate")
    complain(f"the law:       {address}/v1/rulesets")
    complain(f"description:   {address}/openapi.json")
