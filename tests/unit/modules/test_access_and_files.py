# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Roles, files and tenants against the simulator, where the service itself matters."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput
from ansible_collections.azsphere.fleet.plugins.modules import (
    ca_certificate,
    image_download,
    tenant,
    user_role,
)

from .conftest import Bench

NEW = "new@contoso.example"
IMAGE, COMPONENT = "c1000000-0000-4000-8000-000000000001", "d1000000-0000-4000-8000-000000000001"


def test_delayed_invitation_is_waited_for(bench: Bench) -> None:
    bench.simulator.settings(invitation_seconds=0.5)
    outcome = bench.run(user_role, user=NEW, roles=["reader"])
    assert outcome.result.error is None
    assert outcome["user"]["roles"] == ["Reader"]
    asked = bench.requests()
    assert asked.count("AccessControl_InviteUser") == 1
    assert asked.count("AccessControl_AssignRole") > 1


def test_wait_for_an_invitation_times_out(bench: Bench) -> None:
    bench.simulator.settings(invitation_seconds=3600)
    outcome = bench.run(user_role, user=NEW, roles=["reader"], retry_timeout=0.3)
    assert outcome.result.error is not None
    assert outcome.result.error.status == 404


def test_service_principal_is_found_by_all_its_names(bench: Bench) -> None:
    me = next(user for user in bench.service().users.list() if "Administrator" in user.roles)
    assert me.id is not None
    assert me.mail is not None
    for name in (me.id, me.id.upper(), me.mail, me.mail.upper()):
        with pytest.raises(InvalidInput, match="account that runs this task"):
            bench.run(user_role, user=name, state="absent")
    assert bench.simulator.counts()["writes"] == 0


@pytest.mark.parametrize(("roles", "left"), [([], None), (["Reader"], ["Reader"])])
def test_removing_own_roles_reports_the_remaining_roles(bench: Bench, roles: list[str], left: list[str] | None) -> None:
    """The Administrator role goes last, as nothing more can be taken after it, and the check knows the end."""
    bench.seed(roles={"Fleet automation": ["Administrator", "Contributor", "Reader"]})
    me = bench.service().users.list()[0]
    options = {"user": me.mail, "roles": roles, "exclusive": True, "force": True}
    planned = bench.run(user_role, check=True, **options)
    done = bench.run(user_role, **options)
    assert done.result.error is None
    assert done.values == planned.values
    assert (done["user"] and (done["user"]["id"], done["user"]["roles"])) == (left and (me.id, left))


def test_token_is_not_sent_to_the_image_store(bench: Bench, tmp_path: Path) -> None:
    bench.seed(images=[{"id": IMAGE, "component_id": COMPONENT, "name": "Blink"}])
    outcome = bench.run(image_download, id=IMAGE.upper(), dest=str(tmp_path / "blink.imagepackage"))
    assert outcome.result.changed
    notes = [entry["note"] for entry in bench.simulator.log() if entry["kind"] == "blob"]
    assert notes == [None]
    assert "http" not in str(outcome.result)


def test_active_and_next_certificates_are_written(bench: Bench, tmp_path: Path) -> None:
    for number, each in enumerate(bench.service().certificates.list()):
        path = tmp_path / f"{number}.cer"
        outcome = bench.run(ca_certificate, dest=str(path), thumbprint=each.thumbprint.lower())
        assert outcome["certificate"]["is_active"] == each.is_active
        assert path.read_bytes() == each.body


def test_device_creates_only_one_tenant(bench: Bench) -> None:
    maker = "c0" * 64
    assert bench.run(tenant, name="One", device_id=maker, confirm="One").result.changed
    assert not bench.run(tenant, name="One", device_id=maker, confirm="One").result.changed
    outcome = bench.run(tenant, name="Two", device_id=maker, confirm="Two")
    assert "has not created one before" in str(outcome.result.error)
