# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors
"""Which requests only read, as an API declares them."""

from __future__ import annotations

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import ReadOnlyViolation
from ansible_collections.azsphere.fleet.plugins.module_utils._http.message import ReadOperations

from tests.unit.http.conftest import MakeBench

READS = ReadOperations([("GET", "*"), ("POST", "/catalogs/{name}/listDeployments")])


@pytest.mark.parametrize(
    ("method", "path", "reads"),
    [
        ("GET", "/anything/at/all", True),
        ("POST", "/catalogs/fleet/listDeployments", True),
        ("POST", "/catalogs/fleet/listDeployments?api-version=1", True),
        ("POST", "/catalogs//listDeployments", False),
        ("POST", "/catalogs/fleet/more/listDeployments", False),
        ("POST", "/catalogs/fleet/listDeployments/more", False),
        ("POST", "/catalogs/fleet/uploadImage", False),
        ("get", "/anything", False),
        ("HEAD", "/anything", False),
    ],
)
def test_operation_reads_when_a_template_fits(method: str, path: str, reads: bool) -> None:
    assert ((method, path) in READS) is reads


def test_read_only_session_refuses_an_idempotent_request_that_is_not_a_read_operation(bench: MakeBench) -> None:
    here = bench(read_only=True)
    with pytest.raises(ReadOnlyViolation):
        here.session.request("POST", "/v2/images/componentIds", "reading", idempotent=True, changes=False)
    assert here.server.asked == []
