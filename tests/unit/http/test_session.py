# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Where requests go and where they do not: the read-only lock, the token, TLS, addresses."""

from __future__ import annotations

import base64
import ssl
from pathlib import Path

import pytest
import trustme
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import (
    AmbiguousWrite,
    FleetError,
    InvalidInput,
    ReadOnlyViolation,
    ServiceError,
    Unreachable,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._http.session import Session
from ansible_collections.azsphere.fleet.plugins.module_utils._http.settings import Settings

from tests.support.clock_and_tokens import READS, CountedTokens, FastClock
from tests.support.scripted_server import Answer, ScriptedServer
from tests.unit.http.conftest import MakeBench


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "post"])
@pytest.mark.parametrize("changes", [False, True])
def test_read_only_session_refuses_writes(bench: MakeBench, method: str, changes: bool) -> None:
    here = bench(read_only=True)
    with pytest.raises(ReadOnlyViolation):
        here.session.request(method, "/v2/products", "creating the product Kettle", changes=changes)
    assert here.server.asked == []
    assert here.session.statistics.requests == 0


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_read_only_session_sends_reads(bench: MakeBench, method: str) -> None:
    here = bench(read_only=True)
    assert here.session.request(method, "/v2/products", "listing").status == 200


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(bench: MakeBench, status: int) -> None:
    other = bench()
    here = bench(Answer(status, headers={"Location": f"http://127.0.0.1:{other.server.port}/v2/products"}))
    with pytest.raises(ServiceError) as caught:
        here.session.request("GET", "/v2/products", "listing the products")
    assert "api_url" in str(caught.value)
    assert other.server.asked == []
    assert len(here.server.asked) == 1


@pytest.mark.parametrize("path", ["@127.0.0.1:{port}/v2", ".example.org/v2", "http://127.0.0.1:{port}/v2", "0/v2", ""])
def test_path_cannot_lead_to_another_host(bench: MakeBench, path: str) -> None:
    here, other = bench(), bench()
    with pytest.raises(InvalidInput):
        here.session.request("GET", path.format(port=other.server.port), "listing")
    assert here.server.asked == other.server.asked == []


def test_addresses_that_the_service_gives_become_paths_of_this_host_only() -> None:
    session = Session(Settings("https://sphere.example.org"), CountedTokens(), read_only=True, reads=READS)
    assert session.path_of("https://sphere.example.org/v2/tenants/t?x=1") == "/v2/tenants/t?x=1"
    assert session.path_of("HTTPS://SPHERE.example.org:443/v2/tenants/t") == "/v2/tenants/t"
    assert session.path_of("/v2/tenants/t") == "/v2/tenants/t"
    assert session.path_of("tenants/t") == "/tenants/t"
    for elsewhere in (
        "https://example.org/v2",
        "http://sphere.example.org/v2",
        "https://sphere.example.org:8443/v2",
        "//example.org/v2",
        "https://sphere.example.org@example.org/v2",
        "https://sphere.example.org:99999/v2",
        "https://[sphere.example.org/v2",
        "",
        None,
    ):
        assert session.path_of(elsewhere) is None


def test_base_path_of_the_address_is_kept() -> None:
    session = Session(Settings("https://gateway.example.org/sphere/"), CountedTokens(), read_only=True, reads=READS)
    assert session.path_of("https://gateway.example.org/sphere/v2/tenants") == "/v2/tenants"
    assert session.path_of("/sphere/v2/tenants") == "/v2/tenants"
    assert session.path_of("/spheres/v2/tenants") == "/spheres/v2/tenants"


def test_request_carries_query_headers_body_and_token(bench: MakeBench) -> None:
    here = bench()
    here.session.request(
        "PUT", "/v2/a%20b", "trying", query={"maxPageSize": "5"}, headers={"Sphere-Continuation": "x"}, body=b'"g"'
    )
    (asked,) = here.server.asked
    assert asked.path == "/v2/a%20b?maxPageSize=5"
    assert asked.body == b'"g"'
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["sphere-continuation"] == "x"
    assert asked.headers["authorization"] == "Bearer token-0"


