"""PURE: judges the Raspberry Pi below the programs: time, supply, heat, storage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.core.calendar import BUILT_AT
from bridge.doctor.check import Check, Subject
from hal.contract import HANG_LIMIT_S, InstrumentBox, Temperatures

CLOCK = Subject("machine.clock", "clock", "set by a time server")
SUPPLY = Subject("machine.supply", "supply voltage", "never below 4.63 V")  # Raspberry Pi documentation
SOC = Subject("machine.temperature", "chip temperature", "below 80 °C")
SOC_TO_C = 80.0  # Raspberry Pi documentation: from here its clock is throttled
WEAR = Subject("machine.wear", "storage wear", "below 80 % used")
WORN_STEP, WORN_OUT_STEP = 0x09, 0x0A  # eMMC EXT_CSD: steps of 10 %; 0x0A is 90 to 100 %, 0x0B beyond
FREE = Subject("machine.free_space", "free space", "at least 500 MB")
# Own bounds: the database and its journal need some MB; diagnostics and an update some hundred.
FREE_WARNING_MB, FREE_FAULT_MB = 500.0, 50.0
WATCHDOG = Subject("machine.watchdog", "chip's watchdog", f"fed, at most {HANG_LIMIT_S} s")
PANIC = Subject("machine.panic", "kernel panic", "restarts within 10 s; an oops panics")
PANIC_LATEST_S = 10
STATE = Subject("machine.state_folder", "state folder", "synced within 1 s")
SYNC_S = 1.0  # an fsync of 158 ms was seen on a good machine

_NTP_DO = "Connect it to the network; systemctl status systemd-timesyncd (timedatectl)."


def clock(now: datetime, *, synchronized: bool | None) -> Check:
    """Judges the clock. `synchronized`: what the kernel says; None: it cannot be asked."""
    measured = f"{now:%Y-%m-%d %H:%M:%S %Z}"
    if now < BUILT_AT:
        return CLOCK.fault(measured, f"It was never set, so certificates look invalid. {_NTP_DO}")
    if synchronized is None:
        return CLOCK.not_checked(f"{measured}; the kernel cannot be asked")
    if not synchronized:
        return CLOCK.warning(f"{measured}, not synchronized", _NTP_DO)
    return CLOCK.ok(f"{measured}, synchronized")


def supply(instruments: InstrumentBox) -> Check:
    """Judges the supply as the Pi's firmware does, which the instruments report."""
    health = instruments.pi_health
    if health == "ok":
        return SUPPLY.ok("ok")
    if health.startswith("not measured"):
        return SUPPLY.not_checked(health.partition(": ")[2])
    return SUPPLY.fault(health, "Use a stronger supply (5.1 V) with a short, thick cable.")


def chip(temperatures: Temperatures | None) -> Check:
    """Judges the SoC's own thermometer."""
    if temperatures is None or temperatures.soc_c is None:
        return SOC.not_checked("this machine reports none")
    measured, values = f"{temperatures.soc_c:.0f} °C", {"soc_c": temperatures.soc_c}
    if temperatures.soc_c < SOC_TO_C:
        return SOC.ok(measured, values)
    return SOC.warning(measured, "Give it a heat sink or air; it slows down and ticks come late.", values)


@dataclass(frozen=True, slots=True)
class Watchdog:
    """A watchdog of the kernel; `timeout_s` None: the kernel does not report it."""

    name: str
    state: str  # active: somebody feeds it
    timeout_s: int | None

    @property
    def resets(self) -> bool:
        """Says whether it ends a hang in time."""
        return self.state == "active" and self.timeout_s is not None and self.timeout_s <= HANG_LIMIT_S


_HANG_DO = (
    "Install /usr/lib/systemd/system.conf.d/90-evse-bridge.conf (deploy/install-units) and reboot; "
    "config.txt: dtparam=watchdog=on."
)


def watchdog(there: Sequence[Watchdog], *, line: bool) -> Check:
    """Says who ends a hang of the kernel. `line`: the box's watchdog line opens in a moment."""
    measured = "; ".join(_of_watchdog(one) for one in there) or "there is none"
    if any(one.resets for one in there):
        return WATCHDOG.ok(measured)
    if line:
        return WATCHDOG.warning(
            measured, f"The watchdog line opens the contactor, but nothing restarts the box. {_HANG_DO}"
        )
    return WATCHDOG.fault(
        measured, f"The contactor does not close, because in a hang it would stay closed. {_HANG_DO}"
    )


