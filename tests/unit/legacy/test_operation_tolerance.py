# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Operations in every form that the description allows: started, polled, missing, failed, and with details."""

from __future__ import annotations

import json

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import (
    DeadlineExceeded,
    EffectMissing,
    Forbidden,
    NotFound,
    OperationFailed,
    WriteState,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import ProductRef
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import (
    Operation,
)

from tests.support.scripted_server import Answer
from tests.unit.legacy.scripted import (
    GUID,
    IN,
    KETTLE,
    OTHER,
    MakeBench,
    Series,
    state,
)


@pytest.mark.parametrize("answer", [Answer(204, b""), Answer(200, b""), Answer(200, b"null")], ids=str)
def test_success_without_operation_is_complete_once_its_effect_is_visible(bench: MakeBench, answer: Answer) -> None:
    there = Series([KETTLE, KETTLE, Answer(404, b"")])
    product = f"{IN}/products/{GUID}"
    here = bench({f"DELETE {product}": answer, f"GET {IN}/products/name/Kettle": KETTLE, f"GET {product}": there})
    operation = here.service.products.delete(ProductRef("Kettle"))
    assert (operation.id, operation.type, operation.state) == ("", "DeleteProduct", "Complete")
    assert here.service.operations.wait(operation, Deadline(10)) == operation
    assert here.sent.count(f"GET {product}") == 3
    assert here.service.operations.wait(operation, Deadline(10)) == operation
    assert here.sent.count(f"GET {product}") == 3


@pytest.mark.parametrize("body", [b"", b"{}", b"null"])
def test_promise_without_operation_is_waited_for_until_the_deadline(bench: MakeBench, body: bytes) -> None:
    product = f"{IN}/products/{GUID}"
    there = Series([*[KETTLE] * 20, Answer(404, b"")])
    here = bench(
        {f"DELETE {product}": Answer(202, body), f"GET {IN}/products/name/Kettle": KETTLE, f"GET {product}": there}
    )
    operation = here.service.products.delete(ProductRef("Kettle"))
    assert not operation.final
    assert here.service.operations.wait(operation, Deadline(100, here.clock.now)).state == "Complete"
    here.routes[f"GET {product}"] = KETTLE
    operation = here.service.products.delete(ProductRef("Kettle"))
    begin = here.clock.now()
    with pytest.raises(EffectMissing, match="not visible after 30 s; the outcome is unknown") as missing:
        here.service.operations.wait(operation, Deadline(30, here.clock.now))
    assert here.clock.now() - begin == pytest.approx(30)
    assert missing.value.write_state is WriteState.UNKNOWN


def test_success_without_operation_and_effect_is_an_error(bench: MakeBench) -> None:
    product = f"{IN}/products/{GUID}"
    here = bench(
        {f"DELETE {product}": Answer(204, b""), f"GET {IN}/products/name/Kettle": KETTLE, f"GET {product}": KETTLE}
    )
    operation = here.service.products.delete(ProductRef("Kettle"))
    with pytest.raises(EffectMissing, match="deleting the product Kettle, the service accepted the request, but"):
        here.service.operations.wait(operation, Deadline(100, here.clock.now))


def test_operation_that_cannot_be_polled_has_an_unknown_outcome(bench: MakeBench) -> None:
    product = f"{IN}/products/{GUID}"
    here = bench(
        {
            f"DELETE {product}": Answer(202, json.dumps(state(0)).encode()),
            f"GET {IN}/products/name/Kettle": KETTLE,
            f"GET {product}": KETTLE,
            f"GET {IN}/operations/{GUID}": Answer(403, b""),
        }
    )
    operation = here.service.products.delete(ProductRef("Kettle"))
    with pytest.raises(Forbidden, match="accepted the request, and its outcome is unknown"):
        here.service.operations.wait(operation, Deadline(100, here.clock.now))


@pytest.mark.parametrize("status", [200, 202])
def test_operation_is_polled_until_complete(bench: MakeBench, status: int) -> None:
    here = bench(
        {
            f"GET {IN}/products/name/Kettle": KETTLE,
            f"DELETE {IN}/products/{GUID}": Answer(status, json.dumps(state(0)).encode()),
            f"GET {IN}/operations/{GUID}": Series([state(0), state(1), state("InProgress"), state(2)]),
        }
    )
    started = here.service.products.delete(ProductRef("Kettle"))
    assert here.service.operations.wait(started, Deadline(60, here.clock.now)).state == "Complete"
    assert here.clock.waits == sorted(here.clock.waits)
    assert 0.05 <= here.clock.waits[0] <= 0.2


def test_poll_interval_follows_retry_after(bench: MakeBench) -> None:
    busy = Answer(200, json.dumps(state(1)).encode(), {"Retry-After": "9"})
    here = bench({f"GET {IN}/operations/{GUID}": Series([busy, state(2)])})
    here.service.operations.wait(Operation(GUID, "CreateProduct", "NotStarted"), Deadline(60, here.clock.now))
    assert here.clock.waits[1] == 9


@pytest.mark.parametrize("status", [400, 403, 405])
def test_guessed_operation_address_can_be_rejected(bench: MakeBench, status: int) -> None:
    assert bench({f"GET /v2/operations/{GUID}": Answer(status, b"")}).service.operations.get(GUID) is None


def test_failed_operation_reports_the_reason(bench: MakeBench) -> None:
    here = bench({f"GET {IN}/operations/{GUID}": state(3, Error={"Code": 7, "Message": "It is in use."})})
    with pytest.raises(OperationFailed, match=r"DeleteProduct failed: It is in use \(Conflict\)\.") as caught:
        here.service.operations.wait(Operation(GUID, "DeleteProduct", "NotStarted"), Deadline(60, here.clock.now))
    assert caught.value.code == "Conflict"
    assert "move the devices" in str(caught.value)


def test_wait_timeout_reports_the_last_state(bench: MakeBench) -> None:
    here = bench({f"GET {IN}/operations/{GUID}": state(1)})
    with pytest.raises(DeadlineExceeded, match=r"timed out after 30 s; the last state seen was InProgress"):
        here.service.operations.wait(Operation(GUID, "CreateProduct", "NotStarted"), Deadline(30, here.clock.now))
    assert sum(here.clock.waits) == pytest.approx(30)
    assert max(here.clock.waits) == 2


def test_operation_that_appears_late_is_polled(bench: MakeBench) -> None:
    here = bench({f"GET {IN}/operations/{GUID}": Series([Answer(404, b""), Answer(404, b""), state(2)])})
    started = Operation(GUID, "CreateProduct", "NotStarted")
    assert here.service.operations.wait(started, Deadline(60, here.clock.now)).final


def test_operation_that_never_appears_is_reported(bench: MakeBench) -> None:
    here = bench({})
    with pytest.raises(NotFound, match="no longer knew it"):
        here.service.operations.wait(Operation(GUID, "CreateProduct", "NotStarted"), Deadline(600, here.clock.now))
    assert sum(here.clock.waits) < 20


def test_operations_outside_of_tenants_are_found(bench: MakeBench) -> None:
    here = bench({f"GET /v2/operations/{GUID}": state(2, OperationType=8)})
    found = here.service.operations.get(GUID)
    assert found is not None
    assert found.type == "TenantCreation"
    assert here.service.operations.get(OTHER) is None
    outside = bench({f"GET /v2/operations/{GUID}": state(2)}, None)
    assert outside.service.operations.get(GUID) is not None
    assert outside.sent == [f"GET /v2/operations/{GUID}"]


@pytest.mark.parametrize("prefix", ["", "{url}", "/v2"])
def test_details_are_read_from_the_address_of_the_operation(bench: MakeBench, prefix: str) -> None:
    here = bench({f"GET {IN}/somewhere": {"ImageId": GUID}})
    url = f"http://127.0.0.1:{here.server.port}"
    location = (prefix.format(url=url) + f"{IN}/somewhere").replace("/v2/v2/", "/v2/")
    if not prefix:
        location = location.removeprefix("/v2")
    here.routes[f"GET {IN}/operations/{GUID}"] = state(2, DetailsLocation=location)
    found = here.service.operations.get(GUID, details=True)
    assert found is not None
    assert found.details == {"image_id": GUID}


@pytest.mark.parametrize(
    ("number", "kind"), [(7, "imageUpload"), (5, "deploytodevicegroup"), (11, "bulkdeviceclaim"), (4, None)]
)
def test_details_never_come_from_another_host(bench: MakeBench, number: int, kind: str | None) -> None:
    other = bench({})
    location = f"http://127.0.0.1:{other.server.port}{IN}/details"
    routes = {f"GET {IN}/operations/{GUID}": state(2, OperationType=number, DetailsLocation=location)}
    if kind:
        routes[f"GET {IN}/operationTypes/{kind}/operations/{GUID}"] = {"Things": 1}
    found = bench(routes).service.operations.get(GUID, details=True)
    assert found is not None
    assert found.details == ({"things": 1} if kind else None)
    assert other.sent == []
