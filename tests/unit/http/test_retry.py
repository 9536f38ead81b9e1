# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What is sent again, what is not, and how long is waited in between."""

from __future__ import annotations

import socket
import threading
from email.utils import formatdate

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import (
    AmbiguousWrite,
    FleetError,
    Forbidden,
    ServiceError,
    SignInError,
    Unreachable,
    WriteState,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._http.clock import Clock
from ansible_collections.azsphere.fleet.plugins.module_utils._http.exchange import RENEWALS
from ansible_collections.azsphere.fleet.plugins.module_utils._http.session import Session
from ansible_collections.azsphere.fleet.plugins.module_utils._http.settings import Settings

from tests.support.clock_and_tokens import READS, CountedTokens, FastClock
from tests.support.scripted_server import Answer, Asked, ScriptedServer
from tests.unit.http.conftest import MakeBench

FINE = Answer(200, b'{"fine": true}')
LOST = Answer(lost=True)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("trouble", [LOST, *(Answer(status) for status in (408, 429, 500, 502, 503, 504))], ids=str)
def test_idempotent_requests_are_retried(bench: MakeBench, method: str, trouble: Answer) -> None:
    here = bench(FINE, trouble, trouble, FINE)
    here.session.request("GET", "/v2/first", "getting to know each other")
    reply = here.session.request(method, "/v2/things", "trying", body=b"1" if method != "GET" else None)
    assert reply.json() == {"fine": True}
    assert here.server.methods == ["GET", method, method, method]
    assert (here.session.statistics.requests, here.session.statistics.retries) == (4, 2)


@pytest.mark.parametrize(
    "trouble",
    [LOST, *(Answer(status) for status in (408, 500, 502, 503, 504, 520)), Answer(503, headers={"Retry-After": "3"})],
    ids=str,
)
def test_post_with_unknown_outcome_is_sent_once(bench: MakeBench, trouble: Answer) -> None:
    here = bench(trouble, FINE)
    with pytest.raises(AmbiguousWrite, match=r"While creating the product Kettle, .* the outcome is unknown") as caught:
        here.session.request("POST", "/v2/products", "creating the product Kettle", body=b"{}")
    assert here.server.methods == ["POST"]
    assert caught.value.hint


@pytest.mark.parametrize(
    "refusal",
    [Answer(429), Answer(429, headers={"Retry-After": "3"})],
    ids=str,
)
def test_throttled_post_is_sent_again(bench: MakeBench, refusal: Answer) -> None:
    here = bench(refusal, FINE)
    assert here.session.request("POST", "/v2/products", "creating", body=b"{}").status == 200
    assert here.server.methods == ["POST", "POST"]


def test_post_that_only_reads_is_retried(bench: MakeBench) -> None:
    here = bench(Answer(500), FINE)
    here.session.request(
        "POST", "/v2/images/componentIdsForImages", "reading", body=b"[]", idempotent=True, changes=False
    )
    assert here.server.methods == ["POST", "POST"]


def test_post_to_a_closed_port_is_not_ambiguous() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        clock = FastClock()
        session = Session(
            Settings(f"http://127.0.0.1:{unused.getsockname()[1]}"),
            CountedTokens(),
            read_only=False,
            reads=READS,
            clock=clock,
        )
        with pytest.raises(Unreachable, match="refused the connection") as caught:
            session.request("POST", "/v2/products", "creating the product Kettle", body=b"{}")
    assert caught.value.code == "refused"
    assert "api_url" in str(caught.value)
    assert clock.time - 1000 < 5, "an unreachable server is reported soon"


def test_truncated_reply_is_retried(bench: MakeBench) -> None:
    here = bench(FINE, Answer(200, b'{"Items": [', short=40), FINE)
    here.session.request("GET", "/v2/first", "starting")
    assert here.session.request("GET", "/v2/things", "listing").json() == {"fine": True}


def test_delete_answered_404_after_a_lost_reply_succeeds(bench: MakeBench) -> None:
    here = bench(FINE, LOST, Answer(404))
    here.session.request("GET", "/v2/first", "starting")
    assert here.session.request("DELETE", "/v2/products/1", "deleting").status == 204


def test_delete_answered_404_at_first_is_an_error(bench: MakeBench) -> None:
    with pytest.raises(ServiceError):
        bench(Answer(404)).session.request("DELETE", "/v2/products/1", "deleting")


@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 501])
def test_refusal_is_not_retried(bench: MakeBench, status: int) -> None:
    here = bench(FINE, Answer(status), FINE)
    here.session.request("GET", "/v2/things", "listing")
    with pytest.raises(ServiceError):
        here.session.request("GET", "/v2/things", "listing")
    assert here.server.methods == ["GET", "GET"]


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": formatdate(1_700_000_009, usegmt=True)}, 9.0),
        # The server's clock may be wrong, so that its own date counts.
        (
            {"Retry-After": formatdate(1_600_000_011, usegmt=True), "Date": formatdate(1_600_000_000, usegmt=True)},
            11.0,
        ),
        ({"Retry-After": formatdate(1_500_000_000, usegmt=True)}, 0.5),
        ({"Retry-After": "0"}, 0.5),
        ({"Retry-After": "soon"}, 0.5),
        ({"Retry-After": "-5"}, 0.5),
        ({"Retry-After": "1e9"}, 0.5),
        ({}, 0.5),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed_in_every_form(
    bench: MakeBench, status: int, headers: dict[str, str], waited: float
) -> None:
    here = bench(Answer(status, headers=headers), FINE)
    here.session.request("GET", "/v2/things", "listing")
    assert sum(here.clock.waits) == pytest.approx(waited)
    assert here.session.statistics.throttled_seconds == pytest.approx(waited)


