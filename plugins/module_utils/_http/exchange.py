# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The attempts at one request: token, turn, retries and pauses, until it is answered for good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .._deadline import Deadline
from .._errors import FleetError, SignInError, WriteState
from .challenge import claims_of
from .checks import is_token
from .clock import Clock
from .endings import ambiguous_write, leave_unknown, out_of_patience, session_closed
from .line import Line
from .lost import LostReply
from .message import Reply, Request
from .pace import Paces
from .retry import READ_ATTEMPTS, RETRIED, THROTTLES, TOO_MANY_REQUESTS, Attempts, state_after
from .settings import Identity, Settings, TokenSource
from .throttle import Gate, GateClosed, PausedTooLong, Statistics, retry_after

#: Seconds that a reply gets in any case, however near the deadline is.
SHORTEST_TIMEOUT = 1.0
#: How often one request asks for a fresh token in place of one that was rejected.
RENEWALS = 5


@dataclass
class Channel:
    """What all requests of a session share.

    `answered`: whether the server has ever answered; `accepted`: the last token that it accepted.
    """

    settings: Settings
    tokens: TokenSource
    line: Line
    gate: Gate
    paces: Paces
    statistics: Statistics
    clock: Clock
    jitter: Callable[[float], float]
    answered: bool = False
    accepted: str | None = None
    #: The last token that was checked.
    checked: str | None = None

    def close(self) -> None:
        """Closes all connections; whoever waits gets Unreachable."""
        self.gate.close()
        # The open folder of kept tokens must not wait for the garbage collector: a backend may refer to itself.
        self.tokens = _NoTokens()
        self.line.close()

    def pause(self, seconds: float, doing: str) -> None:
        """Waits for so many seconds. Raises Unreachable when the session is closed meanwhile."""
        try:
            self.gate.pause(seconds)
        except GateClosed as closed:
            raise session_closed(doing, None) from closed


class _NoTokens:
    """The tokens of a closed session."""

    source = "none"

    def token(self) -> str:
        """Raises Unreachable."""
        raise session_closed("signing in", None)

    def renew(self, _rejected: str, _claims: str | None = None, /) -> str:
        """Raises Unreachable."""
        return self.token()

    def account(self) -> Identity:
        """Raises Unreachable."""
        raise session_closed("signing in", None)


