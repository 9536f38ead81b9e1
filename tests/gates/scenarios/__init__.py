# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""All scenarios."""

from __future__ import annotations

from . import access, blueprints, devices, files, images, products, reads
from .table import Scenario

ALL: tuple[Scenario, ...] = (
    *products.SCENARIOS,
    *devices.SCENARIOS,
    *images.SCENARIOS,
    *access.SCENARIOS,
    *files.SCENARIOS,
    *blueprints.SCENARIOS,
    *reads.SCENARIOS,
)

#: Modules whose scenarios need somebody else to act, or both APIs, and where they are.
ELSEWHERE = {"login": "test_login.py", "integration_info": "test_both_apis.py"}

#: What a module cannot do, and why: module, value of `state` (None without that option), effect.
IMPOSSIBLE: dict[tuple[str, str | None, str], str] = {
    ("image", None, "change"): "an image ID always is one build",
    ("image", None, "delete"): "the service has no way to delete an image",
    ("deployment", "present", "delete"): "the service has no way to delete a deployment",
    ("device", None, "delete"): "a claim cannot be undone",
    ("tenant", None, "delete"): "a tenant cannot be deleted",
    ("ca_certificate", None, "delete"): "it keeps a file; ansible.builtin.file deletes files",
    ("device_capability", None, "delete"): "it keeps a file; ansible.builtin.file deletes files",
    ("image_download", None, "delete"): "it keeps a file; ansible.builtin.file deletes files",
}
