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

from ..problems import Problem
from ..wire import Wire
from .call import Call

_MAGIC = b"SIMULATED DEVICE CAPABILITY\n"
#: Capabilities that the cloud hands out (FACTS, capabilities): appDevelopment and fieldServicing.
_GRANTABLE = {11, 13}


def create(call: Call) -> Wire:
    """Bytes that are bound to the device and its capabilities, and always the same for the same ones."""
    device_id = call.body.get("DeviceId", "").lower()
    if device_id not in call.tenant.devices:
        raise Problem(404, "There is no such device in the tenant.")
    capabilities = sorted(set(call.body.get("Capabilities", [])))
    if not set(capabilities) <= _GRANTABLE:
        raise Problem(400, "Capabilities: only 11 and 13 can be had from the service.")
    content = _MAGIC + json.dumps({"device": device_id, "capabilities": capabilities}).encode() + b"\n"
    signature = hmac.new(call.state.root_key.encode(), content, hashlib.sha256).digest()
    return {"SignedDeviceCapabilityImageBytes": base64.b64encode(content + signature).decode()}
