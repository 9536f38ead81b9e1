# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Connection options in, the Integrated service out."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._connection import Connection, open_connection
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput
from ansible_collections.azsphere.fleet.plugins.module_utils._integrated.service import IntegratedService
from ansible_collections.azsphere.fleet.plugins.module_utils._legacy.service import LegacyService

CATALOG = {
    "subscription_id": "5b000000-0000-4000-8000-00000000000a",
    "resource_group": "fleet",
    "catalog": "contoso",
}


def opened(**params: Any) -> Connection:
    given = {"access_token": "canary", "auth_source": "access_token", "token_cache": "none", **params}
    return open_connection(given, read_only=True, warn=pytest.fail, debug=lambda _text: None)


def test_option_api_chooses_the_service() -> None:
    assert isinstance(opened(api="integrated", **CATALOG).service, IntegratedService)
    assert isinstance(opened().service, LegacyService)
    assert isinstance(opened(api="legacy", **CATALOG).service, LegacyService)


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        (("catalog",), "catalog is missing. Set catalog (or AZSPHERE_CATALOG)."),
        (
            ("subscription_id", "resource_group"),
            "subscription_id and resource_group are missing. Set subscription_id (or AZURE_SUBSCRIPTION_ID) and "
            "resource_group (or AZURE_RESOURCE_GROUP).",
        ),
        (tuple(CATALOG), "subscription_id, resource_group and catalog are missing."),
    ],
)
def test_part_of_a_catalog_is_one_error_with_what_is_missing(missing: tuple[str, ...], named: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        opened(api="integrated", **{name: value for name, value in CATALOG.items() if name not in missing})
    assert caught.value.code == "incomplete_connection"
    assert named in str(caught.value)


def test_invalid_address_names_the_default_of_the_api() -> None:
    with pytest.raises(InvalidInput, match=r"Leave it out for https://management\.azure\.com"):
        opened(api="integrated", api_url="http://management.azure.com", **CATALOG)
