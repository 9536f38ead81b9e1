#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: login
version_added: 0.1.0
short_description: Sign a person in to Azure Sphere by device code
description:
  - Signs a person in without a browser on this machine. One task starts it and gets a code, which the person enters on
    a web page anywhere; another task waits until that is done.
  - The sign-in is kept in O(token_cache) of the user that the task runs as. From then on, tasks with
    O(auth_source=user), or with V(auto) and nothing else configured, use it and renew it by themselves.
  - By default people sign in to Azure Sphere's own directory with Azure Sphere's own client. With O(client_id) and
    O(directory_id) they do so with a client application of your own.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes
  - azsphere.fleet.connection
attributes:
  check_mode:
    details: Sends no request at all. Where a sign-in would have to be started first, RV(account) is not known.
  idempotent:
    details: A code that still waits is handed out again. Whoever is signed in stays so.
options:
  state:
    description:
      - V(started) gets a code for a person to enter.
      - V(present) waits until the code was entered. When none waits, whoever is signed in stays so, without asking the
        sign-in service.
      - V(absent) forgets who is signed in, and any code that waits.
    type: str
    choices: [started, present, absent]
    default: present
  wait_timeout:
    description: With O(state=present), how many seconds to wait for the person. The code itself ends after 15 minutes.
    type: float
    default: 600
notes:
  - A cache keeps one person's sign-in for each directory and client application. Give people who share an account on
    this machine an O(token_cache) each.
  - For pipelines, use an application or a managed identity instead of a person.
seealso:
  - module: azsphere.fleet.account_info
  - module: azsphere.fleet.user_role
"""

EXAMPLES = r"""
- name: Get a code
  azsphere.fleet.login:
    state: started
  register: started

- name: Show it
  ansible.builtin.debug:
    var: started.message

- name: Wait for the person
  azsphere.fleet.login:
    state: present
    wait_timeout: 900

- name: Forget the sign-in
  azsphere.fleet.login:
    state: absent
"""

RETURN = r"""
user_code:
  description: The code to enter.
  returned: with O(state=started)
  type: str
  sample: FKHWPQ7TR
verification_url:
  description: The page to enter it on.
  returned: with O(state=started)
  type: str
  sample: https://microsoft.com/devicelogin
message:
  description: What the person is to do, as the sign-in service words it.
  returned: with O(state=started)
  type: str
  sample: To sign in, use a web browser to open the page https://microsoft.com/devicelogin and enter the code
    FKHWPQ7TR to authenticate.
expires_on:
  description: Until when the code is good, ISO 8601 in UTC.
  returned: with O(state=started)
  type: str
  sample: "2026-05-06T07:23:10Z"
account:
  description: Who is signed in; null when nobody is.
  returned: success
  type: dict
  sample:
    source: user
    username: ada@contoso.example
    object_id: 2b1f0b5c-8f5e-4f0e-9a53-6f1d1f6f2c10
    directory_id: 7d71c83c-ccdf-45b7-b3c9-9c41b94406d9
    client_id: 0b1c8f7e-28d2-4378-97e2-7d7d63f7c87f
    address: ada@contoso.example
    expires_on: null
unknown:
  description: Paths of values that are null because only the sign-in service can give them. Empty in a real run.
  returned: success
  type: list
  elements: str
  sample: ["account.username"]
api:
  description: What the task cost. Requests to the sign-in service do not count.
  returned: always
  type: dict
  sample: {requests: 0, retries: 0, throttled_seconds: 0.0, token_source: null}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params, Waiting
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import NUMBER
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile import login
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = Arguments(
    {
        "state": {"type": "str", "choices": ["started", "present", "absent"], "default": "present"},
        "wait_timeout": {"type": NUMBER, "default": 600},
    }
)


def run(params: Params, context: Context) -> Result:
    """Brings about the state of the sign-in that the options describe."""
    waiting = Waiting.of(params)
    opened = context.open_login()
    if params["state"] == "started":
        return login.started(opened)
    if params["state"] == "absent":
        return login.absent(opened)
    return login.present(opened, waiting.deadline)


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