class Exchange:
    """The attempts at one request until it is answered for good."""

    def __init__(self, channel: Channel, request: Request, patience: float, deadline: Deadline | None) -> None:
        """`patience`: seconds for all retries together. `deadline` also ends the wait for a reply."""
        self._channel = channel
        self._request = request
        self._attempts = Attempts(patience, channel.clock, channel.jitter, lambda: channel.answered)
        self._deadline = deadline
        self._pace = channel.paces.of(request.method, request.path)
        self._renewals = 0
        #: Whether the token in use was requested for a claims challenge, which is answered once.
        self._challenged = False
        self._unread = 0
        #: Whether one of the attempts may have been executed.
        self._maybe_done = False

    def run(self) -> Reply:
        """Returns the success. Raises as `Session.request`."""
        try:
            self._token = self._channel.tokens.token()
            if self._token is not self._channel.checked:
                self._channel.checked = _checked(self._token)
            while True:
                reply = self._attempt()
                if reply is not None:
                    return reply
        except FleetError as error:
            error.tried = self._attempts.number > 0 or self._renewals > 0
            if self._maybe_done and self._request.changes and error.write_state is WriteState.NOT_SENT:
                leave_unknown(error)
            raise

    def _attempt(self) -> Reply | None:
        """Returns the success, None when the next attempt is due. Raises what ends the request."""
        channel, request, attempts = self._channel, self._request, self._attempts
        try:
            with channel.gate.turn(attempts.left, self._pace, in_pause=request.in_pause) as throttles:
                attempts.begin()
                channel.statistics.add(requests=1, retries=1 if attempts.number > 1 else 0)
                began = channel.clock.now()
                reply = channel.line.send(request, self._token, self._timeout())
        except PausedTooLong as paused:
            raise out_of_patience(paused.seconds, request.doing, request.target) from paused
        except GateClosed as closed:
            raise session_closed(request.doing, request.target) from closed
        except LostReply as lost:
            self._lost(lost)
            return None
        channel.answered = True
        if reply.status not in THROTTLES:
            channel.gate.replied(channel.clock.now() - began, self._pace, reply.headers)
        if reply.status < 300:
            channel.accepted = self._token
            return None if self._asked_again(reply) else reply
        if self._renewed(reply):
            return None
        if request.method == "DELETE" and self._maybe_done and reply.status == 404:
            return Reply(204, reply.headers, b"", request)
        self._refused(reply, throttles)
        return None

    def _timeout(self) -> float:
        """Returns the seconds that the next attempt gets."""
        timeout = self._channel.settings.request_timeout
        if self._deadline is None:
            return timeout
        return min(timeout, max(SHORTEST_TIMEOUT, self._deadline.remaining()))

    def _asked_again(self, reply: Reply) -> bool:
        """Whether a read is repeated since its success cannot be understood; pauses before that."""
        if self._request.method != "GET" or reply.understood:
            return False
        self._unread += 1
        pause = self._attempts.pause()
        if self._unread >= READ_ATTEMPTS or not self._attempts.fits(pause):
            return False
        self._channel.pause(pause, self._request.doing)
        return True

    def _lost(self, lost: LostReply) -> None:
        """Pauses before the next attempt. Raises when there is none."""
        self._maybe_done = self._maybe_done or lost.sent
        if lost.lasting or self._attempts.in_vain:
            raise lost.error from None
        if lost.sent and not self._request.idempotent:
            raise ambiguous_write(lost.error) from None
        pause = self._attempts.pause()
        if not self._attempts.fits(pause):
            raise lost.error from None
        self._channel.pause(pause, self._request.doing)

    def _refused(self, reply: Reply, throttles: int) -> None:
        """Pauses before the next attempt, all threads when the service is throttling. Raises when there is none."""
        # Most tasks get none.
        from .errors import refusal

        channel, request, attempts = self._channel, self._request, self._attempts
        unknown = state_after(reply.status) is WriteState.UNKNOWN
        self._maybe_done = self._maybe_done or unknown
        settings = channel.settings
        seen = (reply.status, reply.headers, reply.content, request.doing, request.target)
        error = refusal(
            *seen,
            attempts=attempts.number,
            codes=settings.error_codes,
            secrets=[self._token],
            hints=settings.hints,
        )
        throttled = reply.status in THROTTLES
        asked = retry_after(reply.headers, channel.clock) if throttled else None
        pause = attempts.pause(asked)
        if throttled:
            # Where nothing follows, only what the service asked for keeps the others waiting.
            pace = self._pace if reply.status == TOO_MANY_REQUESTS else None
            channel.gate.throttled(throttles, pause if attempts.fits(pause) else asked or 0.0, pace)
        if unknown and request.changes and not request.idempotent:
            raise ambiguous_write(error)
        if reply.status not in RETRIED:
            raise error
        if asked is not None and asked > attempts.patience:
            raise out_of_patience(asked, request.doing, request.target, reply.status)
        if not attempts.fits(pause):
            raise error
        if not throttled:
            channel.pause(pause, request.doing)

    def _renewed(self, reply: Reply) -> bool:
        """Whether the reply calls for another token, and there is one to try."""
        if reply.status == 401 and self._renewals < RENEWALS:
            claims = claims_of(reply.headers)
            if claims is not None and self._challenged:
                return False
            self._challenged = claims is not None
            if self._renewals:
                # A fresh token was rejected too: perhaps it was revoked in the meantime.
                pause = self._attempts.pause()
                if not self._attempts.fits(pause):
                    return False
                self._channel.pause(pause, self._request.doing)
            self._renewals += 1
            self._token = _checked(self._channel.tokens.renew(self._token, claims))
            return True
        if reply.status == 400 and not self._renewals and self._token != self._channel.accepted:
            # An invalid token may show as 400 (FACTS: failures), and this one was never accepted.
            self._renewals += 1
            try:
                self._token = self._channel.checked = _checked(self._channel.tokens.renew(self._token))
            except SignInError:
                return False
            self._attempts.number -= 1
            return True
        return False


def _checked(token: str) -> str:
    """Returns the token. Raises SignInError for one that no request can carry, without repeating it."""
    if not is_token(token):
        raise SignInError(
            "Invalid access token: it has characters that no token has.",
            code="unusable_token",
            hint="Sign in again, or check where the token comes from.",
        )
    return token