def test_backoff_grows_until_retry_timeout(bench: MakeBench) -> None:
    here = bench(Answer(500, b"[]"), retry_timeout=100)
    with pytest.raises(ServiceError, match=r"answered 500 Internal Server Error \(\d+ times in a row\)") as caught:
        here.session.request("GET", "/v2/things", "listing the things")
    assert here.clock.waits[:5] == [0.5, 1.0, 2.0, 4.0, 8.0]
    assert max(here.clock.waits) <= 20
    assert sum(here.clock.waits) <= 100
    assert caught.value.retriable


def test_pause_longer_than_retry_timeout_fails_all_threads_at_once(bench: MakeBench) -> None:
    here = bench(Answer(429, headers={"Retry-After": "21600"}), retry_timeout=60)
    for _unused in range(2):
        with pytest.raises(Unreachable, match="pause of 21600 s") as caught:
            here.session.request("GET", "/v2/things", "listing")
        assert "retry_timeout" in str(caught.value)
    assert len(here.server.asked) == 1
    assert here.clock.waits == []


def test_deadline_ends_retries(bench: MakeBench) -> None:
    here = bench(Answer(500))
    with pytest.raises(ServiceError):
        here.session.request("GET", "/v2/things", "listing", deadline=Deadline(3, here.clock.now))
    assert here.clock.waits == [0.5, 1.0]


def test_rejected_token_is_renewed(bench: MakeBench) -> None:
    here = bench(Answer(401), FINE)
    here.session.request("POST", "/v2/products", "creating", body=b"{}")
    assert [asked.headers["authorization"] for asked in here.server.asked] == ["Bearer token-0", "Bearer token-1"]


def test_fresh_tokens_that_are_rejected_too_end_the_request(bench: MakeBench) -> None:
    here = bench(Answer(401))
    with pytest.raises(SignInError, match="While listing the products, the service answered 401") as caught:
        here.session.request("GET", "/v2/products", "listing the products")
    assert here.tokens.renewals == RENEWALS
    assert here.clock.waits, "the service is given time between them"
    assert "token-" not in str(caught.value)


def test_token_revoked_right_after_its_renewal_is_renewed_again(bench: MakeBench) -> None:
    here = bench(Answer(401), Answer(401), FINE)
    assert here.session.request("POST", "/v2/products", "creating", body=b"{}").status == 200
    assert here.tokens.renewals == 2


def test_renewals_end_with_the_time_for_retries(bench: MakeBench) -> None:
    here = bench(Answer(401), retry_timeout=0)
    with pytest.raises(SignInError):
        here.session.request("GET", "/v2/products", "listing the products")
    assert here.tokens.renewals == 1


