# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The state in the API's wire format: PascalCase members, enumerations as integers, explicit nulls."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from .operations import Kind, Operation, Progress
from .settings import Settings
from .state import ROLES, Deployment, Device, DeviceGroup, Image, Insight, Principal, Product, Tenant

Wire = dict[str, Any]
#: A non-zero offset for times, so that ignoring it is noticed.
_EAST = timezone(timedelta(hours=2))


class Writer:
    """Converts the state for one request. The settings select the undocumented forms."""

    def __init__(self, settings: Settings, url: str) -> None:
        self._settings = settings
        self._url = url

    def date(self, moment: datetime) -> str:
        form = self._settings.date_form
        text = moment.astimezone(_EAST if form == "offset" else timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
        fraction = f".{moment.microsecond:06}0"
        if form == "seconds_z":
            return text + "Z"
        return text + fraction + {"seven_digits_z": "Z", "no_zone": "", "offset": "+02:00"}[form]

    def date_text(self, text: str | None) -> str | None:
        """Return a time of the state in wire format; a value that is not a time is returned unchanged."""
        if text is None:
            return None
        try:
            moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        except ValueError:
            return text
        return self.date(moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc))

    def location(self, resource: str) -> str:
        """Return the address of a resource from its path below /v2; empty stays empty."""
        if not resource:
            return ""
        form = self._settings.resource_location
        if form == "absolute":
            return f"{self._url}/v2{resource}"
        return resource if form == "without_version" else f"/v2{resource}"

    def tenant(self, tenant: Tenant, caller: str) -> Wire:
        return {"Id": tenant.id, "Name": tenant.name, "Roles": ordered_roles(tenant.roles.get(caller, set()))}

    def product(self, product: Product, tenant: Tenant) -> Wire:
        return {
            "Id": product.id,
            "TenantId": tenant.id,
            "Name": product.name,
            "Description": product.description,
        }

    def group(self, group: DeviceGroup, tenant: Tenant) -> Wire:
        current = group.current
        return {
            "Id": group.id,
            "TenantId": tenant.id,
            "OsFeedType": group.os_feed,
            "ProductId": group.product_id,
            "Name": group.name,
            "Description": group.description,
            "CurrentDeployment": None if current is None else self.deployment(current, tenant),
            "UpdatePolicy": group.update_policy,
            "AllowCrashDumpsCollection": group.allow_crash_dumps_collection,
        }

    def deployment(self, deployment: Deployment, tenant: Tenant) -> Wire:
        return {
            "Id": deployment.id,
            "TenantId": tenant.id,
            "DeployedImages": deployment.images,
            "DeploymentDateUtc": self.date_text(deployment.deployed_at),
        }

    def device(self, device: Device) -> Wire:
        return {
            "DeviceId": device.id.upper(),
            "TenantId": device.tenant_id,
            "ProductId": device.product_id,
            "DeviceGroupId": device.group_id,
            "ChipSku": 0,
            "LastAvailableOSVersion": device.last_available_os_version,
            "LastInstalledOSVersion": device.last_installed_os_version,
            "LastOSUpdateUTC": self.date_text(device.last_os_update),
            "LastUpdateRequestUTC": self.date_text(device.last_update_request),
        }

    def unclaimed_device(self, device_id: str) -> Wire:
        return {**self.device(Device(device_id, "")), "TenantId": None}

    def image(self, image: Image) -> Wire:
        return {
            "Id": image.id,
            "Name": image.name,
            "Description": image.description,
            "ComponentId": image.component_id,
            "ImageType": image.type,
            "Type": image.type,
        }

    def insight(self, insight: Insight) -> Wire:
        return {
            "DeviceId": insight.device_id.upper(),
            "Description": insight.description,
            "EventCategory": insight.event_category,
            "EventClass": insight.event_class,
            "EventType": insight.event_type,
            "EventCount": insight.count,
            "StartTimestampInUnix": insight.start,
            "EndTimestampInUnix": insight.end,
        }

    def principal(self, principal: Principal, roles: set[str]) -> Wire:
        return {
            "PrincipalId": principal.id,
            "DisplayName": principal.name,
            "Mail": principal.mail,
            "Roles": ordered_roles(roles),
        }

    def operation(self, operation: Operation, now: float | None) -> Wire:
        """Return an operation as of `now`; None for the first reply, which shows only that it was accepted."""
        progress = Progress.NOT_STARTED if now is None else operation.progress(now)
        failure, outcome = operation.failure, operation.outcome
        return {
            "OperationId": operation.id,
            "TenantId": outcome.tenant_id if now is not None and outcome and outcome.tenant_id else operation.tenant_id,
            "OperationType": operation.kind,
            "State": progress,
            "CreatedDateUTC": self._unix(operation.created),
            "StartedDateUTC": None if progress is Progress.NOT_STARTED else self._unix(operation.starts),
            "CompletedDateUTC": self._unix(operation.due) if progress >= Progress.COMPLETE else None,
            "ResourceLocation": self.location(outcome.resource) if now is not None and outcome else "",
            "DetailsLocation": self.location(self._details_path(operation)) or None,
            "Error": {"Code": failure.code, "Message": failure.message} if now is not None and failure else None,
        }

    def address(self, operation: Operation) -> str:
        """Return the address for polling; empty if the settings say that it is unknown."""
        if operation.tenant_id is None and self._settings.guessed_addresses == "missing":
            return ""
        return self.location(operation.path)

    def _details_path(self, operation: Operation) -> str:
        if operation.kind is Kind.BULK_DEVICE_CLAIM and self._settings.guessed_addresses == "missing":
            return ""
        return operation.details_path

    def _unix(self, seconds: float) -> str:
        return self.date(datetime.fromtimestamp(seconds, timezone.utc))


def ordered_roles(roles: set[str]) -> list[str]:
    """Return roles in the service's order, the highest first."""
    return [role for role in ROLES if role in roles]
