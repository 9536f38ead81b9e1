#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: blueprint
version_added: 0.1.0
short_description: Apply a document that describes an Azure Sphere tenant
description:
  - Ensures in one task that a tenant has the products, device groups, image packages, deployments, devices and users
    that a document describes. B(A claim of a device cannot be undone), so unclaimed devices are an error unless
    O(claim=true). B(An upload of an image package cannot be undone) either; packages that the document names are
    uploaded.
  - The module reads the tenant once and plans all changes before the first write. The plan includes resources that
    depend on resources not yet created, so check mode on an empty tenant shows everything that a real run would do.
  - Resources that the document does not name are not changed, unless O(prune) includes their kind.
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
      - The document. A file in O(src) has the same keys.
      - C(products) is a list of products with C(name), C(description), C(default_device_groups) (V(true) by default)
        and C(device_groups).
      - Each of C(device_groups) has C(name), other settings such as C(os_feed), named as the options of
        M(azsphere.fleet.device_group), and C(deployment), with C(images) (GUIDs) and C(packages) (files, uploaded if
        missing).
      - C(images) is a list of image packages to upload, whether they are deployed or not.
      - C(device_list) is a CSV file with the columns C(DeviceId,ProductName,DeviceGroupName), or C(devices) a list of
        devices with C(id), C(product) and C(device_group).
      - C(users) is a list of users with C(user), C(roles) and C(exclusive), as in M(azsphere.fleet.user_role). A user
        without C(roles) keeps the existing roles. If the reply to an invitation is lost, it may be sent again.
      - Paths are relative to O(base_dir).
    type: dict
  src:
    description:
      - Path of a YAML or JSON file with the document, on the host on which the module runs. The file is not templated;
        a template in a value is reported as a warning. It must not be encrypted with Ansible Vault.
      - To use templates, use the role P(azsphere.fleet.provision#role), or render the file with
        P(ansible.builtin.template#lookup) and P(ansible.builtin.from_yaml#filter) and pass the result as O(blueprint).
    type: path
  base_dir:
    description:
      - Directory to which relative paths in the document refer.
      - Defaults to the directory of O(src), or to the working directory of the task, which is the playbook's directory
        on the control node.
    type: path
  prune:
    description:
      - Kinds of resources to delete if the document does not name them. Pruning never changes devices.
      - If V(products) or V(users) are pruned, the document must have the key of the same name. An empty list deletes
        all of them.
      - V(device_groups) applies only to products that the document names, and keeps the default groups of products with
        C(default_device_groups).
      - Resources that still contain devices are not deleted; the task fails before the first write.
      - V(users) removes all roles from users that the document does not name.
    type: list
    elements: str
    choices: [products, device_groups, users]
    default: []
requirements:
  - azuresphere-imagemetadata (for image packages)
  - PyYAML (for O(src))
notes:
  - With O(api=integrated), a document with C(users) is rejected as C(unsupported), and devices are claimed into their
    device group in one request. M(azsphere.fleet.integration_info) lists what of a document is affected.
seealso:
  - module: azsphere.fleet.device
  - module: azsphere.fleet.device_group
  - module: azsphere.fleet.deployment
  - module: azsphere.fleet.product
"""

EXAMPLES = r"""
- name: Show what a blueprint would change
  azsphere.fleet.blueprint:
    tenant: Contoso Fleet
    src: blueprint.yml
    claim: true
  check_mode: true
  diff: true

- name: Ensure a product with a pilot group
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
  description:
    - Number of changed and unchanged resources by kind. C(not_tried) counts the entries of RV(not_tried), and devices
      whose claim or move was not sent.
  returned: success
  type: dict
  sample:
    product: {created: 2, updated: 0, deleted: 0, not_tried: 0, unchanged: 0}
    device_group: {created: 0, updated: 1, deleted: 0, not_tried: 0, unchanged: 9}
    image: {uploaded: 2, not_tried: 0, unchanged: 0}
    deployment: {deployed: 4, not_tried: 0, unchanged: 0}
    user: {created: 0, updated: 0, deleted: 0, not_tried: 0, unchanged: 1}
    device: {claimed: 500, moved: 500, failed: 0, not_tried: 0, unchanged: 0}
changes:
  description: One entry for each changed resource, in the order of the changes.
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
      description: The action, such as V(create), V(update), V(delete), V(upload), V(deploy), or V(claim and move).
      type: str
    before:
      description: State before the change; null if the resource did not exist.
      type: raw
    after:
      description: State after the change; null if the resource no longer exists.
      type: raw
  sample:
    - kind: product
      name: Kettle
      action: update
      before: {name: Kettle, description: Kettles for kitchens, device_groups: [Production]}
      after: {name: Kettle, description: Kettles for boats, device_groups: [Production]}
failures:
  description:
    - The devices that failed or were skipped, in the format of RV(azsphere.fleet.device#module:outcomes) of
      M(azsphere.fleet.device).
  returned: success
  type: list
  elements: dict
  sample: []
not_tried:
  description:
    - The writes that were planned and not sent, in their order, if the task failed before it reached them. Devices are
      in RV(failures) instead.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: One of V(product), V(device_group), V(image), V(deployment) and V(user).
      type: str
    name:
      description:
        - Name of the resource, as in RV(changes[].name). V(Kettle/*) stands for the default device groups.
      type: str
    action:
      description: The write, such as V(create), V(update), V(delete), V(upload), V(deploy) or V(assign_role).
      type: str
  sample:
    - {kind: device_group, name: Kettle/Field, action: create}
    - {kind: deployment, name: Kettle/Field, action: deploy}
plan_digest:
  description: The SHA-256 of the plan, for O(expect_plan). Equal plans have equal digests.
  returned: success
  type: str
  sample: 0f343b0931126a20f133d67c2b018a3b2f9d3a2e7e2d0d3a4f1c6c1d2e3f4a5b
plan:
  description: The plan that O(expect_plan) rejected, as in O(plan_file).
  returned: when the plan was rejected
  type: dict
  sample:
    format: 1
    tenant: 7e000000-0000-4000-8000-0000000000c0
    packages: {}
    digest: 0f343b0931126a20f133d67c2b018a3b2f9d3a2e7e2d0d3a4f1c6c1d2e3f4a5b
    changes:
      - {kind: product, name: Kettle, action: create, before: null, after: {name: Kettle, description: null}}
operation:
  description: The last operation that the service started for this task; null if there was none.
  returned: success
  type: dict
  sample:
    id: f1000000-0000-4000-8000-000000000001
    type: BulkDeviceClaim
    state: Complete
    started: "2026-05-06T07:08:10Z"
unknown:
  description: Paths of return values that are null because they are not known yet, for example in check mode.
  returned: success
  type: list
  elements: str
  sample: [operation.id, operation.started]
api:
  description: Number of requests and retries, seconds spent throttled, and how the task signed in.
  returned: always
  type: dict
  sample: {requests: 530, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import BULK, Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params, Waiting
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.apart import require_apart
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.blueprint import parse_blueprint, read_blueprint
from ansible_collections.azsphere.fleet.plugins.module_utils._model.values import PRUNABLE
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import PATH
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.approval import Approval
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.blueprint import Policy, apply_blueprint
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.bulk_step import Limits
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
    """Ensures the state that the document describes."""
    if params["src"] is not None:
        document = read_blueprint(context.files, params["src"], context.warn, params["base_dir"], params["prune"])
    else:
        base_dir = params["base_dir"] or context.environment.working_directory
        document = parse_blueprint(context.files, params["blueprint"], base_dir, context.warn, prune=params["prune"])
    require_apart(params, context.environment, document.files)
    policy = Policy(Limits.of(params), frozenset(params["prune"]))
    return apply_blueprint(context, document, policy, Waiting.of(params, renewable=True), Approval.of(params, context))


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
