"""A transaction of more samples than StopTransaction may carry, whole: what is sent is thinned evenly."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from bridge.core.now import moment_of
from tests.scenarios.parsing import parse
from tests.scenarios.player import play
from tests.scenarios.pure import PureWorld

MOST = 512  # StopTransactionMaxMeterValues
TEXT = """# long.scenario   Ten minutes of a sample each second
  tag 04AABBCC Accepted
  key StopTxnSampledData = Energy.Active.Import.Register
  key MeterValuesSampledData =
  key MeterValueSampleInterval = 1
  car plugs in, ready
< StatusNotification 1 Preparing
  card 04AABBCC
< Authorize {}
< StartTransaction {}
< StatusNotification 1 Charging
  wait 600 s
  card 04AABBCC
< StopTransaction {}
< StatusNotification 1 Finishing
"""


def test_a_long_transaction_is_thinned() -> None:
    scenario = parse("long.scenario", TEXT)
    world, said = PureWorld(scenario, "cloud"), []
    world.said = lambda text: said.append(json.loads(text))
    try:
        play(scenario, world)
    finally:
        world.close()
    (stop,) = [frame[3] for frame in said if frame[0] == 2 and frame[2] == "StopTransaction"]
    contexts = [element["sampledValue"][0]["context"] for element in stop["transactionData"]]
    assert MOST // 2 <= len(contexts) <= MOST
    assert contexts == ["Transaction.Begin", *["Sample.Periodic"] * (len(contexts) - 2), "Transaction.End"]
    assert set(steps_s(stop["transactionData"][1:-1])) <= {
        1,
        2,
        3,
    }  # a step of the bridge may fall to a second


def steps_s(elements: list[dict[str, Any]]) -> list[float]:
    """From each to the next."""
    moments = [moment for element in elements if (moment := moment_of(element["timestamp"])) is not None]
    return [(later - earlier).total_seconds() for earlier, later in pairwise(moments)]
