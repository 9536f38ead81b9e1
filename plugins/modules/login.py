#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: login
version_added: 0.1.0
short_description: Sign a user in to Azure Sphere with a device code
description:
  - Signs a user in without a browser on this machine. One task starts the sign-in and returns a code, which the user
    enters on a web page on any machine. Another task waits until the user has done so.
  - The sign-in is saved in O(token_cache), for the operating system user that runs the task. Tasks with
    O(auth_source=user), or with O(auth_source=auto) and nothing else configured, then use it and renew it
    automatically.
  - By default users sign in to the Azure Sphere directory with the Azure Sphere client application. Set O(client_id)
    and O(directory_id) to use your own client application.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes
  - azsphere.fleet.connection
attributes:
  check_mode:
    details: Sends no requests. If a sign-in would be started first, RV(account) is unknown.
  idempotent:
    details: A pending code is returned again. A user who is already signed in stays signed in.
options:
  state:
    description:
      - V(started) requests a code for the user to enter.
      - V(present) waits until the user has entered the code. If no code is pending, a user who is already signed in
        stays signed in, and no request is sent.
      - V(absent) removes the saved sign-in and any pending code.
    type: str
    choices: [started, present, absent]
    default: present
  wait_timeout:
    description: Maximum time to wait for the user with O(state=present), in seconds. The code expires after 15 minutes.
    type: float
    default: 600
notes:
  - A cache holds the sign-in of one user per directory and client application. Users who share an operating system
    account need a separate O(token_cache) each.
  - In pipelines, use an application or a managed identity instead of a user.
  - With O(api=integrated), O(client_id) and O(directory_id) of your own client application are required, since Azure
    Sphere's own gets no token for Azure Resource Manager. O(auth_source=azure_cli) needs none.
seealso:
  - module: azsphere.fleet.account_info
  - module: azsphere.fleet.user_role
"""

EXAMPLES = r"""
- name: Request a code
  azsphere.fleet.login:
    state: started
  register: started

- name: Show the code and where to enter it
  ansible.builtin.debug:
    var: started.message

- name: Wait until the user has signed in
  azsphere.fleet.login:
    state: present
    wait_timeout: 900

- name: Sign the user out
  azsphere.fleet.login:
    state: absent
"""

RETURN = r"""
user_code:
  description: Code that the user must enter.
  returned: when O(state=started)
  type: str
  sample: FKHWPQ7TR
verification_url:
  description: URL of the page on which to enter the code.
  returned: when O(state=started)
  type: str
  sample: https://microsoft.com/devicelogin
message:
  description: Instructions for the user, as provided by the sign-in service.
  returned: when O(state=started)
  type: str
  sample: To sign in, use a web browser to open the page https://microsoft.com/devicelogin and enter the code
    FKHWPQ7TR to authenticate.
expires_on:
  description: Expiry of the code, in ISO 8601 format, UTC.
  returned: when O(state=started)
  type: str
  sample: "2026-05-06T07:23:10Z"
account:
  description: The account that is signed in; null if there is none.
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
  description: Paths of return values that are null because they are not known yet, for example in check mode.
  returned: success
  type: list
  elements: str
  sample: ["account.username"]
api:
  description: Number of requests and retries, seconds spent throttled, and how the task signed in.
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
    """Ensures the state of the sign-in that the options describe."""
    waiting = Waiting.of(params)
    opened = context.open_login()
    if params["state"] == "started":
        return login.started(opened)
    if params["state"] == "absent":
        return login.absent(opened)
    context.progress.doing("waiting until somebody signs in")
    return login.present(opened, waiting.deadline)


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
