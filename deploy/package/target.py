"""PURE: which system a package is for: Debian's release and the processor."""

from __future__ import annotations

from dataclasses import dataclass

_PYTHONS = {"bookworm": "3.11", "trixie": "3.13"}
_RELEASES = {"bookworm": "12", "trixie": "13"}
_LIBCS = {"bookworm": "2.36", "trixie": "2.41"}
_MACHINES = {"arm64": "aarch64", "amd64": "x86_64"}


@dataclass(frozen=True, slots=True)
class Target:
    """One release on one architecture, as Debian writes both."""

    suite: str
    arch: str

    @property
    def python(self) -> str:
        """Returns the release's own Python, `3.11`."""
        return _PYTHONS[self.suite]

    @property
    def machine(self) -> str:
        """Returns the processor as the kernel names it."""
        return _MACHINES[self.arch]

    @property
    def libc(self) -> str:
        """Returns the version of the C library that it was built with."""
        return _LIBCS[self.suite]

    def debian_version(self, version: str) -> str:
        """Returns the package's version: of one commit the newer release's is the newer, as in an upgrade."""
        return f"{version}+deb{_RELEASES[self.suite]}"


ALL = tuple(Target(suite, arch) for suite in _PYTHONS for arch in _MACHINES)


def chosen(words: list[str]) -> list[Target]:
    """Returns those that fit the words: suites, architectures, none for all. Raises ValueError."""
    suites = [word for word in words if word in _PYTHONS]
    arches = [word for word in words if word in _MACHINES]
    if wrong := set(words) - {*suites, *arches}:
        raise ValueError(f"{min(wrong)}: must be one of {', '.join((*_PYTHONS, *_MACHINES))}")
    return [each for each in ALL if each.suite in (suites or _PYTHONS) and each.arch in (arches or _MACHINES)]
