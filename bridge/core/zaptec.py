"""How a Zaptec differs from the standard: one row of behaviour for each of its two ways to speak OCPP 1.6."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mode = Literal["cloud", "native"]

POWER = "Power.Active.Import"
ENERGY = "Energy.Active.Import.Register"
OFFERED_POWER = "Power.Offered"
OFFERED_CURRENT = "Current.Offered"
CURRENT = "Current.Import"
VOLTAGE = "Voltage"
TEMPERATURE = "Temperature"
INTERVAL = "Energy.Active.Import.Interval"

# A Zaptec's own bounds, reported by the keys of OCPP 1.6 9.4.
MOST_PROFILES = 24  # MaxChargingProfilesInstalled
MOST_PERIODS = 32  # ChargingScheduleMaxPeriods
TOP_STACK_LEVEL = 8  # ChargeProfileMaxStackLevel, itself a valid level
MOST_A = 80.0


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The values that differ between the modes, for one mode."""

    mode: Mode
    sample_interval_s: int  # MeterValueSampleInterval at first start
    sampled_measurands: str  # MeterValuesSampledData at first start
    measurands: tuple[str, ...]  # what the *Data keys accept
    measurands_max: int  # their MaxLength
    phases: tuple[str, str, str]  # how phases are written
    rate_units: str  # ChargingScheduleAllowedChargingRateUnit
    pre_authorizes: bool  # LocalPreAuthorize at first start
    full_reservations: bool  # of connector 0 too, and for a parentIdTag
    remote_start_life_s: float | None  # None: ConnectionTimeOut counts
    energy_in_kwh: bool
    transfer_protocols: str  # SupportedFileTransferProtocols
    one_element: bool  # one MeterValue with all sampled values, or one for each measurand


CLOUD = Behaviour(
    mode="cloud",
    sample_interval_s=120,  # "By default, meter values are sent every 2 minutes"
    sampled_measurands=f"{POWER},{ENERGY},{OFFERED_POWER},{CURRENT}",
    measurands=(POWER, ENERGY, OFFERED_POWER, CURRENT, OFFERED_CURRENT, VOLTAGE, TEMPERATURE, INTERVAL),
    measurands_max=8,
    phases=("L1-N", "L2-N", "L3-N"),
    rate_units="Current,Power",
    pre_authorizes=False,
    full_reservations=False,
    remote_start_life_s=120.0,  # "IdTag set using this method will time out after 120s"
    energy_in_kwh=True,
    transfer_protocols="FTP,FTPS,HTTP,HTTPS",
    one_element=True,
)

NATIVE = Behaviour(
    mode="native",
    sample_interval_s=0,
    sampled_measurands=ENERGY,
    measurands=(POWER, ENERGY, CURRENT, OFFERED_CURRENT, VOLTAGE, TEMPERATURE, INTERVAL),
    measurands_max=7,  # a Zaptec has 6; Home Assistant writes all that it found accepted as one list
    phases=("L1", "L2", "L3"),
    rate_units="Current",
    pre_authorizes=True,
    full_reservations=True,
    remote_start_life_s=None,
    energy_in_kwh=False,
    transfer_protocols="HTTP,HTTPS",
    one_element=False,
)

BEHAVIOURS: dict[Mode, Behaviour] = {"cloud": CLOUD, "native": NATIVE}


def four_numbers(version: str) -> str:
    """Writes a version as a Zaptec: 1.2 is 1.2.0.0. Raises ValueError for anything but numbers with
    dots."""
    numbers = [str(int(number)) for number in version.split(".")]
    return ".".join([*numbers, "0", "0", "0"][:4])


def is_older(version: str, than: str) -> bool:
    """Compares two versions of four numbers: 0.9.0.0 is older than 0.10.0.0; no version is the oldest."""
    one, other = ([int(number) for number in each.split(".") if number] for each in (version, than))
    return one < other
