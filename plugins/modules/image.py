#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: image
version_added: 0.1.0
short_description: Upload image packages to an Azure Sphere tenant
description:
  - Ensures that the image of a package is in the tenant. B(An upload cannot be undone), since the service cannot delete
    images.
  - The module reads the image ID from the package. An ID permanently identifies one build, so a package that is already
    in the tenant is not uploaded again.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.apis
  - azsphere.fleet.attributes
  - azsphere.fleet.connection
  - azsphere.fleet.waiting
options:
  path:
    description: Path of the image package on the host on which the module runs.
    type: path
    required: true
requirements:
  - azuresphere-imagemetadata
seealso:
  - module: azsphere.fleet.image_info
  - module: azsphere.fleet.image_download
  - module: azsphere.fleet.deployment
"""

EXAMPLES = r"""
- name: Upload a new build of the application
  azsphere.fleet.image:
    tenant: Contoso Fleet
    path: kettle.imagepackage

- name: Upload all packages in a directory
  azsphere.fleet.image:
    tenant: Contoso Fleet
    path: "{{ item }}"
  loop: "{{ query('ansible.builtin.fileglob', 'packages/*.imagepackage') }}"
"""

RETURN = r"""
image:
  description: The image in the tenant.
  returned: success
  type: dict
  sample:
    id: c1000000-0000-4000-8000-000000000001
    name: KettleControl
    description: null
    component_id: d1000000-0000-4000-8000-000000000001
    type: Applications
operation:
  description: The last operation that the service started for this task; null if there was none.
  returned: success
  type: dict
  sample:
    id: f1000000-0000-4000-8000-000000000001
    type: ImageUpload
    state: Complete
    started: "2026-05-06T07:08:10Z"
unknown:
  description: Paths of return values that are null because they are not known yet, for example in check mode.
  returned: success
  type: list
  elements: str
  sample: []
api:
  description: Number of requests and retries, seconds spent throttled, and how the task signed in.
  returned: always
  type: dict
  sample: {requests: 4, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import WAITING, Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params, Waiting
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.packages import read_package
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import PATH
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile import image
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.plan import apply_plan
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = WAITING + Arguments({"path": {"type": PATH, "required": True}})


def run(params: Params, context: Context) -> Result:
    """Ensures that the image of the package is in the tenant."""
    package = read_package(params["path"])
    return apply_plan(context, lambda service: image.plan(service, package), Waiting.of(params), "image")


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
