#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: deployment
version_added: 0.1.0
short_description: Deploy images to a device group
description:
  - Ensures that the current deployment of a device group is exactly the given set of images. Devices in the group
    receive them with their next update. Packages that the tenant does not have are uploaded; B(an upload cannot be
    undone).
  - A deployment contains the whole set. If the current set differs, a new deployment replaces it. The service can
    neither change nor delete a deployment. To roll back, deploy the previous images again.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.apis.named
  - azsphere.fleet.attributes
  - azsphere.fleet.connection
  - azsphere.fleet.waiting
options:
  product:
    description: The product of O(device_group), by name or GUID. Not needed when O(device_group) is a GUID.
    type: str
  device_group:
    description: The device group, by name in the product, or by GUID.
    type: str
    required: true
  images:
    description: IDs (GUIDs) of images that are already in the tenant.
    type: list
    elements: str
  packages:
    description:
      - Paths of image packages on the host on which the module runs. Packages that the tenant does not have are
        uploaded first.
      - The deployment contains these packages and O(images). Each component may occur only once.
    type: list
    elements: path
  state:
    description: Ensures that the set of images is deployed.
    type: str
    choices: [present]
    default: present
requirements:
  - azuresphere-imagemetadata (for O(packages))
seealso:
  - module: azsphere.fleet.deployment_info
  - module: azsphere.fleet.image
  - module: azsphere.fleet.device_group
"""

EXAMPLES = r"""
- name: Deploy two packages, and upload them if they are missing
  azsphere.fleet.deployment:
    tenant: Contoso Fleet
    product: Kettle
    device_group: Field Test
    packages:
      - kettle.imagepackage
      - kettle-board.imagepackage

- name: Deploy the same images to production
  azsphere.fleet.deployment:
    tenant: Contoso Fleet
    product: Kettle
    device_group: Production
    images: "{{ field_test.current_deployment.images }}"
  vars:
    field_test: "{{ lookup('azsphere.fleet.device_groups', 'Kettle/Field Test', tenant='Contoso Fleet') }}"
  when: field_test.current_deployment is not none
"""

RETURN = r"""
deployment:
  description: The current deployment.
  returned: success
  type: dict
  sample:
    id: e1000000-0000-4000-8000-000000000001
    deployed_at: "2026-05-06T07:08:10Z"
    images:
      - id: c1000000-0000-4000-8000-000000000001
        name: KettleControl
        description: null
        component_id: d1000000-0000-4000-8000-000000000001
        type: Applications
    product: Kettle
    device_group: Field Test
    device_group_id: b1000000-0000-4000-8000-000000000002
operation:
  description: The last operation that the service started for this task; null if there was none.
  returned: success
  type: dict
  sample:
    id: f1000000-0000-4000-8000-000000000001
    type: DeployToDeviceGroup
    state: Complete
    started: "2026-05-06T07:08:10Z"
unknown:
  description: Paths of return values that are null because they are not known yet, for example in check mode.
  returned: success
  type: list
  elements: str
  sample: ["deployment.id", "deployment.deployed_at"]
api:
  description: Number of requests and retries, seconds spent throttled, and how the task signed in.
  returned: always
  type: dict
  sample: {requests: 9, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import WAITING, Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params, Waiting
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.packages import read_package
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import LIST, NAME, PATH
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile import deployment
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.plan import apply_plan
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = WAITING + Arguments(
    {
        "product": {"type": NAME},
        "device_group": {"type": NAME, "required": True},
        "images": {"type": LIST, "elements": NAME},
        "packages": {"type": LIST, "elements": PATH},
        "state": {"type": "str", "choices": ["present"], "default": "present"},
    },
    required_one_of=(("images", "packages"),),
)


def run(params: Params, context: Context) -> Result:
    """Ensures that the set of images is deployed to the device group."""
    packages = [read_package(path) for path in params["packages"] or ()]
    spec = deployment.deployment_spec(params["product"], params["device_group"], params["images"] or (), packages)
    return apply_plan(context, lambda service: deployment.plan(service, spec), Waiting.of(params), "deployment")


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
