#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: device_capability
version_added: 0.1.0
short_description: Keep a capability file of an Azure Sphere device on disk
description:
  - Gets a signed file with which a device, connected to a computer, is given capabilities, and keeps it on disk.
  - The service signs each file anew, so that no two are alike. A file that is there is kept as it is, unless
    O(force=true).
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes
  - azsphere.fleet.connection
attributes:
  idempotent:
    support: partial
    details: With O(force=true) each run replaces the file by a new one. Without it a second run changes nothing.
options:
  id:
    description: Device ID, 128 hexadecimal digits, of a device that is claimed into the tenant.
    type: str
    required: true
  capabilities:
    description:
      - What the file allows. An empty list takes from the device what an earlier file allowed.
      - A device with V(appDevelopment) gets no applications from the cloud.
    type: list
    elements: str
    choices: [appDevelopment, fieldServicing]
    required: true
  dest:
    description: The file. Its folder has to be there. A file in its place is replaced as a whole or not at all.
    type: path
    required: true
  mode:
    description: Permission bits of the file, an octal number such as V("0640").
    type: raw
    default: "0600"
  force:
    description: Whether to replace a file that is there, for another device or other capabilities.
    type: bool
    default: false
notes:
  - Whoever has the file and the device can use it, so by default only its owner can read it. Its content is shown
    nowhere.
seealso:
  - module: azsphere.fleet.device
"""

EXAMPLES = r"""
- name: A file that opens it for development
  azsphere.fleet.device_capability:
    tenant: Contoso Fleet
    id: "{{ '0a' * 64 }}"
    capabilities: [appDevelopment]
    dest: development.cap

- name: A file that closes it again
  azsphere.fleet.device_capability:
    tenant: Contoso Fleet
    id: "{{ '0a' * 64 }}"
    capabilities: []
    dest: closed.cap
"""

RETURN = r"""
dest:
  description: The file; null when it could not be written.
  returned: success
  type: str
  sample: development.cap
checksum:
  description: SHA-256 of the file.
  returned: success
  type: str
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
unknown:
  description: Paths of values that are null because only the service can give them. Empty in a real run.
  returned: success
  type: list
  elements: str
  sample: ["checksum"]
api:
  description: What the task cost.
  returned: always
  type: dict
  sample: {requests: 3, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import CAPABILITIES
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.device_capability import (
    bring_about_capability,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = Arguments(
    {
        "id": {"type": "str", "required": True},
        "capabilities": {"type": "list", "elements": "str", "choices": list(CAPABILITIES), "required": True},
        "dest": {"type": "path", "required": True},
        "mode": {"type": "raw", "default": "0600"},
        "force": {"type": "bool", "default": False},
    }
)


def run(params: Params, context: Context) -> Result:
    """Brings about the file that the options describe."""
    return bring_about_capability(
        context, params["id"], params["capabilities"], params["dest"], params["mode"], params["force"]
    )


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
