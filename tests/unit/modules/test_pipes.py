# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Pipes, sockets, devices and directories in place of the files that options name."""

from __future__ import annotations

import contextlib
import importlib
import os
import pty
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput
from ansible_collections.azsphere.fleet.plugins.modules import (
    blueprint,
    ca_certificate,
    deployment,
    device,
    image,
    image_download,
    integration_info,
    product_info,
    tenant,
)

from tests.simulator.images import compose_package

from .conftest import Bench
from .write_cases import CLAIMED

GROUP = {"product": "Kettle", "device_group": "Field"}
ROWS = f"DeviceId,ProductName,DeviceGroupName\n{CLAIMED[0]},Kettle,Field\n"
DOCUMENT = "products: [{name: Kettle, description: Boils}]\n"
IMAGE = "c1000000-0000-4000-8000-000000000001"
WITHOUT_SECRET = {"client_secret": None}
WORKLOAD = {**WITHOUT_SECRET, "auth_source": "workload_identity"}
CERTIFICATE = {**WITHOUT_SECRET, "auth_source": "client_certificate"}
#: Every option that names a file that is read: its module, and how the path is given with other options.
READ: dict[str, tuple[ModuleType, Callable[[str], dict[str, Any]]]] = {
    "device src": (device, lambda path: {"src": path}),
    "device expect_plan": (device, lambda path: {**GROUP, "ids": [*CLAIMED], "expect_plan": path}),
    "blueprint src": (blueprint, lambda path: {"src": path}),
    "blueprint device_list": (blueprint, lambda path: {"blueprint": {"device_list": path}}),
    "blueprint packages": (blueprint, lambda path: {"blueprint": {"images": [path]}}),
    "blueprint expect_plan": (blueprint, lambda path: {"blueprint": {"products": []}, "expect_plan": path}),
    "integration_info src": (integration_info, lambda path: {"src": path}),
    "image path": (image, lambda path: {"path": path}),
    "deployment packages": (deployment, lambda path: {**GROUP, "packages": [path]}),
    "client_certificate": (product_info, lambda path: {**CERTIFICATE, "client_certificate": path}),
    "federated_token_file": (product_info, lambda path: {**WORKLOAD, "federated_token_file": path}),
    "ca_path": (product_info, lambda path: {"ca_path": path}),
    "tenant record": (
        tenant,
        lambda path: {"legacy_authorization": "blocked", "confirm": "Contoso Fleet", "record": path},
    ),
    "ca_certificate dest": (ca_certificate, lambda path: {"content": "certificate", "dest": path}),
    "image_download dest": (image_download, lambda path: {"id": IMAGE, "dest": path}),
}
#: Options whose content may come from a pipe: it is read once.
STREAMED = {
    "device src": ROWS,
    "blueprint src": DOCUMENT,
    "blueprint device_list": ROWS,
}


@contextmanager
def socket_at(path: Path) -> Iterator[None]:
    # Not by bind(), which limits the length of a path.
    os.mknod(path, 0o600 | stat.S_IFSOCK)
    yield


@contextmanager
def silent_pipe_at(path: Path) -> Iterator[None]:
    """A pipe that another process has open, and never writes to."""
    os.mkfifo(path)
    held = os.open(path, os.O_RDWR)
    try:
        yield
    finally:
        os.close(held)


@contextmanager
def terminal_at(path: Path) -> Iterator[None]:
    """A terminal at which nobody types."""
    ours, theirs = pty.openpty()
    path.symlink_to(os.ttyname(theirs))
    try:
        yield
    finally:
        os.close(ours)
        os.close(theirs)


@contextmanager
def pipe_at(path: Path) -> Iterator[None]:
    os.mkfifo(path)
    yield


@contextmanager
def folder_at(path: Path) -> Iterator[None]:
    path.mkdir()
    yield


@contextmanager
def endless_at(path: Path) -> Iterator[None]:
    path.symlink_to("/dev/zero")
    yield


