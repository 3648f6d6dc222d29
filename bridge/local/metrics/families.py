"""PURE: the State as families of metrics, by the conventions of Prometheus.

Names end in their unit, and units are base units (https://prometheus.io/docs/practices/naming/): energy is
joules, not watt-hours; `/ 3.6e6` makes kWh of them. An enum is one series for each of its values, of which
one is 1, so that each has a history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric

from bridge.local.state.state import Meter, State, Wallbox
from bridge.local.state.statuses import STATUSES
from bridge.local.why.english_faults import FAULTS
from hal.visible import visible

PREFIX = "evse_bridge"
JOULES_PER_WH = 3600.0
STEPS = ("Idle", "Authorizing", "Authorized", "Transaction", "Finishing")
VEHICLES = tuple("ABCDEF")
NAME_MOST = 80  # characters of a label


def families(state: State | None) -> Iterator[Metric]:
    """Yields all families. `state` None: the bridge does not answer, and then nothing else is known."""
    yield _gauge("up", "1 while the charge point program answers.", float(state is not None))
    if state is not None:
        yield from _of_state(state)


def _of_state(state: State) -> Iterator[Metric]:
    build = InfoMetricFamily(f"{PREFIX}_build", "Version of the charge point program.")
    build.add_metric([], {"version": visible(state.version, NAME_MOST), "mock": str(state.mock).lower()})
    yield build
    yield _enum(
        "status", "OCPP's ChargePointStatus of connector 1.", "status", STATUSES, state.connector.status
    )
    yield _enum("step", "How far a session has come.", "step", STEPS, state.connector.step)
    yield _gauge("charging", "1 while current flows.", float(state.charges))
    if state.why:
        yield _labelled("reason", "The reason that decides: why it charges or not.", "reason",
                        [(state.why[0].id, 1.0)])  # fmt: skip
    yield from _of_session(state)
    yield from _of_limits(state)
    yield from _of_box(state.box)
    if state.meter is not None:
        yield from _of_meter(state.meter, state.box.phases)
    yield from _of_service(state)


def _of_session(state: State) -> Iterator[Metric]:
    session = state.session
    yield _gauge("session_active", "1 while a transaction runs.", float(session is not None))
    if session is not None:
        yield _gauge("session_energy_joules", "Energy of the running transaction.",
                     session.energy_wh * JOULES_PER_WH)  # fmt: skip
        yield _gauge("session_duration_seconds", "Age of the running transaction.", session.for_s)


def _of_limits(state: State) -> Iterator[Metric]:
    least: dict[str, float] = {}
    for limit in state.limits:
        least.setdefault(limit.name, limit.limit_a)  # the least of this name stands first
    yield _labelled("limit_amperes", "Each limit by what sets it; the least wins.", "limit", least.items())
    if state.limits:
        yield _gauge("limit_least_amperes", "The limit that wins.", state.limits[0].limit_a)


def _of_box(box: Wallbox) -> Iterator[Metric]:
    yield _gauge("box_up", "1 while hal.safety answers.", float(box.alive))
    yield _gauge("box_silent_seconds", "Time since hal.safety said something.", box.silent_s)
    yield CounterMetricFamily(
        f"{PREFIX}_contactor_closings", "Closings of the contactor, in the life of the box.", box.closings
    )
    if not box.alive:
        return
    yield _enum("vehicle", "State of the vehicle by IEC 61851-1.", "state", VEHICLES, box.vehicle)
    yield _gauge("car_connected", "1 while a car is connected.", float(box.car))
    yield _gauge("contactor_closed", "1 while the mirror contact says closed.", float(box.contactor_closed))
    yield _gauge("cable_locked", "1 while the cable cannot leave.", float(box.locked))
    yield _gauge("offered_amperes", "What the pilot offers; 0: nothing.", box.offered_a)
    if box.cable_rating_a is not None:
        yield _gauge("cable_rating_amperes", "What the cable can carry.", box.cable_rating_a)
    if box.contacts_c is not None:
        yield _gauge("contacts_celsius", "Temperature of the contacts.", box.contacts_c)
    standing = {fault.id for fault in box.faults}
    yield _labelled("fault", "1 for each fault that stands.", "fault",
                    [(name, float(name in standing)) for name in sorted(standing | set(FAULTS))])  # fmt: skip


def _of_meter(meter: Meter, phases: int) -> Iterator[Metric]:
    yield CounterMetricFamily(
        f"{PREFIX}_energy_joules", "Count of the energy meter.", meter.energy_wh * JOULES_PER_WH
    )
    yield _gauge("meter_up", "1 while the last reading is fresh.", float(meter.fresh))
    yield _gauge("meter_age_seconds", "Age of the last reading.", meter.age_s)
    if not meter.fresh:
        return
    yield _gauge("power_watts", "Power by the meter.", meter.power_w)
    lines = [f"L{number}" for number in range(1, phases + 1)]
    yield _labelled("current_amperes", "Current by the meter.", "phase",
                    zip(lines, meter.current_a, strict=False))  # fmt: skip
    yield _labelled("voltage_volts", "Voltage by the meter.", "phase",
                    zip(lines, meter.voltage_v, strict=False))  # fmt: skip


def _of_service(state: State) -> Iterator[Metric]:
    link, service = state.link, state.service
    yield _gauge("link_connected", "1 while connected to the Central System.", float(link.connected))
    yield _gauge(
        "link_registered", "1 while the Central System has accepted this box.", float(link.registered)
    )
    if link.heard_s is not None:
        yield _gauge("link_silent_seconds", "Time since its last message.", link.heard_s)
    if state.queue is not None:
        yield _gauge("queue_messages", "Messages that wait for the Central System.", state.queue.waiting)
        yield _gauge(
            "dead_letter_sessions", "Sessions that could not be delivered.", state.queue.dead_letters
        )
    yield _gauge("operative", "1 while the box is in service.", float(service.operative))
    yield _gauge("disk_writable", "1 while the disk takes what is decided.", float(service.recorded))
    yield _gauge("trial", "1 while a new version is on trial.", float(bool(service.trial)))


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}_{name}", text, value)


def _labelled(name: str, text: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    made = GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=[label])
    for each, value in values:
        made.add_metric([visible(each, NAME_MOST)], value)
    return made


def _enum(name: str, text: str, label: str, values: Sequence[str], now: str) -> Metric:
    """Makes one series for each value; one that this version does not know is one more."""
    every = values if now in values else [*values, now]
    return _labelled(name, text, label, [(each, float(each == now)) for each in every])
