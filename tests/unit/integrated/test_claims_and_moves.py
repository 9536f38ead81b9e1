# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Claims in every form in which some devices may fail, and moves."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import Conflict, FleetError, NotFound
from ansible_collections.azsphere.fleet.plugins.module_utils._integrated import claims
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import GroupRef, group_ref
from ansible_collections.azsphere.fleet.plugins.module_utils._service import DeviceOutcome

from tests.support.scripted_server import Answer, Asked
from tests.unit.integrated.recorded import (
    DEVICE,
    ID,
    IN,
    LAB,
    NOT_THERE,
    NOWHERE,
    POLL,
    Bench,
    MakeBench,
    Series,
    Started,
    device,
    ended,
    group,
    page,
    refused,
)

LAB_REF = group_ref("Kettle", "Lab")
BAD = "bad0" * 32
IDS = [f"{number:0128x}" for number in range(1, 4)]
CLAIM = f"POST {LAB}/claimDevices"
TAKEN = refused(409, "DeviceAlreadyClaimed", "The device belongs to another catalog.")


def claim(made: Bench, ids: Sequence[str], group_of: GroupRef | None = LAB_REF) -> dict[str, FleetError | None]:
    outcomes: list[DeviceOutcome] = []
    deadline = Deadline(600, made.clock.now)
    made.service.devices.claim(ids, deadline, lambda outcome: not outcomes.append(outcome), group_of)
    assert len(outcomes) == len({outcome.id for outcome in outcomes})
    return {outcome.id: outcome.error for outcome in outcomes}


def move(made: Bench, ids: Sequence[str], target: GroupRef | None, **options: Any) -> dict[str, FleetError | None]:
    outcomes: list[DeviceOutcome] = []
    deadline = Deadline(600, made.clock.now)
    made.service.devices.move(ids, target, deadline, lambda outcome: not outcomes.append(outcome), **options)
    return {outcome.id: outcome.error for outcome in outcomes}


def listed(*ids: str) -> dict[str, Any]:
    """The list of a group, which has no device IDs."""
    return page(*(device(each, deviceId=None) for each in ids))


def test_one_device_is_claimed_into_its_group_by_one_request(bench: MakeBench) -> None:
    path = f"{LAB}/devices/{DEVICE}"
    made = bench(
        {f"PUT {path}": Started(201, ("Azure-AsyncOperation",)), f"GET {POLL}": ended(), f"GET {path}": device()}
    )
    assert claim(made, [DEVICE]) == {DEVICE: None}
    assert made.server.asked[0].body == b"{}"
    found = made.service.devices.get(DEVICE)
    assert found is not None
    assert found.group == LAB_REF
    assert "POST /listDevices" not in made.sent


def test_claim_without_a_group_is_made_into_the_catalog_alone(bench: MakeBench) -> None:
    path = f"{NOWHERE}/devices/{DEVICE}"
    made = bench({f"PUT {path}": Started(201, ("Azure-AsyncOperation",)), f"GET {POLL}": ended()})
    assert claim(made, [DEVICE], None) == {DEVICE: None}


def test_many_devices_are_claimed_into_their_group_by_one_request(bench: MakeBench) -> None:
    made = bench({CLAIM: Started(202, ("Location",)), f"GET {POLL}": Answer(204), f"GET {LAB}/devices": listed(*IDS)})
    assert claim(made, IDS) == dict.fromkeys(IDS)
    assert json.loads(made.server.asked[0].body) == {"deviceIdentifiers": IDS}
    assert made.server.methods.count("POST") == 1


def failed_with_details() -> dict[str, Any]:
    return ended("Failed", code="PartialFailure", details=[{"target": BAD, "code": "Taken", "message": "Not yours."}])


def succeeded_with_details() -> dict[str, Any]:
    return ended(details=[{"code": "Taken", "message": f"Device {BAD.upper()} is not yours."}])


