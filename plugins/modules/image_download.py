#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: image_download
version_added: 0.1.0
short_description: Download an image of an Azure Sphere tenant
description:
  - Downloads an image package of the tenant and saves it if the content of the file differs.
  - The service reports neither the size nor the checksum of an image, so the module compares an existing file with the
    image itself. It therefore downloads the image in each run, also in check mode.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.apis
  - ansible.builtin.files
  - azsphere.fleet.attributes
  - azsphere.fleet.connection
options:
  id:
    description: Image ID, a GUID.
    type: str
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
      - A symbolic mode is applied to the mode of the existing file, or to V("0644") for a new one.
      - Set this to null to keep the mode of an existing file.
    type: raw
    default: "0644"
notes:
  - The owner and group of an existing file are kept unless O(owner) or O(group) are set.
  - A file that cannot be replaced by renaming, such as a mount point or a file in a read-only directory, is written in
    place, as is a file whose owner or group would otherwise change. An interruption can then leave an incomplete file.
  - The service provides a temporary URL for the image. The access token is not sent to that URL.
seealso:
  - module: azsphere.fleet.image
  - module: azsphere.fleet.image_info
"""

EXAMPLES = r"""
- name: Back up every image of the tenant
  azsphere.fleet.image_download:
    tenant: Contoso Fleet
    id: "{{ item.id }}"
    dest: "{{ item.id }}.imagepackage"
  loop: "{{ query('azsphere.fleet.images', tenant='Contoso Fleet') }}"
  loop_control:
    label: "{{ item.name }}"
"""

RETURN = r"""
image:
  description: The image.
  returned: success
  type: dict
  sample:
    id: c1000000-0000-4000-8000-000000000001
    name: Blink
    description: null
    component_id: d1000000-0000-4000-8000-000000000001
    type: Applications
dest:
  description: Path of the file, as given; null if it could not be written.
  returned: success
  type: str
  sample: c1000000-0000-4000-8000-000000000001.imagepackage
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
  sample: "0644"
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
  sample: []
api:
  description: Number of requests and retries, seconds spent throttled, and how the task signed in.
  returned: always
  type: dict
  sample: {requests: 3, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import NAME, PATH
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.image_download import (
    NEW_MODE,
    apply_image_file,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = Arguments(
    {
        "id": {"type": NAME, "required": True},
        "dest": {"type": PATH, "required": True},
        "mode": {"type": "raw", "default": NEW_MODE},
    },
    add_file_common_args=True,
)


def run(params: Params, context: Context) -> Result:
    """Ensures the file that the options describe."""
    return apply_image_file(context, params["id"], params)


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
