# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
name: images
version_added: 0.1.0
short_description: Retrieve images of an Azure Sphere tenant
description:
  - Returns all or selected images that were uploaded to the tenant.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.apis
  - azsphere.fleet.connection.plugin
options:
  _terms:
    description:
      - Image IDs (GUIDs) or names. Case is ignored. A name selects all images with that name, since builds of one
        application often share one. If not set, all images are returned. A missing image is an error that lists the
        available ones.
    type: list
    elements: str
notes:
  - The lookup only reads. It runs on the controller and uses the connection settings there.
  - C(query) always returns a list. C(lookup) returns the entry itself if there is only one.
seealso:
  - module: azsphere.fleet.image_info
"""

EXAMPLES = r"""
- name: List the IDs of all images
  ansible.builtin.debug:
    msg: "{{ query('azsphere.fleet.images', tenant='Contoso Fleet') | map(attribute='id') }}"

- name: List the builds of one application
  ansible.builtin.debug:
    msg: "{{ query('azsphere.fleet.images', 'KettleControl', tenant='Contoso Fleet') }}"
"""

RETURN = r"""
_raw:
  description: The images, sorted by name or in the order of the terms.
  type: list
  elements: dict
  sample:
    - id: c1000000-0000-4000-8000-000000000001
      name: KettleControl
      description: null
      component_id: d1000000-0000-4000-8000-000000000001
      type: Applications
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._queries import images
from ansible_collections.azsphere.fleet.plugins.module_utils._service import Service
from ansible_collections.azsphere.fleet.plugins.module_utils._views.resources import Values
from ansible_collections.azsphere.fleet.plugins.plugin_utils._lookups import FleetLookup


class LookupModule(FleetLookup):
    def read(self, service: Service, terms: list[str]) -> list[Values]:
        return images.require_images(service, terms) if terms else images.images(service)
