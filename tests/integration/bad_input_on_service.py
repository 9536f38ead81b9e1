# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Invalid tasks whose error needs the service or a file, and the message that each of them must report."""

from __future__ import annotations

from .bad_input import COMPONENT, CONTROL_1, CONTROL_2, FLEET, LABORATORY, UNCLAIMED, A, B, C, Mistake

SECRET = "swordfish-and-herring"
#: These take a look at the tenant, or an attempt to reach it.
AFTER_A_LOOK = (
    Mistake(
        "an unknown product",
        "device",
        {"ids": [A], "product": "Kettel", "device_group": "Production"},
        'Product "Kettel" not found in the tenant. Available: "Kettle", "Toaster".',
        ("Product_GetByName", "Product_List"),
    ),
    Mistake(
        "several unknown places",
        "device",
        {"src": "{folder}/astray.csv"},
        'Invalid device list: row 2: Device group "Attic" not found in the product "Kettle". Available: '
        '"Development", "Production"; row 4: Product "Kettel" not found in the tenant. Available: "Kettle", '
        '"Toaster".',
        (
            *("Product_GetByName", "DeviceGroup_GetInProduct", "Product_ListGroups"),
            *("Product_GetByName", "Product_List"),
            *("Product_Get", "DeviceGroup_Get"),
        ),
    ),
    Mistake(
        "an unknown device group",
        "deployment",
        {"product": "Kettle", "device_group": "Prodction", "images": [CONTROL_1]},
        'Device group "Prodction" not found in the product "Kettle". Available: "Development", "Production".',
        ("Product_GetByName", "DeviceGroup_GetInProduct", "Product_ListGroups"),
    ),
    Mistake(
        "a name that the service does not take, in a blueprint",
        "blueprint",
        {"src": "{folder}/umlaut.yml"},
        'Invalid product name "Küche": use 1 to 50 letters, digits and spaces, and no leading space.',
        ("Product_List", "DeviceGroup_List"),
    ),
    Mistake(
        "such a name without waiting",
        "product",
        {"name": "Küche", "wait": False},
        'Invalid product name "Küche": use 1 to 50 letters, digits and spaces, and no leading space.',
        ("Product_GetByName", "Product_List"),
    ),
    Mistake(
        "the own account left out of a blueprint",
        "blueprint",
        {"src": "{folder}/users-only.yml", "prune": ["users"]},
        "{account} is the account that runs this task, and it would lose the Administrator role. Nothing was changed. "
        "Name it in users with the role Administrator, or use another Administrator's account.",
        (
            "Product_List",
            "DeviceGroup_List",
            "AccessControl_ListUsers",
            "AccessControl_ListUsers",
            "AccessControl_ListRolesByUser",
        ),
    ),
    Mistake(
        "two images of one component",
        "deployment",
        {"product": "Kettle", "device_group": "Production", "images": [CONTROL_1, CONTROL_2]},
        f"Invalid deployment: the images {CONTROL_1} and {CONTROL_2} are builds of one component, {COMPONENT}. "
        "A deployment may hold one image of each component: remove one of them.",
        ("Product_GetByName", "DeviceGroup_GetInProduct", "Image_GetMetadata", "Image_GetMetadata"),
    ),
    Mistake(
        "no tenant",
        "product_info",
        {"tenant": None},
        f"The option tenant is missing. Set tenant to the name or GUID of one of these: Contoso Fleet ({FLEET}), "
        f"Contoso Laboratory ({LABORATORY}).",
        ("Tenants_List",),
    ),
    Mistake(
        "a tenant that is not open",
        "product_info",
        {"tenant": "Fabrikam Devices"},
        'Tenant "Fabrikam Devices" not found among those that this account may use. Set tenant to the name or GUID of '
        f"one of these: Contoso Fleet ({FLEET}), Contoso Laboratory ({LABORATORY}).",
        ("Tenants_List", "Tenants_List"),
    ),
    Mistake(
        "a wrong secret",
        "product_info",
        {"client_secret": SECRET, "token_cache": "none"},
        "Signing in as the application {client_id} failed: the client secret is wrong (AADSTS7000215). Check "
        "client_secret: it is the secret's value, not its ID, and belongs to client_id.",
    ),
    Mistake(
        "a wrong token",
        "product_info",
        {"access_token": SECRET, "auth_source": "access_token"},
        "Signing in failed: the service rejected the access_token. Give a new token for the Azure Sphere Public API, "
        "or credentials that can be renewed.",
        ("Product_List",),
    ),
    Mistake(
        "a server that is not there",
        "product_info",
        {"api_url": "https://127.0.0.1:{closed_port}", "retry_timeout": 0.5},
        "While listing the products, 127.0.0.1:{closed_port} refused the connection. Check api_url, and that the "
        "server is running.",
    ),
    Mistake(
        "an unclaimed device without claim",
        "device",
        {"ids": [A, UNCLAIMED]},
        f"1 device is not claimed into this tenant (row 2: {UNCLAIMED}). Nothing was changed. To claim devices, set "
        "claim: true; a claim cannot be undone.",
        ("Devices_Get", "Devices_Get"),
    ),
    Mistake(
        "more changes than allowed",
        "device",
        {"ids": [A, B], "product": "Kettle", "device_group": "Development", "max_changes": 1},
        "2 devices would change, more than max_changes (1) allows. Nothing was changed. Review the changes in "
        "check mode, then raise max_changes.",
        (
            "Product_GetByName",
            "DeviceGroup_GetInProduct",
            "Devices_Get",
            "Devices_Get",
            "DeviceGroup_List",
        ),
    ),
    Mistake(
        "the deletion of a group with devices",
        "device_group",
        {"product": "Kettle", "name": "Production", "state": "absent"},
        f'Cannot delete the device group "Production": it has 3 devices ({A}, {B}, {C}). Move the devices to another '
        "device group first.",
        (
            *("Product_GetByName", "DeviceGroup_GetInProduct", "Product_ListGroups"),
            *("Devices_CountInGroup", "Devices_ListInGroup"),
        ),
    ),
)
