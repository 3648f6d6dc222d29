"""PURE: the house around the simulated box: what it draws and what its roof gives, at the main fuse."""

from __future__ import annotations

from dataclasses import dataclass

from hal.contract import Phases


@dataclass(slots=True)
class House:
    """Loads of each phase, and a solar inverter of three phases (of one in a house of one)."""

    phases: int = 3
    load_a: Phases = (0.0, 0.0, 0.0)
    solar_w: float = 0.0

    def main_a(self, box_a: Phases, voltage_v: float) -> Phases:
        """Returns the current of each phase at the main fuse, negative to the grid; the box hangs there as
        RST, one of a single phase at L1."""
        sun_a = self.solar_w / (self.phases * voltage_v)
        l1, l2, l3 = (load + own - sun_a for load, own in zip(self.load_a, box_a, strict=True))
        return (l1, l2, l3) if self.phases == 3 else (l1, 0.0, 0.0)
