"""Payloads as JSON arrays without spaces."""

from __future__ import annotations

import json
from collections.abc import Sequence
from json.encoder import encode_basestring
from typing import Any

_encoder = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False, allow_nan=False)
_make_encoder: Any = getattr(json.encoder, "c_make_encoder", None)
_pieces: Any = None
if _make_encoder is not None:  # made once: `encode` makes one for each call
    _pieces = _make_encoder(None, _encoder.default, encode_basestring, None, ":", ",", False, False, False)
_decode_json = json.JSONDecoder().raw_decode


def encode_json(fields: Sequence[Any]) -> str:
    """The JSON of a payload, without spaces."""
    return "".join(_pieces(fields, 0)) if _pieces is not None else _encoder.encode(fields)


def decode_json(payload: bytes) -> list[Any]:
    """The array that a payload is."""
    fields, _ = _decode_json(payload.decode())
    return fields  # type: ignore[no-any-return]  # the hash chain vouches for its form
