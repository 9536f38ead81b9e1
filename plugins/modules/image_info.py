#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: image_info
version_added: 0.1.0
short_description: Retrieve information about images of an Azure Sphere tenant
description:
  - Lists the images of a tenant, optionally filtered by ID, component or name.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.apis
  - azsphere.fleet.attributes.info
  - azsphere.fleet.connection
options:
  ids:
    description: Return only the images with these IDs (GUIDs).
    type: list
    elements: str
  component_id:
    description: Return only images of this component (a GUID). A component is one application across all its builds.
    type: str
  name:
    description: Return only images with this name. Case is ignored. Builds of one application often share a name.
    type: str
  status:
    description: Whether to return the processing status of each image. This takes one request per image.
    type: bool
    default: false
  component_ids:
    description:
      - Whether to return the component IDs of all O(ids), in one request. The service may know them even if the image
        is not in the tenant.
    type: bool
    default: false
  download_url:
    description:
      - Whether to return a temporary download URL of each image. This takes one request per image.
      - The URL contains temporary credentials and is B(a secret). A module cannot hide its own return values, so set
        C(no_log=true) on the task to avoid a warning.
      - M(azsphere.fleet.image_download) downloads an image without revealing its URL.
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
- name: List all images
  azsphere.fleet.image_info:
    tenant: Contoso Fleet
  register: found

- name: List the builds of one application with their processing status
  azsphere.fleet.image_info:
    tenant: Contoso Fleet
    name: KettleControl
    status: true

- name: Retrieve download URLs for another program
  azsphere.fleet.image_info:
    tenant: Contoso Fleet
    name: KettleControl
    download_url: true
  register: builds
  no_log: true
"""

RETURN = r"""
images:
  description: The images, sorted by name or in the order of O(ids). IDs that are not in the tenant are omitted.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Image ID, which identifies one build.
      type: str
    name:
      description: Name of the image.
      type: str
    description:
      description: Description of the image.
      type: str
    component_id:
      description: Component ID, which identifies one application across all its builds.
      type: str
    type:
      description: Type of the image, such as V(Applications) or V(CustomerBoardConfig).
      type: str
    status:
      description: Processing status of the image as reported by the service.
      type: str
      returned: when O(status=true)
    download_url:
      description: Temporary URL from which the image can be downloaded without authentication. B(A secret).
      type: str
      returned: when O(download_url=true)
  sample:
    - id: c1000000-0000-4000-8000-000000000001
      name: KettleControl
      description: null
      component_id: d1000000-0000-4000-8000-000000000001
      type: Applications
component_ids:
  description: Component IDs by image ID, for all O(ids) that the service knows.
  returned: when O(component_ids=true)
  type: dict
  sample: {c1000000-0000-4000-8000-000000000001: d1000000-0000-4000-8000-000000000001}
api:
  description: Number of requests and retries, seconds spent throttled, and how the task signed in.
  returned: always
  type: dict
  sample: {requests: 2, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import LIST, NAME
from ansible_collections.azsphere.fleet.plugins.module_utils._queries import images
from ansible_collections.azsphere.fleet.plugins.module_utils._references import guid
from ansible_collections.azsphere.fleet.plugins.module_utils._service import Service
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
    """Returns the images that match the options."""
    ids = None if params["ids"] is None else [guid(each, "image") for each in params["ids"]]
    component_id = None if params["component_id"] is None else guid(params["component_id"], "component")

    def read(service: Service) -> Values:
        found = images.images(service, ids, component_id, params["name"])
        if params["status"]:
            found = images.with_status(service, found)
        if params["download_url"]:
            found = images.with_download_url(service, found)
        more = {"component_ids": images.component_ids(service, ids or [])} if params["component_ids"] else {}
        return {"images": found, **more}

    values = context.read(read)
    if params["download_url"] and not context.no_log:
        context.warn(SECRET)
    return Result(values=values)


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
