"""Cryptography over many rows at once: the same bytes as row by row (`cipher`, `chain`), in a fraction of the time."""

from citizens.sqlite.crypto.many import DIGEST_BYTES, MANY, headers, links, macs, seal, sealed_ends, unseal
from citizens.sqlite.crypto.rows import Bytes, Rows

__all__ = ["DIGEST_BYTES", "MANY", "Bytes", "Rows", "headers", "links", "macs", "seal", "sealed_ends", "unseal"]
