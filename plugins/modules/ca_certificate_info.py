#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: ca_certificate_info
version_added: 0.1.0
short_description: Retrieve information about the CA certificates of an Azure Sphere tenant
description:
  - Lists the CA certificates with which the tenant signs the certificates of its devices. A CA certificate is valid for
    two years. About 90 days before it expires its successor appears, inactive. Trust both until the successor is
    active.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.apis
  - azsphere.fleet.attributes.info
  - azsphere.fleet.connection
options:
  thumbprint:
    description: Return only the certificate with this SHA-1 thumbprint. Case and colons are ignored.
    type: str
requirements:
  - cryptography
seealso:
  - module: azsphere.fleet.ca_certificate
"""

EXAMPLES = r"""
- name: List all CA certificates
  azsphere.fleet.ca_certificate_info:
    tenant: Contoso Fleet
  register: found

- name: Fail if the active certificate has expired
  ansible.builtin.assert:
    that: item.not_after > now(utc=true).strftime('%Y-%m-%dT%H:%M:%SZ')
  loop: "{{ found.certificates | selectattr('is_active') }}"
  loop_control:
    label: "{{ item.thumbprint }}"
"""

RETURN = r"""
certificates:
  description:
    - The certificates, sorted by thumbprint. Empty if none matches.
    - The service lists expired certificates but does not provide their content. Values that only the content contains
      are then null.
  returned: success
  type: list
  elements: dict
  contains:
    thumbprint:
      description: SHA-1 thumbprint.
      type: str
    subject:
      description: Subject in the format of RFC 4514.
      type: str
    not_before:
      description: Start of the validity period, in ISO 8601 format, UTC.
      type: str
    not_after:
      description: End of the validity period, in ISO 8601 format, UTC.
      type: str
    is_active:
      description: Whether this certificate currently signs the certificates of devices.
      type: bool
    is_revoked:
      description: Whether the certificate has been revoked.
      type: bool
  sample:
    - thumbprint: 2FD4E1C67A2D28FCED849EE1BB76E7391B93EB12
      subject: CN=Microsoft Azure Sphere 11111111-2222-4333-8444-555555555555
      not_before: "2026-05-06T07:08:09Z"
      not_after: "2028-05-05T07:08:09Z"
      is_active: true
      is_revoked: false
api:
  description: Number of requests and retries, seconds spent throttled, and how the task signed in.
  returned: always
  type: dict
  sample: {requests: 2, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import NAME
from ansible_collections.azsphere.fleet.plugins.module_utils._queries.tenants import certificates
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = Arguments({"thumbprint": {"type": NAME}})


def run(params: Params, context: Context) -> Result:
    """Returns the CA certificates that match the options."""
    return Result(values={"certificates": certificates(context.service, params["thumbprint"])})


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
