"""One try of an errand: its time limits, its trust, its errors. It imports nothing heavy.

`transfer`, `firmware` and `manifest` bring aiohttp, aioftp and cryptography: they are loaded by `Worker`
when an errand first needs them.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass

from hal.visible import visible

BURST = 3
Tls = Callable[[], ssl.SSLContext]  # raises OSError, in words, when there is none to be had


@dataclass(frozen=True, slots=True)
class Patience:
    """The time limits for a server that does not answer, and for a slow one."""

    quiet_s: float = 30.0  # nothing moves
    whole_s: float = 600.0  # one try
    burst_s: float = 30.0  # in which `BURST` tries of a slot may begin, whoever asks: 28 GB a day were seen


class TransferError(Exception):
    """The other side, the network or our disk failed; says why, without user and password."""

    def __init__(self, why: str) -> None:
        super().__init__(visible(why))


class SignatureError(Exception):
    """The archive must not be installed; says why."""


class TooOldError(Exception):
    """The archive is genuine, by its manifest, but its version is older than the least that is wanted."""

    def __init__(self, version: str, least: str) -> None:
        super().__init__(f"version {version} is not downloaded: {least} or newer is wanted")
        self.version = version


class InstallError(Exception):
    """The installer failed, or may not run."""
