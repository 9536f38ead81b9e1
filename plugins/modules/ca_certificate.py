#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: ca_certificate
version_added: 0.1.0
short_description: Keep a CA certificate of an Azure Sphere tenant on disk
description:
  - Gets a CA certificate of the tenant, its chain, or a proof that the tenant possesses it, and keeps it on disk.
    Azure IoT Hub and others need these to trust the devices of the tenant.
  - CA certificates are good for two years. About 90 days before the end the next one is in the list, inactive; trust
    both until it has taken over.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes
  - azsphere.fleet.connection
options:
  content:
    description:
      - V(certificate) is the certificate alone (X.509 in DER, usually C(.cer)).
      - V(chain) is the certificate with those above it up to the root (PKCS#7 in DER, usually C(.p7b)).
      - V(proof_of_possession) is a certificate for O(verification_code), signed by the CA (X.509 in DER, usually
        C(.cer)). It is issued anew each time. A file that is there is kept as long as it is such a certificate for this
        code, from this CA, and not expired.
    type: str
    choices: [certificate, chain, proof_of_possession]
    default: certificate
  thumbprint:
    description: SHA-1 thumbprint of the CA certificate, in any case. Without one the active certificate is meant.
    type: str
  verification_code:
    description: What is to be signed, 1 to 64 characters, as given by the service that wants the proof.
    type: str
  dest:
    description: The file. Its folder has to be there. A file in its place is replaced as a whole or not at all.
    type: path
    required: true
  mode:
    description: Permission bits of the file, an octal number such as V("0640").
    type: raw
    default: "0644"
seealso:
  - module: azsphere.fleet.ca_certificate_info
requirements:
  - cryptography
"""

EXAMPLES = r"""
- name: The certificate that is in force
  azsphere.fleet.ca_certificate:
    tenant: Contoso Fleet
    dest: tenant.cer

- name: All CA certificates of the tenant
  azsphere.fleet.ca_certificate_info:
    tenant: Contoso Fleet
  register: there

- name: The chain of each that is good, also of the one to come
  azsphere.fleet.ca_certificate:
    tenant: Contoso Fleet
    content: chain
    thumbprint: "{{ item.thumbprint }}"
    dest: "{{ item.thumbprint }}.p7b"
  loop: "{{ there.certificates | selectattr('not_after') | rejectattr('is_revoked') }}"
  loop_control:
    label: "{{ item.thumbprint }}"

- name: What a service gets that wants to see a proof
  azsphere.fleet.ca_certificate:
    tenant: Contoso Fleet
    content: proof_of_possession
    verification_code: 6F1D2C3B4A5948372615F0E1D2C3B4A5
    dest: proof.cer
"""

RETURN = r"""
certificate:
  description: The CA certificate.
  returned: success
  type: dict
  sample:
    thumbprint: 0123456789ABCDEF0123456789ABCDEF01234567
    subject: CN=Azure Sphere 11111111-2222-4333-8444-555555555555
    not_before: "2024-11-12T10:00:00Z"
    not_after: "2026-11-12T10:00:00Z"
    is_active: true
    is_revoked: false
dest:
  description: The file; null when it could not be written.
  returned: success
  type: str
  sample: tenant.cer
checksum:
  description: SHA-256 of the file.
  returned: success
  type: str
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
unknown:
  description: Paths of values that are null because only the service can give them. Empty in a real run.
  returned: success
  type: list
  elements: str
  sample: ["checksum"]
api:
  description: What the task cost.
  returned: always
  type: dict
  sample: {requests: 3, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile import ca_certificate
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.file import desired_file
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = Arguments(
    {
        "content": {"type": "str", "choices": list(ca_certificate.CONTENTS), "default": "certificate"},
        "thumbprint": {"type": "str"},
        "verification_code": {"type": "str"},
        "dest": {"type": "path", "required": True},
        "mode": {"type": "raw", "default": "0644"},
    },
    required_if=(("content", "proof_of_possession", ("verification_code",)),),
)


def run(params: Params, context: Context) -> Result:
    """Brings about the file that the options describe."""
    wanted = ca_certificate.desired_content(params["content"], params["thumbprint"], params["verification_code"])
    desired = desired_file(params["dest"], params["mode"], f"the {params['content'].replace('_', ' ')}")
    return ca_certificate.bring_about_certificate(context, wanted, desired)


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
