# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Files from addresses that carry their own permission."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import FleetError, InvalidInput, Unreachable
from ansible_collections.azsphere.fleet.plugins.module_utils._http.download import fetch

from tests.support.scripted_server import Answer, ScriptedServer

CONTENT = bytes(range(256)) * 1024


@pytest.fixture
def shop() -> Iterator[tuple[ScriptedServer, str]]:
    server = ScriptedServer(Answer(200, CONTENT))
    with server.running() as url:
        yield server, f"{url}/blob?sig=canary"


def get(url: str) -> bytes:
    parts: list[bytes] = []
    size = fetch(url, parts.append, verify=True, timeout=5, doing="fetching the image 1")
    assert size == sum(map(len, parts))
    return b"".join(parts)


def test_download_sends_no_token(shop: tuple[ScriptedServer, str]) -> None:
    server, url = shop
    assert get(url) == CONTENT
    assert "authorization" not in server.asked[0].headers


@pytest.mark.parametrize(
    "answer",
    [
        Answer(403, b"<Error>AuthenticationFailed sig=canary</Error>"),
        Answer(404),
        Answer(302, headers={"Location": "http://127.0.0.1:1/"}),
        Answer(200, CONTENT, short=10),
        Answer(200, b"", lost=True),
    ],
    ids=str,
)
def test_failed_download_does_not_reveal_the_address(shop: tuple[ScriptedServer, str], answer: Answer) -> None:
    server, url = shop
    server.answers = [answer]
    with pytest.raises(FleetError, match="While fetching the image 1, ") as caught:
        get(url)
    assert "canary" not in str(caught.value)


def test_short_download_is_an_error(shop: tuple[ScriptedServer, str]) -> None:
    server, url = shop
    server.answers = [Answer(200, CONTENT, short=1)]
    with pytest.raises(Unreachable):
        get(url)


@pytest.mark.parametrize(
    "url", ["http://blob.example.org/x?sig=canary", "ftp://127.0.0.1/x?sig=canary", "file:///etc/passwd"]
)
def test_only_https_leaves_this_machine(url: str) -> None:
    with pytest.raises(InvalidInput, match=r"not (https|a web address)") as caught:
        get(url)
    assert "canary" not in str(caught.value)
