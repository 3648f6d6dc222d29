"""One commit for one system, and the names that follow from both."""

from __future__ import annotations

from dataclasses import dataclass

from deploy.package.commit import Commit
from deploy.package.target import Target


@dataclass(frozen=True, slots=True)
class Release:
    """What is built."""

    target: Target
    commit: Commit

    @property
    def debian_version(self) -> str:
        """Returns the package's version."""
        return self.target.debian_version(self.commit.version)

    @property
    def package(self) -> str:
        """Returns the package's name as a file."""
        return f"evse-bridge_{self.debian_version}_{self.target.arch}.deb"

    @property
    def archive(self) -> str:
        """Returns the bundle's name as a file."""
        return f"evse-bridge_{self.commit.version}_{self.target.suite}_{self.target.machine}.tar.xz"