@pytest.mark.parametrize("asked", ["3", "3600"])
def test_post_answered_503_pauses_everybody_as_asked(bench: MakeBench, asked: str) -> None:
    here = bench(Answer(503, headers={"Retry-After": asked}), FINE, retry_timeout=100)
    with pytest.raises(AmbiguousWrite) as caught:
        here.session.request("POST", "/v2/products", "creating the product Kettle", body=b"{}")
    assert caught.value.write_state is WriteState.UNKNOWN
    if asked == "3":
        here.session.request("GET", "/v2/products", "looking")
        assert here.clock.waits == [3.0]
    else:
        with pytest.raises(Unreachable, match="a pause of 3600 s"):
            here.session.request("GET", "/v2/products", "looking")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("trouble", "state"),
    [
        (LOST, WriteState.UNKNOWN),
        (Answer(408), WriteState.UNKNOWN),
        (Answer(500), WriteState.UNKNOWN),
        (Answer(503, headers={"Retry-After": "0"}), WriteState.UNKNOWN),
        (Answer(520), WriteState.UNKNOWN),
        (Answer(301), WriteState.UNKNOWN),
        (Answer(302), WriteState.UNKNOWN),
        (Answer(303), WriteState.UNKNOWN),
        (Answer(300), WriteState.UNKNOWN),
        (Answer(304), WriteState.UNKNOWN),
        (Answer(307), WriteState.NOT_SENT),
        (Answer(308), WriteState.NOT_SENT),
        (Answer(429), WriteState.NOT_SENT),
        (Answer(501), WriteState.NOT_SENT),
        (Answer(403), WriteState.NOT_SENT),
    ],
    ids=str,
)
def test_error_carries_the_outcome_of_the_write(
    bench: MakeBench, method: str, trouble: Answer, state: WriteState
) -> None:
    here = bench(FINE, trouble, retry_timeout=1)
    here.session.request("GET", "/v2/first", "starting")
    with pytest.raises(FleetError) as caught:
        here.session.request(method, "/v2/things", "trying", body=b"1")
    assert caught.value.write_state is state
    assert ("the outcome is unknown" in str(caught.value)) is (state is WriteState.UNKNOWN)


def test_refusal_after_a_lost_reply_leaves_the_outcome_unknown(bench: MakeBench) -> None:
    here = bench(FINE, LOST, Answer(403))
    here.session.request("GET", "/v2/first", "starting")
    with pytest.raises(Forbidden) as caught:
        here.session.request("PATCH", "/v2/things", "trying", body=b"1")
    assert caught.value.write_state is WriteState.UNKNOWN
    with pytest.raises(Forbidden) as read:
        here.session.request("GET", "/v2/things", "listing")
    assert read.value.write_state is WriteState.NOT_SENT


def test_token_rejected_with_400_is_renewed_once(bench: MakeBench) -> None:
    here = bench(Answer(400), FINE, Answer(400))
    here.session.request("GET", "/v2/products", "listing the products")
    assert [asked.headers["authorization"] for asked in here.server.asked] == ["Bearer token-0", "Bearer token-1"]
    with pytest.raises(ServiceError, match="answered 400"):
        here.session.request("GET", "/v2/products", "listing the products")
    assert len(here.server.asked) == 3, "a token that was good before is not doubted"


def test_bad_request_is_reported_when_no_other_token_can_be_had(bench: MakeBench) -> None:
    here = bench(Answer(400, b"No."))
    here.tokens.renew = no_other_token  # type: ignore[method-assign]
    with pytest.raises(ServiceError, match="400 Bad Request: No"):
        here.session.request("GET", "/v2/products", "listing the products")
    assert len(here.server.asked) == 1


def no_other_token(_rejected: str) -> str:
    raise SignInError("There is no other token.")


def test_read_does_not_wait_beyond_its_deadline(bench: MakeBench) -> None:
    over = threading.Event()

    def late(_asked: Asked) -> Answer:
        over.wait(10)
        return FINE

    here = bench(late)
    with pytest.raises(Unreachable, match="did not answer within 1 s"):
        here.session.request("GET", "/v2/things", "listing", deadline=Deadline(0.1))
    over.set()


def test_threads_with_one_rejected_token_renew_it_once() -> None:
    def asked_with_an_old_token(asked: Asked) -> Answer:
        return Answer(401) if asked.headers["authorization"] == "Bearer token-0" else FINE

    server = ScriptedServer(asked_with_an_old_token)
    tokens = CountedTokens()
    with server.running() as url:
        session = Session(Settings(url, concurrency=8), tokens, read_only=True, reads=READS)
        threads = [
            threading.Thread(target=session.request, args=("GET", "/v2/things", "listing")) for _unused in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        session.close()
    assert tokens.renewals == 1


def test_close_interrupts_every_wait() -> None:
    server = ScriptedServer(Answer(503, headers={"Retry-After": "60"}))
    caught: list[FleetError] = []
    throttled = threading.Event()

    class TellingClock(Clock):
        def wait(self, condition: threading.Condition, seconds: float | None) -> None:
            throttled.set()
            super().wait(condition, seconds)

    with server.running() as url:
        session = Session(
            Settings(url, retry_timeout=100), CountedTokens(), read_only=True, reads=READS, clock=TellingClock()
        )

        def run() -> None:
            with pytest.raises(Unreachable) as failure:
                session.request("GET", "/v2/things", "listing")
            caught.append(failure.value)

        thread = threading.Thread(target=run)
        thread.start()
        assert throttled.wait(10)
        session.close()
        thread.join(10)
        assert not thread.is_alive()
    assert caught[0].code == "closed"
