"""The status list: one bit for each permit that was ever issued, set when it is taken back (IETF Token Status List).

The list is a token of its own, signed by the issuer: `typ` is `statuslist+jwt`, and its bits are packed, the first
permit in the lowest bit of the first byte, deflated (zlib) and written in base64url.
"""

from __future__ import annotations

import zlib
from base64 import urlsafe_b64decode
from collections.abc import Iterable

from api.permits.keys import base64url

SIZE = 2**17
"""How many permits a list has room for: unused places hide how many there are, and cost nothing once deflated."""
MOST_BYTES = 2**24
VALID, INVALID = 0, 1


def packed(revoked: Iterable[int], size: int = SIZE) -> dict[str, object]:
    """The claim `status_list` with the bits of the revoked permits set."""
    bits = bytearray(size // 8)
    for index in revoked:
        bits[index // 8] |= 1 << index % 8
    return {"bits": 1, "lst": base64url(zlib.compress(bytes(bits), 9))}


def status_at(claim: object, index: int) -> int:
    """The status of the permit at a place of a list. Raises ValueError for a list that is not well formed."""
    width, bits = _unpacked(claim)
    if index < 0 or index * width // 8 >= len(bits):
        raise ValueError(f"the status list has no place {index}")
    return _status(bits, width, index)


def revoked_in(claim: object) -> set[int]:
    """The places of a list that are not valid. Raises ValueError for a list that is not well formed."""
    width, bits = _unpacked(claim)
    each = 8 // width
    places = (number * each + part for number, byte in enumerate(bits) if byte for part in range(each))
    return {place for place in places if _status(bits, width, place) != VALID}


def _status(bits: bytes, width: int, index: int) -> int:
    return bits[index * width // 8] >> (index * width % 8) & ((1 << width) - 1)


def _unpacked(claim: object) -> tuple[int, bytes]:
    """The bits of a place, and all of them."""
    if not isinstance(claim, dict) or claim.get("bits") not in (1, 2, 4, 8) or not isinstance(claim.get("lst"), str):
        raise ValueError("the status list is not well formed")
    width, text = int(claim["bits"]), claim["lst"]
    unpacker = zlib.decompressobj()
    try:
        bits = unpacker.decompress(urlsafe_b64decode(text + "=" * (-len(text) % 4)), MOST_BYTES)
    except (zlib.error, ValueError):
        raise ValueError("the status list is not well formed") from None
    return width, bits
