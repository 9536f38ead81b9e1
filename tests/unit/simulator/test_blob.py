# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The image store: a separate host, which must not get the token."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.simulator import images
from tests.simulator.blob import LEAK
from tests.unit.simulator.client import Client
from tests.unit.simulator.conftest import IMAGE


@pytest.fixture
def address(client: Client) -> str:
    info = client.get(f"images/{IMAGE}")
    assert info["IsSuccess"] is True
    return str(info["Uri"])


def test_download_address_is_on_another_host_and_returns_package(client: Client, address: str) -> None:
    assert urlsplit(address).netloc != urlsplit(client.base).netloc
    answer = client.send("GET", address)
    assert answer.status_code == 200
    assert images.read(answer.content).image_id == IMAGE
    assert client.simulator.counts()["blob"] == {"GET": 1}


def test_head_returns_length_only(client: Client) -> None:
    address = client.get(f"images/{IMAGE}")["Uri"]
    assert client.send("HEAD", address).headers["Content-Length"] == str(len(client.send("GET", address).content))


def test_request_with_token_is_rejected_and_noted_in_log(client: Client, address: str) -> None:
    assert client.send("GET", address, headers={"Authorization": "Bearer x"}).status_code == 400
    assert client.simulator.counts()["notes"] == {LEAK: 1}
    assert [entry["note"] for entry in client.simulator.log() if entry["kind"] == "blob"] == [LEAK]


@pytest.mark.parametrize(
    "spoil", [lambda a: a[:-1] + "x", lambda a: a.partition("?")[0], lambda a: a.replace(IMAGE, "x")]
)
def test_signature_is_valid_for_one_image_only(client: Client, address: str, spoil: object) -> None:
    assert callable(spoil)
    assert client.send("GET", spoil(address)).status_code == 403


def test_download_address_expires(client: Client, address: str) -> None:
    client.simulator.advance(901)
    assert client.send("GET", address).status_code == 403
