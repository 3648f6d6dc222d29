"""What the virtual machine runs: our drivers, units and rules on a kernel's own gpiochip, PWM and spidev.

Not a Raspberry Pi: gpio-sim and board/evse_board.c are the hardware, and the simulated wallbox of hal.mock
moves them. Everything between, from /dev and /sys upwards, is as on a Pi. One line of result for each test.
"""

from __future__ import annotations

import contextlib
import grp
import json
import os
import pwd
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from gpiozero.pins.lgpio import LGPIOFactory

from hal.configuration import wallbox_file
from hal.configuration.sections import Wallbox
from hal.contract import HANG_LIMIT_S, WALLBOX_FILE
from hal.mock.pi.line_map import FLOATING, HIGH
from hal.mock.simulated_box import SimulatedBox
from hal.safety.lines.contactor import ContactorLines
from hal.safety.lines.lock import LockLines
from hal.safety.lines.pwm import PERIOD_NS, SYSFS
from hal.safety.safe_outputs import FILE_NAME, Claims
from tests.deploy.vm.wisher import status_now

PARTS = Path("/opt/vm")  # the kernel's modules
CONFIG = Path("/etc/evse-bridge")
PYTHON = "/usr/lib/evse-bridge/current/bin/python"
ADC = Path("/sys/module/evse_board/parameters/adc")
PWM = SYSFS / "pwmchip0" / "pwm0"
HEADER = range(28)  # GPIO 0 to 27
PATIENCE_S = 120.0  # an emulated processor
DUTY_16_A = 266_666  # ns of a millisecond: IEC 61851-1 Table A.7, 16 A / 0.6 = 26.67 %, rounded down


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def until(holds: Callable[[], bool], what: str, every_s: float = 0.02) -> float:
    """Seconds until it holds."""
    began_s = time.monotonic()
    while not holds():
        assert time.monotonic() - began_s < PATIENCE_S, f"not {what}"
        time.sleep(every_s)
    return time.monotonic() - began_s


class Chip:
    """A gpiochip of gpio-sim, from behind: what it drives, and what pulls at it."""

    def __init__(self, kernel: str) -> None:
        """`keeps` or `releases`: what becomes of an output whose holder has gone."""
        self._kernel = f"gpio_sim_{kernel}"
        run("insmod", str(PARTS / f"{self._kernel}.ko"))
        self._config = Path("/sys/kernel/config/gpio-sim/pi")
        (self._config / "bank").mkdir(parents=True)
        (self._config / "bank" / "num_lines").write_text("54")  # as bcm2835's
        (self._config / "live").write_text("1")
        run("udevadm", "settle")
        self._lines = next(Path("/sys/devices/platform").glob("gpio-sim.*/gpiochip*"))
        assert self._lines.name == "gpiochip0"

    def high(self, line: int) -> bool:
        return (self._lines / f"sim_gpio{line}" / "value").read_text() == "1\n"

    def pull(self, line: int, *, up: bool) -> None:
        (self._lines / f"sim_gpio{line}" / "pull").write_text("pull-up" if up else "pull-down")

    def remove(self) -> None:
        (self._config / "live").write_text("0")
        (self._config / "bank").rmdir()
        self._config.rmdir()
        run("rmmod", self._kernel)


class World:
    """The simulated wallbox, wired to the kernel's lines instead of the mock's line map."""

    def __init__(self, chip: Chip) -> None:
        folder = Path("/run/vm-world")
        folder.mkdir()
        self.box = SimulatedBox(wallbox_file.load(CONFIG / WALLBOX_FILE, mock=False), folder)
        self._mock_pwm = folder / "pwm" / "pwmchip0"
        self._chip = chip
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._live)
        self._thread.start()

    def _live(self) -> None:
        """Above hal.safety: physics is never late."""
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(60))  # of this thread
        while not self._over.wait(0.005):
            self._feel()
            self.box.step()
            self._show()

    def _feel(self) -> None:
        """The kernel's outputs become the box's."""
        lines = self.box.line_map
        for line in HEADER:
            if lines.input_level(line) == FLOATING:
                lines.make_output(line, high=self._chip.high(line))
        if not PWM.exists():
            return
        if not (self._mock_pwm / "pwm0").exists():
            (self._mock_pwm / "export").write_text("0\n")
            return
        for name in ("period", "duty_cycle", "enable"):
            (self._mock_pwm / "pwm0" / name).write_text((PWM / name).read_text())

    def _show(self) -> None:
        lines = self.box.line_map
        for line in HEADER:
            if lines.input_level(line) != FLOATING:
                self._chip.pull(line, up=lines.input_level(line) == HIGH)
        ADC.write_text(",".join(str(lines.adc(channel)) for channel in range(8)))

    def close(self) -> None:
        self._over.set()
        self._thread.join()


