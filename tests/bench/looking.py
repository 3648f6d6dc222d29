"""`python -m tests.bench.looking`: what it costs the bridge to say what is so, in CPU time.

A charging box without profiles, and one with 24 profiles of 24 periods that hold the car at 0 A: the worst.
"""

from __future__ import annotations

import sys
import time

import msgspec

from bridge.local.desk import LOOK_EVERY_S
from bridge.local.orders import Looked, encode
from tests.bridge.central_system.payloads import charging_profile
from tests.scenarios.chaos import Chaos, Event
from tests.scenarios.test_invariants import CHARGING

TIMES = 2000
PROFILES = 24


def cost_us(chaos: Chaos) -> tuple[float, float]:
    """Of one drawing, and of its line of JSON, in microseconds of CPU."""
    world = chaos.world
    state = world.look()
    began_s = time.process_time()
    for _ in range(TIMES):
        state = world.look()
    drawn_s = time.process_time() - began_s
    began_s = time.process_time()
    for _ in range(TIMES):
        encode(Looked(state))
    return drawn_s / TIMES * 1e6, (time.process_time() - began_s) / TIMES * 1e6


def held() -> Chaos:
    """With as many profiles as fit, none of which lets a car charge for as far as is looked."""
    chaos = Chaos("cloud", {})
    chaos.happen(Event("wait", for_s=5.0))
    for number in range(1, PROFILES + 1):
        profile = charging_profile(0.0) | {"chargingProfileId": number, "stackLevel": number}
        profile["chargingSchedule"]["chargingSchedulePeriod"] = [
            {"startPeriod": 60 * period, "limit": float(period % 6)} for period in range(24)
        ]
        payload = {"connectorId": 1, "csChargingProfiles": profile}
        chaos.happen(Event("call", "SetChargingProfile", payload=payload))
    for event in CHARGING[1:]:
        chaos.happen(event)
    return chaos


def main() -> int:
    """Prints a line each."""
    charging = Chaos("cloud", {})
    for event in CHARGING:
        charging.happen(event)
    for name, chaos in (("charging, no profile", charging), (f"held by {PROFILES} profiles", held())):
        first = chaos.world.look().why[0]
        drawn_us, encoded_us = cost_us(chaos)
        share = (drawn_us + encoded_us) / 1e6 / LOOK_EVERY_S
        print(
            f"{name} ({first.id}): {drawn_us:.0f} us drawn, {encoded_us:.0f} us encoded; "
            f"at most each {LOOK_EVERY_S} s, so {share:.2%} of one core",
            flush=True,
        )
        assert msgspec.json.decode(encode(Looked(chaos.world.look())), type=Looked).state is not None
        chaos.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
