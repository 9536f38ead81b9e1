# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The same writes with as little as possible: an asynchronous client with so many connections, and no error handling.

Takes a JSON document from standard input: address, certificate authority, token, tenant, group, devices, connections.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from typing import Any

import aiohttp

CHUNK = 1000
POLL = 0.1
#: The state of an operation that succeeded.
COMPLETE = 2


async def _claim(session: aiohttp.ClientSession, base: str, devices: list[str]) -> None:
    async with session.put(f"{base}/devices", json=devices) as reply:
        reply.raise_for_status()
        operation = (await reply.json())["OperationId"]
    while True:
        await asyncio.sleep(POLL)
        async with session.get(f"{base}/operations/{operation}") as reply:
            if (await reply.json())["State"] == COMPLETE:
                return


async def _move(session: aiohttp.ClientSession, base: str, devices: list[str], group: str, connections: int) -> None:
    waiting = iter(devices)

    async def work() -> None:
        for device in waiting:
            async with session.put(f"{base}/devices/{device}/devicegroup", json=group) as reply:
                reply.raise_for_status()
                await reply.json()

    await asyncio.gather(*(work() for _unused in range(connections)))


async def run(order: dict[str, Any]) -> None:
    """Claims and moves all devices."""
    tls = ssl.create_default_context(cafile=order["ca"])
    connector = aiohttp.TCPConnector(limit=order["connections"], ssl=tls)
    headers = {"Authorization": f"Bearer {order['token']}"}
    devices, base = order["devices"], f"{order['url']}/v2/tenants/{order['tenant']}"
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        chunks = [devices[start : start + CHUNK] for start in range(0, len(devices), CHUNK)]
        await asyncio.gather(*(_claim(session, base, chunk) for chunk in chunks))
        await _move(session, base, devices, order["group"], order["connections"])


if __name__ == "__main__":
    asyncio.run(run(json.load(sys.stdin)))
