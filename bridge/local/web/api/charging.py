"""What is so, and what the owner may ask of the charge point."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from bridge.local import price
from bridge.local.orders import ClearFaults, SetOwnerLimit, StartCharging, StopCharging
from bridge.local.price import Price
from bridge.local.web.api.asked import AUTHORIZED_WITHIN_S, Asked
from bridge.local.web.api.operation import ApiError, Done, Nothing, Operation
from bridge.local.web.told import Told, told
from bridge.local.why.words import Language
from hal.contract import FaultRef


class In(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which language sentences are said."""

    language: Language = "en"


class Start(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The card that is presented (OCPP 1.6 7.13: 20 characters at most)."""

    id_tag: Annotated[str, Meta(min_length=1, max_length=20, pattern=r"^[!-~]+$")]


class OwnLimit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The owner's own limit on each phase; below 6 A: a pause; null removes it."""

    amps: Annotated[float, Meta(ge=0, le=80)] | None


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One occurrence of a fault, as the State names it."""

    id: Annotated[str, Meta(min_length=1, max_length=60)]
    occurrence: Annotated[int, Meta(ge=0, le=2**53)]


class Faults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Faults at which a person has looked."""

    faults: Annotated[tuple[Fault, ...], Meta(max_length=50)]


class PriceSet(msgspec.Struct, frozen=True):
    """The price of a kWh; null: nobody has said one."""

    price: Price | None


async def state(asked: Asked) -> Told:
    """Says what is so."""
    seen = await asked.parts.watch.fresh()
    return told(seen.state, seen.away, asked.query.language)


async def start(asked: Asked) -> Done:
    """Presents a card, as if at the box."""
    return await asked.carried_out(StartCharging(asked.body.id_tag), AUTHORIZED_WITHIN_S)


async def stop(asked: Asked) -> Done:
    """Ends the running session."""
    return await asked.carried_out(StopCharging())


async def limit(asked: Asked) -> Done:
    """Sets the owner's limit."""
    return await asked.carried_out(SetOwnerLimit(asked.body.amps))


async def clear_faults(asked: Asked) -> Done:
    """Clears what a person has looked at."""
    return await asked.carried_out(
        ClearFaults(tuple(FaultRef(each.id, each.occurrence) for each in asked.body.faults))
    )


async def get_price(asked: Asked) -> PriceSet:
    """Says what a kWh costs."""
    return PriceSet(price.load(asked.parts.folder))


async def set_price(asked: Asked) -> PriceSet:
    """Raises ApiError when the disk takes nothing."""
    try:
        price.save(asked.parts.folder, asked.body)
    except OSError as error:
        raise ApiError(503, "not_stored", f"The disk takes nothing: {error.strerror}.") from None
    return PriceSet(asked.body)


OPERATIONS = (
    Operation("GET", "/state", "Says what is so, and why", "owner", state, query=In, gives=Told),
    Operation("POST", "/charging/start", "Presents a card", "owner", start, takes=Start, refuses=(409,)),
    Operation("POST", "/charging/stop", "Ends the session", "owner", stop, takes=Nothing, refuses=(409,)),
    Operation("PUT", "/limit", "Sets the owner's limit", "owner", limit, takes=OwnLimit, refuses=(409,)),
    Operation("GET", "/price", "Says what a kWh costs", "owner", get_price, gives=PriceSet),
    Operation("PUT", "/price", "Sets what a kWh costs", "owner", set_price, takes=Price, gives=PriceSet),
    Operation("POST", "/faults/clear", "Clears faults at which a person has looked", "installer",
              clear_faults, takes=Faults, refuses=(409,)),
)  # fmt: skip
