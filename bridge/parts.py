"""Parts of the bridge that are made from the settings alone."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bridge import settings
from bridge.central_system.handshake import LinkSettings
from bridge.core.password import Password
from bridge.trust import Trust

if TYPE_CHECKING:
    from bridge.jobs.firmware import FirmwareFolder

FIRMWARE_NAME = "firmware"  # in the state folder
PUBLIC_KEY_NAME = "firmware.pem"  # in the configuration folder
BUILT_IN_INSTALLER = Path("/usr/lib/evse-bridge/request-update")
APPLICATION = "application"  # beside it, where the package is installed: a clone has no slots


def trust(setup: settings.ChargePoint, config_dir: Path) -> Trust:
    """Says whom link and transfers trust."""
    ca_file = setup.central_system.ca_file
    return Trust(config_dir / ca_file if ca_file else None)


def link_settings(setup: settings.ChargePoint, tls: Callable[[], ssl.SSLContext]) -> LinkSettings:
    """Says where to connect, as whom and how patiently."""
    return LinkSettings(
        url=setup.central_system.url,
        identity=setup.charge_point.id,
        back_off_first_s=setup.timing.back_off_first_s,
        back_off_max_s=setup.timing.back_off_max_s,
        tls=tls,
    )


def password(setup: settings.ChargePoint) -> Password | None:
    """Returns the password of the file; None: it has none."""
    return Password.of_text(setup.central_system.password)


def firmware_folder(
    setup: settings.ChargePoint, config_dir: Path, state_dir: Path, tls: Callable[[], ssl.SSLContext]
) -> FirmwareFolder:
    """Says where archives are put, and how one is installed. Loads what is heavy, only when needed."""
    from bridge.jobs.firmware import FirmwareFolder, Installing

    installing = Installing(public_key(setup, config_dir), installer(setup))
    return FirmwareFolder(state_dir / FIRMWARE_NAME, installing, tls)


def public_key(setup: settings.ChargePoint, config_dir: Path) -> Path | None:
    """Says which key must have signed an update: the file's, or that of the usual place, if it is there."""
    if setup.firmware.public_key:
        return config_dir / setup.firmware.public_key
    usual = config_dir / PUBLIC_KEY_NAME
    return usual if usual.exists() else None


def installer(setup: settings.ChargePoint, built_in: Path = BUILT_IN_INSTALLER) -> tuple[str, ...]:
    """Says what installs an update: the owner's command, or the package's, if this box has it."""
    if setup.firmware.installer or not (built_in.parent / APPLICATION).exists():
        return setup.firmware.installer
    return (str(built_in),)