@pytest.mark.parametrize(
    "status",
    [failed_with_details(), succeeded_with_details(), ended("Failed", code="Oops"), ended()],
    ids=["failed with details", "succeeded with details", "failed without details", "silent"],
)
def test_bulk_claim_that_fails_for_one_device_fails_no_other(bench: MakeBench, status: dict[str, Any]) -> None:
    made = bench(
        {
            CLAIM: Started(),
            f"GET {POLL}": status,
            f"GET {LAB}/devices": listed(*IDS),
            f"PUT {LAB}/devices/{BAD}": TAKEN,
            f"GET {LAB}": group(),
        }
    )
    outcomes = claim(made, [*IDS, BAD])
    assert {each for each, error in outcomes.items() if error is None} == set(IDS)
    assert isinstance(outcomes[BAD], Conflict)
    assert "another catalog has claimed it" in str(outcomes[BAD])
    # Where the reason is known, the device is not tried again.
    assert bool(status["error"]["details"]) == ("PUT" not in made.server.methods)


def test_bulk_claim_that_fails_for_all_claims_the_others_one_by_one(bench: MakeBench) -> None:
    single = {f"PUT {LAB}/devices/{each}": device(each) for each in IDS}
    existing = {f"GET {LAB}/devices/{each}": device(each) for each in IDS}
    made = bench(
        {
            **single,
            **existing,
            CLAIM: Started(),
            f"GET {POLL}": ended("Failed", code="Oops"),
            f"GET {LAB}/devices": listed(),
            f"PUT {LAB}/devices/{BAD}": TAKEN,
            f"GET {LAB}": group(),
        }
    )
    outcomes = claim(made, [*IDS, BAD])
    assert [each for each, error in outcomes.items() if error is not None] == [BAD]


def test_rejected_bulk_claim_is_halved_so_that_one_device_costs_few_requests(bench: MakeBench) -> None:
    ids = [f"{number:0128x}" for number in range(1, 65)]
    there: set[str] = set()

    def bulk(asked: Asked) -> Any:
        wanted = json.loads(asked.body)["deviceIdentifiers"]
        if BAD in wanted:
            return refused(400, "InvalidParameters", "One device is not claimable.")
        there.update(wanted)
        return Answer(200, b"null")

    def one(device_id: str) -> Callable[[Asked], Any]:
        def put(_asked: Asked) -> Any:
            there.add(device_id)
            return device(device_id)

        return put

    made = bench(
        {
            **{f"PUT {LAB}/devices/{each}": one(each) for each in ids},
            **{f"GET {LAB}/devices/{each}": device(each) for each in ids},
            CLAIM: bulk,
            f"GET {LAB}": group(),
            f"GET {LAB}/devices": lambda _asked: listed(*there),
            f"PUT {LAB}/devices/{BAD}": TAKEN,
        }
    )
    outcomes = claim(made, [*ids[:40], BAD, *ids[40:]])
    assert [each for each, error in outcomes.items() if error is not None] == [BAD]
    assert there == set(ids)
    assert made.server.methods.count("PUT") <= claims.SINGLY


@pytest.mark.parametrize("status", [405, 501])
def test_service_without_bulk_claims_claims_one_by_one(bench: MakeBench, status: int) -> None:
    made = bench(
        {
            CLAIM: Answer(status, b""),
            **{f"PUT {LAB}/devices/{each}": device(each) for each in IDS},
            **{f"GET {LAB}/devices/{each}": device(each) for each in IDS},
        }
    )
    assert claim(made, IDS) == dict.fromkeys(IDS)


def test_missing_group_is_not_taken_for_a_foreign_device(bench: MakeBench) -> None:
    made = bench({CLAIM: NOT_THERE, f"PUT {LAB}/devices/{DEVICE}": NOT_THERE})
    for outcomes in (claim(made, [DEVICE]), claim(made, IDS)):
        assert all(isinstance(error, NotFound) for error in outcomes.values())
    assert made.server.methods.count("PUT") == 1


