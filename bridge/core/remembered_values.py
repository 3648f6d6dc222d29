"""The stored values, each read once before anything uses it: a value that raises is dropped.

So nothing that was stored can end the program at every start. Sessions are not here: no row is ever dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bridge.core.authorization.reservation import Reservation
from bridge.core.box_view import PlugIn
from bridge.core.configuration import authorization_key as password
from bridge.core.limits import owner_limit
from bridge.core.maintenance import firmware
from bridge.core.reporting.sign_of_life import SignOfLife
from bridge.core.rows import Change, Remembered
from bridge.core.session import Finishing, Stopping
from bridge.core.setup import FINISHING, LIFE, OWNER_LIMIT, PLUG_IN, RESERVATION, STOPPING

_READ: dict[str, Callable[[str], object]] = {
    FINISHING: Finishing.of,
    STOPPING: lambda text: Stopping.of(text, 0, 0.0),
    LIFE: lambda text: SignOfLife.of(text, 0),
    PLUG_IN: lambda text: PlugIn.of(text, 0),
    RESERVATION: Reservation.from_text,
    OWNER_LIMIT: owner_limit.amps_of,
    firmware.STORED: firmware.recalled,
    password.REMEMBERED: password.kept,
}
WRONG = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RecursionError,
)  # a value of another form


@dataclass(frozen=True, slots=True)
class Recalled:
    """The stored values without those that raised; `changes` delete these, `notes` are for the log."""

    remembered: dict[str, str]
    changes: tuple[Change, ...]
    notes: tuple[str, ...]


def recalled(remembered: Mapping[str, str]) -> Recalled:
    """Checks every remembered value that is more than a text, and leaves out what is wrong."""
    wrong: dict[str, str] = {}
    for name in _READ.keys() & remembered.keys():
        try:
            _READ[name](remembered[name])
        except WRONG as error:
            wrong[name] = f"{type(error).__name__}: {error}"
    return Recalled(
        {name: text for name, text in remembered.items() if name not in wrong},
        tuple(Remembered(name, None) for name in wrong),
        tuple(
            f"what was stored as {name!r} cannot be read and is dropped: {why}" for name, why in wrong.items()
        ),
    )
