# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors
"""What cannot have been sent: one clear sentence, at once, never retried, never of unknown outcome."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import (
    AmbiguousWrite,
    FleetError,
    InvalidInput,
    MissingLibrary,
    SignInError,
    Unreachable,
    WriteState,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._http.checks import is_address
from ansible_collections.azsphere.fleet.plugins.module_utils._http.download import fetch
from ansible_collections.azsphere.fleet.plugins.module_utils._http.plain import Attempt, PlainSession
from ansible_collections.azsphere.fleet.plugins.module_utils._http.session import Session
from ansible_collections.azsphere.fleet.plugins.module_utils._http.settings import Settings

from tests.support.scripted_server import Answer
from tests.unit.http.conftest import READS, CountedTokens, FastClock, MakeBench

NO_ADDRESSES = [
    "http://[::bad",
    "https://a..b",
    f"https://{'a' * 64}.example",
    f"https://{'a.' * 130}example",
    "https://a\0b",
    "https://exa mple.org",
    "https://host\n.example",
    "https://host:99999",
    "https://host:port",
    "https://host:0",
    "https://",
    "https://.",
    "https://%zz",
    "host.example",
    "ftp://host.example",
    "",
]


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def post(url: str, token: str = "token", **settings: Any) -> FleetError:
    """How a POST to this address fails; at once, and surely not sent."""
    clock = FastClock()
    tokens = CountedTokens()
    tokens.token = lambda: token  # type: ignore[method-assign]

    def send() -> None:
        session = Session(Settings(url, **settings), tokens, read_only=False, reads=READS, clock=clock)
        with closing(session):
            session.request("POST", "/v2/products", "creating the product Kettle", body=b"{}")

    with pytest.raises(FleetError) as caught:
        send()
    error = caught.value
    assert not isinstance(error, AmbiguousWrite)
    assert error.write_state is WriteState.NOT_SENT
    assert clock.waits == [], "it was retried"
    assert "lost" not in error.message
    return error


def sign_in(url: str, **options: Any) -> FleetError:
    """How a request to a sign-in service at this address fails."""
    clock = FastClock()
    given = {"verify": True, "timeout": 5, "retry_timeout": 100, "clock": clock, **options}
    with (
        pytest.raises(FleetError) as caught,
        PlainSession(Attempt("signing in", "authority_host"), **given) as session,
    ):
        session.post(url, data={"client_secret": "canary"})
    assert clock.waits == [], "it was retried"
    return caught.value


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_invalid_address_is_rejected_before_sending(address: str) -> None:
    assert not is_address(address)
    for error in (post(address), sign_in(address)):
        assert isinstance(error, InvalidInput)
    with pytest.raises(InvalidInput, match="not a web address"):
        fetch(address, print, verify=True, timeout=1, doing="downloading")


@pytest.mark.parametrize(
    "address",
    [
        "https://host.example",
        "https://host.example.",
        "http://127.0.0.1:1",
        "https://[::1]:8443/x",
        "https://bücher.example",
    ],
)
def test_valid_address_is_accepted(address: str) -> None:
    assert is_address(address)


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize(
    "proxy", ["http://[::bad", "http://", "ftp://127.0.0.1:1", "http://a..b:1", "http://u:canary@h:99999", "://", "a b"]
)
def test_invalid_proxy_variable_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, proxy: str) -> None:
    monkeypatch.setenv(variable, proxy)
    for error in (post("https://sphere.invalid"), sign_in("https://login.invalid")):
        assert isinstance(error, InvalidInput)
        assert variable in error.message
        assert "canary" not in str(error)
    with pytest.raises(InvalidInput, match=variable):
        fetch("https://blob.invalid/x?sig=canary", print, verify=True, timeout=1, doing="downloading")


@pytest.mark.parametrize("scheme", ["socks5", "socks5h", "SOCKS4"])
def test_socks_proxy_without_pysocks_names_the_library(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setattr(
        "ansible_collections.azsphere.fleet.plugins.module_utils._http.checks.find_spec", lambda _name: None
    )
    monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://user:canary@127.0.0.1:1")
    for error in (post("https://sphere.invalid"), sign_in("https://login.invalid")):
        assert isinstance(error, MissingLibrary)
        assert "PySocks" in error.message
        assert "canary" not in str(error)


@pytest.mark.parametrize("token", ["a\nb", "a\r\nX-Other: 1", "caf\u00e9", "\u4f60", "a b", "", "a\0b"])
def test_token_invalid_in_a_header_is_rejected(token: str) -> None:
    error = post("https://127.0.0.1:1", token=token)
    assert isinstance(error, SignInError)
    assert not token or token not in str(error)


@pytest.mark.parametrize("value", ["two\r\nlines", "\u4f60", " leading", "a\0b"])
def test_invalid_header_is_rejected(bench: MakeBench, value: str) -> None:
    here = bench()
    with pytest.raises(InvalidInput, match="Sphere-Continuation") as caught:
        here.session.request("GET", "/v2/things", "listing", headers={"Sphere-Continuation": value})
    assert value not in str(caught.value)
    assert here.server.asked == []


@pytest.mark.parametrize("timeout", [1e10, 1e300, float("inf"), float("nan"), 0, -1, 86_401])
def test_timeout_out_of_range_is_rejected(timeout: float) -> None:
    for error in (
        post("https://127.0.0.1:1", request_timeout=timeout),
        sign_in("https://127.0.0.1:1", timeout=timeout),
    ):
        assert isinstance(error, InvalidInput)
        assert "request_timeout" in error.message


def test_missing_file_of_authorities_is_named(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.pem")
    for error in (post("https://127.0.0.1:1", verify=missing), sign_in("https://127.0.0.1:1", verify=missing)):
        assert error.code == "ca_path"
        assert missing in error.message


@contextmanager
def proxy_that_says(reply: bytes) -> Iterator[str]:
    """A proxy with one reply to every CONNECT."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)

        def serve() -> None:
            while True:
                try:
                    connection, _address = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(reply)

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "403 Forbidden"])
@pytest.mark.parametrize("ask", [post, sign_in], ids=["service", "sign-in"])
def test_proxy_error_names_the_rejected_request(
    monkeypatch: pytest.MonkeyPatch, ask: Callable[[str], FleetError], status: str
) -> None:
    with proxy_that_says(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:canary@{proxy}")
        error = ask("https://sphere.invalid")
    assert f"the proxy {proxy} refused to connect to sphere.invalid ({status})" in error.message
    assert "canary" not in str(error)


@pytest.mark.parametrize(
    "reply", [b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", b"", b"nonsense\r\n\r\n"]
)
def test_post_rejected_by_a_proxy_was_not_sent(monkeypatch: pytest.MonkeyPatch, reply: bytes) -> None:
    with proxy_that_says(reply) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy}")
        session = Session(
            Settings("https://sphere.invalid"), CountedTokens(), read_only=False, reads=READS, clock=FastClock()
        )
        with pytest.raises(Unreachable) as caught:
            session.request("POST", "/v2/products", "creating", body=b"{}")
        session.close()
    assert caught.value.write_state is WriteState.NOT_SENT


def test_post_whose_tls_handshake_failed_was_not_sent(bench: MakeBench) -> None:
    plain = bench()
    session = Session(
        Settings(f"https://127.0.0.1:{plain.server.port}", verify=False),
        CountedTokens(),
        read_only=False,
        reads=READS,
        clock=FastClock(),
    )
    with pytest.raises(Unreachable) as caught:
        session.request("POST", "/v2/products", "creating", body=b"{}")
    session.close()
    assert caught.value.write_state is WriteState.NOT_SENT


def test_post_through_proxy_that_loses_connection_has_unknown_outcome(
    monkeypatch: pytest.MonkeyPatch, bench: MakeBench
) -> None:
    proxy = bench(Answer(lost=True))
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.server.port}")
    session = Session(Settings("http://sphere.invalid"), CountedTokens(), read_only=False, reads=READS)
    with pytest.raises(AmbiguousWrite):
        session.request("POST", "/v2/products", "creating", body=b"{}")
    session.close()
    assert proxy.server.methods == ["POST"]
