"""How the parts of the bridge are wired: from the settings, and from what the store remembers."""

from __future__ import annotations

import uuid
from functools import partial

from bridge import parts, settings
from bridge.actor import Actor, Parts
from bridge.central_system.conversation import Conversation
from bridge.central_system.effects import Environment
from bridge.central_system.registration import Registration
from bridge.core.calendar import Calendar
from bridge.core.charge_point import ChargePoint
from bridge.core.configuration.configuration import Configuration
from bridge.core.now import Now
from bridge.core.setup import Memory, Provisioning
from bridge.core.zaptec import BEHAVIOURS
from bridge.store.reads import Reads

DATABASE_NAME = "bridge.sqlite"  # in the state folder


def actor(setup: settings.ChargePoint, store: Reads, calendar: Calendar, version: str, now: Now) -> Actor:
    """Makes all that decides, without a socket, a thread or a clock."""
    return Actor(partial(deciding, setup, store, calendar, version), setup.reset.hard, now)


def deciding(setup: settings.ChargePoint, store: Reads, calendar: Calendar, version: str, now: Now) -> Parts:
    """Makes the part that decides, as the store has it at this moment."""
    core = charge_point(setup, store, calendar.boot_id, version, now)
    return Parts(core, conversation(setup, core, store, calendar), calendar)


def charge_point(
    setup: settings.ChargePoint, store: Reads, boot_id: str, version: str, now: Now
) -> ChargePoint:
    """Makes a charge point from the settings and what the store remembers."""
    behaviour = BEHAVIOURS[setup.zaptec.mode]
    remembered = store.remembered()
    configuration = Configuration(
        behaviour,
        setup.ocpp.first_values,
        remembered,
        authorization_required=setup.zaptec.authorization_required,
    )
    row, dimming = store.open_transaction(), store.newest_dimming()
    memory = Memory(
        next_row_id=store.next_row_id(),
        open_row=row,
        next_sample_seq=store.next_sample_seq(row.row_id) if row is not None else 0,
        last_sample=store.last_sample(row.row_id) if row is not None else None,
        last_periodic=store.last_periodic(row.row_id) if row is not None else None,
        undated=store.undated(),
        remembered=remembered,
        profiles=store.charging_profiles(),
        open_dimming=dimming if dimming is not None and dimming.ended_at is None else None,
        next_dimming_id=store.next_dimming_id(),
        id_tags=store,
    )
    provisioning = Provisioning(
        behaviour,
        boot_id,
        central_system_url=setup.central_system.url,
        accept_before_registration=setup.central_system.accept_before_registration,
        charge_point_id=setup.charge_point.id,
        password=parts.password(setup),
        firmware_version=version,
        firmware_source=setup.firmware.source,
        allows_older_firmware=setup.firmware.allow_older,
        lost_limit=setup.fallback.lost_limit,
        surplus=setup.solar.setup,
    )
    return ChargePoint(provisioning, configuration, memory, now)


def conversation(
    setup: settings.ChargePoint, core: ChargePoint, store: Reads, calendar: Calendar
) -> Conversation:
    """OCPP 1.6 6.3: who we say we are. iccid, imsi and meter are left out where unknown."""
    boot_notification = {
        "chargePointVendor": setup.charge_point.vendor,
        "chargePointModel": setup.charge_point.model,
        "chargePointSerialNumber": setup.charge_point.serial_number,
        "firmwareVersion": core.provisioning.firmware_version,
    }
    voice = Environment(
        boot_notification,
        new_id=lambda: str(uuid.uuid4()),
        calendar=calendar,
        transaction_time_out_s=setup.timing.transaction_time_out_s,
        retry_interval_least_s=setup.timing.retry_interval_least_s,
    )
    return Conversation(core, store, voice, Registration(setup.timing.registration_retry_s))
