# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Types of images by the numbers of the image package format, which the Public API v2 uses too."""

from __future__ import annotations

#: Source: FACTS, images; ImageType in the OpenAPI description.
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
