# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Changes products and device groups: Product_Patch and DeviceGroup_Patch."""

from __future__ import annotations

from .._errors import EffectMissing, after_accepted_write
from . import wire
from .client import LegacyClient


def patch(client: LegacyClient, path: str, doing: str, target: str, body: dict[str, object]) -> None:
    """Sends the members that change.

    It is unknown whether empty text or null clears a description (FACTS: not known, 22): if the reply still has one,
    null is sent too.
    """
    changed = client.write("PATCH", path, doing, target=target, body=wire.encoded(body))
    kept = wire.text_of(wire.member(changed, "Description")) if isinstance(changed, dict) else None
    if body.get("Description") == "" and kept is not None:
        # The first request may have changed other members.
        with after_accepted_write():
            again = client.write("PATCH", path, doing, target=target, body=wire.encoded({"Description": None}))
        if isinstance(again, dict) and wire.text_of(wire.member(again, "Description")) is not None:
            raise EffectMissing(
                f"While {doing}, the service kept the description: it does not seem to support clearing it.",
                code="description_kept",
                target=target,
                hint="Give another description, or leave it as it is.",
            )
