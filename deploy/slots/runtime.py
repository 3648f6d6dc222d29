"""What crosses the runtime folder: the bridge's one word, and our answer.

The folder belongs to `hal.safety`, and the file of the word to the bridge: no link in it is followed.
"""

from __future__ import annotations

import logging
import os
import stat

from deploy.slots import trees
from deploy.slots.carrying_out import Carrier
from deploy.slots.names import ANSWER, REQUEST
from deploy.slots.places import Places
from hal import durable
from hal.visible import visible

WORD = "install"
_OPEN = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
ANSWER_MOST = 1000  # characters

log = logging.getLogger(__name__)


def asked(places: Places) -> bool:
    """Says whether the bridge asks for the installation of what it has downloaded; once for each word."""
    try:
        descriptor = os.open(places.runtime / REQUEST, _OPEN)
    except OSError:
        return False
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return False
        word = os.read(descriptor, 16).decode(errors="replace").strip()
        if word:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)
    if word not in ("", WORD):
        log.warning("%s: %r is not %r: nothing done", REQUEST, word, WORD)
    return word == WORD


def answer(carrier: Carrier, text: str) -> None:
    """Writes it for whoever asked; one line."""
    path = carrier.places.runtime / ANSWER
    try:
        trees.replace(carrier.disk, path, f"{visible(text, ANSWER_MOST)}\n")
    except OSError as error:
        log.warning("%s: the answer cannot be written: %s", path, error)


def last_answer(places: Places) -> str:
    """Returns what was last answered; empty: nothing was, since the boot."""
    try:
        return durable.read(places.runtime / ANSWER, 4 * ANSWER_MOST).decode(errors="replace").strip()
    except OSError:
        return ""
