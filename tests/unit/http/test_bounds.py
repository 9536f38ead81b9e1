# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""One request ends in time and takes in a bounded number of bytes, whatever the server sends."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import FleetError, InvalidInput, Unreachable
from ansible_collections.azsphere.fleet.plugins.module_utils._http import bounded
from ansible_collections.azsphere.fleet.plugins.module_utils._http.download import fetch
from ansible_collections.azsphere.fleet.plugins.module_utils._http.errors import service_words
from ansible_collections.azsphere.fleet.plugins.module_utils._http.plain import Attempt, PlainSession
from ansible_collections.azsphere.fleet.plugins.module_utils._http.session import Session
from ansible_collections.azsphere.fleet.plugins.module_utils._http.settings import Settings

from tests.support.clock_and_tokens import READS, CountedTokens
from tests.support.scripted_server import Answer
from tests.unit.http.conftest import MakeBench

#: Seconds of one request here, and seconds in which it must have ended.
LIMIT, ENDED = 0.5, 20.0
Talk = Callable[[socket.socket, threading.Event], None]


@contextmanager
def server(talk: Talk) -> Iterator[str]:
    """A server that reads the headers of a request and then does as `talk` says, until the event is set."""
    stop = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            data = b""
            while b"\r\n\r\n" not in data:
                data += connection.recv(65536)
            talk(connection, stop)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        stop.set()
        listening.shutdown(socket.SHUT_RDWR)


