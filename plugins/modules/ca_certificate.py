#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: ca_certificate
version_added: 0.1.0
short_description: Save a CA certificate of an Azure Sphere tenant to a file
description:
  - Saves a CA certificate of the tenant, its chain, or a proof that the tenant possesses it, to a file. Services such
    as Azure IoT Hub need these to trust the devices of the tenant.
  - CA certificates are valid for two years. About 90 days before a certificate expires its successor appears, inactive.
    Trust both until the successor is active.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.apis
  - ansible.builtin.files
  - azsphere.fleet.attributes
  - azsphere.fleet.connection
options:
  content:
    description:
      - V(certificate) is the certificate only.
      - V(chain) is the certificate and its issuers up to the root.
      - V(proof_of_possession) is a certificate for O(verification_code), signed by the CA. It is issued anew each time.
        An existing file is kept while it is such a certificate for this code, from this CA, in O(format), and has not
        expired.
    type: str
    choices: [certificate, chain, proof_of_possession]
    default: certificate
  format:
    description:
      - V(der) is binary. A certificate is usually kept in a C(.cer) file, a chain, which is PKCS#7, in a C(.p7b) file.
      - V(pem) is text. A chain is its certificates one after the other, O(thumbprint) first and the root last.
      - If not set, the format is V(der), with a warning when the name in O(dest) ends in C(.pem).
    type: str
    choices: [der, pem]
  thumbprint:
    description: SHA-1 thumbprint of the CA certificate. Case is ignored. If not set, the active certificate is used.
    type: str
  verification_code:
    description: The code to sign, 1 to 64 characters, provided by the service that requires the proof.
    type: str
  dest:
    description:
      - Path of the file. Its directory must exist; in check mode, a missing directory is a warning.
      - A symbolic link is followed. The file is replaced atomically unless it can only be written in place, see the
        notes.
    type: path
    required: true
  mode:
    description:
      - Permissions of the file, either a quoted octal number such as V("0640"), or a symbolic mode such as V(u=rw,g=r).
      - A symbolic mode is applied to the mode of the existing file, or to V("0644") for a new one.
      - Set this to null to keep the mode of an existing file.
    type: raw
    default: "0644"
notes:
  - The owner and group of an existing file are kept unless O(owner) or O(group) are set.
  - A file that cannot be replaced by renaming, such as a mount point or a file in a read-only directory, is written in
    place, as is a file whose owner or group would otherwise change. An interruption can then leave an incomplete file.
seealso:
  - module: azsphere.fleet.ca_certificate_info
requirements:
  - cryptography
"""

EXAMPLES = r"""
- name: Save the active certificate
  azsphere.fleet.ca_certificate:
    tenant: Contoso Fleet
    dest: tenant.cer

- name: Save the chain as a bundle for OpenSSL, readable by its group
  azsphere.fleet.ca_certificate:
    tenant: Contoso Fleet
    content: chain
    format: pem
    dest: tenant-chain.pem
    mode: u=rw,g=r,o=

- name: List all CA certificates of the tenant
  azsphere.fleet.ca_certificate_info:
    tenant: Contoso Fleet
  register: found

- name: Save the chain of each valid certificate, including the successor
  azsphere.fleet.ca_certificate:
    tenant: Contoso Fleet
    content: chain
    thumbprint: "{{ item.thumbprint }}"
    dest: "{{ item.thumbprint }}.p7b"
  loop: "{{ found.certificates | selectattr('not_after') | rejectattr('is_revoked') }}"
  loop_control:
    label: "{{ item.thumbprint }}"

- name: Prove to another service that the tenant possesses the certificate
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
  description: Path of the file, as given; null if it could not be written.
  returned: success
  type: str
  sample: tenant.cer
checksum:
  description: SHA-256 of the file.
  returned: success
  type: str
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
size:
  description: Size of the file in bytes.
  returned: success
  type: int
  sample: 1220
mode:
  description: Permissions of the file. For a symbolic link, all values are those of its target.
  returned: success
  type: str
  sample: "0644"
uid:
  description: ID of the user who owns the file.
  returned: success
  type: int
  sample: 1000
gid:
  description: ID of the group that owns the file.
  returned: success
  type: int
  sample: 1000
owner:
  description: Name of the user who owns the file, or the ID if the user has no name.
  returned: success
  type: str
  sample: fleet
group:
  description: Name of the group that owns the file, or the ID if the group has no name.
  returned: success
  type: str
  sample: fleet
state:
  description: V(file), or V(hard) for a file with several hard links.
  returned: success
  type: str
  sample: file
secontext:
  description: SELinux context of the file.
  returned: success and SELinux is enabled
  type: str
  sample: unconfined_u:object_r:user_home_t:s0
unknown:
  description: Paths of return values that are null because they are not known yet, for example in check mode.
  returned: success
  type: list
  elements: str
  sample: ["checksum"]
api:
  description: Number of requests and retries, seconds spent throttled, and how the task signed in.
  returned: always
  type: dict
  sample: {requests: 3, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import EXACT, NAME, PATH
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile import ca_certificate
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.file import desired_file
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = Arguments(
    {
        "content": {"type": "str", "choices": list(ca_certificate.CONTENTS), "default": "certificate"},
        "format": {"type": "str", "choices": list(ca_certificate.FORMATS)},
        "thumbprint": {"type": NAME},
        "verification_code": {"type": EXACT},
        "dest": {"type": PATH, "required": True},
        "mode": {"type": "raw", "default": ca_certificate.NEW_MODE},
    },
    required_if=(("content", ca_certificate.PROOF, ("verification_code",)),),
    add_file_common_args=True,
)


def run(params: Params, context: Context) -> Result:
    """Ensures the file that the options describe."""
    wanted = ca_certificate.desired_content(
        params["content"], params["thumbprint"], params["verification_code"], params["format"]
    )
    what = f"the {wanted.content.replace('_', ' ')}"
    desired = desired_file(context.files, params, ca_certificate.NEW_MODE, what)
    ca_certificate.warn_of_ending(context, desired.dest, params["format"])
    return ca_certificate.apply_certificate(context, wanted, desired)


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
