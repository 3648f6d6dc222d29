"""The version of the program that runs. Its fourth number counts the commits; a checkout's is 0.

A build of the package writes 0.1.0.2345+g6719186 into the wheel: the project's version, the number of
commits, and which one it is. `hal.safety.configured` reads the same text there.
"""

from __future__ import annotations

import importlib.metadata

from bridge.core.zaptec import four_numbers


def full() -> str:
    """Returns the text that tells commits apart, `0.1.0.2345+g6719186`; of a checkout `0.1.0`."""
    return importlib.metadata.version("evse-bridge")


def numbers(text: str | None = None) -> str:
    """Returns the four numbers of a version, by which versions are compared; of what runs unless given."""
    return four_numbers((full() if text is None else text).partition("+")[0])
