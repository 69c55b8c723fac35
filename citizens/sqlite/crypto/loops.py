"""OpenSSL called once per event from machine code: what Python calls around each event cost more than its encryption.

The text below is LLVM's. Each function does to `n` rows, one after the other, what `cipher`, `chain` and the key store
do to one, with the same functions of OpenSSL: nothing of the cryptography itself is written here. Rows lie end to end
in one buffer; `ends` has `n` + 1 places, where each row starts and the last one ends.

    seal    nonce, ciphertext and tag of each row; its key is the next 32 bytes of `keys`, or, if that is null, the
            context's own
    unseal  the reverse; whether a row is as it was sealed
    link    the chain's link of each stored payload behind its header
    mac     the keyed hash of each text

A function returns the number of rows that went well: the row at that place is the first at fault.
"""

from __future__ import annotations

from string import Template

HEADER_BYTES, LINK_BYTES, OVERHEAD_BYTES = 82, 32, 28
"""A header (`chain.header`), a link, and what a nonce and a tag add to a payload."""
SYMBOLS = (
    *("EVP_EncryptInit_ex", "EVP_EncryptUpdate", "EVP_EncryptFinal_ex"),
    *("EVP_DecryptInit_ex", "EVP_DecryptUpdate", "EVP_DecryptFinal_ex"),
    *("EVP_CIPHER_CTX_ctrl", "EVP_DigestInit_ex", "EVP_DigestUpdate", "EVP_DigestFinal_ex"),
    *("EVP_MAC_init", "EVP_MAC_update", "EVP_MAC_final"),
)
"""The functions of OpenSSL that the loops call."""

_DECLARED = """
declare i32 @EVP_EncryptInit_ex(ptr, ptr, ptr, ptr, ptr)
declare i32 @EVP_EncryptUpdate(ptr, ptr, ptr, ptr, i32)
declare i32 @EVP_EncryptFinal_ex(ptr, ptr, ptr)
declare i32 @EVP_DecryptInit_ex(ptr, ptr, ptr, ptr, ptr)
declare i32 @EVP_DecryptUpdate(ptr, ptr, ptr, ptr, i32)
declare i32 @EVP_DecryptFinal_ex(ptr, ptr, ptr)
declare i32 @EVP_CIPHER_CTX_ctrl(ptr, i32, i32, ptr)
declare i32 @EVP_DigestInit_ex(ptr, ptr, ptr)
declare i32 @EVP_DigestUpdate(ptr, ptr, i64)
declare i32 @EVP_DigestFinal_ex(ptr, ptr, ptr)
declare i32 @EVP_MAC_init(ptr, ptr, i64, ptr)
declare i32 @EVP_MAC_update(ptr, ptr, i64)
declare i32 @EVP_MAC_final(ptr, ptr, ptr, i64)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
"""

_LOOP = Template("""
define i64 @$name($parameters, i64 %n) {
before:
  %length = alloca i64
  $setup
  br label %next
next:
  %i = phi i64 [0, %before], [%after, %row]
  %more = icmp slt i64 %i, %n
  br i1 %more, label %row, label %done
row:
  %after = add i64 %i, 1
  $body
  br i1 %well, label %next, label %done
done:
  ret i64 %i
}
""")

_ROW_OF = Template("""
  %$name.place = getelementptr i64, ptr %$name.ends, i64 %i
  %$name.next = getelementptr i64, ptr %$name.ends, i64 %after
  %$name.from = load i64, ptr %$name.place
  %$name.to = load i64, ptr %$name.next
  %$name.long = sub i64 %$name.to, %$name.from
  %$name.size = trunc i64 %$name.long to i32
  %$name.at = getelementptr i8, ptr %$name, i64 %$name.from
""")

_CIPHER = Template("""
  %own = icmp eq ptr %keys, null
  %key.offset = mul i64 %i, 32
  %key.given = getelementptr i8, ptr %keys, i64 %key.offset
  %key = select i1 %own, ptr null, ptr %key.given
  %overhead = mul i64 %i, 28
  $places
  %1 = call i32 @EVP_${way}Init_ex(ptr %context, ptr null, ptr null, ptr %key, ptr %nonce)
  %2 = call i32 @EVP_${way}Update(ptr %context, ptr null, ptr %length, ptr %about.at, i32 %about.size)
  %3 = call i32 @EVP_${way}Update(ptr %context, ptr %made, ptr %length, ptr %given, i32 %size)
  $with_tag
  %6 = and i32 %1, %2
  %7 = and i32 %3, %4
  %8 = and i32 %6, %7
  %9 = and i32 %8, %5
  %well = icmp eq i32 %9, 1
""")

