"""The package for a Pi on a Debian with what it depends on and nothing else, on an emulated processor.

`make test-package`, as root: the first time it compiles by emulation, some ten minutes for each release.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.builds import BuildError, in_overlay, run
from deploy.package.environment import APPLICATION, missing, on
from deploy.package.target import Target
from tests.deploy.layers import NoDebianError, unpacked
from tests.deploy.test_package_installed import NO_CONTAINER, last, package

PYTHON = f"{APPLICATION}/bin/python"
AARCH64 = b"\x7fELF\x02\x01", b"\xb7\x00"  # the first bytes of a program of that kind, and its machine
# Every package of the environment by its names, and every compiled module in it.
LOADS = """
import importlib, importlib.machinery, importlib.metadata, pathlib, sys
of = importlib.metadata.packages_distributions()
site = next(pathlib.Path(path) for path in sys.path if path.endswith("site-packages"))
ends = importlib.machinery.EXTENSION_SUFFIXES
compiled = {str(path.relative_to(site)).partition(".")[0].replace("/", ".") for path in site.rglob("*.so")
            if path.name.endswith(tuple(ends)) and ".libs" not in str(path)}
for name in sorted(set(of) | compiled):
    importlib.import_module(name)
print(*sorted({each.name for each in importlib.metadata.distributions()}))
"""

pytestmark = [
    pytest.mark.package,
    pytest.mark.skipif(bool(NO_CONTAINER), reason=f"no container: {NO_CONTAINER}"),
    pytest.mark.timeout(3600),
]


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_every_wheel_and_the_command_run_on_the_processor_of_a_pi(suite: str, tmp_path: Path) -> None:
    target = Target(suite, "arm64")
    if lacks := missing([target]):
        pytest.skip(lacks)
    try:
        below, built = unpacked(target), package(target, last())
    except (BuildError, NoDebianError) as error:
        pytest.skip(f"no package: {error}")
    run("dpkg-deb", "--extract", str(built), str(tmp_path / "upper"))
    for path in (tmp_path / "upper" / APPLICATION.lstrip("/")).rglob("*.so*"):
        head = path.read_bytes()[:20]
        assert (head[:6], head[18:]) == AARCH64, path

    def said(*words: str) -> str:
        command = ("chroot", f"{tmp_path}/merged", PYTHON, "-I", *words)
        return run(*on(target, *in_overlay([below], tmp_path, *command)))

    brought = {path.name for path in (tmp_path / "upper" / APPLICATION.lstrip("/")).rglob("*.dist-info")}
    assert len(said("-c", LOADS).split()) == len(brought) > 30
    assert said("-m", "bridge.cli.main", "--version") == f"{last().version}\n"
    said("-m", "bridge.cli.main", "config", "init", "--mock", "--config-dir", "/etc/evse-bridge")
    said("-m", "bridge.cli.main", "config", "check", "--mock", "--config-dir", "/etc/evse-bridge")
