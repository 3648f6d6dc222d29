"""A bare charge point of the `ocpp` package that says given messages, one after another.

`python -m tests.bench.bare_client URL FILE`: FILE holds a JSON array of [action, payload].
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from ocpp.charge_point import camel_to_snake_case
from ocpp.v16 import ChargePoint, call
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol


async def say(url: str, messages: list[tuple[str, dict[str, object]]]) -> None:
    """As the package's own example does it: `await charge_point.call(...)` in a loop."""
    async with connect(
        f"{url}/BARE0001", subprotocols=[Subprotocol("ocpp1.6")], compression=None
    ) as connection:
        charge_point = ChargePoint("BARE0001", connection)
        listening = asyncio.create_task(charge_point.start())
        for action, payload in messages:
            await charge_point.call(getattr(call, action)(**camel_to_snake_case(payload)))
        listening.cancel()


def main() -> int:
    asyncio.run(say(sys.argv[1], json.loads(Path(sys.argv[2]).read_text("utf-8"))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
