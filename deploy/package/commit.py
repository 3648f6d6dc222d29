"""The commit that is built: its version, its time, its files. What is not committed is not built."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from deploy.builds import ROOT, BuildError, run

_PROJECT = re.compile(r'^version = "(\d+\.\d+\.\d+)"$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Commit:
    """What git says of it."""

    version: str  # 0.1.0.2345+g6719186
    hash: str
    time_s: int  # of the commit, since 1970: the time of every file that is built

    @property
    def numbers(self) -> str:
        """Returns the four numbers of its version."""
        return self.version.partition("+")[0]


def head(count: int | None = None) -> Commit:
    """Describes the checked-out commit; with a count of one's own it needs no history.

    Raises BuildError: no clone, or one without its history.
    """
    name, time_s = _git("show", "--no-patch", "--format=%H %ct", "HEAD").split()
    project = project_version(_git("show", "HEAD:pyproject.toml"))
    return Commit(f"{project}.{_count() if count is None else count}+g{name[:7]}", name, int(time_s))


def _count() -> int:
    if _git("rev-parse", "--is-shallow-repository") == "true":
        raise BuildError("the clone has no history, and a version counts the commits: git fetch --unshallow")
    return int(_git("rev-list", "--count", "HEAD"))


def put_sources(commit: Commit, folder: Path) -> None:
    """Writes the files of a commit into a new folder, with its version in them."""
    folder.mkdir()
    archive = folder.with_suffix(".tar")
    _git("archive", f"--output={archive}", commit.hash)
    run("tar", "--extract", f"--file={archive}", f"--directory={folder}")
    archive.unlink()
    pyproject = folder / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    pyproject.write_text(with_version(text, commit.version), encoding="utf-8")


def project_version(pyproject: str) -> str:
    """Returns the three numbers of the project. Raises BuildError."""
    found = _PROJECT.search(pyproject)
    if found is None:
        raise BuildError('pyproject.toml: version must be three numbers, as in version = "0.1.0"')
    return found[1]


def with_version(pyproject: str, version: str) -> str:
    """Returns the text with that version in the place of the project's."""
    return _PROJECT.sub(f'version = "{version}"', pyproject, count=1)


def _git(*words: str) -> str:
    return run("git", "-C", str(ROOT), *words).strip()
