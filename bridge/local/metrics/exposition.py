"""PURE: the text that Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from bridge.local.metrics.families import families
from bridge.local.state.state import State

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class _Collector:
    """Gives the registry the families of one State."""

    def __init__(self, state: State | None) -> None:
        self._state = state

    def collect(self) -> Iterable[Metric]:
        """Returns the families, as a registry asks for them."""
        return families(self._state)


def exposition(state: State | None) -> bytes:
    """Writes all metrics of this State; None: the bridge does not answer."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(state))
    return generate_latest(registry)
