#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: device_capability
version_added: 0.1.0
short_description: Save a capability file for an Azure Sphere device
description:
  - Requests a signed capability file, which grants capabilities to a device connected to a computer, and saves it.
  - The service signs each file anew, so no two files are identical. The content of an existing file is kept unless
    O(force=true).
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.apis
  - ansible.builtin.files
  - azsphere.fleet.attributes
  - azsphere.fleet.connection
attributes:
  idempotent:
    support: partial
    details: With O(force=true) each run replaces the file. Otherwise a second run changes nothing.
options:
  id:
    description: ID of a device that is claimed into the tenant, 128 hexadecimal digits.
    type: str
    required: true
  capabilities:
    description:
      - Capabilities that the file grants. An empty list revokes those that an earlier file granted.
      - A device with V(appDevelopment) does not receive applications from the cloud.
    type: list
    elements: str
    choices: [appDevelopment, fieldServicing]
    required: true
  dest:
    description:
      - Path of the file. Its directory must exist; in check mode, a missing directory is a warning.
      - A symbolic link is followed. The file is replaced atomically unless it can only be written in place, see the
        notes.
    type: path
    required: true
  mode:
    description:
      - Permissions of the file, either a quoted octal number such as V("0640"), or a symbolic mode such as V(u=rw,g=r).
      - A symbolic mode is applied to the mode of the existing file, or to V("0600") for a new one.
      - Set this to null to keep the mode of an existing file.
    type: raw
    default: "0600"
  force:
    description: Whether to replace an existing file, which may be for another device or other capabilities.
    type: bool
    default: false
notes:
  - The owner and group of an existing file are kept unless O(owner) or O(group) are set.
  - A file that cannot be replaced by renaming, such as a mount point or a file in a read-only directory, is written in
    place, as is a file whose owner or group would otherwise change. An interruption can then leave an incomplete file.
  - Anyone who has the file and the device can use it, so by default only the owner can read the file. Results and diffs
    never show its content.
seealso:
  - module: azsphere.fleet.device
"""

EXAMPLES = r"""
- name: Request a file that enables development
  azsphere.fleet.device_capability:
    tenant: Contoso Fleet
    id: "{{ '0a' * 64 }}"
    capabilities: [appDevelopment]
    dest: development.cap

- name: Request a file that removes all capabilities
  azsphere.fleet.device_capability:
    tenant: Contoso Fleet
    id: "{{ '0a' * 64 }}"
    capabilities: []
    dest: closed.cap
"""

RETURN = r"""
dest:
  description: Path of the file, as given; null if it could not be written.
  returned: success
  type: str
  sample: development.cap
checksum:
  description: SHA-256 of the file.
  returned: success
  type: str
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
size:
  description: Size of the file in bytes.
  returned: success
  type: int
  sample: 1220
mode:
  description: Permissions of the file. For a symbolic link, all values are those of its target.
  returned: success
  type: str
  sample: "0600"
uid:
  description: ID of the user who owns the file.
  returned: success
  type: int
  sample: 1000
gid:
  description: ID of the group that owns the file.
  returned: success
  type: int
  sample: 1000
owner:
  description: Name of the user who owns the file, or the ID if the user has no name.
  returned: success
  type: str
  sample: fleet
group:
  description: Name of the group that owns the file, or the ID if the group has no name.
  returned: success
  type: str
  sample: fleet
state:
  description: V(file), or V(hard) for a file with several hard links.
  returned: success
  type: str
  sample: file
secontext:
  description: SELinux context of the file.
  returned: success and SELinux is enabled
  type: str
  sample: unconfined_u:object_r:user_home_t:s0
unknown:
  description: Paths of return values that are null because they are not known yet, for example in check mode.
  returned: success
  type: list
  elements: str
  sample: ["checksum"]
api:
  description: Number of requests and retries, seconds spent throttled, and how the task signed in.
  returned: always
  type: dict
  sample: {requests: 3, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import CAPABILITIES
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import NAME, PATH
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.device_capability import (
    NEW_MODE,
    apply_capability,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = Arguments(
    {
        "id": {"type": NAME, "required": True},
        "capabilities": {"type": "list", "elements": "str", "choices": list(CAPABILITIES), "required": True},
        "dest": {"type": PATH, "required": True},
        "mode": {"type": "raw", "default": NEW_MODE},
        "force": {"type": "bool", "default": False},
    },
    add_file_common_args=True,
)


def run(params: Params, context: Context) -> Result:
    """Ensures the file that the options describe."""
    return apply_capability(context, params["id"], params["capabilities"], params, params["force"])


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