def _of_watchdog(one: Watchdog) -> str:
    timeout = "timeout unknown" if one.timeout_s is None else f"{one.timeout_s} s"
    return f"{one.name} {one.state or 'reports nothing'}, {timeout}"


def panic(restarts_after_s: int, *, oops_panics: bool) -> Check:
    """Judges kernel.panic (below 0: at once; 0: never) and kernel.panic_on_oops."""
    soon = restarts_after_s < 0 or 0 < restarts_after_s <= PANIC_LATEST_S
    measured = f"kernel.panic = {restarts_after_s}, kernel.panic_on_oops = {int(oops_panics)}"
    if soon and oops_panics:
        return PANIC.ok(measured)
    do = "Install /usr/lib/sysctl.d/90-evse-bridge.conf (deploy/install-units); sysctl --system."
    return PANIC.warning(measured, do)


@dataclass(frozen=True, slots=True)
class Storage:
    """What the kernel reports about the medium of the state folder; None: nothing."""

    device: str
    life_steps: tuple[int, ...] = ()  # eMMC EXT_CSD device life time, type A and B
    end_of_life: int | None = None  # eMMC EXT_CSD: 1 normal, 2 most of the reserve is used, 3 urgent
    errors: int | None = None  # counted by ext4 since its last check


def wear(storage: Storage) -> Check:
    """Judges eMMC only: hardly any SD card reports it; its sign are the file system's errors."""
    parts, worst = [], max(storage.life_steps, default=0)
    if worst:
        parts.append(
            "over 100 % used" if worst > WORN_OUT_STEP else f"{worst * 10 - 10} to {worst * 10} % used"
        )
    if storage.errors is not None:
        parts.append(f"{storage.errors} file system errors")
    measured = (
        f"{storage.device}: {', '.join(parts)}" if parts else f"{storage.device} does not report its wear"
    )
    values = {"life_step": float(worst)} if worst else {}
    if storage.errors is not None:
        values["file_system_errors"] = float(storage.errors)
    renew = "Copy the state folder away and replace the card or medium."
    if worst >= WORN_OUT_STEP or storage.end_of_life == 3:
        return WEAR.fault(measured, renew, values)
    if worst >= WORN_STEP or storage.end_of_life == 2 or storage.errors:
        return WEAR.warning(measured, renew, values)
    return WEAR.ok(measured, values) if parts else WEAR.not_checked(measured)


def free_space(free_bytes: int, total_bytes: int) -> Check:
    """Judges the room where the state folder is."""
    free_mb = free_bytes / 1e6
    measured = f"{free_mb:,.0f} of {total_bytes / 1e6:,.0f} MB".replace(",", " ")
    values = {"free_mb": round(free_mb)}
    do = "Remove old logs and files (journalctl --vacuum-size=100M), or use a larger card."
    if free_mb < FREE_FAULT_MB:
        return FREE.fault(measured, do, values)
    return FREE.warning(measured, do, values) if free_mb < FREE_WARNING_MB else FREE.ok(measured, values)


def unwritable(folder: str, error: PermissionError) -> Check:
    """Reports that the doctor's own user may not write; the programs' users may."""
    return STATE.not_checked(f"{folder}: {error.strerror}", "Run the doctor with sudo.")


def absent(folder: str) -> Check:
    """Judges a state folder that is not there."""
    return STATE.fault(f"there is no {folder}", "The first start makes it; or name its --state-dir.")


def state_folder(folder: str, synced_s: float | None, error: str) -> Check:
    """Judges whether a file could be written there and be synced. `error`: why not."""
    if synced_s is None:
        do = "Is the file system read-only or full (mount, df)? Does the folder belong to the program's user?"
        return STATE.fault(f"{folder}: {error}", do)
    measured, values = f"{folder}: synced in {synced_s * 1000:.0f} ms", {"sync_s": round(synced_s, 4)}
    if synced_s <= SYNC_S:
        return STATE.ok(measured, values)
    return STATE.warning(measured, "The card is slow: replace it with a faster one before it fails.", values)
