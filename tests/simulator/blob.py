# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The image store: a separate host, where the signature in the address is the only authorization."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlencode

from .exchange import RECORD, Receive, Scope, Send, header, query, write
from .problems import Reply
from .world import World

#: Note in the log for a request that contained a token, which must not be sent to the store.
LEAK = "bearer token sent to the image store"


def signed_address(world: World, tenant_id: str, image_id: str, expires: float) -> str:
    """Return the download address of an image, valid until `expires` (Unix seconds)."""
    path = f"/{tenant_id}/{image_id}"
    signed = {"se": str(int(expires)), "sig": _signature(world, path, str(int(expires)))}
    return f"{world.blob_url}{path}?{urlencode(signed)}"


class BlobStore:
    def __init__(self, world: World) -> None:
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        await write(send, self._answer(scope))

    def _answer(self, scope: Scope) -> Reply:
        if header(scope, b"authorization") is not None:
            scope[RECORD].note = LEAK
            return _error(400, "InvalidAuthenticationInfo")
        if scope["method"] not in ("GET", "HEAD"):
            return _error(405, "UnsupportedHttpVerb")
        path, given = str(scope["path"]), query(scope)
        expected = _signature(self._world, path, given.get("se", ""))
        if not hmac.compare_digest(given.get("sig", "").encode(), expected.encode()):
            return _error(403, "AuthenticationFailed")
        if float(given["se"]) <= self._world.clock.timestamp():
            return _error(403, "AuthenticationFailed")
        tenant_id, _slash, image_id = path.strip("/").partition("/")
        tenant = self._world.state.tenants.get(tenant_id)
        image = tenant.images.get(image_id) if tenant is not None else None
        if image is None:
            return _error(404, "BlobNotFound")
        # The server removes the body for HEAD.
        return Reply(200, image.package, "application/octet-stream")


def _signature(world: World, path: str, expires: str) -> str:
    return hmac.new(world.state.root_key.encode(), f"{path}\n{expires}".encode(), hashlib.sha256).hexdigest()


def _error(status: int, code: str) -> Reply:
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code></Error>'
    return Reply(status, body.encode(), "application/xml")
