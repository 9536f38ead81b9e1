# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Names, enumerations and types of the resource provider."""

from __future__ import annotations

import re

from ..names import OS_FEEDS, UPDATE_POLICIES

PROVIDER = "Microsoft.AzureSphere"
API_VERSION = "2024-04-01"
#: As names of a product and its group: the devices of the catalog that are in no group.
RESERVED = frozenset({".default", ".unassigned"})
DEFAULT = ".default"

CATALOG_NAME = re.compile(r"[A-Za-z0-9_-]{1,50}")
PRODUCT_NAME = re.compile(r"\w[\w\s]{1,48}\w", re.ASCII)
GROUP_NAME = re.compile(r"[A-Za-z0-9]{1,2}|[A-Za-z0-9][A-Za-z0-9 ]{1,48}[A-Za-z0-9]")
DEVICE_ID = re.compile(r"[A-Fa-f0-9]{128}")

FEEDS = OS_FEEDS
POLICIES = {name: number for name, number in UPDATE_POLICIES.items() if name != "NoUpdates"}
BOUNDARIES = ("None", "EU")
CAPABILITIES = {"ApplicationDevelopment": 11, "FieldServicing": 13}
IMAGE_TYPES = {
    0: "InvalidImageType",
    1: "OneBl",
    2: "PlutonRuntime",
    3: "WifiFirmware",
    4: "SecurityMonitor",
    5: "NormalWorldLoader",
    6: "NormalWorldDtb",
    7: "NormalWorldKernel",
    8: "RootFs",
    9: "Services",
    10: "Applications",
    13: "FwConfig",
    16: "BootManifest",
    17: "Nwfs",
    19: "TrustedKeystore",
    20: "Policy",
    21: "CustomerBoardConfig",
    22: "UpdateCertStore",
    23: "BaseSystemUpdateManifest",
    24: "FirmwareUpdateManifest",
    25: "CustomerUpdateManifest",
    26: "RecoveryManifest",
    27: "ManifestSet",
    28: "Other",
}


def is_reserved(name: str) -> bool:
    return name.casefold() in RESERVED
