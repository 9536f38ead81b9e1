# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Wrong replies, on order: each kind of fault of the rig, on the API, the sign-in and the image store."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.simulator.harness import Simulator, SimulatorFailed
from tests.simulator.rig.apply import KINDS
from tests.simulator.rig.mutations import HEADER_LISTS
from tests.simulator.rig.options import MEMBERS
from tests.simulator.rig.values import TEXTS
from tests.unit.simulator.client import Client
from tests.unit.simulator.conftest import FIELD, IMAGE, KETTLE, LAB, OWN

LAMP = {"Name": "Lamp"}


def made(client: Client) -> bool:
    """Whether the product of LAMP is there."""
    return client.call("GET", "products/name/Lamp").status_code == 200


def create_under(client: Client, kind: str, **members: Any) -> requests.Response:
    client.simulator.fault(kind, match={"operationId": "Product_Create"}, **members)
    return client.call("POST", "products", LAMP)


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("empty", 200, ""),
        ("accepted", 202, ""),
        ("error_object", 200, '{"Code": 4, "Message": "The operation failed because of a fault."}'),
    ],
)
@pytest.mark.parametrize("executed", [True, False])
def test_wrong_success_replaces_the_reply(client: Client, kind: str, status: int, body: str, executed: bool) -> None:
    answer = create_under(client, kind, executed=executed)
    assert (answer.status_code, answer.text) == (status, body)
    assert made(client) is executed


def test_html_is_sent_with_status_200(client: Client) -> None:
    answer = create_under(client, "html", executed=False)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.text.startswith("<!DOCTYPE html>")
    assert not made(client)


def test_old_body_shows_the_resource_unchanged(client: Client) -> None:
    client.simulator.fault("old_body", match={"method": "PATCH"})
    before = client.get(f"devicegroups/{LAB}")
    answer = client.call("PATCH", f"devicegroups/{LAB}", {"OSFeedType": 1})
    assert (answer.status_code, answer.json()) == (200, before)
    assert client.get(f"devicegroups/{LAB}") == before


def test_old_body_is_empty_where_nothing_can_be_read(client: Client) -> None:
    client.simulator.fault("old_body", match={"operationId": "Devices_Move"})
    answer = client.call("PUT", f"devices/{OWN[0]}/devicegroup", FIELD)
    assert (answer.status_code, answer.text) == (200, "")
    assert client.get(f"devices/{OWN[0]}")["DeviceGroupId"] == LAB


@pytest.mark.parametrize("retry_after", [None, "1"])
def test_status_after_reports_failure_of_a_write_that_was_executed(client: Client, retry_after: str | None) -> None:
    answer = create_under(client, "status_after", status=503, retry_after=retry_after)
    assert (answer.status_code, answer.headers.get("Retry-After")) == (503, retry_after)
    assert made(client)


def test_delay_after_executes_before_the_client_gives_up(client: Client) -> None:
    client.simulator.fault("delay_after", match={"method": "POST"}, seconds=30)
    with pytest.raises(requests.ReadTimeout):
        client._session.post(f"{client.base}/products", headers=client._headers, json=LAMP, timeout=0.3)
    assert made(client)


def test_trickled_body_keeps_the_client_reading(client: Client) -> None:
    client.simulator.fault("trickle", match={"operationId": "Product_List"}, seconds=0.01)
    url = f"{client.base}/products"
    with client._session.get(url, headers=client._headers, stream=True, timeout=5) as answer:
        received = answer.raw.read(40)
    assert len(received) == 40
    assert int(answer.headers["Content-Length"]) > 1_000_000
    assert client.call("GET", "products").status_code == 200


