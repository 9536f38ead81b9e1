# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Device capability images."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence

from ..problems import Problem
from ..wire import Wire
from .call import Call

_MAGIC = b"SIMULATED DEVICE CAPABILITY\n"
#: Capabilities that the service issues: appDevelopment and fieldServicing.
_GRANTABLE = {11, 13}


def create(call: Call) -> Wire:
    """Return bytes that depend only on the device and the capabilities."""
    device_id = call.body.get("DeviceId", "").lower()
    if device_id not in call.tenant.devices:
        raise Problem(404, "There is no such device in the tenant.")
    capabilities = sorted(set(call.body.get("Capabilities", [])))
    if not set(capabilities) <= _GRANTABLE:
        raise Problem(400, "Invalid Capabilities: use 11 and 13.")
    return {"SignedDeviceCapabilityImageBytes": capability_image(call.state.root_key, device_id, capabilities)}


def capability_image(root_key: str, device_id: str, capabilities: Sequence[int]) -> str:
    """Return the bytes in base64."""
    content = _MAGIC + json.dumps({"device": device_id, "capabilities": capabilities}).encode() + b"\n"
    signature = hmac.new(root_key.encode(), content, hashlib.sha256).digest()
    return base64.b64encode(content + signature).decode()
