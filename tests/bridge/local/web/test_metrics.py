"""GET /metrics: to programs of this machine, and from the network with a token."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from tests.bridge.local.web.serving import FAR, PASSWORD, served

V1 = "/api/v1"


def names(text: str) -> set[str]:
    return {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}


async def test_a_prometheus_reads_it_with_a_token_and_a_stranger_does_not() -> None:
    async with served() as s:
        status, said = await s.ask("GET", "/metrics")
        assert (status, "evse_bridge_power_watts" in names(said)) == (200, True)
        assert (await s.ask("GET", "/metrics", headers=FAR))[0] == 401
        await s.ask("GET", f"{V1}/session")
        assert (await s.ask("POST", f"{V1}/password", json={"password": PASSWORD}))[0] == 200
        await s.ask("GET", f"{V1}/session")
        status, made = await s.ask("POST", f"{V1}/tokens", json={"name": "prometheus", "role": "owner"})
        assert status == 200, made
        s.browser.cookie_jar.clear()
        assert (await s.ask("GET", "/metrics", headers=FAR))[0] == 401
        with_token = {**FAR, "Authorization": f"Bearer {made['token']}"}
        assert (await s.ask("GET", "/metrics", headers=with_token))[0] == 200


async def test_without_a_bridge_it_says_so() -> None:
    async with served(bridge=False) as s:
        status, said = await s.ask("GET", "/metrics")
        assert (status, names(said)) == (200, {"evse_bridge_up"})
