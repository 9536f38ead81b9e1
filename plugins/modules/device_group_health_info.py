#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: device_group_health_info
version_added: 0.1.0
short_description: Retrieve figures about the health of a device group
description:
  - Counts the devices of a device group that requested updates since a time, and the events that they reported since.
    Use it to decide whether a deployment does well.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes.info
  - azsphere.fleet.connection
options:
  product:
    description: The product of O(device_group), by name or GUID. Not needed when O(device_group) is a GUID.
    type: str
  device_group:
    description: The device group, by name in the product, or by GUID.
    type: str
    required: true
  since:
    description:
      - Count requests and events at or after this time, in ISO 8601 format. The default time zone is UTC.
    type: str
    required: true
  event_types:
    description: Count only events of these types. Case is ignored. If not set, events of all types are counted.
    type: list
    elements: str
  event_classes:
    description: Count only events of these classes. Case is ignored. If not set, events of all classes are counted.
    type: list
    elements: str
notes:
  - Devices upload events about once a day, and the service keeps them for about 14 days.
  - An event that began before O(since) and was seen afterwards is counted.
seealso:
  - module: azsphere.fleet.device_info
  - module: azsphere.fleet.device_insight_info
  - module: azsphere.fleet.deployment_info
"""

EXAMPLES = r"""
- name: Count updates and errors of the last day
  azsphere.fleet.device_group_health_info:
    tenant: Contoso Fleet
    product: Kettle
    device_group: Field Test
    since: "{{ '%Y-%m-%dT%H:%M:%SZ' | ansible.builtin.strftime(now().timestamp() - 86400, utc=true) }}"
    event_types: [Unplanned]
  register: field_test

- name: Require few errors
  ansible.builtin.assert:
    that: field_test.health.insights_per_hundred < 5
"""

RETURN = r"""
health:
  description: The figures.
  returned: success
  type: dict
  contains:
    product:
      description: Name of the product.
      type: str
    device_group:
      description: Name of the device group.
      type: str
    since:
      description: The time in O(since).
      type: str
    devices:
      description: Number of devices in the device group.
      type: int
    update_requested:
      description: Number of devices whose last request for updates was at or after O(since).
      type: int
    update_percent:
      description: The same in percent of the devices; null without devices.
      type: float
    insights:
      description: Number of events that match the options. An event that repeats is one.
      type: int
    insights_per_hundred:
      description: The same per hundred devices; null without devices.
      type: float
    insights_by_class:
      description: Number of these events by class.
      type: dict
    insights_complete:
      description:
        - Whether the list of events reaches back to O(since). The service may list only the newest 1000 events of the
          tenant. If V(false), there may be more events than the figures say.
      type: bool
  sample:
    product: Kettle
    device_group: Field Test
    since: "2026-05-06T07:08:10Z"
    devices: 200
    update_requested: 190
    update_percent: 95.0
    insights: 3
    insights_per_hundred: 1.5
    insights_by_class: {AppCrash: 3}
    insights_complete: true
api:
  description: Number of requests and retries, seconds spent throttled, and how the task signed in.
  returned: always
  type: dict
  sample: {requests: 4, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import LIST, NAME, TIME
from ansible_collections.azsphere.fleet.plugins.module_utils._queries.health import device_group_health
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = Arguments(
    {
        "product": {"type": NAME},
        "device_group": {"type": NAME, "required": True},
        "since": {"type": TIME, "required": True},
        "event_types": {"type": LIST, "elements": NAME},
        "event_classes": {"type": LIST, "elements": NAME},
    }
)


def run(params: Params, context: Context) -> Result:
    """Returns the figures."""
    group = (params["product"], params["device_group"])
    events = (params["event_types"] or (), params["event_classes"] or ())
    found = context.read(lambda service: device_group_health(service, *group, params["since"], *events))
    return Result(values={"health": found})


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
