"""What `safe_outputs` does when the kernel, the disk or a line refuses: the rest all the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hal.mock.pi.line_map import FILE_NAME as LINE_MAP
from hal.mock.pi.line_map import LineMap
from hal.safety.lines.pwm import PERIOD_NS
from hal.safety.safe_outputs import Claims, NotSafeError, make_safe, write_claims
from tests.hal import lgpio_model
from tests.own_mounts import under

TAKES_A_THOUSAND_AT_MOST = "/proc/self/oom_score_adj"  # EINVAL above, as duty_cycle above its period
CONTACTOR = 17


def claim(folder: Path, duty_file: str) -> None:
    """Of lines that take whatever they are told."""
    LineMap.create(folder / LINE_MAP).close()
    claims = Claims(
        line_map=str(folder / LINE_MAP),
        gpio_chip=None,
        low_lines=[CONTACTOR],
        duty_file=duty_file,
        duty_ns=PERIOD_NS,
    )
    write_claims(folder, claims)


def test_a_wave_that_never_had_a_period_is_no_failure(short_folder: Path) -> None:
    claim(short_folder, TAKES_A_THOUSAND_AT_MOST)
    assert make_safe(short_folder).endswith("pilot x1")


def test_any_other_refusal_is_told(short_folder: Path) -> None:
    claim(short_folder, str(short_folder))
    with pytest.raises(NotSafeError, match=r"may still OFFER: .*Is a directory.*; lines \[17\] low"):
        make_safe(short_folder)


# A Raspberry Pi: the model of lgpio in place of the real one.

SCRIPT = (
    "import sys; sys.path.insert(0, {!r}); from hal.safety.safe_outputs import main; sys.exit(main({!r}))"
)
LINES = [17, 20, 23]
READ_ONLY = (
    "for folder in {} /dev/shm /tmp; do mount --bind $folder $folder; mount -o remount,bind,ro $folder; done"
)


class Pi:
    """A runtime folder with what hal.safety has claimed, and a Python that finds the model."""

    def __init__(self, folder: Path, chip: int = 0) -> None:
        self.folder, self.lgpio, self.duty = folder / "r", folder / "lgpio", folder / "duty_cycle"
        self.folder.mkdir()
        lgpio_model.install(self.lgpio)
        self.duty.write_text("266667\n")
        claims = Claims(
            line_map=None, gpio_chip=chip, low_lines=LINES, duty_file=str(self.duty), duty_ns=PERIOD_NS
        )
        write_claims(self.folder, claims)

    def made_safe(self, *prefix: str, cwd: Path = Path("/")) -> tuple[int, str]:
        """Exit code, and what it said."""
        script = SCRIPT.format(str(self.lgpio), ["--runtime-dir", str(self.folder)])
        command = [*prefix, sys.executable, "-I", "-c", script]
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stderr.strip()

    @property
    def low(self) -> list[int]:
        """In the order in which they were claimed low."""
        claimed = self.lgpio / "claimed"
        return [int(row.split()[1]) for row in claimed.read_text().splitlines()] if claimed.exists() else []

    @property
    def x1(self) -> bool:
        return self.duty.read_text() == f"{PERIOD_NS}\n"


@pytest.fixture
def pi(short_folder: Path) -> Pi:
    return Pi(short_folder)


def test_on_a_pi_the_contactor_first_wherever_it_was_started(pi: Pi, tmp_path: Path) -> None:
    removed = tmp_path / "removed"
    removed.mkdir()
    for cwd in (Path("/proc"), removed):
        assert pi.made_safe(cwd=cwd) == (0, "safe_outputs: lines [17, 20, 23] low, pilot x1")
    assert (pi.low, pi.x1) == (LINES * 2, True)


def test_a_runtime_folder_that_takes_no_fifo_is_no_obstacle(pi: Pi) -> None:
    (pi.folder / ".lgd-nfy0").mkdir()
    code, said = pi.made_safe(cwd=Path("/proc"))
    assert (code, pi.low, pi.x1) == (0, LINES, True), said
    Path("/dev/shm/.lgd-nfy0").unlink()


def test_one_line_that_is_refused_keeps_no_other_high(pi: Pi) -> None:
    (pi.lgpio / "busy").write_text("17")
    code, said = pi.made_safe()
    assert said == "safe_outputs: lines [17, 20, 23] may be HIGH: GPIO 17: GPIO busy; pilot x1"
    assert (code, pi.low, pi.x1) == (1, [20, 23], True)


def test_without_lgpio_the_pilot_all_the_same(pi: Pi) -> None:
    (pi.lgpio / "lgpio.py").unlink()
    code, said = pi.made_safe()
    assert said.startswith("safe_outputs: lines [17, 20, 23] may be HIGH: lgpio >= 0.2.2 is not installed")
    assert (code, said.endswith("; pilot x1"), pi.x1) == (1, True, True)


def test_another_chip_than_before(short_folder: Path) -> None:
    pi = Pi(short_folder, chip=4)
    code, said = pi.made_safe()
    assert "may be HIGH: gpiochip4: can not open gpiochip; pilot x1" in said
    assert (code, pi.x1) == (1, True)


def test_where_no_disk_takes_a_fifo_the_pilot_all_the_same(pi: Pi) -> None:
    """Full and read-only look the same to lgpio."""
    its_own = f"mount --bind {pi.duty} {pi.duty} && mount -o remount,bind,rw {pi.duty}"  # as sysfs is
    code, said = pi.made_safe(*under(f"{READ_ONLY.format(pi.folder)} && {its_own}"))
    assert "lgpio cannot make its FIFO in /tmp" in said
    assert "is it read-only or full (mount, df)?; pilot x1" in said
    assert (code, pi.low) == (1, [])
    assert pi.x1
