"""The contactor: its coil, its mirror contact, and the optional watchdog and trip lines."""

from __future__ import annotations

from gpiozero import DigitalOutputDevice

from hal.configuration.line_sections import Contactor
from hal.safety.lines.gpio import PinFactory, contact, output


class ContactorLines:
    """The contactor's coil, and the mirror contact that is closed while the contactor is open.

    With a watchdog line (a charge pump, a watchdog relay) the coil holds only while `drive(closed=True)` is
    repeated: edges stop when the process hangs or dies, whatever the kernel does with its lines.
    """

    def __init__(self, contactor: Contactor, factory: PinFactory) -> None:
        """Claims the outputs low."""
        self._coil = output(contactor.pin, factory)
        self._pump = _output_if_any(contactor.watchdog_pin, factory)
        self._trip = _output_if_any(contactor.trip_pin, factory)
        self._mirror_open = contact(contactor.mirror_pin, contactor.mirror_active, factory)

    def drive(self, *, closed: bool, edges: bool = True) -> None:
        """Energises the coil or lets it go; call it at each tick, for the edges of the watchdog line. Without
        `edges` that line rests low, and the contactor must stay open."""
        self._coil.value = closed
        if self._pump is not None:
            self._pump.value = closed and edges and not self._pump.value

    @property
    def has_trip(self) -> bool:
        """Says whether there is such a device, and a line to it."""
        return self._trip is not None

    def trip(self, *, tripped: bool) -> None:
        """Trips the residual current device before the contactor (a shunt trip, a test winding)."""
        if self._trip is not None:
            self._trip.value = tripped

    def reads_closed(self) -> bool:
        """Reads the mirror contact, not the coil: a welded contactor and a cut wire read True."""
        return not self._mirror_open.is_active


def _output_if_any(pin: int | None, factory: PinFactory) -> DigitalOutputDevice | None:
    return None if pin is None else output(pin, factory)
