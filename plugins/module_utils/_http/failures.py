# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Why no reply came, in one sentence: the one classifier for requests, sign-in, managed identity and downloads."""

from __future__ import annotations

import errno
import os
import re
import socket
import ssl
from collections.abc import Iterator
from typing import Any, NamedTuple

from .._errors import InvalidInput, Unreachable
from .bounded import TooLarge, UnknownEncoding
from .checks import shown_host
from .errors import scrub
from .lost import Failure, Peer

#: What OpenSSL says of a file of authorities that it cannot use.
_NO_AUTHORITIES = ("NO_CERTIFICATE_OR_CRL_FOUND", "NO_START_LINE", "BAD_BASE64_DECODE", "PEM lib")
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})\s*([^'\")]*)")
#: Errors of sockets that no connection can be made with, and that have no class of their own.
_UNREACHABLE = (
    errno.EACCES,
    errno.EADDRNOTAVAIL,
    errno.EAFNOSUPPORT,
    errno.EHOSTDOWN,
    errno.EHOSTUNREACH,
    errno.EINVAL,
    errno.EMFILE,
    errno.ENETDOWN,
    errno.ENETUNREACH,
    errno.ENFILE,
    errno.ENOBUFS,
    errno.EPERM,
)
#: Replies of a proxy to CONNECT that pass.
_PASSING = (408, 425, 429)


class _Why(NamedTuple):
    code: str
    reason: str
    hint: str
    lasting: bool = False


def connection_failure(error: BaseException, peer: Peer, sent: bool) -> Failure:
    """Returns why no reply came; `sent` says whether bytes of the request have left this machine."""
    chain = list(causes(error))
    why = _after_sending(chain, peer) if sent else _before_sending(chain, peer)
    if why is None:
        return Failure(_not_sent(chain, peer), lasting=True)
    made = Unreachable(
        f"While {peer.doing}, {why.reason}.",
        code=why.code,
        target=peer.target,
        retriable=not why.lasting,
        hint=why.hint,
    )
    return Failure(made, why.lasting)


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yields the error and all that is wrapped in it."""
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
        waiting.extend(part for part in inner if isinstance(part, BaseException))


def _first(chain: list[BaseException], *kinds: type[BaseException]) -> Any:
    return next((one for one in chain if isinstance(one, kinds)), None)


def _after_sending(chain: list[BaseException], peer: Peer) -> _Why:
    import urllib3.exceptions as below

    large = _first(chain, TooLarge)
    if large is not None:
        reason = f"{peer.host} answered more than {large.most // 2**20} MiB"
        return _Why("too_large", reason, f"Check {peer.option}, and whether a proxy answers in its place.", True)
    if _first(chain, UnknownEncoding):
        reason = f"{peer.host} encoded the answer in a way that was not asked for"
        return _Why("encoding", reason, f"Check {peer.option}, and whether a proxy changes replies.", True)
    if _first(chain, below.ReadTimeoutError, TimeoutError):
        reason = f"{peer.host} did not answer within {_spoken(peer.timeout)} s"
        return _Why("timeout", reason, "Try again, or raise request_timeout.")
    reason = f"the connection to {peer.host} was lost before the answer was complete"
    return _Why("disconnected", reason, "Try again; if it happens again, check the network in between.")


def _before_sending(chain: list[BaseException], peer: Peer) -> _Why | None:
    """Returns None for what is wrong on this machine, such as an address that is none."""
    import urllib3.exceptions as below

    if isinstance(peer.verify, str) and not os.access(peer.verify, os.R_OK):
        reason = f"no request was sent, since the file {peer.verify} (ca_path) cannot be read"
        return _Why("ca_path", reason, "Set ca_path to a file of certificate authorities in PEM form.", lasting=True)
    if _first(chain, below.ProxyError):
        return _proxy(chain, peer)
    return _tls(chain, peer) or _network(chain, peer)


def _proxy(chain: list[BaseException], peer: Peer) -> _Why:
    proxy = shown_host(peer.proxy or "") or "on the way"
    refusal = next((found for one in chain if (found := _TUNNEL.search(str(one)))), None)
    if refusal is None:
        reason = f"the proxy {proxy} on the way to {peer.host} could not be used"
        return _Why("proxy", reason, "Check the variables HTTPS_PROXY and NO_PROXY.")
    status, words = int(refusal.group(1)), scrub(refusal.group(2)).rstrip(". ")
    reason = f"the proxy {proxy} refused to connect to {peer.host} ({' '.join([str(status), words]).strip()})"
    hint = "Give the proxy's user and password in HTTPS_PROXY, or set NO_PROXY."
    if status != 407:
        hint = f"Have the proxy allow {peer.host}, or check the variables HTTPS_PROXY and NO_PROXY."
    return _Why("proxy", reason, hint, lasting=status < 500 and status not in _PASSING)


def _tls(chain: list[BaseException], peer: Peer) -> _Why | None:
    certificate = _first(chain, ssl.SSLCertVerificationError)
    if certificate is not None:
        said = scrub(certificate.verify_message or str(certificate))
        reason = f"the certificate of {peer.host} was not accepted ({said})"
        hint = f"Name its certificate authority in ca_path, or correct {peer.option}."
        return _Why("certificate", reason, hint, lasting=True)
    failed = _first(chain, ssl.SSLError)
    if failed is None:
        return None
    if any(word in str(failed) for word in _NO_AUTHORITIES):
        reason = f"{peer.host} was not asked, since the file in ca_path holds no certificates"
        return _Why("ca_path", reason, "Name a file of certificate authorities in PEM form in ca_path.", lasting=True)
    reason = f"the TLS connection to {peer.host} failed ({scrub(str(failed))})"
    return _Why("tls", reason, f"Check {peer.option}: the server must speak TLS 1.2 or newer.")


def _network(chain: list[BaseException], peer: Peer) -> _Why | None:
    import urllib3.exceptions as below

    hint = f"Check {peer.option} and the network."
    if _first(chain, socket.gaierror):
        reason = f"the name of {peer.host} could not be resolved"
        return _Why("name_resolution", reason, f"Check {peer.option} and the name service of this machine.")
    if _first(chain, ConnectionRefusedError):
        reason = f"{peer.host} refused the connection"
        return _Why("refused", reason, f"Check {peer.option}, and that the server is running.")
    # urllib3 derives NewConnectionError from ConnectTimeoutError.
    timed_out = _first(chain, below.ConnectTimeoutError) and not _first(chain, below.NewConnectionError)
    if timed_out or _first(chain, below.ReadTimeoutError, TimeoutError):
        return _Why(
            "connect_timeout", f"{peer.host} could not be reached within {_spoken(peer.connect_timeout)} s", hint
        )
    unreachable = any(isinstance(one, OSError) and one.errno in _UNREACHABLE for one in chain)
    if unreachable or _first(chain, below.NewConnectionError, below.ProtocolError, ConnectionError):
        return _Why("no_connection", f"{peer.host} could not be reached", hint)
    return None


def _spoken(seconds: float) -> str:
    """Returns a number of seconds without digits that nobody asked for, as uploads get some milliseconds more."""
    return f"{round(seconds, 2):g}"


def _not_sent(chain: list[BaseException], peer: Peer) -> InvalidInput:
    kind = type(chain[0]).__name__
    return InvalidInput(
        f"While {peer.doing}, no request could be made: its address, a header or a timeout is not valid ({kind}).",
        code="not_sent",
        target=peer.target,
        hint=f"Check {peer.option}, ca_path, request_timeout and the proxy variables of the environment.",
    )
