#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: integration_info
version_added: 0.1.0
short_description: Compare the two APIs of an Azure Sphere tenant
description:
  - Shows whether the Azure Sphere tenant O(tenant) is integrated, that is, whether an Azure Sphere catalog shows the
    same fleet, whether both APIs agree on it, and what a blueprint or the tenant has that the Integrated API lacks.
  - The module only reads. It connects to both APIs, with one token for each, so that O(tenant) and O(subscription_id),
    O(resource_group) and O(catalog) are given together. O(api) has no effect.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes.info
  - azsphere.fleet.connection
options:
  blueprint:
    description: A document as for M(azsphere.fleet.blueprint), whose O(ignore:users) and other losses are listed.
    type: dict
  src:
    description: Path of a YAML or JSON file with such a document. Files that it names are not read.
    type: path
notes:
  - O(api_url) is used for both APIs, unless it is the well-known address of one of them. An O(access_token) can be for
    one API only, so use another O(auth_source).
  - While the Legacy API is paused, or after its end, RV(legacy_available) is V(false) and nothing is compared.
seealso:
  - module: azsphere.fleet.account_info
  - module: azsphere.fleet.blueprint
"""

EXAMPLES = r"""
- name: Compare both APIs, and look for what a blueprint would lose
  azsphere.fleet.integration_info:
    tenant: Contoso Fleet
    subscription_id: 5b000000-0000-4000-8000-00000000000a
    resource_group: fleet
    catalog: ContosoFleet
    blueprint:
      products:
        - name: Toaster
  register: both

- name: Stop unless the Integrated API can take over
  ansible.builtin.assert:
    that:
      - both.integrated
      - both.differences == []
      - both.losses == []
"""

RETURN = r"""
integrated:
  description: Whether a catalog that the account can see belongs to the tenant.
  returned: success
  type: bool
  sample: true
tenant:
  description: The tenant, as the Legacy API shows it; null if that API is not available.
  returned: success
  type: dict
  sample: {id: 11111111-2222-4333-8444-555555555555, name: Contoso Fleet}
catalog:
  description:
    - The catalog of the tenant; null if there is none. It may be another one than O(catalog), see RV(catalog_in_use).
  returned: success
  type: dict
  contains:
    name:
      description: Name of the catalog.
      type: str
    tenant_id:
      description: GUID of the Azure Sphere tenant behind it.
      type: str
  sample: {name: ContosoFleet, tenant_id: 11111111-2222-4333-8444-555555555555}
catalog_in_use:
  description: Whether RV(catalog) is the one that the connection names.
  returned: success
  type: bool
  sample: true
legacy_available:
  description:
    - Whether the Legacy API can be used for the tenant. V(false) if its access is paused, or it has ended, or if the
      account has no role in the tenant.
  returned: success
  type: bool
  sample: true
legacy_error:
  description: How the Legacy API rejected the account; null if RV(legacy_available).
  returned: success
  type: str
  sample: null
differences:
  description:
    - What both APIs show differently, sorted by kind and name. An empty list means that they agree.
    - Null if they cannot be compared, since the tenant is not integrated, O(catalog) belongs to another tenant, or the
      Legacy API is not available.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: One of V(product), V(device_group), V(deployment), V(image) and V(device).
      type: str
    name:
      description: Name of the resource. A device group and its deployment are named V(Product/Group).
      type: str
    field:
      description: What differs. V(exists) for a resource that only one API shows.
      type: str
    legacy:
      description: The value in the Legacy API.
      type: raw
    integrated:
      description: The value in the Integrated API.
      type: raw
  sample:
    - {kind: product, name: Kettle, field: description, legacy: Kettles for kitchens, integrated: Kettles}
losses:
  description: What the Integrated API lacks of the blueprint, and of the products and device groups of the tenant.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: Where it is, in the blueprint or in the tenant.
      type: str
    value:
      description: The value.
      type: raw
    msg:
      description: Why it is lost, and what to do instead.
      type: str
  sample:
    - {path: "users[0]", value: ada@contoso.example, msg: "Use Azure role assignments."}
api:
  description: Number of requests and retries, seconds spent throttled, and how the task signed in, for both APIs.
  returned: always
  type: dict
  sample: {requests: 24, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params, consistently
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.blueprint import read_document
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import PATH
from ansible_collections.azsphere.fleet.plugins.module_utils._options import INTEGRATED, LEGACY
from ansible_collections.azsphere.fleet.plugins.module_utils._queries.integration import integration
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = Arguments(
    {"blueprint": {"type": "dict"}, "src": {"type": PATH}},
    mutually_exclusive=(("blueprint", "src"),),
    both_apis=True,
)


def run(params: Params, context: Context) -> Result:
    """Returns what both APIs show of one tenant."""
    document = params["blueprint"] if params["src"] is None else read_document(context.files, params["src"])
    legacy, integrated = context.open_api(LEGACY), context.open_api(INTEGRATED)
    found = consistently(lambda: integration(legacy, integrated, document, params["src"]), context.forget)
    return Result(values=found)


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
