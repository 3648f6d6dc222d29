"""Makes the initramfs: busybox, e2fsck, a few modules and `initramfs/init`; none of it runs here."""

from __future__ import annotations

import lzma
import shutil
from pathlib import Path

from deploy.image.building import ImageError, run
from deploy.image.debian import Hardware

PARTS = Path(__file__).with_name("initramfs")
MODULES = PARTS / "modules"


def made(hardware: Hardware, folder: Path, to: Path) -> None:
    """Fills `folder`, which is new, and packs it. Raises ImageError."""
    for name in ("bin", "etc", "dev", "proc", "sys", "run", "root"):
        (folder / name).mkdir(parents=True)
    for tool in ("busybox", "e2fsck.static"):
        shutil.copy(hardware.tools / tool, folder / "bin" / tool)
        (folder / "bin" / tool).chmod(0o755)
    shutil.copy(PARTS / "e2fsck.conf", folder / "etc" / "e2fsck.conf")
    shutil.copy(MODULES, folder / "modules")
    shutil.copy(PARTS / "init", folder / "init")
    (folder / "init").chmod(0o755)
    _add_modules(hardware, folder)
    run("sh", "-c", PACK, "sh", folder, to)


PACK = 'cd "$1" && find . | LC_ALL=C sort | cpio --quiet --create --format=newc --owner=0:0 | gzip -9n >"$2"'


def _add_modules(hardware: Hardware, folder: Path) -> None:
    """Copies them with all that they need, unpacked: busybox reads no xz."""
    lib = Path("lib") / "modules" / hardware.release
    wanted = needs(hardware.folder / lib)
    for module in MODULES.read_text().split():
        for file in wanted.get(module, []):
            target = folder / lib / file.removesuffix(".xz")
            target.parent.mkdir(parents=True, exist_ok=True)
            content = (hardware.folder / lib / file).read_bytes()
            target.write_bytes(lzma.decompress(content) if file.endswith(".xz") else content)
    for listed in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        shutil.copy(hardware.folder / lib / listed, folder / lib / listed)
    run("depmod", "--basedir", folder, hardware.release)


def needs(modules: Path) -> dict[str, list[str]]:
    """Finds each module's file and those it depends on; what is built into the kernel has none.

    Raises ImageError when a wanted one is neither.
    """
    found = {}
    for line in (modules / "modules.dep").read_text().splitlines():
        file, others = line.split(":")
        found[_name(file)] = [file, *others.split()]
    built_in = {_name(line) for line in (modules / "modules.builtin").read_text().split()}
    lost = set(MODULES.read_text().split()) - found.keys() - built_in
    if lost:
        raise ImageError(
            f"the kernel {modules.name} has no {', '.join(sorted(lost))}; deploy/image/initramfs/modules"
        )
    return found


def _name(file: str) -> str:
    return Path(file).name.split(".")[0].replace("-", "_")
