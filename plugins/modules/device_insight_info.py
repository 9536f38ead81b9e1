#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: device_insight_info
version_added: 0.1.0
short_description: Retrieve events that Azure Sphere devices reported
description:
  - Lists events that devices reported, such as updates, restarts and crashes, newest first.
  - Devices upload events about once a day, and the service keeps them for about 14 days. Real-time cores do not report
    events.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.apis
  - azsphere.fleet.attributes.info
  - azsphere.fleet.connection
options:
  device_ids:
    description:
      - Return only events of the devices with these IDs, 128 hexadecimal digits each. Case is ignored. An empty list
        selects no events.
    type: list
    elements: str
  since:
    description:
      - Return only events that were seen at or after this time, in ISO 8601 format. The default time zone is UTC, and a
        date without a time is the start of that day.
    type: str
  until:
    description: Return only events that were seen at or before this time, in the format of O(since).
    type: str
  event_types:
    description: Return only events of these types. Case is ignored. If not set, events of all types are returned.
    type: list
    elements: str
  limit:
    description: Maximum number of events to return, newest first.
    type: int
notes:
  - The service cannot filter events, so the module reads all pages and filters them itself.
seealso:
  - module: azsphere.fleet.device_info
"""

EXAMPLES = r"""
- name: List all events
  azsphere.fleet.device_insight_info:
    tenant: Contoso Fleet
  register: reported

- name: List the errors of the last day
  azsphere.fleet.device_insight_info:
    tenant: Contoso Fleet
    since: "{{ '%Y-%m-%dT%H:%M:%SZ' | ansible.builtin.strftime(now().timestamp() - 86400, utc=true) }}"
    event_types: [Unplanned]
    limit: 100
"""

RETURN = r"""
insights:
  description:
    - The events, newest first. With O(limit), these are the first matching events that the service returned, sorted.
      The order in which the service returns events is not documented.
  returned: success
  type: list
  elements: dict
  contains:
    device_id:
      description: Device ID in lower case.
      type: str
    type:
      description: Type of the event as reported by the service, planned (updates) or unplanned (errors).
      type: str
    event_class:
      description: Class of the event, such as V(AppCrash).
      type: str
    category:
      description: Category of the event, such as V(Application).
      type: str
    description:
      description: Description of the event in US English. May contain register values, exit codes and component IDs.
      type: str
    count:
      description: Number of times that the event was seen.
      type: int
    start:
      description: Time at which the event was first seen, in ISO 8601 format, UTC.
      type: str
    end:
      description: Time at which the event was last seen, in ISO 8601 format, UTC.
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
  description: Number of requests and retries, seconds spent throttled, and how the task signed in.
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
    """Returns the events that match the options."""
    if params["limit"] is not None and params["limit"] < 1:
        raise InvalidInput(f"Invalid limit {params['limit']}: use a number of at least 1.")
    wanted = insight_filter(params["device_ids"], params["event_types"] or (), params["since"], params["until"])
    return Result(values={"insights": insights(context.service, wanted, params["limit"])})


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