def test_missing_permission_fails_all_without_trying_each(bench: MakeBench) -> None:
    made = bench({CLAIM: refused(403, "AuthorizationFailed")})
    outcomes = claim(made, IDS)
    assert all(error is not None and error.status == 403 for error in outcomes.values())
    assert made.sent == [f"POST {LAB.removeprefix(IN)}/claimDevices"]


def test_lost_reply_to_a_claim_is_judged_by_the_device(bench: MakeBench) -> None:
    path = f"{LAB}/devices/{DEVICE}"
    made = bench({f"PUT {path}": Answer(lost=True), f"GET {path}": Series([NOT_THERE, device()])})
    assert claim(made, [DEVICE]) == {DEVICE: None}
    assert made.server.methods.count("PUT") == 1


def test_devices_leave_all_groups_by_moving_to_none(bench: MakeBench) -> None:
    made = bench(
        {
            f"POST {IN}/listDevices": page(device()),
            f"PATCH {LAB}/devices/{DEVICE}": Started(),
            f"GET {POLL}": ended(target="DeviceUpdateDeviceGroup"),
            f"GET {NOWHERE}/devices/{DEVICE}": device(place="/products/.default/deviceGroups/.default"),
        }
    )
    assert move(made, [DEVICE], None) == {DEVICE: None}
    body = next(json.loads(asked.body) for asked in made.server.asked if asked.method == "PATCH")
    assert body == {"properties": {"deviceGroupId": f"{ID}/products/.default/deviceGroups/.default"}}
    found = made.service.devices.get(DEVICE)
    assert found is not None
    assert found.group is None


def test_move_finds_a_device_that_another_process_moved(bench: MakeBench) -> None:
    other = "/products/Kettle/deviceGroups/Yard"
    made = bench(
        {
            f"POST {IN}/listDevices": Series([page(device()), page(device(place=other))]),
            f"PATCH {IN}{other}/devices/{DEVICE}": Started(),
            f"GET {POLL}": ended(),
        }
    )
    assert move(made, [DEVICE], group_ref("Kettle", "Wave")) == {DEVICE: None}
    assert made.count("POST /listDevices") == 2


def test_move_to_a_missing_group_fails(bench: MakeBench) -> None:
    made = bench({f"POST {IN}/listDevices": page(device()), f"PATCH {LAB}/devices/{DEVICE}": NOT_THERE})
    assert isinstance(move(made, [DEVICE], group_ref("Kettle", "Gone"))[DEVICE], NotFound)


def test_many_moves_are_followed_by_listing_the_group(bench: MakeBench) -> None:
    ids = [f"{number:0128x}" for number in range(20)]
    yard = "/products/Kettle/deviceGroups/Yard"
    made = bench(
        {
            f"POST {IN}/listDevices": page(*map(device, ids)),
            **{f"PATCH {LAB}/devices/{each}": Started() for each in ids},
            f"GET {IN}{yard}/devices": Series([listed(), listed(*ids[:15])]),
            # The operations of the last five are polled.
            f"GET {POLL}": ended(),
        }
    )
    assert move(made, ids, group_ref("Kettle", "Yard")) == dict.fromkeys(ids)
    assert made.count("POST /listDevices") == 1


def test_move_without_wait_reports_what_was_accepted(bench: MakeBench) -> None:
    made = bench({f"POST {IN}/listDevices": page(device()), f"PATCH {LAB}/devices/{DEVICE}": Started()})
    assert move(made, [DEVICE], group_ref("Kettle", "Yard"), wait=False) == {DEVICE: None}
    assert POLL not in "".join(made.sent)


def test_move_of_an_unclaimed_device_fails(bench: MakeBench) -> None:
    made = bench({f"POST {IN}/listDevices": page()})
    assert isinstance(move(made, [DEVICE], LAB_REF)[DEVICE], NotFound)
