# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The listeners of the simulator: how they start and stop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme
import uvicorn
from starlette.applications import Starlette

from . import signin
from .admin import PREFIX, admin_routes
from .api.app import Api
from .blob import BlobStore
from .clock import Clock
from .description import Description
from .documents import dump
from .exchange import Application, Receive, Scope, Send
from .files import write_private
from .front import Front
from .keeper import Keeper
from .ready import describe, greeting, write_files
from .resource_manager.app import ResourceManager, is_resource_manager
from .seeds import Seeds, read
from .settings import Settings
from .tokens import Tokens
from .transport import CuttableProtocol
from .world import World

_HOST = "127.0.0.1"
_PARENT_INTERVAL = 0.5


@dataclass(frozen=True)
class Options:
    """Options of the command line. `directory` exists; `port` 0 selects a free port."""

    port: int
    directory: Path
    settings: Settings
    seed: Path | None = None
    state: Path | None = None
    ready_file: Path | None = None
    with_parent: bool = False


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Several servers share one event loop; `_run` stops all of them.
        yield


def serve(options: Options) -> None:
    """Run until SIGTERM, SIGINT or the end of the parent. Raises OSError and InvalidState before it is ready."""
    with contextlib.ExitStack() as stack:
        _serve(options, [stack.enter_context(_listen(port)) for port in (options.port, 0, 0)])


def _serve(options: Options, sockets: list[socket.socket]) -> None:
    parent = os.getppid() if options.with_parent else None
    clock = Clock()
    seeds = Seeds(clock.now())
    url, blob_url, managed_identity_url = (
        f"{scheme}://{_HOST}:{listener.getsockname()[1]}"
        for scheme, listener in zip(("https", "https", "http"), sockets, strict=True)
    )
    state = seeds.load(_initial(options, seeds), clock.now())
    world = World(
        url=url,
        blob_url=blob_url,
        settings=options.settings,
        clock=clock,
        tokens=Tokens(url, clock, options.settings),
        state=state,
        initial=dump(state),
        initial_settings=options.settings.to_document(),
    )
    tls = _make_tls(options.directory)
    ready = describe(world, seeds, options.directory, managed_identity_url)
    keeper = Keeper(world, options.state)
    keeper.write()
    servers = [
        _server(application(world, seeds), tls),
        _server(Front(world, "blob", BlobStore(world)), tls),
        _server(Front(world, "managed_identity", signin.managed_identity_app(world)), None),
    ]

    def announce() -> None:
        write_files(ready, options.directory, options.ready_file)
        print(greeting(ready, state), file=sys.stderr, flush=True)
        print(json.dumps(ready), flush=True)

    loop = _new_loop()
    try:
        loop.run_until_complete(_run(servers, sockets, keeper, announce, parent))
    finally:
        loop.close()


def application(world: World, seeds: Seeds) -> Application:
    """Return both APIs, sign-in and administration as one application."""
    api = Api(world, Description.load())
    api_front = Front(world, "api", api)
    resource_manager = ResourceManager(world)
    resource_manager_front = Front(world, "api", resource_manager)
    desk = Starlette(routes=[*signin.routes(world), *admin_routes(world, seeds)])
    signin_front = Front(world, "signin", desk)

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path[:4].lower() == "/v2/":
            api.identify(scope)
            await api_front(scope, receive, send)
        elif is_resource_manager(path):
            resource_manager.identify(scope)
            await resource_manager_front(scope, receive, send)
        elif path.startswith(PREFIX):
            await desk(scope, receive, send)
        else:
            await signin_front(scope, receive, send)

    return dispatch


def _initial(options: Options, seeds: Seeds) -> dict[str, Any]:
    if options.state is not None and options.state.exists():
        return read(options.state)
    return seeds.world() if options.seed is None else read(options.seed)


def _listen(port: int) -> socket.socket:
    # asyncio disables Nagle's algorithm only for sockets with an explicit protocol; with it, each reply takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
    except OSError as error:
        listener.close()
        raise OSError(f"the port {port} cannot be used: {error.strerror}") from error
    return listener


def _make_tls(directory: Path) -> tuple[Path, Path]:
    """Create a certificate authority and a server certificate. Returns the files of the certificate and its key."""
    ca = trustme.CA(organization_name="Azure Sphere simulator")
    server = ca.issue_cert(_HOST, "localhost")
    certificate, key = directory / "server.pem", directory / "server-key.pem"
    write_private(directory / "ca.pem", ca.cert_pem.bytes())
    write_private(certificate, b"".join(pem.bytes() for pem in server.cert_chain_pems))
    write_private(key, server.private_key_pem.bytes())
    return certificate, key


def _server(served: Any, tls: tuple[Path, Path] | None) -> _Server:
    certificate, key = tls or (None, None)
    return _Server(
        uvicorn.Config(
            served,
            http=CuttableProtocol,
            ws="none",
            lifespan="off",
            log_level="error",
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=1,
            ssl_certfile=certificate,
            ssl_keyfile=None if key is None else str(key),
        )
    )


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


async def _run(
    servers: list[_Server], sockets: list[socket.socket], keeper: Keeper, announce: Any, parent: int | None
) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    serving = [
        asyncio.ensure_future(server.serve(sockets=[listener]))
        for server, listener in zip(servers, sockets, strict=True)
    ]
    tasks = [asyncio.ensure_future(keeper.run())]
    if parent is not None:
        tasks.append(asyncio.ensure_future(_watch(parent, stop)))
    try:
        while not all(server.started for server in servers):
            await asyncio.sleep(0.005)
        announce()
        await stop.wait()
    finally:
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*serving)
        for task in tasks:
            task.cancel()
        keeper.finish()


async def _watch(parent: int, stop: asyncio.Event) -> None:
    """Stop when the parent process exits."""
    while os.getppid() == parent:
        await asyncio.sleep(_PARENT_INTERVAL)
    stop.set()