def hold_contactor() -> None:
    """Closes the contactor with our own driver, says so, and stays."""
    contactor = ContactorLines(box().contactor, LGPIOFactory())
    contactor.drive(closed=True)
    print("closed", flush=True)
    signal.pause()


def box() -> Wallbox:
    return wallbox_file.load(CONFIG / WALLBOX_FILE, mock=False)


@contextlib.contextmanager
def chip_of(kernel: str) -> Iterator[Chip]:
    chip = Chip(kernel)
    try:
        yield chip
    finally:
        chip.remove()


def mode_of(path: Path) -> str:
    seen = path.stat()
    return f"{grp.getgrgid(seen.st_gid).gr_name} {seen.st_mode & 0o777:o}"


# The tests, in their order


def lines_are_driven_and_read() -> str:
    with chip_of("releases") as chip, contextlib.closing(LGPIOFactory()) as factory:
        contactor, lock = ContactorLines(box().contactor, factory), box().lock
        assert lock is not None
        assert lock.forward_pin is not None
        assert lock.backward_pin is not None
        motor = LockLines(lock, factory, None, live=False)
        for closed in (True, False):
            contactor.drive(closed=closed)
            assert chip.high(box().contactor.pin) == closed
            chip.pull(box().contactor.mirror_pin, up=closed)  # active low: open
            assert contactor.reads_closed() == closed
            chip.pull(lock.feedback_pin, up=closed)
            assert motor.reads_locked() == closed
        motor.drive("lock")
        assert (chip.high(lock.forward_pin), chip.high(lock.backward_pin)) == (True, False)
        motor.drive("unlock")
        assert (chip.high(lock.forward_pin), chip.high(lock.backward_pin)) == (False, True)
        motor.drive(None)
        assert not chip.high(lock.backward_pin)
    return ""


def an_input_is_pulled_to_the_worse_answer() -> str:
    """A cut wire: nobody pulls but our own bias."""
    with chip_of("releases") as chip, contextlib.closing(LGPIOFactory()) as factory:
        chip.pull(box().contactor.mirror_pin, up=False)
        assert ContactorLines(box().contactor, factory).reads_closed()
    return ""


def a_dead_process_lets_its_line_fall_where_the_kernel_releases() -> str:
    with chip_of("releases") as chip:
        _die_while_closed(chip)
        assert not chip.high(box().contactor.pin)
    return ""


def a_dead_process_leaves_its_line_high_where_the_kernel_keeps_until_safe_outputs() -> str:
    with chip_of("keeps") as chip:
        _die_while_closed(chip)
        time.sleep(0.5)
        assert chip.high(box().contactor.pin)
        folder = Path("/run/vm-claims")
        folder.mkdir()
        duty = folder / "duty_cycle"
        duty.write_text("0")
        claims = Claims(
            line_map=None, gpio_chip=0, low_lines=[17, 23, 24], duty_file=str(duty), duty_ns=PERIOD_NS
        )
        (folder / FILE_NAME).write_text(json.dumps(claims))
        began_s = time.monotonic()
        run(PYTHON, "-I", "-m", "hal.safety.safe_outputs", "--runtime-dir", str(folder))
        assert not chip.high(box().contactor.pin)
        assert duty.read_text().startswith(str(PERIOD_NS))
    return f"safe_outputs took {time.monotonic() - began_s:.2f} s"


