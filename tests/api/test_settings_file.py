"""Files of settings that are not there, or not YAML, are told with their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.failures import Misuse
from api.simulate.settings_file import read_settings


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "there is no file"),
        (b"targets: [\n", "is not YAML in line 2, column 1"),
        (b"a: b: c\n", "is not YAML in line 1, column 5"),
        (b"\xff\xfe\x00", "is not YAML"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "targets.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Misuse, match=told):
        read_settings(path, "a file of targets")
    path.write_text("targets: []\n")
    assert read_settings(path, "a file of targets") == {"targets": []}
