"""`make test-vm`: boots a Debian kernel with simulated GPIO, PWM and SPI, and runs inside.py
on our real units.

Needs root, network the first time, and from Debian: mmdebstrap qemu-system-x86 e2fsprogs. The kernel and its
modules are kept in the cache of tests/deploy/layers.py.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from deploy.builds import PLAIN, ROOT, cached, in_overlay, run
from deploy.runtime_lock import runtime_lock
from hal.configuration import wallbox_file
from hal.contract import WALLBOX_FILE
from tests.deploy.layers import PYTHON, SUITE, VENV, application, base

HERE = Path(__file__).parent
BUILD_PACKAGES = "make,gcc,linux-headers-amd64,linux-source-6.1,busybox-static,xz-utils,kmod"
NEEDED = ("mmdebstrap", "qemu-system-x86_64", "mke2fs", "unshare", "setpriv")
MODULES = ("gpio_sim_keeps.ko", "gpio_sim_releases.ko")
LIMIT_S = 1800  # of the whole machine's life, on a slow and busy one
DISK = "1500M"


def kernel() -> Path:
    """vmlinuz, initramfs.gz and the modules of the board."""
    parts = sorted((HERE / "board").iterdir())
    key = BUILD_PACKAGES.encode() + b"".join(part.read_bytes() for part in parts)
    return cached("kernel", key, _build_kernel)


def _build_kernel(folder: Path) -> None:
    hooks = [f"--customize-hook=copy-in {part} /build" for part in sorted((HERE / "board").iterdir())]
    run(
        *("mmdebstrap", "--quiet", "--variant=minbase", f"--include={BUILD_PACKAGES}"),
        "--customize-hook=mkdir $1/build",
        *hooks,
        '--customize-hook=chroot "$1" /build/build /build',
        *(
            f"--customize-hook=copy-out /build/{name} {folder}"
            for name in ("vmlinuz", "initramfs.gz", *MODULES)
        ),
        *(SUITE, "/dev/null"),
    )


def disk(folder: Path) -> Path:
    """A file system with Debian, our wheel and units for a real box, lgpio, and the tests."""
    parts = folder / "upper" / "opt" / "vm"
    parts.mkdir(parents=True)
    for name in MODULES:
        shutil.copy(kernel() / name, parts)
    tests = parts / HERE.relative_to(ROOT)
    tests.mkdir(parents=True)
    for name in ("inside.py", "wisher.py"):
        shutil.copy(HERE / name, tests)
    _download_lgpio(parts)
    (folder / "upper" / "etc" / "evse-bridge").mkdir(parents=True)
    (folder / "upper" / "etc" / "evse-bridge" / WALLBOX_FILE).write_text(wallbox_file.new_file(mock=False))
    # Which `install-units` leaves out of a mock.
    watchdog = "systemd/system.conf.d"
    shutil.copytree(ROOT / watchdog, folder / "upper" / "usr" / "lib" / watchdog)
    units = folder / "upper" / "etc" / "systemd" / "system"
    units.mkdir(parents=True)
    shutil.copy(HERE / "vm-test.service", units)
    prepare = f"""set -e
        chroot "$1" sh -c "{VENV}/bin/pip install --quiet --no-index --no-deps /opt/vm/lgpio-*.whl"
        rm -r "$1"/etc/systemd/system/evse-*.service.d
        systemctl --root="$1" --quiet disable evse-bridge.target
        systemctl --root="$1" --quiet add-wants graphical.target vm-test.service
        mke2fs -q -t ext4 -d "$1" "$2" {DISK}
    """
    debian = base()
    below = [application(debian), debian / "root"]
    image = folder / "disk"
    run(*in_overlay(below, folder, "sh", "-c", prepare, "sh", f"{folder}/merged", str(image)))
    return image


def _download_lgpio(folder: Path) -> None:
    """As locked, with its hash."""
    lock = (ROOT / "requirements-pi.lock").read_text(encoding="utf-8")
    (folder / "lock").write_text(runtime_lock(lock, {"lgpio"}))
    run(
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"),
        *("--only-binary=:all:", "--python-version", PYTHON, "-r", str(folder / "lock"), "-d", str(folder)),
    )


def boot(image: Path, folder: Path) -> str:
    """What the tests said. The machine ends by itself."""
    parts, said = kernel(), folder / "said"
    machine = (
        *("qemu-system-x86_64", "-M", "q35", "-cpu", "max", "-smp", "1", "-m", "1024"),
        # A processor of 1000 million instructions a second by its own clock, however slow this machine is.
        # Not KVM: a machine may have a /dev/kvm that leads nowhere.
        *("-accel", "tcg,thread=single", "-icount", "shift=0"),
        *("-kernel", str(parts / "vmlinuz"), "-initrd", str(parts / "initramfs.gz")),
        *("-append", "console=ttyS0 panic=-1 quiet systemd.show_status=0"),
        *("-drive", f"file={image},format=raw,if=virtio"),
        *("-serial", f"file:{folder}/console", "-serial", f"file:{said}"),
        *("-display", "none", "-no-reboot", "-nic", "none"),
    )
    subprocess.run(machine, env=PLAIN, check=True, timeout=LIMIT_S)
    return said.read_text(errors="replace").replace("\r\n", "\n")


def main() -> int:
    """0 when every test inside said ok."""
    if os.geteuid() != 0 or any(shutil.which(name) is None for name in NEEDED):
        print(
            f"needs root, and {', '.join(NEEDED)}: apt install mmdebstrap qemu-system-x86 e2fsprogs",
            file=sys.stderr,
        )
        return 2
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="evse-") as name:
        folder = Path(name)
        image = disk(folder)
        print(f"built in {time.monotonic() - began_s:.0f} s", flush=True)
        began_s = time.monotonic()
        said = boot(image, folder)
        print(said + f"booted, tested and off in {time.monotonic() - began_s:.0f} s")
        whole = said.endswith("end\n") and "FAIL" not in said
        if not whole:
            print((folder / "console").read_text(errors="replace")[-3000:])
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
