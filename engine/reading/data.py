"""Cases, events and other data that are not rules, from YAML or JSON into nodes. Reading them needs no grammar."""

from __future__ import annotations

import json
import re

from engine.syntax.nodes import Node
from engine.syntax.yaml_reader import read_nodes
from engine.text.diagnostics import Diagnostics
from engine.text.source import Source

_SURROGATE_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})")


def read_data(source: Source, problems: Diagnostics) -> Node | None:
    """A case in YAML or JSON as nodes: keys may stand in quotes, values are texts, which the program's types type."""
    return read_nodes(_with_pairs_joined(source), problems, quoted_keys=True)


def _with_pairs_joined(source: Source) -> Source:
    """JSON writes a character beyond U+FFFF as two escapes, which YAML does not know: they become that character."""
    text = _SURROGATE_PAIR.sub(lambda pair: pair[1] + json.loads(f'"{pair[2]}"'), source.text)
    return source if text == source.text else Source(source.name, text)
