"""`python -m tests.mutants [WORD]`: each mutant (whose name has WORD in it), in a copy, against its test.

Exit 0: all killed. 1: a mutant survived. 2: the catalogue does not fit the source, or a test does not run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import Mutant

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 2
TEST_FAILED = 1  # pytest's exit code; any other but 0 means that it did not get as far
DEADLINE_S = 300.0  # all named tests together, on a busy machine


class CatalogueError(Exception):
    """The mutant cannot be made or its test cannot be run; the text names both."""


def main(words: list[str]) -> int:
    """Prints a row a mutant."""
    chosen = [mutant for mutant in MUTANTS if all(word in mutant.name for word in words)]
    began_s = time.monotonic()
    try:
        _check_green(chosen)
        with ThreadPoolExecutor(WORKERS) as pool:
            killed = list(pool.map(_is_killed, chosen))
    except CatalogueError as wrong:
        print(wrong, file=sys.stderr)
        return 2
    width = max(len(mutant.name) for mutant in chosen)
    for mutant, dead in zip(chosen, killed, strict=True):
        print(f"{mutant.name:{width}}  {'killed  ' if dead else 'SURVIVED'}  {mutant.test}")
    survivors = killed.count(False)
    print(f"{len(chosen)} mutants, {survivors} survivors, {time.monotonic() - began_s:.0f} s")
    return 1 if survivors else 0


def _check_green(chosen: list[Mutant]) -> None:
    """All named tests pass on the source as it is."""
    with tempfile.TemporaryDirectory(prefix="evse-mutant-") as folder:
        _copy(Path(folder))
        tests = sorted({matching(mutant) for mutant in chosen})
        ran = _pytest(Path(folder), tests)
        if ran.returncode != 0:
            raise CatalogueError(f"the named tests are not green before any mutation:\n{ran.stdout[-3000:]}")


def _is_killed(mutant: Mutant) -> bool:
    with tempfile.TemporaryDirectory(prefix="evse-mutant-") as folder:
        _copy(Path(folder))
        source = Path(folder) / "hal" / "core" / f"{mutant.module}.py"
        source.write_text(mutated(mutant, source.read_text()))
        ran = _pytest(Path(folder), [matching(mutant)])
        if ran.returncode not in (0, TEST_FAILED):
            raise CatalogueError(f"{mutant.name}: {mutant.test} did not run:\n{ran.stdout[-3000:]}")
        return ran.returncode == TEST_FAILED


def mutated(mutant: Mutant, source: str) -> str:
    if (times := source.count(mutant.old)) != 1:
        raise CatalogueError(
            f"{mutant.name}: {mutant.old!r} stands {times} times in {mutant.module}.py, must be once: "
            "bring tests/mutants in line with the source"
        )
    return source.replace(mutant.old, mutant.new)


def matching(mutant: Mutant) -> str:
    """The whole name of the test that begins as the catalogue says: exactly one."""
    file, begins = mutant.test.split("::")
    path = ROOT / "tests" / "hal" / "core" / file
    lines = path.read_text().splitlines()
    names = [line[4:].split("(")[0] for line in lines if line.startswith(f"def {begins}")]
    names += [begins for line in lines if line.startswith(f"{begins} = ")]
    exact = [name for name in names if name == begins] or names
    if len(exact) != 1:
        raise CatalogueError(f"{mutant.name}: {mutant.test} names {len(exact)} tests, must be one")
    return f"tests/hal/core/{file}::{exact[0]}"


def _copy(folder: Path) -> None:
    """The parts that the tests of the core import, and nothing that configures pytest."""
    for package in (Path("hal/core"), Path("hal/mock/plant")):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "hal" / "mock" / "__init__.py", folder / "hal" / "mock")
    for file in ("__init__.py", "contract.py"):
        shutil.copy(ROOT / "hal" / file, folder / "hal" / file)
    core = folder / "tests" / "hal" / "core"
    shutil.copytree(ROOT / "tests" / "hal" / "core", core, ignore=shutil.ignore_patterns("__pycache__"))
    for package in (folder / "tests", folder / "tests" / "hal"):
        (package / "__init__.py").touch()
    shutil.copy(ROOT / "tests" / "campaigns.py", folder / "tests")
    (folder / "pytest.ini").write_text("[pytest]\n")


def _pytest(folder: Path, tests: list[str]) -> subprocess.CompletedProcess[str]:
    """In the copy, which comes first on the path; without plugins, for speed."""
    environment = os.environ | {
        "PYTHONPATH": str(folder),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    options = ["-q", "-x", "-p", "no:cacheprovider", "--tb=short"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *tests],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
