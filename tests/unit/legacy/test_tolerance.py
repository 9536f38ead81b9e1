# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The backend against answers that the service may give where its form is not known (FACTS: what is not known)."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import (
    FleetError,
    Forbidden,
    InvalidInput,
    NotFound,
    ServiceError,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import ProductRef, group_ref
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import (
    ImageDownload,
    ImagePackage,
    ProductSpec,
    Tenant,
    User,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._service import DeviceOutcome

from tests.support.scripted_server import Answer
from tests.unit.legacy.scripted import (
    BY_NAME,
    DEVICE,
    GUID,
    IN,
    OTHER,
    TENANT,
    MakeBench,
    state,
)

TENANTS = [{"Id": OTHER, "Name": "Beta", "Roles": ["Reader"]}, {"Id": TENANT.upper(), "Name": "Alpha", "Roles": None}]


@pytest.mark.parametrize("body", [TENANTS, {"Items": TENANTS}, {"Items": TENANTS, "ContinuationToken": None}])
def test_tenants_are_read_from_array_or_items(bench: MakeBench, body: Any) -> None:
    here = bench({"GET /v2/tenants": body}, None)
    assert here.service.tenants.list() == [Tenant(TENANT, "Alpha"), Tenant(OTHER, "Beta", ("Reader",))]


def test_tenant_guid_is_not_looked_up(bench: MakeBench) -> None:
    here = bench({f"GET {IN}/products": {"Items": []}}, TENANT.upper())
    here.service.products.list()
    assert here.sent == [f"GET {IN}/products"]


@pytest.mark.parametrize("name", ["Alpha"])
def test_tenant_name_is_looked_up_once(bench: MakeBench, name: str) -> None:
    here = bench({"GET /v2/tenants": TENANTS, f"GET {IN}/products": {"Items": []}}, name)
    here.service.products.list()
    here.service.products.list()
    assert here.sent == ["GET /v2/tenants", f"GET {IN}/products", f"GET {IN}/products"]


@pytest.mark.parametrize(
    ("wanted", "there", "words"),
    [
        (None, TENANTS, "The option tenant is missing"),
        ("Gamma", TENANTS, '"Gamma" not found among those'),
        ("alpha", [{"Id": GUID, "Name": "ALPHA"}, *TENANTS], '"alpha" not found among those'),
        ("Alpha", [{"Id": GUID, "Name": "Alpha"}, *TENANTS], '"Alpha" is ambiguous'),
    ],
)
def test_missing_tenant_is_never_guessed(bench: MakeBench, wanted: str | None, there: Any, words: str) -> None:
    here = bench({"GET /v2/tenants": there}, wanted)
    with pytest.raises(InvalidInput, match=words) as caught:
        here.service.products.list()
    for shown in ("Alpha", TENANT, "Beta", OTHER):
        assert shown in str(caught.value)


def test_exact_tenant_name_takes_precedence(bench: MakeBench) -> None:
    there = [{"Id": OTHER, "Name": "ALPHA"}, {"Id": TENANT, "Name": "Alpha"}]
    here = bench({"GET /v2/tenants": there, f"GET {IN}": there[1]}, "Alpha")
    assert here.service.tenants.current().id == TENANT


@pytest.mark.parametrize("status", [403, 404])
def test_inaccessible_tenant_lists_accessible_ones(bench: MakeBench, status: int) -> None:
    here = bench({f"GET {IN}": Answer(status, b""), "GET /v2/tenants": TENANTS[:1]})
    with pytest.raises(InvalidInput, match="This account may not use the tenant") as caught:
        here.service.tenants.current()
    assert f"Beta ({OTHER})" in str(caught.value)
    assert "role" in str(caught.value)
    assert caught.value.status == status


def test_account_without_tenants_is_reported(bench: MakeBench) -> None:
    with pytest.raises(InvalidInput, match="no role in any tenant"):
        bench({"GET /v2/tenants": []}, None).service.products.list()


def test_missing_list_hints_at_tenant_and_role(bench: MakeBench) -> None:
    with pytest.raises(NotFound, match=r"While listing the products, .* has a role in the tenant"):
        bench({}).service.products.list()


def test_access_denied_hints_at_the_role(bench: MakeBench) -> None:
    here = bench({f"POST {IN}/products": Answer(403, b"")})
    with pytest.raises(Forbidden, match=r"While creating the product Kettle, .*Contributor"):
        here.service.products.create(ProductSpec("Kettle"))


@pytest.mark.parametrize("status", [403, 404])
def test_device_of_another_tenant_is_none(bench: MakeBench, status: int) -> None:
    routes = {f"GET {IN}/devices/{DEVICE}": Answer(status, b""), f"GET {IN}": {"Id": TENANT, "Name": "Contoso"}}
    here = bench(routes)
    assert here.service.devices.get(DEVICE) is None
    assert here.service.devices.get(DEVICE) is None
    assert [each.partition(IN)[2].partition("/devices/")[0] for each in here.sent] == ["", "", ""]


@pytest.mark.parametrize("seen", [None, "", OTHER], ids=str)
def test_devices_are_read_after_a_claim_with_errors(bench: MakeBench, seen: str | None) -> None:
    ours, theirs = DEVICE, DEVICE[::-1]
    ended = state("CompleteWithErrors", OperationType=11)
    here = bench(
        {
            f"PUT {IN}/devices": Answer(202, json.dumps(ended).encode()),
            f"GET {IN}/devices/{ours}": {"DeviceId": ours, "TenantId": TENANT},
            f"GET {IN}/devices/{theirs}": {"DeviceId": theirs, "TenantId": seen},
        }
    )
    reported: dict[str, FleetError | None] = {}

    def report(outcome: DeviceOutcome) -> bool:
        reported[outcome.id] = outcome.error
        return True

    here.service.devices.claim([ours, theirs], Deadline(60, here.clock.now), report)
    assert reported[ours] is None
    assert "cannot be claimed" in str(reported[theirs])


def test_devices_are_counted_without_the_inferred_address(bench: MakeBench) -> None:
    here = bench({**BY_NAME, f"GET {IN}/products/{GUID}/devices": {"Items": [{"DeviceId": DEVICE}]}})
    assert here.service.devices.count(ProductRef("Kettle")) == 1


def test_capabilities_are_sent_as_numbers(bench: MakeBench) -> None:
    signed = base64.b64encode(b"capability").decode()
    here = bench({f"POST {IN}/deviceCapabilityImage": {"SignedDeviceCapabilityImageBytes": signed}})
    assert here.service.devices.capability_file(DEVICE, ["fieldServicing", "appDevelopment"]) == b"capability"
    assert here.body() == {"DeviceId": DEVICE, "Capabilities": [11, 13]}


@pytest.mark.parametrize("body", [{"Status": "Succeeded"}, "Succeeded"])
def test_image_status_is_read_from_text_or_object(bench: MakeBench, body: Any) -> None:
    assert bench({f"GET {IN}/images/{GUID}/status": body}).service.images.status(GUID) == "Succeeded"
    assert bench({}).service.images.status(GUID) is None


def test_components_are_read_by_one_post_or_by_gets(bench: MakeBench) -> None:
    routes = {
        f"POST {IN}/images/componentIdsForImages": [{"ImageId": GUID.upper(), "ComponentId": OTHER.upper()}],
        f"GET {IN}/images/{GUID}/metadata": {"Id": GUID, "ComponentId": OTHER},
    }
    real, check = bench(routes), bench(routes, read_only=True)
    assert (
        real.service.images.component_ids([GUID, TENANT])
        == check.service.images.component_ids([GUID, TENANT])
        == {GUID: OTHER}
    )
    assert len(real.sent) == 1
    assert {sent.split()[0] for sent in check.sent} == {"GET"}
    assert real.service.images.component_ids([]) == {}


def test_image_without_address_is_reported(bench: MakeBench) -> None:
    routes = {f"GET {IN}/images/{GUID}": {"IsSuccess": False, "Uri": None, "UriMessage": "It is being processed."}}
    with pytest.raises(ServiceError, match="It is being processed"):
        bench(routes).service.images.download(GUID)


def test_image_download_sends_no_token(bench: MakeBench) -> None:
    shop = bench({"GET /blob": Answer(200, b"package")})
    parts: list[bytes] = []
    bench({}).service.images.fetch(ImageDownload(GUID, f"http://127.0.0.1:{shop.server.port}/blob?sig=x"), parts.append)
    assert b"".join(parts) == b"package"
    assert "authorization" not in shop.server.asked[0].headers


def test_package_is_uploaded_unchanged(bench: MakeBench, tmp_path: Path) -> None:
    path = tmp_path / "app.imagepackage"
    path.write_bytes(bytes(range(256)))
    here = bench({f"POST {IN}/images": state(0, OperationType=7)})
    digest = hashlib.sha256(bytes(range(256))).hexdigest()
    package = ImagePackage(str(path), GUID, OTHER, "Applications", "App", 256, digest)
    assert here.service.images.upload(package).type == "ImageUpload"
    assert here.server.asked[0].body == bytes(range(256))
    assert here.server.asked[0].headers["content-type"] == "application/octet-stream"
    path.write_bytes(bytes(255) + b"1")
    with pytest.raises(InvalidInput, match=r"app\.imagepackage has changed since it was read"):
        here.service.images.upload(package)
    path.unlink()
    with pytest.raises(InvalidInput, match=r"app\.imagepackage"):
        here.service.images.upload(package)
    assert len(here.server.asked) == 1


def test_deployment_is_sent_as_bare_array(bench: MakeBench) -> None:
    here = bench({**BY_NAME, f"POST {IN}/devicegroups/{OTHER}/deployments": Answer(202, json.dumps(state(0)).encode())})
    here.service.deployments.create(group_ref("Kettle", "Lab"), [OTHER])
    assert here.body() == [OTHER]


@pytest.mark.parametrize(
    "answer", [Answer(404, b""), [], ["Administrator", "Auditor"], {"Items": [{"Name": "Auditor"}]}]
)
def test_available_roles_are_read(bench: MakeBench, answer: Any) -> None:
    found = bench({"GET /v2/roles": answer}, None).service.users.roles()
    assert ("Auditor" in found) == ("Auditor" in str(answer))
    if "Auditor" not in found:
        assert list(found) == ["Administrator", "Contributor", "Reader"]


PRINCIPALS = {
    "Principals": [{"PrincipalId": GUID, "DisplayName": "Ann", "Mail": "Ann@example.org", "Roles": ["Reader"]}]
}
ROLE = {"Roles": [{"TenantId": OTHER, "RoleNames": ["Administrator"]}, {"TenantId": TENANT, "RoleNames": ["Reader"]}]}
ANN = User(GUID, "Ann", "Ann@example.org", ("Reader",))


@pytest.mark.parametrize("name", ["ann@EXAMPLE.org", GUID.upper()])
def test_user_is_found_by_address_or_guid(bench: MakeBench, name: str) -> None:
    assert bench({f"GET {IN}/users": PRINCIPALS}).service.users.get(name) == ANN
    quoted = name.replace("@", "%40")
    here = bench({f"GET {IN}/users": PRINCIPALS, f"GET {IN}/users/{quoted}/role": ROLE})
    assert here.service.users.get(name) == ANN


def test_user_is_found_without_the_list_of_users(bench: MakeBench) -> None:
    here = bench({f"GET {IN}/users/ann%40example.org/role": ROLE})
    assert here.service.users.get("ann@example.org") == User(None, None, "ann@example.org", ("Reader",))
    with pytest.raises(Forbidden, match="Administrators"):
        here.service.users.get("bob@example.org")
    assert bench({f"GET {IN}/users": PRINCIPALS}).service.users.get("bob@example.org") is None


def test_user_list_without_permission_is_reported(bench: MakeBench) -> None:
    with pytest.raises(Forbidden, match="Administrators"):
        bench({}).service.users.list()


CERTIFICATE = b"\x30\x82" + bytes(300)


@pytest.mark.parametrize("form", ['"{}"', "{}", "{}\r\n"])
def test_certificates_are_read_quoted_or_plain(bench: MakeBench, form: str) -> None:
    answer = Answer(200, form.format(base64.b64encode(CERTIFICATE).decode()).encode(), {"Content-Type": "text/plain"})
    here = bench({f"GET {IN}/cert": answer, f"GET {IN}/certchain": answer, f"GET {IN}/verification/a%2Fb": answer})
    assert here.service.certificates.get(None) == CERTIFICATE
    assert here.service.certificates.chain("AB") == CERTIFICATE
    assert here.service.certificates.proof_of_possession("a/b", None) == CERTIFICATE
    assert here.sent == [f"GET {IN}/cert", f"GET {IN}/certchain?thumbprint=AB", f"GET {IN}/verification/a%2Fb"]


@pytest.mark.parametrize("answer", [Answer(200, b"null"), Answer(200, b""), Answer(404, b"")], ids=str)
def test_expired_certificate_is_not_returned(bench: MakeBench, answer: Answer) -> None:
    with pytest.raises(NotFound):
        bench({f"GET {IN}/cert": answer}).service.certificates.get("AB")
    listed = [{"Certificate": None, "IsActive": False, "IsRevoked": False, "Thumbprint": "AB"}]
    (certificate,) = bench({f"GET {IN}/certificates": listed}).service.certificates.list()
    assert certificate.body is None


def test_account_is_returned(bench: MakeBench) -> None:
    assert bench({}).service.users.account() == ("somebody@example.org",)


def test_tenant_creation_is_polled_outside_of_tenants(bench: MakeBench) -> None:
    started = bench({"POST /v2/tenants/create": state(0, OperationType=8, TenantId=None)}, None)
    operation = started.service.tenants.create("New", DEVICE)
    assert started.body() == {"DeviceId": DEVICE, "TenantFriendlyName": "New"}
    assert operation.type == "TenantCreation"
    started.routes[f"GET /v2/operations/{GUID}"] = state(2, OperationType=8)
    assert started.service.operations.wait(operation, Deadline(10, started.clock.now)).state == "Complete"


def test_errors_of_the_backend_are_fleet_errors_only(bench: MakeBench) -> None:
    here = bench({f"GET {IN}/products/{GUID}": Answer(200, b"[1]"), f"GET {IN}/devices/count": Answer(200, b'"x"')})
    for verb in (lambda: here.service.products.with_id(GUID), here.service.devices.count):
        with pytest.raises(FleetError):
            verb()
