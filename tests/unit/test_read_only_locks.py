# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The two locks on check mode, each without the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any, cast

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils import _service
from ansible_collections.azsphere.fleet.plugins.module_utils._connection import Connection, open_connection
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import ReadOnlyViolation
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import GroupRef, ProductRef
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import (
    DeviceGroupSpec,
    ImagePackage,
    ProductSpec,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._overlay.overlay import Overlay
from ansible_collections.azsphere.fleet.plugins.module_utils._service import DeviceOutcome
from ansible_collections.azsphere.fleet.plugins.plugin_utils._reading import reading

from tests.simulator.harness import Simulator
from tests.simulator.images import compose
from tests.simulator.seeds import TENANT_NAME
from tests.support.fakes import WRITES, Recorder
from tests.support.memory import MemoryService

DEVICE = "0a" * 64
ADA = "ada@contoso.example"
IMAGE = "c1000000-0000-4000-8000-000000000001"
COMPONENT = "d1000000-0000-4000-8000-000000000001"
KETTLE, TOASTER = ProductRef("Kettle"), ProductRef("Toaster")
GROUP = GroupRef(KETTLE, "Field Test")
SEED = {
    "tenants": [{"name": TENANT_NAME, "products": [{"name": "Kettle"}, {"name": "Toaster", "device_groups": []}]}],
    "unclaimed": "any",
}
#: The parts of the port, each a Protocol of its own.
PORT: dict[str, type] = {
    "tenants": _service.Tenants,
    "certificates": _service.Certificates,
    "users": _service.Users,
    "products": _service.Products,
    "device_groups": _service.DeviceGroups,
    "devices": _service.Devices,
    "images": _service.Images,
    "deployments": _service.Deployments,
    "insights": _service.Insights,
    "operations": _service.Operations,
}


def go_on(_outcome: DeviceOutcome) -> bool:
    return True


@pytest.fixture
def package(tmp_path: Any) -> ImagePackage:
    content = compose(image_id=IMAGE, component_id=COMPONENT, name="Blink")
    path = tmp_path / "blink.imagepackage"
    path.write_bytes(content)
    return ImagePackage(str(path), IMAGE, COMPONENT, "Applications", "Blink", len(content), sha256(content).hexdigest())


def populate(service: Any) -> None:
    """Something of everything that a write may work on."""
    service.products.create(ProductSpec("Kettle"))
    service.products.create(ProductSpec("Toaster", default_device_groups=False))
    service.devices.claim([DEVICE], Deadline(10), go_on)
    service.users.invite(ADA)
    service.users.assign_role(ADA, "Reader")


def write(verb: str, service: Any, package: ImagePackage) -> None:
    """Uses a verb of the port that writes."""
    calls: dict[str, Callable[[], object]] = {
        "tenants.create": lambda: service.tenants.create("Other", "0c" * 64),
        "tenants.rename": lambda: service.tenants.rename("Renamed"),
        "tenants.block_legacy_authorization": service.tenants.block_legacy_authorization,
        "users.invite": lambda: service.users.invite("new@contoso.example"),
        "users.assign_role": lambda: service.users.assign_role(ADA, "Contributor"),
        "users.unassign_role": lambda: service.users.unassign_role(ADA, "Reader"),
        "products.create": lambda: service.products.create(ProductSpec("Mixer")),
        "products.update": lambda: service.products.update(KETTLE, ProductSpec(description="Hot")),
        "products.delete": lambda: service.products.delete(KETTLE),
        "products.create_default_device_groups": lambda: service.products.create_default_device_groups(TOASTER),
        "device_groups.create": lambda: service.device_groups.create(KETTLE, DeviceGroupSpec("Lab")),
        "device_groups.update": lambda: service.device_groups.update(GROUP, DeviceGroupSpec(description="Lab")),
        "device_groups.delete": lambda: service.device_groups.delete(GROUP),
        "devices.claim": lambda: service.devices.claim(["0b" * 64, "0d" * 64], Deadline(10), go_on),
        "devices.move": lambda: service.devices.move([DEVICE], GROUP, Deadline(10), raising),
        "devices.capability_file": lambda: service.devices.capability_file(DEVICE, ["appDevelopment"]),
        "images.upload": lambda: service.images.upload(package),
        "deployments.create": lambda: deploy(service, package),
    }
    calls[verb]()


def raising(outcome: DeviceOutcome) -> bool:
    if outcome.error is not None:
        raise outcome.error
    return True


def deploy(service: Any, package: ImagePackage) -> None:
    if isinstance(service, Overlay):
        service.images.upload(package)
    service.deployments.create(GROUP, [IMAGE])


@pytest.mark.parametrize("verb", WRITES)
def test_overlay_sends_no_write(verb: str, package: ImagePackage) -> None:
    below = MemoryService()
    populate(below)
    recorder = Recorder(below)
    overlay = Overlay(cast(Any, recorder))
    write(verb, overlay, package)
    assert recorder.writes == []


@pytest.fixture
def options(simulator: Simulator) -> dict[str, Any]:
    ready = simulator.ready
    options = {name: ready[name] for name in ("tenant", "client_id", "client_secret", "directory_id", "authority_host")}
    return options | {"api_url": ready["url"], "ca_path": ready["ca"], "token_cache": "none"}


@pytest.fixture
def read_only(options: dict[str, Any]) -> Iterator[Connection]:
    """A session that only reads, without an overlay over it."""
    connection = open_connection(options, read_only=True, warn=pytest.fail, debug=lambda _text: None)
    yield connection
    connection.close()


@pytest.mark.parametrize("verb", WRITES)
def test_read_only_session_rejects_every_write(
    verb: str, read_only: Connection, simulator: Simulator, package: ImagePackage
) -> None:
    simulator.load(SEED)
    before = simulator.state()
    with pytest.raises(ReadOnlyViolation):
        write(verb, read_only.service, package)
    assert simulator.counts()["writes"] == 0
    assert simulator.state() == before


def test_lookups_and_inventories_get_a_session_that_only_reads(
    options: dict[str, Any], simulator: Simulator, package: ImagePackage
) -> None:
    with reading("lookup", options, {}) as task:
        assert list(task.service.products.list()) == []
        with pytest.raises(ReadOnlyViolation):
            write("products.create", task.service, package)
    assert simulator.counts()["writes"] == 0


def test_every_verb_that_writes_is_known_here() -> None:
    """A verb added to the port must say whether it writes: whatever the overlay does not pass on does."""
    reads = {
        "tenants": {"list", "current", "identity"},
        "certificates": {"list", "get", "chain", "proof_of_possession"},
        "users": {"list", "get", "roles", "account"},
        "products": {"list", "get", "with_id"},
        "device_groups": {"list", "get", "with_id", "named"},
        "devices": {"list", "get", "count", "targeted_images"},
        "images": {"list", "get", "status", "component_ids", "download", "fetch"},
        "deployments": {"list", "get"},
        "insights": {"list"},
        "operations": {"get", "wait"},
    }
    verbs = {f"{kind}.{verb}" for kind, protocol in PORT.items() for verb in vars(protocol) if not verb.startswith("_")}
    assert verbs == {f"{kind}.{verb}" for kind, known in reads.items() for verb in known} | set(WRITES)