def trickle(beginning: bytes, piece: bytes) -> Talk:
    def talk(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(beginning)
        while not stop.wait(0.05):
            connection.sendall(piece)

    return talk


TRICKLES = {
    "status_line": trickle(b"H", b"T"),
    "headers": trickle(b"HTTP/1.1 200 OK\r\nX-A: ", b"a"),
    "body": trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" "),
    "chunks": trickle(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "until_closed": trickle(b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    "continue": trickle(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "error": trickle(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 100000\r\n\r\n", b" "),
    "redirect": trickle(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 100000\r\n\r\n", b" "),
}


def ask_service(url: str) -> None:
    settings = Settings(url, request_timeout=LIMIT, retry_timeout=0)
    with closing(Session(settings, CountedTokens(), read_only=True, reads=READS)) as session:
        session.request("GET", "/v2/tenants", "listing the tenants")


def ask_plainly(url: str) -> None:
    with PlainSession(Attempt("signing in", "authority_host"), verify=True, timeout=LIMIT) as session:
        session.get(url)


def download(url: str) -> None:
    fetch(url, lambda _bytes: None, verify=True, timeout=LIMIT, doing="fetching the image 1")


@pytest.mark.parametrize("ask", [ask_service, ask_plainly, download])
@pytest.mark.parametrize("case", TRICKLES)
def test_request_ends_in_time_however_slowly_bytes_come(ask: Callable[[str], None], case: str) -> None:
    with server(TRICKLES[case]) as url:
        begin = time.monotonic()
        with pytest.raises(FleetError):
            ask(url)
        assert time.monotonic() - begin < ENDED


def test_upload_to_a_server_that_does_not_read_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible_collections.azsphere.fleet.plugins.module_utils._http.line.LOWEST_RATE", 2**30)
    with server(lambda _connection, stop: stop.wait(10) and None) as url:
        settings = Settings(url, request_timeout=LIMIT, retry_timeout=0)
        begin = time.monotonic()
        with (
            closing(Session(settings, CountedTokens(), read_only=False, reads=READS)) as session,
            pytest.raises(FleetError),
        ):
            session.request("PUT", "/v2/images", "uploading", body=bytes(64 * 2**20))
        assert time.monotonic() - begin < ENDED


@pytest.mark.parametrize("encoding", ["identity", "gzip", "deflate, gzip", "br"])
def test_reply_larger_than_allowed_is_an_error(bench: MakeBench, encoding: str) -> None:
    content = b" " * (bounded.LARGEST_REPLY + 1)
    body = content if encoding == "identity" else gzip.compress(content, 1)
    made = bench(Answer(200, body, {"Content-Encoding": encoding}))
    with pytest.raises(Unreachable, match=r"more than 64 MiB|in a way that was not asked for"):
        made.session.request("GET", "/v2/tenants", "listing the tenants")
    assert len(made.server.asked) == 1


def test_sign_in_reply_larger_than_allowed_is_an_error(bench: MakeBench) -> None:
    made = bench(Answer(200, b" " * (bounded.LARGEST_SIGN_IN_REPLY + 1)))
    with (
        PlainSession(Attempt("signing in", "authority_host"), verify=True, timeout=5) as session,
        pytest.raises(Unreachable, match="more than 1 MiB"),
    ):
        session.get(made.session.settings.api_url)


def test_compressed_reply_is_decoded(bench: MakeBench) -> None:
    made = bench(Answer(200, gzip.compress(b'{"a": 1}'), {"Content-Encoding": "gzip"}))
    assert made.session.request("GET", "/v2/tenants", "listing the tenants").json() == {"a": 1}


@pytest.mark.parametrize("body", [b"<title" * 200_000, b"<" + b"<title>" * 100_000, b'{"message": "' + b"a " * 600_000])
def test_long_error_page_is_read_quickly(body: bytes) -> None:
    begin = time.process_time()
    service_words(body)
    assert time.process_time() - begin < 1


def test_title_of_an_error_page_is_quoted() -> None:
    assert service_words(b'<html><TITLE lang="en">Blocked </Title>') == (None, 'an HTML page titled "Blocked"')


@pytest.mark.parametrize("body", [b'{"message": "token-0"}', b'{"message": "\\u0074oken-0"}', b'{"code": "token-0"}'])
def test_token_that_the_service_echoes_is_removed(bench: MakeBench, body: bytes) -> None:
    made = bench(Answer(409, body, {"x-ms-request-id": "token-0"}))
    with pytest.raises(FleetError) as caught:
        made.session.request("GET", "/v2/tenants", "listing the tenants")
    assert "token-0" not in str(caught.value.as_dict())


def test_plain_http_is_for_the_simulator_alone() -> None:
    with pytest.raises(InvalidInput, match="not https"):
        fetch(
            "http://127.0.0.1:1/admin",
            lambda _bytes: None,
            verify=True,
            timeout=1,
            doing="fetching the image 1",
            api_url="https://prod.core.sphere.azure.net",
        )


JSON = {"Content-Type": "application/json"}
UNREADABLE = [
    Answer(200, b"<html>Blocked</html>", {"Content-Type": "text/html"}),
    Answer(200, b'{"a": ', JSON),
    Answer(202, b""),
    Answer(200, b'{"Code": 6, "Message": "no"}', JSON),
]


@pytest.mark.parametrize("answer", UNREADABLE, ids=range(4))
def test_read_whose_success_cannot_be_understood_is_repeated(bench: MakeBench, answer: Answer) -> None:
    made = bench(answer, answer, Answer(200, b"[]", JSON))
    assert made.session.request("GET", "/v2/tenants", "listing the tenants").json() == []
    assert len(made.server.asked) == 3


def test_read_that_is_never_understood_is_an_error(bench: MakeBench) -> None:
    made = bench(UNREADABLE[0])
    with pytest.raises(Unreachable, match="is not valid JSON"):
        made.session.request("GET", "/v2/tenants", "listing the tenants").json()
    assert len(made.server.asked) == 3


@pytest.mark.parametrize("answer", UNREADABLE, ids=range(4))
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_write_whose_success_cannot_be_understood_is_not_repeated(
    bench: MakeBench, answer: Answer, method: str
) -> None:
    made = bench(answer)
    made.session.request(method, "/v2/products", "creating the product Kettle", body=b"{}")
    assert made.server.methods == [method]
