#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: blueprint
version_added: 0.1.0
short_description: Bring a whole Azure Sphere tenant to what one document describes
description:
  - Takes one document with products, device groups, image packages, deployments, devices and users, and brings the
    tenant to that state in one task. B(A claim of a device is for ever), so devices that are not claimed are an error
    unless O(claim=true). B(The upload of an image package is for ever) as well; the document asks for it by naming the
    package.
  - The tenant is read once and the whole is planned before the first write. What refers to something that is only
    planned is planned too, so a check run on an empty tenant shows all that the real run does.
  - What the document does not name is left alone, unless O(prune) says otherwise.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes
  - azsphere.fleet.bulk
  - azsphere.fleet.connection
  - azsphere.fleet.waiting
options:
  blueprint:
    description:
      - The document. Its keys are the same in O(src).
      - C(products) is a list of products with C(name), C(description), C(default_device_groups) (V(true) by default)
        and C(device_groups).
      - Each of C(device_groups) has C(name), C(description), C(os_feed), C(update_policy),
        C(allow_crash_dumps_collection) and C(deployment), with C(images) (GUIDs) and C(packages) (files, uploaded when
        missing).
      - C(images) is a list of image packages to upload, whether they are deployed or not.
      - C(device_list) is a CSV file with the columns C(DeviceId,ProductName,DeviceGroupName), or C(devices) a list of
        devices with C(id), C(product) and C(device_group).
      - C(users) is a list of users with C(user), C(roles) and C(exclusive), as M(azsphere.fleet.user_role) takes them.
        Who is listed without C(roles) keeps those that are there.
      - Paths are relative to O(base_dir).
    type: dict
  src:
    description:
      - File with the document, YAML or JSON, where the module runs. It is not templated: a value with a template in it
        is a warning. It must not be encrypted with Ansible Vault.
      - To fill in templates, use the role P(azsphere.fleet.provision#role), or give what
        P(ansible.builtin.template#lookup) and P(ansible.builtin.from_yaml#filter) make of the file as O(blueprint).
    type: path
  base_dir:
    description:
      - Folder that relative paths in the document start from.
      - By default that of O(src), or the working directory of the task, which is the playbook's folder on the control
        node.
    type: path
  prune:
    description:
      - Kinds of which everything that the document does not name is deleted. Devices are never touched by it.
      - A document that says nothing of V(products) or V(users) that are to be pruned is an error. An empty list has all
        of them deleted.
      - V(device_groups) looks only into the products that the document names, and spares the default groups of
        products with
        C(default_device_groups).
      - What still has devices is not deleted, but an error before the first write.
      - V(users) takes all roles from users who are not named.
    type: list
    elements: str
    choices: [products, device_groups, users]
    default: []
requirements:
  - azuresphere-imagemetadata (for image packages)
seealso:
  - module: azsphere.fleet.device
  - module: azsphere.fleet.deployment
  - module: azsphere.fleet.product
"""

EXAMPLES = r"""
- name: See what a blueprint would change
  azsphere.fleet.blueprint:
    tenant: Contoso Fleet
    src: blueprint.yml
    claim: true
  check_mode: true
  diff: true

- name: A product with a pilot group
  azsphere.fleet.blueprint:
    tenant: Contoso Fleet
    max_changes: 10
    blueprint:
      products:
        - name: Toaster
          description: Toasters for hotels
          default_device_groups: false
          device_groups:
            - name: Pilot
              os_feed: RetailEval
              update_policy: UpdateAll
"""

RETURN = r"""
summary:
  description: Counts by kind of what was done, and of what was as it should be.
  returned: success
  type: dict
  sample:
    product: {created: 2, updated: 0, deleted: 0, unchanged: 0}
    device_group: {created: 0, updated: 1, deleted: 0, unchanged: 9}
    image: {uploaded: 2, unchanged: 0}
    deployment: {deployed: 4, unchanged: 0}
    user: {created: 0, updated: 0, deleted: 0, unchanged: 1}
    device: {claimed: 500, moved: 500, failed: 0, not_tried: 0, unchanged: 0}
changes:
  description: One entry for each resource that changed, in the order in which it was done.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: One of V(product), V(device_group), V(image), V(deployment), V(user) and V(device).
      type: str
    name:
      description: Name of the resource. A device group and its deployment are named V(Product/Group).
      type: str
    action:
      description: What was done, such as V(create), V(update), V(delete), V(upload), V(deploy), or V(claim and move).
      type: str
    before:
      description: What was there; null for nothing.
      type: raw
    after:
      description: What is there now; null for nothing.
      type: raw
  sample:
    - kind: product
      name: Kettle
      action: update
      before: {name: Kettle, description: Kettles for kitchens, device_groups: [Production]}
      after: {name: Kettle, description: Kettles for boats, device_groups: [Production]}
failures:
  description: The devices that failed or were not tried, as M(azsphere.fleet.device) tells of them.
  returned: success
  type: list
  elements: dict
  sample: []
operation:
  description: The last operation that the service started for this task; null when it started none.
  returned: success
  type: dict
  sample:
    id: f1000000-0000-4000-8000-000000000001
    type: BulkDeviceClaim
    state: Complete
    started: "2026-05-06T07:08:10Z"
unknown:
  description: Paths of values that are null because only the service can give them.
  returned: success
  type: list
  elements: str
  sample: [operation.id, operation.started]
api:
  description: What the task cost.
  returned: always
  type: dict
  sample: {requests: 530, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

import os

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import BULK, Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params, Waiting
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.blueprint import parse_blueprint, read_blueprint
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import PATH
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.blueprint import Policy, bring_about_blueprint
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.devices import Limits
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.prune import PRUNABLE
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = BULK + Arguments(
    {
        "blueprint": {"type": "dict"},
        "src": {"type": PATH},
        "base_dir": {"type": PATH},
        "prune": {"type": "list", "elements": "str", "choices": list(PRUNABLE), "default": []},
    },
    required_one_of=(("blueprint", "src"),),
    mutually_exclusive=(("blueprint", "src"),),
)


def run(params: Params, context: Context) -> Result:
    """Brings about what the document describes."""
    if params["src"] is not None:
        document = read_blueprint(context.files, params["src"], context.warn, params["base_dir"], params["prune"])
    else:
        base_dir = params["base_dir"] or os.getcwd()
        document = parse_blueprint(context.files, params["blueprint"], base_dir, context.warn, prune=params["prune"])
    policy = Policy(Limits.of(params), frozenset(params["prune"]))
    return bring_about_blueprint(context, document, policy, Waiting.of(params))


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
