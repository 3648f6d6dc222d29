"""Passwords as they are kept: by scrypt (RFC 7914), each with its own salt and cost."""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import Annotated

import msgspec
from msgspec import Meta

SHORTEST = 8
LONGEST = 128


class Cost(msgspec.Struct, frozen=True):
    """RFC 7914 chapter 2. 16 MiB and five rounds: some 0.2 s on a PC, one or two on a Pi Zero 2 W."""

    n: Annotated[int, Meta(ge=2, le=2**16)] = 2**14
    r: Annotated[int, Meta(ge=1, le=8)] = 8
    p: Annotated[int, Meta(ge=1, le=16)] = 5


USUAL = Cost()


class Hashed(msgspec.Struct, frozen=True):
    """What is kept of one password."""

    salt: bytes
    key: bytes
    cost: Cost = USUAL


def hashed(password: str, cost: Cost) -> Hashed:
    """Returns what to keep. Slow on purpose: not for an event loop."""
    salt = os.urandom(16)
    return Hashed(salt, _key(password, salt, cost), cost)


def matches(password: str, kept: Hashed) -> bool:
    """Says whether it is this password. Slow on purpose."""
    return hmac.compare_digest(_key(password, kept.salt, kept.cost), kept.key)


def _key(password: str, salt: bytes, cost: Cost) -> bytes:
    most = 128 * cost.r * (cost.n + cost.p + 2) * 2  # bytes that OpenSSL may take; it needs half
    text = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(text, salt=salt, n=cost.n, r=cost.r, p=cost.p, maxmem=most)