@contextmanager
def written(path: Path, content: bytes) -> Iterator[None]:
    """A pipe to which a process writes that ends soon."""
    os.mkfifo(path)

    def write() -> None:
        # Nobody may read it to its end.
        with contextlib.suppress(BrokenPipeError), open(path, "wb") as file:
            file.write(content)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        # Nobody may have read it.
        unread = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        thread.join()
        os.close(unread)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that tests can wait for."""
    bounded = importlib.import_module("ansible_collections.azsphere.fleet.plugins.module_utils._bounded_file")
    monkeypatch.setattr(bounded, "WRITER_PATIENCE", 0.2)
    monkeypatch.setattr(bounded, "WHOLE_PATIENCE", 0.4)


def refusal(bench: Bench, option: str, path: Path) -> InvalidInput:
    """Returns the error of a task that names the path in an option; it must end by itself."""
    module, options = READ[option]
    caught: list[InvalidInput] = []

    def run() -> None:
        with pytest.raises(InvalidInput) as error:
            bench.run(module, **options(str(path)))
        caught.append(error.value)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive(), f"{option} never ends"
    assert caught, f"{option} accepts {path}"
    return caught[0]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("option", READ)
@pytest.mark.parametrize(
    "place",
    [pipe_at, silent_pipe_at, terminal_at, socket_at, folder_at, endless_at],
    ids=lambda place: place.__name__.removesuffix("_at"),
)
def test_unreadable_path_is_rejected_in_one_sentence(
    kettle: Bench, tmp_path: Path, option: str, place: Callable[[Path], Any]
) -> None:
    if (option, place) == ("ca_path", folder_at):
        pytest.skip("a folder of certificate authorities")
    path = tmp_path / "here"
    with place(path):
        message = str(refusal(kettle, option, path))
    assert message.count(str(path)) == 1
    assert message.endswith(".")
    assert "\n" not in message
    assert [each for each in kettle.requests() if not each.endswith(("_Get", "_List", "_GetByName"))] == []


@pytest.mark.parametrize("option", STREAMED)
def test_content_of_a_pipe_is_read(kettle: Bench, tmp_path: Path, option: str) -> None:
    path = tmp_path / "pipe"
    module, options = READ[option]
    with written(path, STREAMED[option].encode()):
        assert kettle.run(module, **options(str(path))).result.changed
    path.unlink()
    path.write_text(STREAMED[option], encoding="utf-8")
    assert not kettle.run(module, **options(str(path))).result.changed


@pytest.mark.parametrize("option", STREAMED)
def test_content_of_process_substitution_is_read(kettle: Bench, option: str) -> None:
    module, options = READ[option]
    reading, writing = os.pipe()
    try:
        os.write(writing, STREAMED[option].encode())
        os.close(writing)
        assert kettle.run(module, **options(f"/dev/fd/{reading}")).result.changed
    finally:
        os.close(reading)


def test_slow_writer_is_waited_for(kettle: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes longer than a pipe without any writer is waited for."""
    bounded = importlib.import_module("ansible_collections.azsphere.fleet.plugins.module_utils._bounded_file")
    monkeypatch.setattr(bounded, "WRITER_PATIENCE", 0.1)
    path = tmp_path / "pipe"
    os.mkfifo(path)
    held = os.open(path, os.O_RDWR)
    late = threading.Timer(0.5, lambda: (os.write(held, ROWS.encode()), os.close(held)))
    late.start()
    try:
        assert kettle.run(device, src=str(path)).result.changed
    finally:
        late.join()


@pytest.mark.usefixtures("impatient")
def test_empty_pipe_does_not_count_as_an_empty_blueprint(kettle: Bench) -> None:
    reading, writing = os.pipe()
    os.close(writing)
    try:
        with pytest.raises(InvalidInput, match=f"Cannot read /dev/fd/{reading}: nothing was written to this pipe"):
            kettle.run(blueprint, src=f"/dev/fd/{reading}")
    finally:
        os.close(reading)


def test_package_must_be_a_file_since_it_is_read_twice(kettle: Bench, tmp_path: Path) -> None:
    compose_package(tmp_path / "package", image_id=IMAGE, component_id=IMAGE, name="App")
    path = tmp_path / "pipe"
    with written(path, (tmp_path / "package").read_bytes()):
        message = str(refusal(kettle, "image path", path))
    assert message == (
        f"Cannot read the image package {path}: it is not a regular file. "
        "Save the content in a file, and give its path."
    )
