# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Settings that can be changed at run time: latency, page size, dialect.

A dialect is a set of switches, one for each undocumented detail of the service. `documented` is the documented or most
likely behaviour; `other` is the alternative of each switch.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: Values of each switch: the first is used by the dialect `documented`, the second by `other`.
SWITCHES: dict[str, tuple[str, ...]] = {
    "started_status": ("documented", "swapped"),
    "operation_headers": ("none", "location", "retry_after"),
    "guessed_addresses": ("there", "missing"),
    "enum_form": ("numbers", "names"),
    "delete_reply": ("operation", "no_content"),
    "problem_shape": ("list", "code_message", "object", "aspnet", "text", "html", "empty"),
    "denied": ("403", "404"),
    "bad_token": ("401", "400"),
    "trace_header": ("x-ms-request-id", "request-id", "none"),
    "unclaimed_device": ("404", "object"),
    "claim_failures": ("operation", "status"),
    "claim_code": ("not_found", "forbidden", "conflict"),
    "bulk_claim_failures": ("with_errors", "failed", "status"),
    "upload_content_type": ("required", "any"),
    "second_upload": ("operation", "status", "success"),
    "bad_package": ("status", "operation"),
    "unknown_image": ("status", "operation"),
    "empty_deployment": ("accepted", "refused"),
    "deletion_with_deployments": ("done", "refused"),
    "create_defaults": ("missing", "conflict"),
    "no_updates": ("accepted", "refused"),
    "name_characters": ("enforced", "free"),
    "patch_null": ("ignored", "clears"),
    "patch_empty": ("clears", "ignored"),
    "certificate_text": ("quoted", "plain"),
    "date_form": ("seven_digits_z", "no_zone", "seconds_z", "offset"),
    "resource_location": ("relative", "absolute", "without_version"),
    "tenants_list": ("array", "items"),
    "image_status": ("object", "string"),
    "user_roles": ("tenant", "everywhere"),
    "list_order": ("oldest_first", "newest_first"),
    "large_page": ("capped", "refused"),
    "end_of_list": ("null", "absent"),
    "continuation_page_size": ("free", "bound"),
    "arm_shapes": ("recorded", "documented"),
    "arm_starters": ("recorded", "accepted", "at_once"),
    "arm_operation_headers": ("recorded", "location", "azure_async_operation"),
    "arm_running_status": ("InProgress", "Accepted", "Provisioning", "Running"),
    "arm_retry_after": ("none", "1", "0"),
    "arm_poll_permission": ("starter", "subscription"),
    "arm_bulk_claim_failures": ("failed", "succeeded_with_details", "all_failed", "refused", "hidden"),
    "arm_claimed_device": ("unchanged", "conflict", "moved", "operation"),
    "arm_device_path": ("exact", "any_group"),
    "arm_no_deployment": ("404", "null"),
    "arm_group_filter": ("exact", "prefix", "ignored"),
    "arm_put_omitted": ("reset", "kept"),
    "arm_missing_deletion": ("204", "404"),
    "arm_pretended_deletion": ("success", "refused"),
    "arm_product_deletion": ("without_devices", "any"),
    "arm_catalog_deletion": ("without_devices", "refused", "any"),
    "arm_no_updates": ("No3rdPartyAppUpdates", "NoUpdates", "null"),
    "arm_new_catalog": ("administrator", "no_role"),
    "arm_error_shape": ("recorded", "empty", "html", "text"),
}
#: Values of other settings with a choice, which dialects do not change; the first is the default.
CHOICES: dict[str, tuple[str, ...]] = {
    "paused_reply": ("410", "403"),
    "arm_claims_challenge": ("never", "once", "always"),
    "arm_registration": ("registered", "missing"),
}
DIALECTS = ("documented", "other")
#: An upper limit that still results in a valid time.
_LARGEST = 1e9


class InvalidSetting(ValueError):
    """An unknown setting, or an invalid value; the message contains the reason."""


