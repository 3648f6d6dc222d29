"""Which machine it is, from folders that look like it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.boot.files import seen
from tests.bridge.boot.pis import PIS, lay_out


@pytest.mark.parametrize(
    ("name", "family", "filters", "kernel", "system"),
    [
        ("pi3", "pi3", {"pi3", "pi3+"}, "raspberry", "Raspberry Pi OS trixie"),
        ("pi3-bookworm", "pi3", {"pi3"}, "raspberry", "Raspberry Pi OS bookworm"),
        ("pi4", "pi4", {"pi4"}, "raspberry", "Raspberry Pi OS trixie"),
        ("pi4-old-boot", "pi4", {"pi4"}, "raspberry", "Raspberry Pi OS bullseye"),
        ("pi5", "pi5", {"pi5"}, "raspberry", "Raspberry Pi OS trixie"),
        ("zero2", "zero2", {"pi0", "pi0w", "pi02"}, "raspberry", "Raspberry Pi OS trixie"),
        ("debian", "pi4", {"pi4"}, "debian", "Debian GNU/Linux (bookworm)"),
    ],
)
def test_each_board(
    name: str, family: str, filters: set[str], kernel: str, system: str, tmp_path: Path
) -> None:
    machine = seen(lay_out(tmp_path, PIS[name]))
    assert machine.board is not None
    assert machine.board.family == family
    assert machine.board.filters == filters
    assert machine.kernel == kernel
    assert machine.system == system
    assert machine.serial == "10000000abcd1234"
    assert machine.model in machine.words


def test_a_pi_that_is_too_old(tmp_path: Path) -> None:
    machine = seen(lay_out(tmp_path, PIS["pi2"]))
    assert (machine.board, machine.kernel) == (None, None)
    assert machine.words.startswith("Raspberry Pi 2 Model B Rev 1.1")


def test_a_laptop(tmp_path: Path) -> None:
    machine = seen(lay_out(tmp_path, None))
    assert (machine.model, machine.board, machine.suite) == ("", None, "bookworm")
    assert machine.words == "no Raspberry Pi; Debian GNU/Linux (bookworm)"


@pytest.mark.parametrize("release", ["6.1.21-v8+", "6.6.31+rpt-rpi-2712"])
def test_a_kernel_is_known_by_its_release(release: str, tmp_path: Path) -> None:
    """Where the device tree in /proc shows no overrides."""
    root = lay_out(tmp_path, PIS["debian"])
    (root / "proc/sys/kernel/osrelease").write_text(release)
    assert seen(root).kernel == "raspberry"


def test_nothing_readable(tmp_path: Path) -> None:
    assert seen(tmp_path).words == "no Raspberry Pi; an unknown system"
