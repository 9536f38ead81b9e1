# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
name: images
version_added: 0.1.0
short_description: Images of an Azure Sphere tenant
description:
  - Gives images that were uploaded to the tenant, all of them or some.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.connection.plugin
options:
  _terms:
    description:
      - Image IDs (GUIDs), or names, whatever their case. A name gives each image that has it, as builds of one
        application often share one. Without any, all images. One that is not there is an error that names those that
        are.
    type: list
    elements: str
notes:
  - The lookup only reads. It runs on the controller, with what is configured there.
  - C(query) gives a list whatever its length, C(lookup) gives the entry itself when there is one.
seealso:
  - module: azsphere.fleet.image_info
"""

EXAMPLES = r"""
- name: All images
  ansible.builtin.debug:
    msg: "{{ query('azsphere.fleet.images', tenant='Contoso Fleet') | map(attribute='id') }}"

- name: The builds of one application
  ansible.builtin.debug:
    msg: "{{ query('azsphere.fleet.images', 'KettleControl', tenant='Contoso Fleet') }}"
"""

RETURN = r"""
_raw:
  description: The images by name, or in the order of the terms.
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
