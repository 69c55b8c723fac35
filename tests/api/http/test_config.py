"""A server's configuration: what it holds, and what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.failures import Failure, Misuse
from api.http.config import Config, check_address, read_config, with_options

TEXT = """\
host: 0.0.0.0
port: 8_443
rules: [us]
log: /srv/log
access: {issuer: https://login.example, audience: rulewright, jwks: /srv/jwks.json}
limits: {per_minute: 600, body_seconds: 2.5}
origins: [https://portal.example]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "server.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_configuration_is_read_and_options_stand_over_it(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, TEXT))
    assert (config.host, config.port, config.rules, config.log) == ("0.0.0.0", 8443, ("us",), Path("/srv/log"))
    assert (config.limits.per_minute, config.limits.body_seconds, config.limits.instances) == (600, 2.5, 200)
    assert not config.development
    check_address(config)
    assert with_options(config, {"port": 9000, "host": None}).port == 9000
    assert with_options(Config(), {"rules": ("land",)}).rules == ("land",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TEXT.replace("port: 8_443", "port: many"), "`port`"),
        (TEXT.replace("per_minute", "per_second"), "`limits.per_second`"),
        (TEXT.replace("jwks", "keys"), "`access.jwks`"),
        ("\n".join(line for line in TEXT.splitlines() if "access" not in line), "whose tokens to trust"),
    ],
)
def test_what_is_wrong_with_one(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(Misuse) as fault:
        read_config(written(tmp_path, text))
    assert said in fault.value.message
    assert fault.value.help


def test_a_file_that_is_no_configuration(tmp_path: Path) -> None:
    for text in ("a: &x [1]\nb: *x\n", "host: {\n", ""):
        with pytest.raises(Failure):
            read_config(written(tmp_path, text))