@dataclass
class Settings:
    """Times are in seconds, except `latency_ms`. `page_size` None: 100 items, up to 1000 on request.

    Settings that start with `arm_` are of the Resource Manager API; the others are of the Legacy API or of both.

    `rate_limit` is in requests a second, 0 without one; `rate_burst` is the size of its token bucket.
    """

    latency_ms: float = 0.0
    rate_limit: float = 0.0
    rate_burst: float = 100.0
    operation_seconds: float = 0.05
    invitation_seconds: float = 0.0
    page_size: int | None = None
    token_lifetime: float = 3600.0
    download_lifetime: float = 900.0
    check_replies: bool = False
    started_status: str = "documented"
    operation_headers: str = "none"
    guessed_addresses: str = "there"
    enum_form: str = "numbers"
    delete_reply: str = "operation"
    problem_shape: str = "list"
    denied: str = "403"
    bad_token: str = "401"
    trace_header: str = "x-ms-request-id"
    unclaimed_device: str = "404"
    claim_failures: str = "operation"
    claim_code: str = "not_found"
    bulk_claim_failures: str = "with_errors"
    upload_content_type: str = "required"
    second_upload: str = "operation"
    bad_package: str = "status"
    unknown_image: str = "status"
    empty_deployment: str = "accepted"
    deletion_with_deployments: str = "done"
    create_defaults: str = "missing"
    no_updates: str = "accepted"
    name_characters: str = "enforced"
    patch_null: str = "ignored"
    patch_empty: str = "clears"
    certificate_text: str = "quoted"
    date_form: str = "seven_digits_z"
    resource_location: str = "relative"
    tenants_list: str = "array"
    image_status: str = "object"
    user_roles: str = "tenant"
    list_order: str = "oldest_first"
    large_page: str = "capped"
    end_of_list: str = "null"
    continuation_page_size: str = "free"
    paused_reply: str = "410"
    arm_shapes: str = "recorded"
    arm_starters: str = "recorded"
    arm_operation_headers: str = "recorded"
    arm_running_status: str = "InProgress"
    arm_retry_after: str = "none"
    arm_poll_permission: str = "starter"
    arm_bulk_claim_failures: str = "failed"
    arm_claimed_device: str = "unchanged"
    arm_device_path: str = "exact"
    arm_no_deployment: str = "404"
    arm_group_filter: str = "exact"
    arm_put_omitted: str = "reset"
    arm_missing_deletion: str = "204"
    arm_pretended_deletion: str = "success"
    arm_product_deletion: str = "without_devices"
    arm_catalog_deletion: str = "without_devices"
    arm_no_updates: str = "No3rdPartyAppUpdates"
    arm_new_catalog: str = "administrator"
    arm_error_shape: str = "recorded"
    arm_claims_challenge: str = "never"
    arm_registration: str = "registered"
    arm_throttling: bool = False
    arm_reads: float = 250.0
    arm_reads_per_second: float = 25.0
    arm_writes: float = 200.0
    arm_writes_per_second: float = 10.0
    arm_deletes: float = 200.0
    arm_deletes_per_second: float = 10.0
    arm_claim_limit: float = 1000.0
    arm_catalog_list_lag: float = 0.0

    def change(self, changes: Mapping[str, Any]) -> None:
        """Change settings; `dialect` sets all switches before the others. Raises InvalidSetting."""
        checked: dict[str, Any] = {}
        if "dialect" in changes:
            checked.update(dialect(changes["dialect"]))
        for name, value in changes.items():
            if name != "dialect":
                checked[name] = _checked(name, value)
        for name, value in checked.items():
            setattr(self, name, value)

    def to_document(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def dialect(name: object) -> dict[str, str]:
    """Return the value of each switch in a dialect. Raises InvalidSetting."""
    if name not in DIALECTS:
        raise InvalidSetting(f"Unknown dialect {name!r}; use one of {', '.join(DIALECTS)}.")
    return {switch: values[DIALECTS.index(str(name))] for switch, values in SWITCHES.items()}


def _checked(name: str, value: object) -> object:
    choices = SWITCHES.get(name) or CHOICES.get(name)
    if choices is not None:
        if value not in choices:
            raise InvalidSetting(f"The setting {name} cannot be {value!r}; use one of {', '.join(choices)}.")
        return value
    if name in ("check_replies", "arm_throttling"):
        if not isinstance(value, bool):
            raise InvalidSetting(f"The setting {name} must be true or false, not {value!r}.")
        return value
    if name == "page_size":
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            raise InvalidSetting(f"The setting {name} must be a positive integer or null, not {value!r}.")
        return value
    if name not in {field.name for field in dataclasses.fields(Settings)}:
        raise InvalidSetting(f"There is no setting {name!r}; docs/simulator.md lists all settings.")
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= _LARGEST:
        raise InvalidSetting(f"The setting {name} must be a number and not negative, not {value!r}.")
    return float(value)