_SEAL = _CIPHER.substitute(
    way="Encrypt",
    places="""
  %nonce.offset = mul i64 %i, 12
  %nonce = getelementptr i8, ptr %nonces, i64 %nonce.offset
  %start = add i64 %plain.from, %overhead
  %sealed = getelementptr i8, ptr %out, i64 %start
  call void @llvm.memcpy.p0.p0.i64(ptr %sealed, ptr %nonce, i64 12, i1 false)
  %made = getelementptr i8, ptr %sealed, i64 12
  %tag = getelementptr i8, ptr %made, i64 %plain.long
  %given = getelementptr i8, ptr %plain.at, i64 0
  %size = add i32 %plain.size, 0""",
    with_tag="""
  %4 = call i32 @EVP_EncryptFinal_ex(ptr %context, ptr %tag, ptr %length)
  %5 = call i32 @EVP_CIPHER_CTX_ctrl(ptr %context, i32 16, i32 16, ptr %tag)""",
)

_UNSEAL = _CIPHER.substitute(
    way="Decrypt",
    places="""
  %nonce = getelementptr i8, ptr %sealed.at, i64 0
  %start = sub i64 %sealed.from, %overhead
  %made = getelementptr i8, ptr %out, i64 %start
  %before.tag = sub i64 %sealed.long, 16
  %tag = getelementptr i8, ptr %sealed.at, i64 %before.tag
  %given = getelementptr i8, ptr %sealed.at, i64 12
  %size = sub i32 %sealed.size, 28""",
    with_tag="""
  %4 = call i32 @EVP_CIPHER_CTX_ctrl(ptr %context, i32 17, i32 16, ptr %tag)
  %5 = call i32 @EVP_DecryptFinal_ex(ptr %context, ptr %buffer, ptr %length)""",
)

_LINK = """
  %head.offset = mul i64 %i, 82
  %head = getelementptr i8, ptr %heads, i64 %head.offset
  %link.offset = mul i64 %i, 32
  %link = getelementptr i8, ptr %out, i64 %link.offset
  call void @llvm.memcpy.p0.p0.i64(ptr %middle, ptr %head, i64 82, i1 false)
  %1 = call i32 @EVP_DigestInit_ex(ptr %context, ptr null, ptr null)
  %2 = call i32 @EVP_DigestUpdate(ptr %context, ptr %stored.at, i64 %stored.long)
  %3 = call i32 @EVP_DigestFinal_ex(ptr %context, ptr %end, ptr null)
  %4 = call i32 @EVP_DigestInit_ex(ptr %context, ptr null, ptr null)
  %5 = call i32 @EVP_DigestUpdate(ptr %context, ptr %buffer, i64 146)
  %6 = call i32 @EVP_DigestFinal_ex(ptr %context, ptr %link, ptr null)
  call void @llvm.memcpy.p0.p0.i64(ptr %buffer, ptr %link, i64 32, i1 false)
  %7 = and i32 %1, %2
  %8 = and i32 %3, %4
  %9 = and i32 %5, %6
  %10 = and i32 %7, %8
  %11 = and i32 %9, %10
  %well = icmp eq i32 %11, 1
"""

_MAC = """
  %mac.offset = mul i64 %i, 16
  %mac = getelementptr i8, ptr %out, i64 %mac.offset
  %1 = call i32 @EVP_MAC_init(ptr %context, ptr null, i64 0, ptr null)
  %2 = call i32 @EVP_MAC_update(ptr %context, ptr %text.at, i64 %text.long)
  %3 = call i32 @EVP_MAC_final(ptr %context, ptr %mac, ptr %length, i64 16)
  %4 = and i32 %1, %2
  %5 = and i32 %3, %4
  %well = icmp eq i32 %5, 1
"""

_BUFFER = "%buffer = alloca [146 x i8]"
_LINK_SETUP = f"""{_BUFFER}
  %middle = getelementptr i8, ptr %buffer, i64 32
  %end = getelementptr i8, ptr %buffer, i64 114
  call void @llvm.memcpy.p0.p0.i64(ptr %buffer, ptr %before.first, i64 32, i1 false)"""


def _function(name: str, parameters: str, body: str, rows: tuple[str, ...], setup: str = "") -> str:
    taken = ", ".join(f"ptr %{each}" for each in parameters.split())
    parts = "".join(_ROW_OF.substitute(name=row) for row in rows)
    return _LOOP.substitute(name=name, parameters=taken, setup=setup, body=parts + body)


PARAMETERS = {
    "seal": "context keys nonces about about.ends plain plain.ends out",
    "unseal": "context keys about about.ends sealed sealed.ends out",
    "link": "context before.first heads stored stored.ends out",
    "mac": "context text text.ends out",
}
"""The pointers that each function takes, before the number of rows."""


def text() -> str:
    """The module's text."""
    return _DECLARED + "".join(
        (
            _function("seal", PARAMETERS["seal"], _SEAL, ("about", "plain")),
            _function("unseal", PARAMETERS["unseal"], _UNSEAL, ("about", "sealed"), _BUFFER),
            _function("link", PARAMETERS["link"], _LINK, ("stored",), _LINK_SETUP),
            _function("mac", PARAMETERS["mac"], _MAC, ("text",)),
        )
    )
