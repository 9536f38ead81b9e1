#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: device_insight_info
version_added: 0.1.0
short_description: Read what devices of an Azure Sphere tenant reported
description:
  - Lists events that devices reported, such as updates, restarts and crashes, the newest first.
  - Devices upload about once a day, and the service keeps events for about 14 days. There are none of real-time cores.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes.info
  - azsphere.fleet.connection
options:
  device_ids:
    description: Only events of these devices, 128 hexadecimal digits each, in any case. An empty list has no events.
    type: list
    elements: str
  since:
    description:
      - Only events that were seen at or after this time, in ISO 8601. Without a zone it is UTC, and a day alone is its
        first moment.
    type: str
  until:
    description: Only events that were seen at or before this time, in ISO 8601 as O(since).
    type: str
  event_types:
    description: Only events of these types, whatever their case. Without any, events of all types.
    type: list
    elements: str
  limit:
    description: At most so many events, the newest.
    type: int
notes:
  - The service has no filters for events, so all pages are read and filtered where the module runs.
seealso:
  - module: azsphere.fleet.device_info
"""

EXAMPLES = r"""
- name: Everything that devices reported
  azsphere.fleet.device_insight_info:
    tenant: Contoso Fleet
  register: reported

- name: Errors of the last day
  azsphere.fleet.device_insight_info:
    tenant: Contoso Fleet
    since: "{{ '%Y-%m-%dT%H:%M:%SZ' | ansible.builtin.strftime(now().timestamp() - 86400, utc=true) }}"
    event_types: [Unplanned]
    limit: 100
"""

RETURN = r"""
insights:
  description:
    - The events, the newest first. With O(limit), they are the first that the service gave, in this order; it does not
      say in which order it gives them.
  returned: success
  type: list
  elements: dict
  contains:
    device_id:
      description: Device ID in lower case.
      type: str
    type:
      description: Planned (updates) or unplanned (errors), in the service's own words.
      type: str
    event_class:
      description: Which software it was about.
      type: str
    category:
      description: What kind of event it was.
      type: str
    description:
      description: What happened, in US English. May hold register values, exit codes and component IDs.
      type: str
    count:
      description: How often it was seen.
      type: int
    start:
      description: When it was seen first, ISO 8601 in UTC.
      type: str
    end:
      description: When it was seen last, ISO 8601 in UTC.
      type: str
  sample:
    - device_id: "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a\
        0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"
      type: Unplanned
      event_class: AppCrash
      category: Application
      description: exit code 1
      count: 3
      start: "2026-05-06T07:08:10Z"
      end: "2026-05-07T01:02:03Z"
api:
  description: What the task cost.
  returned: always
  type: dict
  sample: {requests: 2, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import DEVICE_ID, INTEGER, LIST, NAME, TIME
from ansible_collections.azsphere.fleet.plugins.module_utils._queries.insights import insight_filter, insights
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = Arguments(
    {
        "device_ids": {"type": LIST, "elements": DEVICE_ID},
        "since": {"type": TIME},
        "until": {"type": TIME},
        "event_types": {"type": LIST, "elements": NAME},
        "limit": {"type": INTEGER},
    }
)


def run(params: Params, context: Context) -> Result:
    """Reads what was asked for."""
    if params["limit"] is not None and params["limit"] < 1:
        raise InvalidInput(f"The option limit has to be at least 1, not {params['limit']}.")
    wanted = insight_filter(params["device_ids"], params["event_types"] or (), params["since"], params["until"])
    return Result(values={"insights": insights(context.service, wanted, params["limit"])})


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
