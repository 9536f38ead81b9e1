#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: product
version_added: 0.1.0
short_description: Manage products of an Azure Sphere tenant
description:
  - Creates, changes, renames and deletes products, with the five default device groups if wanted.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes
  - azsphere.fleet.connection
  - azsphere.fleet.waiting
options:
  name:
    description:
      - The product's name. Neither its case nor blanks around it matter. Letters, digits and spaces, at most 50
        characters.
      - Together with O(id), the name that the product is to have.
    type: str
  id:
    description: The GUID of an existing product.
    type: str
  description:
    description: What the product is. Left as it is when not given; an empty text clears it.
    type: str
  default_device_groups:
    description:
      - Whether the product has the five default device groups. Those that are missing are created, in an existing
        product too. None is ever deleted.
    type: bool
    default: true
  state:
    description:
      - Whether the product is there.
      - A product is deleted with its device groups, and not while devices are in them.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: azsphere.fleet.product_info
  - module: azsphere.fleet.blueprint
"""

EXAMPLES = r"""
- name: A product with the default device groups
  azsphere.fleet.product:
    tenant: Contoso Fleet
    name: Kettle
    description: Kettles for kitchens

- name: Rename it
  azsphere.fleet.product:
    tenant: Contoso Fleet
    id: "{{ lookup('azsphere.fleet.products', 'Kettle', tenant='Contoso Fleet').id }}"
    name: Kettle Two

- name: No such product
  azsphere.fleet.product:
    tenant: Contoso Fleet
    name: Kettle Two
    state: absent
"""

RETURN = r"""
product:
  description: The product as it is now; null when it is not there.
  returned: success
  type: dict
  sample:
    id: a1000000-0000-4000-8000-000000000001
    name: Kettle
    description: Kettles for kitchens
    device_groups:
      - id: b1000000-0000-4000-8000-000000000001
        name: Development
        description: null
        os_feed: Retail
        update_policy: No3rdPartyAppUpdates
        allow_crash_dumps_collection: false
        current_deployment: null
operation:
  description: The last operation that the service started for this task; null when it started none.
  returned: success
  type: dict
  sample:
    id: f1000000-0000-4000-8000-000000000001
    type: CreateProduct
    state: Complete
    started: "2026-05-06T07:08:10Z"
unknown:
  description: Paths of values that are null because only the service can give them. Empty in a real run that waits.
  returned: success
  type: list
  elements: str
  sample: ["product.id"]
api:
  description: What the task cost.
  returned: always
  type: dict
  sample: {requests: 5, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import WAITING, Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params, Waiting
from ansible_collections.azsphere.fleet.plugins.module_utils._model.specs import ProductSpec
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import NAME, TEXT
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile import product
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.plan import bring_about
from ansible_collections.azsphere.fleet.plugins.module_utils._resolve import guid
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = WAITING + Arguments(
    {
        "name": {"type": NAME},
        "id": {"type": NAME},
        "description": {"type": TEXT},
        "default_device_groups": {"type": "bool", "default": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    required_one_of=(("name", "id"),),
)


def run(params: Params, context: Context) -> Result:
    """Brings about the product that the options describe."""
    spec = ProductSpec(params["name"], params["description"], params["default_device_groups"])
    product_id = None if params["id"] is None else guid(params["id"], "product")
    present = params["state"] == "present"
    return bring_about(
        context, lambda service: product.plan(service, spec, product_id, present), Waiting.of(params), "product"
    )


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
