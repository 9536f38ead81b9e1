#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: image_info
version_added: 0.1.0
short_description: Read images of an Azure Sphere tenant
description:
  - Lists the images of a tenant, all of them or some.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes.info
  - azsphere.fleet.connection
options:
  ids:
    description: Only the images of these IDs (GUIDs).
    type: list
    elements: str
  component_id:
    description: Only images of this component (a GUID), which is one application over time.
    type: str
  name:
    description: Only images of this name, whatever its case. Builds of one application often share a name.
    type: str
  status:
    description: Whether to tell how far the service is with each image. This takes a request for each.
    type: bool
    default: false
  component_ids:
    description:
      - Whether to ask the service for the components of all O(ids) at once, which it may know without the image.
    type: bool
    default: false
  download_url:
    description:
      - Whether to tell where each image can be fetched. This takes a request for each.
      - The address carries its own permission for a while and is B(a secret). A module cannot hide what it is to
        return, so set C(no_log=true) on the task; without it there is a warning.
      - M(azsphere.fleet.image_download) fetches an image without showing its address to anybody.
    type: bool
    default: false
seealso:
  - module: azsphere.fleet.image
  - module: azsphere.fleet.image_download
  - module: azsphere.fleet.deployment_info
  - plugin: azsphere.fleet.images
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: All images
  azsphere.fleet.image_info:
    tenant: Contoso Fleet
  register: found

- name: The builds of one application, and whether the service is done with them
  azsphere.fleet.image_info:
    tenant: Contoso Fleet
    name: KettleControl
    status: true

- name: Addresses for another program to fetch them from
  azsphere.fleet.image_info:
    tenant: Contoso Fleet
    name: KettleControl
    download_url: true
  register: builds
  no_log: true
"""

RETURN = r"""
images:
  description: The images by name, or in the order of O(ids). Those that are not there are left out.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Image ID, which is one build.
      type: str
    name:
      description: Name of the image.
      type: str
    description:
      description: What the image is.
      type: str
    component_id:
      description: ID of the component, which is one application over time.
      type: str
    type:
      description: What the image holds, such as V(Applications) or V(CustomerBoardConfig).
      type: str
    status:
      description: How far the service is with the image, in its own words.
      type: str
      returned: with O(status)
    download_url:
      description: Where the image can be fetched, for a while and without signing in. B(A secret).
      type: str
      returned: with O(download_url)
  sample:
    - id: c1000000-0000-4000-8000-000000000001
      name: KettleControl
      description: null
      component_id: d1000000-0000-4000-8000-000000000001
      type: Applications
component_ids:
  description: Component ID of each of O(ids) that the service knows, by image ID.
  returned: with O(component_ids)
  type: dict
  sample: {c1000000-0000-4000-8000-000000000001: d1000000-0000-4000-8000-000000000001}
api:
  description: What the task cost.
  returned: always
  type: dict
  sample: {requests: 2, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import LIST, NAME
from ansible_collections.azsphere.fleet.plugins.module_utils._queries import images
from ansible_collections.azsphere.fleet.plugins.module_utils._resolve import guid
from ansible_collections.azsphere.fleet.plugins.module_utils._views.resources import Values
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = Arguments(
    {
        "ids": {"type": LIST, "elements": NAME},
        "component_id": {"type": NAME},
        "name": {"type": NAME},
        "status": {"type": "bool", "default": False},
        "component_ids": {"type": "bool", "default": False},
        "download_url": {"type": "bool", "default": False},
    },
    required_if=(("component_ids", True, ("ids",)),),
)
SECRET = "The result holds addresses from which anybody can fetch images: set no_log: true on this task."


def run(params: Params, context: Context) -> Result:
    """Reads what was asked for."""
    ids = None if params["ids"] is None else [guid(each, "image") for each in params["ids"]]
    component_id = None if params["component_id"] is None else guid(params["component_id"], "component")
    found = images.images(context.service, ids, component_id, params["name"])
    if params["status"]:
        found = images.with_status(context.service, found)
    if params["download_url"]:
        found = images.with_download_url(context.service, found)
        if not context.no_log:
            context.warn(SECRET)
    values: Values = {"images": found}
    if params["component_ids"]:
        values["component_ids"] = images.component_ids(context.service, ids or [])
    return Result(values=values)


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
