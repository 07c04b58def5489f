"""The key with which the emulator signs id tokens, and RS256 itself: https://www.rfc-editor.org/rfc/rfc7518#section-3.3

The key is public and always the same: it vouches for nothing but the people of an emulator.
"""

from __future__ import annotations

import base64
import hashlib
import json

from app.emulator.errors import JsonObject

KEY_ID = "emulator"
_EXPONENT = 65537
_P = int(
    "c5e0216d1d5ef9326a7f454c8189d853fdcdf86d46bde0f52de51a4c754658441eb7003c7299470f816f21fea82278fb41cd"
    "a911414c934d4426b409d51af78cf8ac92a59e6684af5b983fd1e2526a3483811c6a3dde29d9acb7883369a10158135f4fec"
    "e60b4147eafdebea53ce523d4a306b5d09e966a7d1c2980dbe194f91",
    16,
)
_Q = int(
    "b8a7e2d05cca9b75f97f73fd38be4544ce60bc5d14ddd1926a252023b0ae35e6b80a364742dbb060eb2eb85931e7e92b09d3"
    "9bd97024c6d680330fecce558e96ffc6e0f7093b19ba2f6b134c6ca0e0bd4376ac1d4daa2ed29c3557dff9611dd3a092e3cb"
    "1b734235129d15b736656d33f538a9935a77cc8de4db0b5971bf1019",
    16,
)
_MODULUS = _P * _Q
_PRIVATE = pow(_EXPONENT, -1, (_P - 1) * (_Q - 1))
_SIZE = 256
_SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")


def signed_token(claims: JsonObject) -> str:
    """Claims as a JSON Web Token."""
    header = {"typ": "JWT", "alg": "RS256", "kid": KEY_ID}
    signed = f"{_encoded_json(header)}.{_encoded_json(claims)}"
    return f"{signed}.{_encoded(_signature(signed.encode()))}"


def public_keys() -> JsonObject:
    """The key set by which tokens are checked."""
    numbers = {"n": _encoded(_MODULUS.to_bytes(_SIZE, "big")), "e": _encoded(_EXPONENT.to_bytes(3, "big"))}
    return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID, **numbers}]}


def half_hash(text: str) -> str:
    """The left half of a text's hash, as `at_hash` wants it."""
    return _encoded(hashlib.sha256(text.encode()).digest()[:16])


def _signature(message: bytes) -> bytes:
    digest = _SHA256_PREFIX + hashlib.sha256(message).digest()
    padded = b"\x00\x01" + b"\xff" * (_SIZE - len(digest) - 3) + b"\x00" + digest
    return pow(int.from_bytes(padded, "big"), _PRIVATE, _MODULUS).to_bytes(_SIZE, "big")


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _encoded_json(value: JsonObject) -> str:
    return _encoded(json.dumps(value, separators=(",", ":")).encode())
