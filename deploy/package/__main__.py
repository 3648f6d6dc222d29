"""`python -m deploy.package deb|bundle [SUITE...] [ARCH...] [--out FOLDER]`: builds, as root.

Without suites and architectures: all four. A bundle is signed with each key: `--key FILE` (PEM, Ed25519).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from deploy.builds import ROOT, BuildError
from deploy.package import bundle, contents, deb
from deploy.package.commit import head, put_sources
from deploy.package.environment import application, missing
from deploy.package.release import Release
from deploy.package.target import chosen


def main(arguments: list[str]) -> int:
    """0 when everything was built."""
    options = _parsed(arguments)
    if os.geteuid() != 0:
        print("needs root: a Debian root is made", file=sys.stderr)
        return 2
    try:
        targets = chosen(options.target)
        if lacks := missing(targets):
            raise BuildError(lacks)
        options.out.mkdir(parents=True, exist_ok=True)
        commit = head()
        signing = bundle.Signing(tuple(options.key), options.expires) if options.what == "bundle" else None
        for target in targets:
            began_s = time.monotonic()
            built = build(Release(target, commit), options.out, signing)
            size_mib = built.stat().st_size / 2**20
            print(f"{built}: {size_mib:.1f} MiB, {time.monotonic() - began_s:.0f} s", flush=True)
    except (BuildError, ValueError) as error:
        print(f"deploy.package: {error}", file=sys.stderr)
        return 1
    return 0


def build(release: Release, out: Path, signing: bundle.Signing | None = None) -> Path:
    """Builds the package, or with a signing the bundle, and returns it. Raises BuildError."""
    with tempfile.TemporaryDirectory(prefix="evse-package-") as name:
        folder = Path(name)
        sources, root = folder / "sources", folder / "root"
        put_sources(release.commit, sources)
        programs = root / contents.LIB / "application"
        programs.parent.mkdir(parents=True)
        application(release, sources, programs)
        contents.put(release, sources, root)
        if signing is not None:
            return bundle.build(release, programs, signing, out)
        return deb.build(release, sources / "deploy" / "package" / "debian", root, out)


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="deploy.package", description=__doc__)
    parser.add_argument("what", choices=("deb", "bundle"))
    parser.add_argument("target", nargs="*", metavar="SUITE|ARCH")
    parser.add_argument("--key", type=Path, action="append", default=[], help="private key of a bundle")
    parser.add_argument("--expires", type=date.fromisoformat, metavar="DATE", help="last day of a bundle")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    options = parser.parse_args(arguments)
    if options.what == "bundle" and not options.key:
        parser.error("a bundle is signed: --key FILE (openssl genpkey -algorithm ed25519 -out FILE)")
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
