# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Invalid tasks and the error message that each of them must report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.simulator.images import compose_package

A, B, C = ("0a" * 64, "0b" * 64, "0c" * 64)
UNCLAIMED = "0d" * 64
FOREIGN = "0e" * 64
CONTROL_1, CONTROL_2 = "c1000000-0000-4000-8000-000000000001", "c1000000-0000-4000-8000-000000000002"
COMPONENT = "d1000000-0000-4000-8000-000000000001"
FLEET, LABORATORY = "7e000000-0000-4000-8000-000000000001", "7e000000-0000-4000-8000-000000000002"
NOBODY = "00000000-0000-4000-8000-000000000000"
SEED: Mapping[str, Any] = {
    "tenants": [
        {
            "name": "Contoso Fleet",
            "id": FLEET,
            "products": [
                {
                    "name": "Kettle",
                    "device_groups": [{"name": "Development"}, {"name": "Production"}],
                },
                {"name": "Toaster", "device_groups": []},
            ],
            "devices": [{"id": each, "device_group": "Kettle/Production"} for each in (A, B, C)],
            "images": [
                {"id": CONTROL_1, "component_id": COMPONENT, "name": "Control"},
                {"id": CONTROL_2, "component_id": COMPONENT, "name": "Control"},
            ],
        },
        {"name": "Contoso Laboratory", "id": LABORATORY},
        {"name": "Fabrikam Devices", "roles": {}, "devices": [FOREIGN]},
    ],
    "unclaimed": "any",
}


@dataclass(frozen=True)
class Mistake:
    """An invalid task and its error message. `reads` are the operations that are needed to detect the mistake.

    Options and message may name facts of the run: the `{folder}`, a `{closed_port}`, the `{client_id}` of the caller.
    """

    name: str
    module: str
    options: Mapping[str, Any]
    message: str
    reads: tuple[str, ...] = ()

    def task(self, facts: Mapping[str, str]) -> dict[str, Any]:
        """Return the task as in a playbook. Options that are None are omitted; the tenant is set unless given."""
        options = {"tenant": FLEET, **self.options}
        given = {name: _filled(value, facts) for name, value in options.items() if value is not None}
        return {f"azsphere.fleet.{self.module}": given}

    def sentence(self, facts: Mapping[str, str]) -> str:
        return self.message.format(**facts)


def _filled(value: Any, facts: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_filled(each, facts) for each in value]
    return value.format(**facts) if isinstance(value, str) else value


def prepare(folder: Path) -> None:
    """Create the files that the invalid tasks use."""
    header = "DeviceId,ProductName,DeviceGroupName\n"
    (folder / "malformed.csv").write_text(f"{header}{A},Kettle,Production\n0123,Kettle,Production\n")
    (folder / "no-columns.csv").write_text(f"Device,Group\n{A},Production\n")
    (folder / "twice.csv").write_text(f"{header}{A},Kettle,Production\n{A.upper()},Kettle,Development\n")
    rows = f"{A},Kettle,Attic\n{B},Kettle,Production\n{UNCLAIMED},Kettel,Production\n{FOREIGN},Kettle,Attic\n"
    (folder / "astray.csv").write_text(header + rows)
    (folder / "semicolons.csv").write_text(header.replace(",", ";") + f"{A};Kettle;Production\n")
    (folder / "halves.csv").write_text(f"{header}{A},Kettle,\n")
    (folder / "binary.csv").write_bytes(b"\xff\xfe\x00PK\x03\x04")
    (folder / "notes.txt").write_text("This is not an image package, but long enough to look for metadata in it.\n" * 9)
    (folder / "empty.imagepackage").write_bytes(b"")
    (folder / "torn.yml").write_text("products: [\n")
    (folder / "key-twice.yml").write_text(
        "products:\n  - name: Kettle\n    device_groups: [{name: Lab}]\n    device_groups: []\n"
    )
    (folder / "a-list.yml").write_text("- Kettle\n")
    (folder / "bare.yml").write_text("products:\n  - name: 2024\n  - name: 2024-05-06\n  - name: no\n")
    (folder / "typing-error.yml").write_text("products:\n  - name: Kettle\n    devicegroups: []\n")
    (folder / "umlaut.yml").write_text("products:\n  - name: Küche\n", encoding="utf-8")
    (folder / "users-only.yml").write_text("users: []\n")
    (folder / "component-twice.yml").write_text(
        "products: [{name: Kettle, device_groups: [{name: Production, "
        "deployment: {packages: [first.imagepackage, second.imagepackage]}}]}]\n"
    )
    for name, image_id in (("first", CONTROL_1), ("second", CONTROL_2)):
        compose_package(
            folder / f"{name}.imagepackage", image_id=image_id, component_id=COMPONENT, name=f"Control {name}"
        )


