# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Long-running operations in all the shapes that were recorded or that the specification allows, and refusals."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import (
    Conflict,
    DeadlineExceeded,
    FleetError,
    Forbidden,
    OperationFailed,
    ReadOnlyViolation,
    SignInError,
    Unsupported,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._integrated.client import DELETES, READS, WRITES, bucket_of
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import ProductRef, group_ref
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import (
    DeviceGroupSpec,
    Operation,
    ProductSpec,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._service import require

from tests.support.scripted_server import Answer
from tests.unit.integrated.recorded import (
    IMAGE,
    IN,
    LAB,
    NOT_THERE,
    OPERATION,
    POLL,
    SECRET,
    Bench,
    MakeBench,
    Series,
    Started,
    ended,
    group,
    page,
    product,
    refused,
)

LAB_REF = group_ref("Kettle", "Lab")
START = f"PUT {LAB}/deployments/.default"


def deploy(made: Bench, seconds: float = 600) -> Operation:
    started = made.service.deployments.create(LAB_REF, [IMAGE])
    clock = made.clock.now
    return made.service.operations.wait(started, Deadline(seconds, clock))


def test_success_that_carries_an_error_member_is_a_success(bench: MakeBench) -> None:
    status = ended(target="DeployToDeviceGroup")
    status["properties"]["targetResourceId"] = f"{LAB}/deployments/1"
    made = bench({START: Started(201, ("Azure-AsyncOperation",)), f"GET {POLL}": Series([ended("InProgress"), status])})
    done = deploy(made)
    assert (done.id, done.type, done.state, done.error) == (OPERATION, "DeployToDeviceGroup", "Complete", None)
    assert done.resource == f"{LAB}/deployments/1"


def test_polls_back_off_from_two_to_ten_seconds_without_retry_after(bench: MakeBench) -> None:
    made = bench({START: Started(), f"GET {POLL}": Series([*[ended("Running")] * 6, ended()])})
    deploy(made)
    waits = [round(seconds, 3) for seconds in made.clock.waits]
    assert (waits[0], waits[-1]) == (2.0, 10.0)
    assert waits == sorted(waits)


def test_signed_address_is_sent_as_it_is_and_stays_out_of_everything_else(bench: MakeBench) -> None:
    made = bench({START: Started(), f"GET {POLL}": Series([Answer(403, b""), ended("Failed", code="Oops")])})
    with pytest.raises(FleetError) as failed:
        deploy(made, 30)
    polls = [asked.path for asked in made.server.asked if OPERATION in asked.path]
    assert polls
    assert all(each.endswith(f"?api-version=2024-04-01&t=1&c=MIIHpTCCBo&s={SECRET}&h=hash") for each in polls)
    shown = f"{failed.value} {failed.value.as_dict()} {failed.value.operation!r} {made.said}"
    assert SECRET not in shown
    assert "MIIH" not in shown


@pytest.mark.parametrize("status", ["Failed", "Canceled", "canceled"])
def test_failed_operation_names_code_and_reason(bench: MakeBench, status: str) -> None:
    details = [{"code": "ImageNotFound", "message": "The image is not there."}]
    made = bench({START: Started(), f"GET {POLL}": ended(status, details=details)})
    with pytest.raises(OperationFailed, match=r"The image is not there \(ImageNotFound\)"):
        deploy(made)


@pytest.mark.parametrize("last", [Answer(204), Answer(200, b"null"), group()])
def test_location_alone_is_polled_until_it_is_not_accepted_any_more(bench: MakeBench, last: Any) -> None:
    made = bench({START: Started(202, ("Location",)), f"GET {POLL}": Series([Answer(202, b"null"), Answer(202), last])})
    assert deploy(made).state == "Complete"
    assert made.count(f"GET {POLL}") == 3


def test_rejection_at_the_location_is_the_failure_of_the_operation(bench: MakeBench) -> None:
    made = bench({START: Started(202, ("Location",)), f"GET {POLL}": refused(400, "BadImage", "No such image.")})
    with pytest.raises(OperationFailed, match="BadImage"):
        deploy(made)


@pytest.mark.parametrize("answer", [product(), Answer(200, b"null"), Answer(204)])
def test_write_that_is_done_at_once_starts_no_operation(bench: MakeBench, answer: Any) -> None:
    made = bench({f"PUT {IN}/products/Kettle": answer, f"GET {IN}/products/Kettle": Series([NOT_THERE, product()])})
    assert made.service.products.create(ProductSpec("Kettle", default_device_groups=False)) is None


def test_accepted_write_without_an_address_is_judged_by_its_effect(bench: MakeBench) -> None:
    made = bench({f"PUT {LAB}": Answer(202, b"null"), f"GET {LAB}": Series([NOT_THERE, NOT_THERE, group()])})
    started = made.service.device_groups.create(ProductRef("Kettle"), DeviceGroupSpec("Lab"))
    assert started is not None
    assert made.service.operations.wait(started, Deadline(60, made.clock.now)).state == "Complete"


def test_operation_that_the_role_cannot_read_is_judged_by_its_effect(bench: MakeBench) -> None:
    body = {"name": "x1", "id": "x1", "properties": {"deployedImages": [{"properties": {"imageId": IMAGE}}]}}
    forbidden = refused(403, "AuthorizationFailed", "No permission.")
    path = f"{LAB}/deployments/.default"
    made = bench({START: Started(), f"GET {POLL}": forbidden, f"GET {path}": body})
    assert deploy(made).state == "Complete"
    made = bench({START: Started(), f"GET {POLL}": forbidden})
    with pytest.raises(FleetError, match="operationStatuses/read"):
        deploy(made)


def test_one_deadline_ends_the_wait_with_the_last_state(bench: MakeBench) -> None:
    made = bench({START: Started(), f"GET {POLL}": ended("InProgress")})
    with pytest.raises(DeadlineExceeded, match="the last state seen was InProgress"):
        deploy(made, 20)


def test_foreign_operations_cannot_be_looked_up(bench: MakeBench) -> None:
    made = bench({START: Started(), f"GET {POLL}": ended()})
    with pytest.raises(Unsupported, match="only the task that started it"):
        made.service.operations.get(OPERATION)
    deploy(made)
    found = made.service.operations.get(OPERATION)
    assert found is not None
    assert found.state == "Complete"


def test_address_on_another_host_is_never_polled(bench: MakeBench) -> None:
    elsewhere = Answer(202, b"null", {"Azure-AsyncOperation": f"https://elsewhere.example{POLL}?s={SECRET}"})
    body = {"name": "x1", "id": "x1", "properties": {"deployedImages": [{"properties": {"imageId": IMAGE}}]}}
    made = bench({START: elsewhere, f"GET {LAB}/deployments/.default": body})
    assert deploy(made).state == "Complete"


@pytest.mark.parametrize("content", [b"", b"<html><title>Oops</title></html>", b"Oops", b'{"code": "X"}', b"null"])
@pytest.mark.parametrize("status", [400, 403, 409, 412])
def test_any_body_of_a_refusal_is_an_error_with_its_status(bench: MakeBench, content: bytes, status: int) -> None:
    made = bench({f"PATCH {LAB}": Answer(status, content)})
    with pytest.raises(FleetError) as failed:
        made.service.device_groups.update(LAB_REF, DeviceGroupSpec(os_feed="Retail"))
    assert failed.value.status == status


def test_errors_have_both_request_ids(bench: MakeBench) -> None:
    made = bench({f"PATCH {LAB}": refused(409, "Conflict")})
    with pytest.raises(Conflict) as failed:
        made.service.device_groups.update(LAB_REF, DeviceGroupSpec(os_feed="Retail"))
    assert failed.value.request_id == (
        "c0000000-0000-4000-8000-000000000001 (correlation c0000000-0000-4000-8000-000000000002)"
    )


def test_missing_registration_says_how_to_register(bench: MakeBench) -> None:
    made = bench({f"PUT {LAB}": refused(409, "MissingSubscriptionRegistration", cause="gateway")})
    with pytest.raises(Conflict, match=r"az provider register --namespace Microsoft.AzureSphere"):
        made.service.device_groups.create(ProductRef("Kettle"), DeviceGroupSpec("Lab"))


def test_missing_role_names_the_roles(bench: MakeBench) -> None:
    made = bench({f"GET {IN}/products": refused(403, "AuthorizationFailed")})
    with pytest.raises(Forbidden, match="Azure Sphere Reader"):
        made.service.products.list()


def test_claims_challenge_gets_a_fresh_token(bench: MakeBench) -> None:
    claims = base64.urlsafe_b64encode(b'{"access_token": {"nbf": {"value": "1"}}}').decode().rstrip("=")
    challenge = Answer(401, b"", {"WWW-Authenticate": f'Bearer error="insufficient_claims", claims="{claims}"'})
    made = bench({f"GET {IN}/products": Series([challenge, page(product())])})
    assert len(made.service.products.list()) == 1
    assert [asked.headers["authorization"] for asked in made.server.asked] == ["Bearer token-0", "Bearer token-1"]
    made = bench({f"GET {IN}/products": challenge})
    with pytest.raises(SignInError):
        made.service.products.list()
    assert len(made.sent) == 2


def test_throttled_request_waits_as_long_as_the_service_asks(bench: MakeBench) -> None:
    made = bench({f"GET {IN}/products": Series([Answer(429, b"", {"Retry-After": "7"}), page(product())])})
    assert len(made.service.products.list()) == 1
    assert sum(made.clock.waits) >= 7


def test_requests_count_against_the_limits_of_resource_manager() -> None:
    assert bucket_of("GET", f"{IN}/products") is READS
    assert bucket_of("POST", f"{IN}/listDevices") is WRITES
    assert bucket_of("PUT", f"{IN}/products/Kettle") is WRITES
    assert bucket_of("DELETE", f"{IN}/products/Kettle") is DELETES
    assert (READS.capacity, READS.refill, WRITES.capacity, WRITES.refill) == (250, 25, 200, 10)


def test_session_that_only_reads_sends_lists_and_counts_by_post_and_nothing_else(bench: MakeBench) -> None:
    routes = {f"POST {IN}/{each}": page() for each in ("listDevices", "listDeviceGroups", "listDeviceInsights")}
    made = bench({**routes, f"POST {LAB}/countDevices": {"value": 3}}, read_only=True)
    assert not list(made.service.devices.list())
    assert not list(made.service.device_groups.list())
    assert not list(made.service.insights.list())
    assert made.service.devices.count(LAB_REF) == 3
    for write in (
        lambda: made.service.device_groups.delete(LAB_REF),
        lambda: made.service.products.create_default_device_groups(ProductRef("Kettle")),
        lambda: deploy(made),
    ):
        with pytest.raises(ReadOnlyViolation):
            write()


@pytest.mark.parametrize("capability", ["rename", "users", "ids", "block_legacy_authorization"])
def test_what_does_not_exist_is_unsupported_and_says_what_to_do(bench: MakeBench, capability: str) -> None:
    made = bench({})
    with pytest.raises(Unsupported) as failed:
        require(made.service, capability)
    assert failed.value.hint
    assert not made.sent


def test_users_point_to_azure_roles(bench: MakeBench) -> None:
    with pytest.raises(Unsupported, match="azure_rm_roleassignment"):
        bench({}).service.users.list()
