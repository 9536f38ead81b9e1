# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The two locks on check mode, each without the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._connection import Connection, open_connection
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import ReadOnlyViolation
from ansible_collections.azsphere.fleet.plugins.module_utils._model import (
    DeviceGroupChange,
    DeviceGroupDraft,
    ImagePackage,
    ProductChange,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._overlay.overlay import Overlay
from ansible_collections.azsphere.fleet.plugins.module_utils._service import DeviceOutcome
from ansible_collections.azsphere.fleet.plugins.plugin_utils._reading import reading

from tests.simulator.harness import Simulator
from tests.simulator.images import compose
from tests.support.fakes import WRITES, Recorder
from tests.support.memory import MemoryService

DEVICE = "0a" * 64
ADA = "ada@contoso.example"
IMAGE = "c1000000-0000-4000-8000-000000000001"
COMPONENT = "d1000000-0000-4000-8000-000000000001"


def go_on(_outcome: DeviceOutcome) -> bool:
    return True


@pytest.fixture
def package(tmp_path: Any) -> ImagePackage:
    content = compose(image_id=IMAGE, component_id=COMPONENT, name="Blink")
    path = tmp_path / "blink.imagepackage"
    path.write_bytes(content)
    return ImagePackage(str(path), IMAGE, COMPONENT, "Applications", "Blink", len(content))


def populate(service: Any) -> dict[str, str]:
    """Something of everything that a write may work on, by GUID."""
    service.create_product("Kettle", None, True)
    service.create_product("Toaster", None, False)
    kettle, toaster = service.product_named("Kettle"), service.product_named("Toaster")
    service.claim_devices([DEVICE], Deadline(10), go_on)
    service.invite_user(ADA)
    service.assign_role(ADA, "Reader")
    group = service.device_group_named("Kettle", "Field Test")
    return {"product": kettle.id, "bare": toaster.id, "group": group.id}


def write(verb: str, service: Any, ids: dict[str, str], package: ImagePackage) -> None:
    """Uses a verb of the port that writes."""
    calls: dict[str, Callable[[], object]] = {
        "create_tenant": lambda: service.create_tenant("Other", "0c" * 64),
        "rename_tenant": lambda: service.rename_tenant("Renamed"),
        "block_legacy_authorization": service.block_legacy_authorization,
        "invite_user": lambda: service.invite_user("new@contoso.example"),
        "assign_role": lambda: service.assign_role(ADA, "Contributor"),
        "unassign_role": lambda: service.unassign_role(ADA, "Reader"),
        "create_product": lambda: service.create_product("Mixer", None, True),
        "update_product": lambda: service.update_product(ids["product"], ProductChange(description="Hot")),
        "delete_product": lambda: service.delete_product(ids["product"]),
        "create_default_device_groups": lambda: service.create_default_device_groups(ids["bare"]),
        "create_device_group": lambda: service.create_device_group(DeviceGroupDraft(ids["product"], "Lab")),
        "update_device_group": lambda: service.update_device_group(ids["group"], DeviceGroupChange(name="Lab")),
        "delete_device_group": lambda: service.delete_device_group(ids["group"]),
        "claim_devices": lambda: service.claim_devices(["0b" * 64, "0d" * 64], Deadline(10), go_on),
        "move_devices": lambda: service.move_devices([DEVICE], ids["group"], Deadline(10), raising),
        "device_capability": lambda: service.device_capability(DEVICE, ["appDevelopment"]),
        "upload_image": lambda: service.upload_image(package),
        "create_deployment": lambda: deploy(service, ids["group"], package),
    }
    calls[verb]()


def raising(outcome: DeviceOutcome) -> bool:
    if outcome.error is not None:
        raise outcome.error
    return True


def deploy(service: Any, group: str, package: ImagePackage) -> None:
    if isinstance(service, Overlay):
        service.upload_image(package)
    service.create_deployment(group, [IMAGE])


@pytest.mark.parametrize("verb", WRITES)
def test_the_overlay_keeps_every_write_to_itself(verb: str, package: ImagePackage) -> None:
    below = MemoryService()
    ids = populate(below)
    recorder = Recorder(below)
    overlay = Overlay(cast(Any, recorder))
    write(verb, overlay, ids, package)
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
def test_a_session_that_only_reads_refuses_every_write(
    verb: str, read_only: Connection, simulator: Simulator, package: ImagePackage
) -> None:
    before = simulator.state()
    ids = dict.fromkeys(("product", "bare", "group"), "a1000000-0000-4000-8000-000000000001")
    with pytest.raises(ReadOnlyViolation):
        write(verb, read_only.service, ids, package)
    assert simulator.counts()["writes"] == 0
    assert simulator.state() == before


def test_lookups_and_inventories_get_a_session_that_only_reads(
    options: dict[str, Any], simulator: Simulator, package: ImagePackage
) -> None:
    with reading("lookup", options, {}) as service:
        assert service.products() == []
        with pytest.raises(ReadOnlyViolation):
            write("create_product", service, {}, package)
    assert simulator.counts()["writes"] == 0


def test_every_verb_that_writes_is_known_here() -> None:
    """A verb added to the port has to be told whether it writes: whatever the overlay does not pass on does."""
    recorder = Recorder(MemoryService())
    overlay = Overlay(cast(Any, recorder))
    reads = {
        "account",
        "certificate",
        "certificate_chain",
        "certificates",
        "component_ids",
        "deployment",
        "deployments",
        "device",
        "device_count",
        "device_group",
        "device_group_named",
        "device_groups",
        "device_groups_named",
        "devices",
        "fetch_image",
        "image",
        "image_download",
        "image_status",
        "images",
        "insights",
        "operation",
        "product",
        "product_named",
        "products",
        "proof_of_possession",
        "roles",
        "targeted_images",
        "tenant",
        "tenants",
        "user",
        "users",
        "wait",
    }
    # The overlay's own, which is no verb of the port and reaches nothing below.
    verbs = {name for name in dir(overlay) if not name.startswith("_")} - {"forget_devices"}
    assert verbs == reads | set(WRITES)
