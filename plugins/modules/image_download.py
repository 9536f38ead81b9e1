#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: image_download
version_added: 0.1.0
short_description: Keep a copy of an image of an Azure Sphere tenant on disk
description:
  - Downloads an image package that is in the tenant, unless the file has its content already.
  - The service tells neither size nor checksum of an image, so a file that is there is compared with the image itself.
    That fetches the image in each run, in a check run too.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes
  - azsphere.fleet.connection
options:
  id:
    description: Image ID, a GUID.
    type: str
    required: true
  dest:
    description: The file. Its folder has to be there. A file in its place is replaced as a whole or not at all.
    type: path
    required: true
  mode:
    description: Permission bits of the file, an octal number such as V("0640").
    type: raw
    default: "0644"
notes:
  - The image comes from an address of its own, which the service gives for a while. The access token is not sent there.
seealso:
  - module: azsphere.fleet.image
  - module: azsphere.fleet.image_info
"""

EXAMPLES = r"""
- name: Every image of the tenant, as a backup
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
  description: What the service knows of the image.
  returned: success
  type: dict
  sample:
    id: c1000000-0000-4000-8000-000000000001
    name: Blink
    description: null
    component_id: d1000000-0000-4000-8000-000000000001
    type: Applications
dest:
  description: The file; null when it could not be written.
  returned: success
  type: str
  sample: c1000000-0000-4000-8000-000000000001.imagepackage
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
  sample: []
api:
  description: What the task cost.
  returned: always
  type: dict
  sample: {requests: 3, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.image_download import bring_about_image_file
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = Arguments(
    {
        "id": {"type": "str", "required": True},
        "dest": {"type": "path", "required": True},
        "mode": {"type": "raw", "default": "0644"},
    }
)


def run(params: Params, context: Context) -> Result:
    """Brings about the file that the options describe."""
    return bring_about_image_file(context, params["id"], params["dest"], params["mode"])


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
