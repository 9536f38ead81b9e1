#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: product_info
version_added: 0.1.0
short_description: Retrieve information about products of an Azure Sphere tenant
description:
  - Lists the products of a tenant with their device groups, or returns a single product.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.apis.named
  - azsphere.fleet.attributes.info
  - azsphere.fleet.connection
options:
  name:
    description: Return only the product with this name. Case and surrounding blanks are ignored.
    type: str
  id:
    description: Return only the product with this GUID.
    type: str
seealso:
  - module: azsphere.fleet.product
  - module: azsphere.fleet.device_group_info
  - plugin: azsphere.fleet.products
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: List all products
  azsphere.fleet.product_info:
    tenant: Contoso Fleet
  register: found

- name: Retrieve one product
  azsphere.fleet.product_info:
    tenant: Contoso Fleet
    name: Kettle
"""

RETURN = r"""
products:
  description: The products, sorted by name, each with its device groups. Empty if none matches.
  returned: success
  type: list
  elements: dict
  sample:
    - id: a1000000-0000-4000-8000-000000000001
      name: Kettle
      description: Kettles for kitchens
      device_groups: []
api:
  description: Number of requests and retries, seconds spent throttled, and how the task signed in.
  returned: always
  type: dict
  sample: {requests: 2, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import NAME
from ansible_collections.azsphere.fleet.plugins.module_utils._queries.products import products
from ansible_collections.azsphere.fleet.plugins.module_utils._references import guid
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = Arguments({"name": {"type": NAME}, "id": {"type": NAME}}, mutually_exclusive=(("name", "id"),))


def run(params: Params, context: Context) -> Result:
    """Returns the products that match the options."""
    which = params["name"] if params["id"] is None else guid(params["id"], "product")
    return Result(values={"products": context.read(lambda service: products(service, which))})


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
