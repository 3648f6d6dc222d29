"""What the parts of a charge point share: what they look at, and where they put what they decide."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.core.box_view import BoxView
from bridge.core.configuration.configuration import Configuration
from bridge.core.decisions import Decisions
from bridge.core.service import Service
from bridge.core.setup import Provisioning


@dataclass(slots=True)
class Premises:
    """Holds them together; each has its owner, who keeps it up to date."""

    provisioning: Provisioning
    configuration: Configuration
    box: BoxView
    service: Service
    decisions: Decisions