def _die_while_closed(chip: Chip) -> None:
    holder = subprocess.Popen([PYTHON, "-m", "tests.deploy.vm.inside", "hold"], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"closed\n"
        assert chip.high(box().contactor.pin)
    finally:
        holder.kill()
        holder.wait()


def our_rules_give_each_device_its_group() -> str:
    with chip_of("keeps"):
        assert mode_of(Path("/dev/gpiochip0")) == "gpio 660"
    assert mode_of(Path("/dev/spidev0.0")) == "spi 660"
    assert mode_of(SYSFS / "pwmchip0" / "export") == "evse-safety 660"
    link = Path("/run/evse-bridge-pwm").readlink()
    assert link.name == "pwmchip0"
    return str(link)


def systemd_feeds_the_watchdog_of_our_drop_in() -> str:
    """A watchdog of the kernel's own, from the initramfs, in place of the SoC's; nothing would close without
    one."""
    watchdog = Path("/sys/class/watchdog/watchdog0")
    until(lambda: (watchdog / "state").read_text() == "active\n", "fed")
    timeout_s = int((watchdog / "timeout").read_text())
    assert timeout_s <= HANG_LIMIT_S
    return f"{timeout_s} s"


def the_unit_runs_on_real_devices_hangs_is_killed_and_made_safe() -> str:
    with chip_of("keeps") as chip:
        world = World(chip)
        try:
            # Slow as it is here, udev may come too late once.
            run("systemctl", "start", "--no-block", "evse-safety")
            until(lambda: _answers(""), "started")
            return _a_charge(chip, world)
        finally:
            run("systemctl", "stop", "evse-safety")
            world.close()


def _a_charge(chip: Chip, world: World) -> str:
    first = status_now()
    assert not first.mock
    assert first.real_time == "fifo, memory locked"
    assert mode_of(PWM / "duty_cycle") == "evse-safety 660"
    assert (PWM / "duty_cycle").read_text() == f"{PERIOD_NS}\n"
    _devices_are_fenced()

    bridge = subprocess.Popen([*_as("evse-bridge"), PYTHON, "-m", "tests.deploy.vm.wisher"])
    try:
        world.box.plant.plug_in()
        until(lambda: chip.high(box().contactor.pin), "charging")
        until(lambda: (PWM / "duty_cycle").read_text() == f"{DUTY_16_A}\n", "offering 16 A")
        until(lambda: world.box.plant.current_a[0] > 6, "taking current")
        charging = status_now()
        pid = int(run("systemctl", "show", "--property=MainPID", "--value", "evse-safety"))
        memory = _memory(pid)
        os.kill(pid, signal.SIGSTOP)
        low_s = until(lambda: not chip.high(box().contactor.pin), "made safe", every_s=0.005)
        until(lambda: (PWM / "duty_cycle").read_text() == f"{PERIOD_NS}\n", "x1")
        again = until(lambda: _answers(first.start_id), "started again")
        closed_s = until(lambda: chip.high(box().contactor.pin), "charging again")
        assert closed_s > box().contactor.after_fault_s - 1  # told a moment after the start
    finally:
        bridge.kill()
        bridge.wait()
    assert "Watchdog timeout" in run("journalctl", "--boot", "--unit=evse-safety")
    late = f"{charging.counters.late_ticks} late ticks"
    told = f"safe {low_s:.2f} s after SIGSTOP, up {again:.1f} s later, closed {closed_s:.1f} s after that"
    return f"{told}; {memory}; {late}"


def _answers(but: str) -> bool:
    """A hal.safety other than the one of that start."""
    try:
        return status_now().start_id != but
    except OSError:
        return False


def _memory(pid: int) -> str:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return ", ".join(
        " ".join(line.split()) for line in lines if line.startswith(("VmLck", "VmRSS", "Threads"))
    )


def _devices_are_fenced() -> None:
    """From within the cgroup of each service, as root: only the device policy stands between."""
    assert _opens("evse-safety", "/dev/gpiochip0")
    assert _opens("evse-safety", "/dev/spidev0.0")
    assert _opens("evse-safety", "/dev/null")
    assert not _opens("evse-safety", "/dev/ttyS0")
    assert not _opens("evse-safety", "/dev/vda")


def _opens(service: str, device: str) -> bool:
    """In a child, which ends there."""
    child = os.fork()
    if child == 0:
        Path(f"/sys/fs/cgroup/system.slice/{service}.service/cgroup.procs").write_text(str(os.getpid()))
        try:
            os.open(device, os.O_RDONLY | os.O_NONBLOCK)
        except PermissionError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def _as(user: str) -> list[str]:
    assert pwd.getpwnam(user)
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]


TESTS = (
    lines_are_driven_and_read,
    an_input_is_pulled_to_the_worse_answer,
    a_dead_process_lets_its_line_fall_where_the_kernel_releases,
    a_dead_process_leaves_its_line_high_where_the_kernel_keeps_until_safe_outputs,
    our_rules_give_each_device_its_group,
    systemd_feeds_the_watchdog_of_our_drop_in,
    the_unit_runs_on_real_devices_hangs_is_killed_and_made_safe,
)


def main() -> None:
    """One line each; `end` when all have had their turn."""
    for test in TESTS:
        began_s = time.monotonic()
        try:
            said = test()
        except Exception:  # noqa: BLE001 - whatever it is, it is this test's result
            journal = run(
                "journalctl", "--boot", "--unit=evse-safety", "--lines=30", "--output=short-monotonic"
            )
            told = f"{traceback.format_exc()}{journal}".replace("\n", "\n     ")
            print(f"FAIL {test.__name__}\n     {told}", flush=True)
        else:
            print(f"ok   {test.__name__} ({time.monotonic() - began_s:.1f} s) {said}", flush=True)
    print("end", flush=True)


if __name__ == "__main__":
    hold_contactor() if sys.argv[1:] == ["hold"] else main()
