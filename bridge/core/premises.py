"""What the parts of a charge point share: the state that they read, and the collector of their decisions."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.core.box_view import BoxView
from bridge.core.configuration.configuration import Configuration
from bridge.core.decisions import Decisions
from bridge.core.service import Service
from bridge.core.setup import Provisioning


@dataclass(slots=True)
class Premises:
    """Holds the shared parts; one owner keeps each of them up to date."""

    provisioning: Provisioning
    configuration: Configuration
    box: BoxView
    service: Service
    decisions: Decisions
