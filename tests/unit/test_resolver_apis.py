# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Connection options of two APIs: what belongs to the other API is ignored or an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._environment import Environment
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput
from ansible_collections.azsphere.fleet.plugins.module_utils._options import (
    API_URLS,
    PLACES,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._precedence import (
    of_environment,
    of_task,
    resolve,
)

from tests.support.resolving import SUBSCRIPTION, resolved

CATALOG = {"subscription_id": SUBSCRIPTION, "resource_group": "fleet", "catalog": "contoso"}
CATALOG_VARIABLES = {
    "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
    "AZURE_RESOURCE_GROUP": "other",
    "AZSPHERE_CATALOG": "fabrikam",
}


def place(task: Mapping[str, Any], variables: Mapping[str, str] | None = None, **configured: Any) -> dict[str, Any]:
    """The API and what it works on, as far as they are given."""
    names = ("api", *(name for names in PLACES.values() for name in names))
    params = resolved(task, variables, configured).params
    return {name: params[name] for name in names if params[name] is not None}


@pytest.mark.parametrize("variables", [CATALOG_VARIABLES, {"AZURE_SUBSCRIPTION_ID": "not a GUID"}], ids=["all", "AWX"])
def test_variables_of_the_integrated_api_do_not_matter_to_the_legacy_one(variables: dict[str, str]) -> None:
    assert place({"tenant": "Contoso"}, variables) == {"api": "legacy", "tenant": "Contoso"}
    assert place({}, {**variables, "AZSPHERE_TENANT": "Contoso"}) == {"api": "legacy", "tenant": "Contoso"}
    assert place({}, variables, tenant="Contoso", catalog="fabrikam") == {"api": "legacy", "tenant": "Contoso"}


def test_variables_of_the_legacy_api_do_not_matter_to_the_integrated_one() -> None:
    legacy = {"AZSPHERE_TENANT": "Contoso", "AZSPHERE_API": "legacy"}
    assert place({"api": "integrated", **CATALOG}, legacy) == {"api": "integrated", **CATALOG}
    there = {**legacy, **CATALOG_VARIABLES, "AZSPHERE_API": " Integrated "}
    expected_place = {"subscription_id": SUBSCRIPTION, "resource_group": "other", "catalog": "fabrikam"}
    assert place({"tenant": ""}, there, tenant="Contoso") == {"api": "integrated", **expected_place}
    assert place({"catalog": "contoso"}, there) == {"api": "integrated", **expected_place, "catalog": "contoso"}


@pytest.mark.parametrize(
    ("task", "variables", "problem"),
    [
        ({"tenant": "Contoso", "catalog": "contoso"}, {}, "tenant and catalog are of two APIs"),
        ({"tenant": "Contoso", "api": "integrated", **CATALOG}, {}, "are of two APIs"),
        (
            {"tenant": "Contoso", **CATALOG},
            {},
            "tenant and subscription_id, resource_group and catalog are of two APIs",
        ),
        (CATALOG, {}, "api is legacy, and subscription_id, resource_group and catalog are of another API"),
        ({"catalog": "contoso"}, CATALOG_VARIABLES, "api is legacy, and catalog is of another API"),
        ({"api": "integrated", "tenant": "Contoso"}, CATALOG_VARIABLES, "api is integrated, and tenant is of another"),
        (
            {"tenant": "Contoso"},
            {"AZSPHERE_API": "integrated", **CATALOG_VARIABLES},
            "api is integrated, and tenant is",
        ),
        ({"api": "legacy", "catalog": "contoso"}, {"AZSPHERE_API": "integrated"}, "api is legacy, and catalog is"),
        ({"api": "integrated", "api_url": API_URLS["legacy"]}, {}, "api is integrated, and api_url is of another API"),
        ({"api_url": "https://MANAGEMENT.azure.com/"}, {}, "api is legacy, and api_url is of another API"),
    ],
)
def test_task_with_options_of_two_apis_is_one_error(
    task: dict[str, Any], variables: dict[str, str], problem: str
) -> None:
    with pytest.raises(InvalidInput, match=problem) as caught:
        resolved(task, variables)
    assert caught.value.code == "mixed_connection"
    assert "Use tenant with api legacy, or subscription_id, resource_group and catalog with api" in str(caught.value)


def test_address_follows_the_api() -> None:
    assert resolved({"api": "integrated"}).params["api_url"] == "https://management.azure.com"
    there = {"AZSPHERE_API_URL": "https://proxy.example", "AZSPHERE_API": "integrated"}
    assert resolved({}, there).params["api_url"] == "https://proxy.example"
    there["AZSPHERE_API_URL"] = f"{API_URLS['legacy']}/v2"
    assert resolved({}, there).params["api_url"] == "https://management.azure.com"


def test_task_for_both_apis_takes_what_belongs_to_each() -> None:
    environment = Environment({**CATALOG_VARIABLES, "AZSPHERE_API": "integrated"}, "/work")
    layers = [of_task({"tenant": "Contoso", "catalog": "contoso"}), of_environment(environment)]
    legacy, integrated = (resolve(layers, environment, api=api).params for api in API_URLS)
    assert (legacy["api"], legacy["tenant"], legacy["catalog"]) == ("legacy", "Contoso", None)
    assert (integrated["api"], integrated["tenant"], integrated["catalog"]) == ("integrated", None, "contoso")
    assert (legacy["api_url"], integrated["api_url"]) == tuple(API_URLS.values())