#: Nothing is sent for these.
AT_ONCE = (
    Mistake(
        "a malformed device ID",
        "device",
        {"ids": [A, "XYZ", B]},
        'Invalid device list: row 2: "XYZ" is not a device ID: it must have 128 hexadecimal digits and has 3 '
        "characters.",
    ),
    Mistake(
        "a malformed device ID in a file",
        "device",
        {"src": "{folder}/malformed.csv"},
        'Invalid device list {folder}/malformed.csv: row 3: "0123" is not a device ID: it must have 128 hexadecimal '
        "digits and has 4 characters.",
    ),
    Mistake(
        "a CSV file without the columns",
        "device",
        {"src": "{folder}/no-columns.csv"},
        "The device list {folder}/no-columns.csv has no column DeviceId and no column ProductName and no column "
        "DeviceGroupName. Its first line must be: DeviceId,ProductName,DeviceGroupName.",
    ),
    Mistake(
        "a CSV file with semicolons",
        "device",
        {"src": "{folder}/semicolons.csv"},
        "The device list {folder}/semicolons.csv has no column DeviceId and no column ProductName and no column "
        "DeviceGroupName. Its first line must be: DeviceId,ProductName,DeviceGroupName. It seems to be separated by "
        "semicolons, not commas.",
    ),
    Mistake(
        "the same device in two groups",
        "device",
        {"src": "{folder}/twice.csv"},
        "Invalid device list {folder}/twice.csv: row 3: device 0A0A0A0A0A0A… is in "
        '"Kettle/Development" here and in "Kettle/Production" in row 2; a device is in one group.',
    ),
    Mistake(
        "a CSV file that is none",
        "device",
        {"src": "{folder}/binary.csv"},
        "The device list {folder}/binary.csv is not valid UTF-16 text. Save it as CSV in UTF-8.",
    ),
    Mistake(
        "a CSV file that is not there",
        "device",
        {"src": "{folder}/nothing.csv"},
        "The device list {folder}/nothing.csv does not exist.",
    ),
    Mistake("a folder in place of a CSV file", "device", {"src": "{folder}"}, "Cannot read {folder}: Is a directory."),
    Mistake("no device at all", "device", {"claim": True}, "one of the following is required: ids, devices, src"),
    Mistake("an option that is missing", "user_role", {"roles": ["Reader"]}, "missing required arguments: user"),
    Mistake(
        "a file that is not an image package",
        "image",
        {"path": "{folder}/notes.txt"},
        "Invalid image package {folder}/notes.txt: it is not an Azure Sphere image package. Build one with the Azure "
        "Sphere SDK (azsphere image-package pack-application).",
    ),
    Mistake(
        "two packages of one component",
        "deployment",
        {
            "product": "Kettle",
            "device_group": "Production",
            "packages": ["{folder}/first.imagepackage", "{folder}/second.imagepackage"],
        },
        "Invalid deployment: the images {folder}/first.imagepackage and {folder}/second.imagepackage are builds of one "
        f"component, {COMPONENT}. A deployment may hold one image of each component: remove one of them.",
    ),
    Mistake(
        "an image ID that is a name",
        "deployment",
        {"product": "Kettle", "device_group": "Production", "images": ["Control"]},
        'Invalid image ID "Control": use a GUID.',
    ),
    Mistake(
        "a blueprint that is torn",
        "blueprint",
        {"src": "{folder}/torn.yml"},
        "The blueprint {folder}/torn.yml is not valid YAML or JSON, line 2.",
    ),
    Mistake(
        "a blueprint with a key that is there twice",
        "blueprint",
        {"src": "{folder}/key-twice.yml", "prune": ["device_groups"]},
        "Invalid blueprint {folder}/key-twice.yml: line 4: duplicate key device_groups.",
    ),
    Mistake(
        "a limit below nothing",
        "blueprint",
        {"blueprint": {}, "max_changes": -1},
        "Invalid max_changes -1: use a number of at least 0.",
    ),
    Mistake(
        "no time to wait",
        "product",
        {"name": "Toaster", "wait_timeout": 0},
        "Invalid wait_timeout 0: use a positive number of seconds.",
    ),
    Mistake(
        "a confirmed name without an irreversible step",
        "tenant",
        {"name": "Contoso Workshop", "confirm": "Contoso Workshop"},
        "Invalid confirm: renaming a tenant does not need it, as it can be undone. Remove confirm, or give the "
        "device_id from which to create a tenant.",
    ),
    Mistake(
        "a blueprint with a typing error",
        "blueprint",
        {"src": "{folder}/typing-error.yml"},
        "Invalid blueprint {folder}/typing-error.yml: products[0].devicegroups is unknown (known: "
        "name, description, default_device_groups, device_groups).",
    ),
    Mistake(
        "names that YAML takes for something else",
        "blueprint",
        {"src": "{folder}/bare.yml"},
        "Invalid blueprint {folder}/bare.yml: "
        'products[0].name: the number 2024 is not a text. Put it in quotes, or add "| string" to a template; '
        'products[1].name: the date 2024-05-06 is not a text. Put it in quotes, or add "| string" to a template; '
        'products[2].name: the truth value false is not a text. Put it in quotes, or add "| string" to a template.',
    ),
    Mistake(
        "two packages of one component in a blueprint",
        "blueprint",
        {"src": "{folder}/component-twice.yml"},
        "Invalid deployment: the images {folder}/first.imagepackage and {folder}/second.imagepackage are builds of one "
        f"component, {COMPONENT}. A deployment may hold one image of each component: remove one of them.",
    ),
    Mistake(
        "pruning by the wrong blueprint",
        "blueprint",
        {"src": "{folder}/users-only.yml", "prune": ["device_groups", "products", "users"]},
        "Invalid blueprint {folder}/users-only.yml: products would all be pruned, as the document has no products "
        "(to delete them all, write products: []).",
    ),
    Mistake(
        "a product ID that is a name",
        "product",
        {"id": "Kettle", "name": "Kettle Two"},
        'Invalid product ID "Kettle": it is not a GUID. '
        "A GUID has 32 hexadecimal digits, such as a1000000-0000-4000-8000-000000000001.",
    ),
    Mistake(
        "a device group ID that is a name",
        "device_group",
        {"id": "Production", "state": "absent"},
        'Invalid device group ID "Production": it is not a GUID. '
        "A GUID has 32 hexadecimal digits, such as a1000000-0000-4000-8000-000000000001.",
    ),
    Mistake(
        "a device group without its product",
        "deployment",
        {"device_group": "Production", "images": [CONTROL_1]},
        'The device group "Production" is given without its product. Give the product as well, or the GUID of the '
        "device group.",
    ),
    Mistake(
        "a new tenant without confirmation",
        "tenant",
        {"name": "Contoso Workshop", "device_id": UNCLAIMED},
        'A tenant can never be deleted, so confirm must be the exact name of the tenant, "Contoso Workshop": it is '
        "missing. Nothing was changed.",
    ),
    Mistake(
        "credentials by half",
        "product_info",
        {"auth_source": "workload_identity"},
        "Incomplete credentials: workload_identity also needs federated_token_file. Give all of them, or none.",
    ),
    Mistake(
        "an address without TLS",
        "product_info",
        {"api_url": "http://127.0.0.1"},
        "Invalid api_url (127.0.0.1): not a plain https address. Leave it out for https://prod.core.sphere.azure.net, "
        "or use https://HOST.",
    ),
)