def test_netrc_and_cookies_are_ignored(bench: MakeBench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password canary\n")
    monkeypatch.setenv("NETRC", str(netrc))
    here = bench(Answer(headers={"Set-Cookie": "session=1; Path=/"}))
    here.session.request("GET", "/v2/things", "listing")
    here.session.request("GET", "/v2/things", "listing")
    for asked in here.server.asked:
        assert asked.headers["authorization"] == "Bearer token-0"
        assert "cookie" not in asked.headers
        assert base64.b64encode(b"somebody:canary").decode() not in str(asked.headers)


def test_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch, bench: MakeBench) -> None:
    proxy = bench()
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.server.port}")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "")
    session = Session(Settings("http://sphere.invalid"), CountedTokens(), read_only=True, reads=READS)
    session.request("GET", "/v2/things", "listing")
    session.close()
    assert proxy.server.asked[0].path == "http://sphere.invalid/v2/things"


def test_success_that_is_not_json_is_an_error(bench: MakeBench) -> None:
    here = bench(Answer(200, b"<html>Sign in to the hotel</html>", {"Content-Type": "text/html"}))
    with pytest.raises(Unreachable, match="text/html") as caught:
        here.session.request("GET", "/v2/things", "listing").json()
    assert "api_url" in str(caught.value)
    with pytest.raises(AmbiguousWrite):
        here.session.request("POST", "/v2/things", "creating").json()


def test_json_that_is_too_deep_is_not_valid(bench: MakeBench) -> None:
    with pytest.raises(Unreachable, match="is not valid JSON"):
        bench(Answer(200, b"[" * 100_000)).session.request("GET", "/v2/things", "listing").json()


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        (r"\ud800", "\ufffd"),
        (r"a\uDBFFb", "a\ufffdb"),
        (r"\udc00\ud800", "\ufffd\ufffd"),
        (r"\ud83d\ude00", "\U0001f600"),
        (r"\\ud800", r"\ud800"),
        (r"\"\u0041\n", '"A\n'),
    ],
)
def test_half_of_a_surrogate_pair_is_replaced(bench: MakeBench, escaped: str, text: str) -> None:
    here = bench(Answer(body=b'{"Id": "' + escaped.encode() + b'"}'))
    assert here.session.request("GET", "/v2/products", "looking").json() == {"Id": text}


def test_empty_body_is_none(bench: MakeBench) -> None:
    assert bench(Answer(204, b"")).session.request("POST", "/v2/x", "assigning").json() is None


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def ca_path(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def read_once(url: str, verify: bool | str) -> None:
    session = Session(Settings(url, verify=verify), CountedTokens(), read_only=True, reads=READS, clock=FastClock())
    try:
        session.request("GET", "/v2/products", "listing the products")
    finally:
        session.close()


def test_ca_path_wins_over_the_environment(
    tls: ssl.SSLContext, ca_path: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    server = ScriptedServer()
    with server.running(tls) as url:
        read_once(url, ca_path)
        read_once(url, False)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", ca_path)
        with pytest.raises(Unreachable):
            read_once(url, str(other))
    assert len(server.asked) == 2


def test_unknown_authority_is_reported_and_gets_no_token(tls: ssl.SSLContext) -> None:
    server = ScriptedServer()
    with server.running(tls) as url, pytest.raises(Unreachable) as caught:
        read_once(url, True)
    assert f"the certificate of 127.0.0.1:{server.port} was not accepted" in caught.value.message
    assert "ca_path" in str(caught.value)
    assert not caught.value.retriable
    assert server.asked == []


@pytest.mark.parametrize(
    ("url", "code", "words"),
    [
        ("https://nothing-here.invalid", "name_resolution", "the name of nothing-here.invalid could not be resolved"),
        ("https://127.0.0.1:1", "refused", "127.0.0.1:1 refused the connection"),
    ],
)
def test_unreachable_server_is_reported_in_one_sentence(url: str, code: str, words: str) -> None:
    with pytest.raises(Unreachable, match=words) as caught:
        read_once(url, True)
    assert caught.value.code == code
    assert str(caught.value).startswith("While listing the products, ")
    assert "api_url" in str(caught.value)


def test_plain_http_on_a_tls_port_is_a_tls_failure(bench: MakeBench) -> None:
    plain = bench()
    with pytest.raises(FleetError, match=r"TLS connection to .* failed"):
        read_once(f"https://127.0.0.1:{plain.server.port}", False)