def test_trickled_headers_do_not_end(client: Client) -> None:
    client.simulator.fault("trickle_headers", match={"operationId": "Product_List"}, seconds=0.01)
    address = urlsplit(client.base)
    context = ssl.create_default_context(cafile=client.simulator.ca)
    with (
        socket.create_connection((address.hostname, address.port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=address.hostname) as stream,
    ):
        head = "".join(f"{name}: {value}\r\n" for name, value in client._headers.items())
        stream.sendall(f"GET {address.path}/products HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
        received = b""
        while len(received) < 40:
            received += stream.recv(100)
    assert received.startswith(b"HTTP/1.1 200 OK\r\nX-Slow: aaa")


def test_endless_body_is_larger_than_what_the_client_takes(client: Client) -> None:
    client.simulator.fault("endless", match={"operationId": "Product_List"}, megabytes=64)
    url = f"{client.base}/products"
    with client._session.get(url, headers=client._headers, stream=True, timeout=5) as answer:
        assert len(answer.raw.read(4_000_000)) == 4_000_000


def test_gzip_bomb_unpacks_to_the_ordered_size(client: Client) -> None:
    client.simulator.fault("gzip_bomb", match={"operationId": "Product_List"}, megabytes=8)
    answer = client.call("GET", "products")
    assert len(answer.content) > 8 << 20
    assert int(answer.headers["Content-Length"]) < 100_000
    assert answer.json()["Items"][0]["Id"] == KETTLE


@pytest.mark.parametrize("with_items", [True, False])
def test_endless_pages_always_have_another_page(client: Client, with_items: bool) -> None:
    client.simulator.fault("endless_pages", times=None, with_items=with_items)
    token, tokens = "", []
    for _number in range(5):
        page = client.get("products", **({"Sphere-Continuation": token} if token else {}))
        token = page["ContinuationToken"]
        tokens.append(token)
        assert bool(page["Items"]) is with_items
    assert len(set(tokens)) == 5


@pytest.mark.parametrize("value", sorted(TEXTS))
def test_each_value_is_put_where_it_is_ordered(client: Client, value: str) -> None:
    client.simulator.fault("mutate", match={"operationId": "Product_List"}, place="/Items/*/Id", value=value)
    text = client.call("GET", "products").content.decode()
    assert f'"Id": {TEXTS[value]}, "TenantId"' in text


def test_member_is_removed_and_repeated(client: Client) -> None:
    client.simulator.fault("mutate", place="/Items/*/Name", value="missing")
    client.simulator.fault("mutate", place="/Items", value="repeated")
    assert "Name" not in client.get("products")["Items"][0]
    assert [item["Id"] for item in client.get("products")["Items"]] == [KETTLE, KETTLE]


@pytest.mark.parametrize("value", sorted(HEADER_LISTS))
def test_each_list_of_headers_is_sent(client: Client, value: str) -> None:
    client.simulator.fault("mutate", match={"operationId": "Product_List"}, place="headers", value=value)
    try:
        answer = client.call("GET", "products")
        content = answer.content
    except (requests.RequestException, ValueError):
        content = None
    assert client.simulator.counts()["notes"] == {f"fault mutate headers {value}": 1}
    if value == "no_content_type":
        assert "Content-Type" not in answer.headers
        assert content
    assert client.call("GET", "products").status_code == 200


def test_member_is_any_value_of_the_body(client: Client) -> None:
    for seed in range(5):
        client.simulator.fault("mutate", match={"operationId": "Product_Get"}, place="member", value="nan", seed=seed)
        assert "NaN" in client.call("GET", f"products/{KETTLE}").text
    assert all(note.startswith("fault mutate /") for note in client.simulator.counts()["notes"])


@pytest.mark.parametrize("status", ["204", "304", "302", "429", "504"])
def test_status_is_replaced_after_the_work(client: Client, status: str) -> None:
    client.simulator.fault("mutate", match={"method": "POST"}, place="status", value=status)
    url = f"{client.base}/products"
    answer = client.send("POST", url, headers=client._headers, json=LAMP, allow_redirects=False)
    assert answer.status_code == int(status)
    assert made(client)


@pytest.mark.parametrize(
    ("value", "start"),
    [("half_body", b'{"Items"'), ("byte_order_mark", b"\xef\xbb\xbf"), ("empty_body", b""), ("html_body", b"<!DOC")],
)
def test_body_is_replaced(client: Client, value: str, start: bytes) -> None:
    client.simulator.fault("mutate", match={"operationId": "Product_List"}, place="body", value=value)
    content = client.call("GET", "products").content
    assert content.startswith(start)
    with pytest.raises(ValueError, match=r".*"):
        json.loads(content.decode("utf-8"))


def test_drawn_mutations_depend_on_the_seed_alone(client: Client) -> None:
    def drawn(seed: int) -> set[str]:
        client.simulator.clear_log()
        client.simulator.fault("mutate", match={"operationId": "Product_Get"}, seed=seed)
        with contextlib.suppress(requests.RequestException, ValueError):
            client.call("GET", f"products/{KETTLE}")
        return set(client.simulator.counts()["notes"])

    assert [drawn(seed) for seed in range(20)] == [drawn(seed) for seed in range(20)]
    assert len({frozenset(drawn(seed)) for seed in range(20)}) > 10


def test_probability_is_kept_and_repeatable(client: Client) -> None:
    def struck(seed: int) -> list[int]:
        client.simulator.clear_faults()
        client.simulator.fault("status", times=None, probability=0.25, seed=seed)
        return [client.call("GET", f"products/{KETTLE}").status_code for _number in range(60)]

    first = struck(1)
    assert first == struck(1)
    assert first != struck(2)
    assert 5 <= first.count(503) <= 25


def test_burst_strikes_requests_in_a_row(client: Client) -> None:
    client.simulator.fault("status", status=429, times=None, probability=0.05, burst=5, seed=3)
    statuses = [client.call("GET", f"products/{KETTLE}").status_code for _number in range(60)]
    first = statuses.index(429)
    assert statuses[first : first + 5] == [429] * 5
    assert 200 in statuses[first + 5 :]


def test_mix_strikes_with_every_kind(client: Client) -> None:
    orders = {"busy": {"kind": "status", "status": 429}, "empty": {}, "html": {"executed": False}}
    client.simulator.rig(orders, probability=0.6, seed=4)
    for _number in range(60):
        client.call("GET", f"products/{KETTLE}")
    notes = client.simulator.counts()["notes"]
    assert set(notes) == {"fault status", "fault empty", "fault html"}
    assert 15 <= sum(notes.values()) <= 50


def test_sign_in_and_image_store_have_the_same_faults(client: Client) -> None:
    address = client.get(f"images/{IMAGE}")["Uri"]
    client.simulator.fault("html", match={"kind": "blob"})
    client.simulator.fault("mutate", match={"kind": "signin"}, place="/expires_in", value="negative")
    assert client.send("GET", address).text.startswith("<!DOCTYPE")
    assert client._token("Reader")
    assert client.simulator.counts()["notes"] == {"fault html": 1, "fault mutate /expires_in negative": 1}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_accepted_and_listed(simulator: Simulator, kind: str) -> None:
    simulator.fault(kind, probability=0.5, seed=1)
    assert [fault["kind"] for fault in simulator.order("GET", "faults")] == [kind]


@pytest.mark.parametrize(
    "members",
    [
        {"executed": "yes"},
        {"probability": 2},
        {"probability": True},
        {"seed": -1},
        {"seed": 1.5},
        {"burst": 0},
        {"place": "nowhere"},
        {"value": "odd"},
        {"megabytes": "many"},
        {"with_items": 1},
    ],
)
def test_invalid_member_is_reported(simulator: Simulator, members: dict[str, Any]) -> None:
    with pytest.raises(SimulatorFailed, match=f"A fault's {next(iter(members))} is"):
        simulator.fault("mutate", **members)


@pytest.mark.parametrize("member", sorted(MEMBERS))
def test_each_member_is_documented(member: str) -> None:
    page = (Path(__file__).parents[3] / "docs" / "simulator.md").read_text(encoding="utf-8")
    assert f"`{member}`" in page or f'"{member}":' in page
