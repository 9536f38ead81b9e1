# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Requests on a connection that is open already: the same as on a new one, whatever the reply."""

from __future__ import annotations

import errno
import gc
import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import (
    AmbiguousWrite,
    FleetError,
    Unreachable,
    WriteState,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._http.bounded import Progress
from ansible_collections.azsphere.fleet.plugins.module_utils._http.direct import Direct
from ansible_collections.azsphere.fleet.plugins.module_utils._http.session import Session
from ansible_collections.azsphere.fleet.plugins.module_utils._http.settings import Settings

from tests.support.clock_and_tokens import READS, CountedTokens
from tests.support.scripted_server import Answer
from tests.unit.http.conftest import MakeBench

BODIES = [b"", b"{}", b'{"a": 1}' * 100, b"[" + b'"text",' * 5000 + b"1]"]


class Replies:
    """A server that writes each of these replies byte by byte as they are, and counts connections."""

    def __init__(self, *replies: bytes, ends: bool = False) -> None:
        self.replies = list(replies)
        #: Whether it closes each connection after a reply, without saying so.
        self.ends = ends
        self.ended = threading.Event()
        self.connections = 0
        self.asked: list[str] = []

    @contextmanager
    def session(self) -> Iterator[Session]:
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                script.connections += 1

            def do_GET(self) -> None:
                script.asked.append(self.raw_requestline.decode().split()[1])
                self.wfile.write(script.replies.pop(0))
                self.close_connection = self.close_connection or script.ends

            def do_PUT(self) -> None:
                script.asked.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.wfile.write(script.replies.pop(0))

            def log_message(self, *_arguments: Any) -> None:
                """Says nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def shutdown_request(self, request: Any) -> None:
                super().shutdown_request(request)
                script.ended.set()

        with Server(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
            thread.start()
            settings = Settings(f"http://127.0.0.1:{server.server_address[1]}", request_timeout=5, retry_timeout=0)
            try:
                with closing(Session(settings, CountedTokens(), read_only=False, reads=READS)) as session:
                    yield session
            finally:
                server.shutdown()
                thread.join()


def reply(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def sized(body: bytes, *headers: str) -> bytes:
    return reply(body, f"Content-Length: {len(body)}", *headers)


@pytest.mark.parametrize("body", BODIES, ids=len)
@pytest.mark.parametrize("form", ["sized", "chunked", "gzip", "interim", "end"])
def test_every_form_of_reply_is_read_on_an_open_connection(body: bytes, form: str) -> None:
    packed = gzip.compress(body)
    pieces = b"".join(
        b"%x\r\n%b\r\n" % (len(body[at : at + 999]), body[at : at + 999]) for at in range(0, len(body), 999)
    )
    forms = {
        "sized": sized(body),
        "chunked": reply(pieces + b"0\r\n\r\n", "Transfer-Encoding: chunked"),
        "gzip": sized(packed, "Content-Encoding: gzip"),
        "interim": b"HTTP/1.1 100 Continue\r\n\r\n" + sized(body),
        "end": sized(body, "Connection: close"),
    }
    server = Replies(sized(b"{}"), forms[form], sized(b'"after"'))
    with server.session() as session:
        session.request("GET", "/first", "testing")
        assert session.request("GET", "/second", "testing").content == body
        assert session.request("GET", "/third", "testing").json() == "after"
    assert server.connections == (2 if form == "end" else 1)


def test_requests_on_an_open_connection_are_complete(bench: MakeBench) -> None:
    here = bench()
    for _unused in range(2):
        here.session.request(
            "PUT", "/v2/a%20b", "testing", query={"x": "1 2", "y": "ü"}, headers={"X-Mark": "é"}, body=b"[1]"
        )
    first, second = here.server.asked
    assert first == second
    assert second.path == "/v2/a%20b?x=1+2&y=%C3%BC"
    assert second.headers["host"] == f"127.0.0.1:{here.server.port}"


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "POST", "PUT", "PATCH"])
def test_requests_without_a_body_are_the_same_on_new_and_open_connections(bench: MakeBench, method: str) -> None:
    here = bench()
    for _unused in range(3):
        here.session.request(method, "/v2/things", "testing")
    first, *others = here.server.asked
    assert others == [first, first]


@pytest.mark.parametrize("path", ["/v2/ü", "/v2/a b", "/v2/a\r\nX-Injected: 1"])
def test_path_that_needs_encoding_is_the_same_on_an_open_connection(bench: MakeBench, path: str) -> None:
    here = bench()
    for _unused in range(2):
        here.session.request("GET", path, "testing")
    first, second = here.server.asked
    assert first == second
    assert "x-injected" not in second.headers


def test_large_body_is_sent_on_an_open_connection(bench: MakeBench) -> None:
    here = bench()
    here.session.request("GET", "/v2/first", "testing")
    here.session.request("PUT", "/v2/image", "testing", body=b"x" * 300_000)
    assert here.server.asked[1].body == b"x" * 300_000


def test_connection_lost_on_an_open_connection_leaves_the_outcome_unknown(bench: MakeBench) -> None:
    here = bench(Answer(), Answer(lost=True), Answer(), retry_timeout=0)
    here.session.request("GET", "/v2/first", "testing")
    with pytest.raises(AmbiguousWrite):
        here.session.request("POST", "/v2/things", "testing", body=b"{}")
    here.session.request("GET", "/v2/after", "testing")


@pytest.mark.parametrize("body", [b"{}", b"1" * 20_000], ids=len)
def test_short_reply_on_an_open_connection_is_lost(bench: MakeBench, body: bytes) -> None:
    here = bench(Answer(), Answer(200, body, short=5), Answer(), retry_timeout=0)
    here.session.request("GET", "/v2/first", "testing")
    with pytest.raises(Unreachable) as caught:
        here.session.request("GET", "/v2/second", "testing")
    assert caught.value.code == "disconnected"
    here.session.request("GET", "/v2/after", "testing")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (sized(b"x", "Content-Encoding: br"), "encoding"),
        (b"HTTP/9 what\r\n\r\n", "disconnected"),
        (b"nonsense\r\n\r\n", "disconnected"),
    ],
    ids=["unknown encoding", "version", "no status line"],
)
def test_reply_that_cannot_be_read_closes_the_connection(answer: bytes, code: str) -> None:
    server = Replies(sized(b"{}"), answer, sized(b"{}"))
    with server.session() as session:
        session.request("GET", "/first", "testing")
        with pytest.raises(FleetError) as caught:
            session.request("GET", "/second", "testing")
        assert caught.value.code == code
        session.request("GET", "/third", "testing")
    assert server.connections == 2


def test_headers_and_body_are_one_write(bench: MakeBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """With two, the server wakes up twice for each request."""
    import http.client

    sent: list[bytes] = []
    send = http.client.HTTPConnection.send

    def note(self: http.client.HTTPConnection, data: Any) -> None:
        sent.append(data)
        send(self, data)

    monkeypatch.setattr(http.client.HTTPConnection, "send", note)
    here = bench()
    for _unused in range(2):
        here.session.request("PUT", "/v2/things", "testing", body=b'{"a": 1}')
    assert len(sent) == 2
    assert all(data.startswith(b"PUT /v2/things ") and data.endswith(b'{"a": 1}') for data in sent)


def test_connection_that_the_server_has_closed_is_not_used_again() -> None:
    server = Replies(sized(b"{}"), sized(b"{}"), ends=True)
    with server.session() as session:
        session.request("GET", "/first", "testing")
        assert server.ended.wait(10)
        # On the old connection, the outcome would be unknown: it may have been sent.
        session.request("PUT", "/second", "testing", body=b"[1]", idempotent=False)
    assert server.asked == ["/first", "[1]"]
    assert server.connections == 2


def test_connections_of_a_forgotten_session_are_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        direct = Direct(f"http://127.0.0.1:{server.getsockname()[1]}", True, Progress())
        connection = direct.take(5)
        opened = connection.sock
        direct.give(connection)
        del connection, direct
        gc.collect()
    assert opened.fileno() == -1


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://sphere.example", ("sphere.example", 443)),
        ("http://sphere.example/v2", ("sphere.example", 80)),
        ("https://[::1]", ("::1", 443)),
        ("https://[fe80::1]:8443", ("fe80::1", 8443)),
    ],
)
@pytest.mark.parametrize("number", [errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES], ids=errno.errorcode.get)
def test_unreachable_network_is_reported(
    url: str, address: tuple[str, int], number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def fail(to: tuple[str, int], *_arguments: Any, **_options: Any) -> None:
        tried.append(to)
        raise OSError(number, "not here")

    monkeypatch.setattr(socket, "create_connection", fail)
    session = Session(Settings(url, retry_timeout=0), CountedTokens(), read_only=False, reads=READS)
    with closing(session), pytest.raises(Unreachable) as caught:
        session.request("POST", "/v2/things", "testing")
    assert tried == [address]
    assert caught.value.code == "no_connection"
    assert caught.value.write_state is WriteState.NOT_SENT


def test_headers_are_found_in_any_case_and_joined() -> None:
    server = Replies(reply(b"{}", "Content-Length: 2", "X-Part: one", "x-part: two"))
    with server.session() as session:
        headers = session.request("GET", "/first", "testing").headers
    assert headers["x-PART"] == "one, two"
    assert "X-Other" not in headers
    assert [name for name in headers if name.lower() == "x-part"] == ["X-Part"]
