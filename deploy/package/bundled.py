"""What of others is in an environment, with their licences: for the package's copyright file."""

from __future__ import annotations

import email.message
import email.parser
from collections.abc import Iterator
from pathlib import Path

_UNSAID = ("", "UNKNOWN")


def copyright_file(licence: str, site_packages: Path) -> str:
    """Returns our licence, and a line for each package of others that is brought along."""
    others = "".join(f"{line}\n" for line in _others(site_packages))
    return f"""\
evse-bridge
===========

{licence}
Packages of Python that are brought along
=========================================

Below /usr/lib/evse-bridge/application/lib, each with its own licence. Where its
authors ship the text, it lies in the folder NAME-VERSION.dist-info; that of the
Apache License 2.0 is also in /usr/share/common-licenses/Apache-2.0.

{others}"""


def _others(site_packages: Path) -> Iterator[str]:
    for path in sorted(site_packages.glob("*.dist-info/METADATA")):
        said = email.parser.Parser().parsestr(path.read_text(encoding="utf-8"), headersonly=True)
        if said["Name"] != "evse-bridge":
            yield f"{said['Name']} {said['Version']}: {_licence(said)}"


def _licence(said: email.message.Message) -> str:
    for name in ("License-Expression", "License"):
        text = str(said[name] or "").strip()
        if text not in _UNSAID and "\n" not in text:
            return text
    trove = [line.split(" :: ")[-1] for line in said.get_all("Classifier", ()) if line.startswith("License ")]
    return ", ".join(trove) or "see its folder"
