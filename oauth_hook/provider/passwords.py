"""Passwords at rest: salted, stretched, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import secrets

__all__ = ["CHOSEN", "NOBODYS", "RANDOM", "hash_password", "matches"]

CHOSEN = 14
"""The cost (log2 of scrypt's N) for a password that a person chose: 16 MiB, some 50 ms."""

RANDOM = 1
"""The cost for a password of 80 random bits or more: nobody guesses those, at any speed."""

NOBODYS = f"{CHOSEN}${'00' * 16}${'00' * 64}"
"""What no password matches, at the cost of one that a person chose."""


def hash_password(password: str, cost: int = CHOSEN) -> str:
    """Return what to keep of a password: cost, salt and hash."""
    salt = secrets.token_bytes(16)
    return f"{cost}${salt.hex()}${_scrypt(password, salt, cost).hex()}"


def matches(password: str, kept: str) -> bool:
    """Whether this is the password that :func:`hash_password` was given."""
    cost, salt, digest = kept.split("$")
    return hmac.compare_digest(_scrypt(password, bytes.fromhex(salt), int(cost)), bytes.fromhex(digest))


def _scrypt(password: str, salt: bytes, cost: int) -> bytes:
    # "surrogatepass": a form may hold any text, and none of it may raise.
    octets = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(octets, salt=salt, n=2**cost, r=8, p=1, maxmem=64 * 1024 * 1024)
