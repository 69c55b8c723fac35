"""OpenSSL's library, and the loops that call it, made into machine code once.

Python's own `hashlib` brings the library along nearly everywhere. Where it does not lie in a file of its own, or is
older than version 3, there are no loops, and rows are worked on one by one in Python: the same bytes, more slowly.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import POINTER, c_char_p, c_int, c_size_t, c_uint, c_void_p
from functools import cache
from typing import Any

from citizens.sqlite.crypto.loops import PARAMETERS, SYMBOLS, text
from citizens.sqlite.crypto.machine_code import compiled

_FILES = {"linux": ("libcrypto.so.3",), "darwin": ("libcrypto.3.dylib",), "win32": ("libcrypto-3-x64.dll",)}
_LEAST_VERSION = 0x30000000


class _Parameter(ctypes.Structure):
    """OSSL_PARAM: one setting by name."""

    _fields_ = (
        ("key", c_char_p),
        ("data_type", c_uint),
        ("data", c_void_p),
        ("data_size", c_size_t),
        ("return_size", c_size_t),
    )


_UNSIGNED_INTEGER, _OCTETS = 2, 5
_MADE = {
    "EVP_CIPHER_fetch": (c_void_p, (c_void_p, c_char_p, c_char_p)),
    "EVP_CIPHER_CTX_new": (c_void_p, ()),
    "EVP_CIPHER_CTX_free": (None, (c_void_p,)),
    "EVP_CipherInit_ex": (c_int, (c_void_p, c_void_p, c_void_p, c_char_p, c_char_p, c_int)),
    "EVP_MD_fetch": (c_void_p, (c_void_p, c_char_p, c_char_p)),
    "EVP_MD_CTX_new": (c_void_p, ()),
    "EVP_MD_CTX_free": (None, (c_void_p,)),
    "EVP_DigestInit_ex": (c_int, (c_void_p, c_void_p, c_void_p)),
    "EVP_MAC_fetch": (c_void_p, (c_void_p, c_char_p, c_char_p)),
    "EVP_MAC_CTX_new": (c_void_p, (c_void_p,)),
    "EVP_MAC_CTX_free": (None, (c_void_p,)),
    "EVP_MAC_init": (c_int, (c_void_p, c_char_p, c_size_t, POINTER(_Parameter))),
}


class OpenSsl:
    """The library, its algorithms, and the loops by their names in `loops`."""

    def __init__(self, library: Any) -> None:
        self._library = library
        for name, (result, parameters) in _MADE.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, parameters
        self._cipher = library.EVP_CIPHER_fetch(None, b"AES-256-GCM", None)
        self._digest = library.EVP_MD_fetch(None, b"SHA256", None)
        self._mac = library.EVP_MAC_fetch(None, b"BLAKE2BMAC", None)
        if not (self._cipher and self._digest and self._mac):
            raise OSError("OpenSSL lacks an algorithm")
        self.loops = compiled(text(), PARAMETERS, {name: _address(getattr(library, name)) for name in SYMBOLS})

    @contextmanager
    def cipher(self, *, seals: bool, key: bytes | None = None) -> Iterator[int]:
        """A context of AES-256-GCM, with a key or without."""
        context = self._library.EVP_CIPHER_CTX_new()
        try:
            _require(self._library.EVP_CipherInit_ex(context, self._cipher, None, key, None, int(seals)))
            yield context
        finally:
            self._library.EVP_CIPHER_CTX_free(context)

    @contextmanager
    def digest(self) -> Iterator[int]:
        """A context of SHA-256."""
        context = self._library.EVP_MD_CTX_new()
        try:
            _require(self._library.EVP_DigestInit_ex(context, self._digest, None))
            yield context
        finally:
            self._library.EVP_MD_CTX_free(context)

    @contextmanager
    def mac(self, key: bytes, size: int, person: bytes) -> Iterator[int]:
        """A context of BLAKE2b with a key and its parameter `person`, for hashes of `size` bytes."""
        context = self._library.EVP_MAC_CTX_new(self._mac)
        wanted = c_size_t(size)
        place = ctypes.cast(ctypes.pointer(wanted), c_void_p)
        letters = ctypes.create_string_buffer(person, len(person) + 1)
        settings = (_Parameter * 3)(_Parameter(b"size", _UNSIGNED_INTEGER, place, ctypes.sizeof(wanted), 0))
        if person:
            settings[1] = _Parameter(b"custom", _OCTETS, ctypes.cast(letters, c_void_p), len(person), 0)
        try:
            _require(self._library.EVP_MAC_init(context, key, len(key), settings))
            yield context
        finally:
            self._library.EVP_MAC_CTX_free(context)


def _require(answer: int) -> None:
    if answer != 1:
        raise OSError("OpenSSL refused to begin")


@cache
def openssl() -> OpenSsl | None:
    """OpenSSL with its loops; None where it cannot be had."""
    for file in (*_FILES.get(sys.platform, ()), ctypes.util.find_library("crypto")):
        try:
            library = ctypes.CDLL(file) if file else None
            if library is not None and library.OpenSSL_version_num() >= _LEAST_VERSION:
                return OpenSsl(library)
        except (OSError, AttributeError, RuntimeError):
            continue
    return None


def _address(function: Any) -> int:
    return ctypes.cast(function, c_void_p).value or 0
