# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The objects of AWX that the role `awx` creates, in the form in which `awx export` writes and `awx import` reads them.

Objects refer to each other by their natural keys, as awxkit makes them: the fields that identify an object, and its
type.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

Item = dict[str, Any]


def assets(objects: Mapping[str, Any]) -> dict[str, list[Item]]:
    """Returns the assets for `awx import`, by kind.

    :param objects: lists of the options of the modules of awx.awx, by kind, and the name of the organization.
    """
    keys = _Keys(str(objects["organization"]), objects["credential_types"])
    named = {item["name"]: item for item in objects["credentials"]}
    used = {name for item in objects["job_templates"] for name in item["credentials"]}
    credentials = [named.get(name, {"name": name, "inputs": {}}) for name in sorted(used)]
    return {
        "credential_types": [{**item, "natural_key": keys.credential_type()} for item in objects["credential_types"]],
        "credentials": [_credential(item, keys) for item in credentials],
        "execution_environments": [_environment(item, keys) for item in objects["execution_environments"]],
        "projects": [_project(item, keys) for item in objects["projects"]],
        "inventory": [_inventory(item, keys) for item in objects["inventories"]],
        "inventory_sources": [_source(item, keys) for item in objects["inventory_sources"]],
        "job_templates": [_template(item, keys, objects["schedules"]) for item in objects["job_templates"]],
        "workflow_job_templates": [_workflow(item, keys) for item in objects["workflow_job_templates"]],
    }


class _Keys:
    """Natural keys of the objects of one organization."""

    def __init__(self, organization: str, credential_types: Iterable[Mapping[str, Any]]) -> None:
        self.organization = {"name": organization, "type": "organization"}
        self._types = list(credential_types)

    def named(self, kind: str, name: str) -> Item:
        return {"organization": self.organization, "name": name, "type": kind}

    def credential_type(self) -> Item:
        return {"name": self._types[0]["name"], "kind": self._types[0]["kind"], "type": "credential_type"}

    def credential(self, name: str) -> Item:
        return {**self.named("credential", name), "credential_type": self.credential_type()}

    @staticmethod
    def environment(name: str) -> Item:
        return {"name": name, "type": "execution_environment"}


def _only(item: Mapping[str, Any], *names: str) -> Item:
    return {name: item[name] for name in names if name in item}


def _credential(item: Mapping[str, Any], keys: _Keys) -> Item:
    return {
        "name": item["name"],
        "description": item.get("description", ""),
        "inputs": {},  # Secrets do not belong into a file: enter them in AWX.
        "organization": keys.organization,
        "credential_type": keys.credential_type(),
        "natural_key": keys.credential(item["name"]),
    }


def _environment(item: Mapping[str, Any], keys: _Keys) -> Item:
    return {
        **_only(item, "name", "description", "image"),
        "pull": "missing",
        "organization": keys.organization,
        "natural_key": keys.environment(item["name"]),
    }


def _project(item: Mapping[str, Any], keys: _Keys) -> Item:
    return {
        **_only(item, "name", "description", "scm_type", "scm_url", "scm_branch", "scm_update_on_launch"),
        "organization": keys.organization,
        "default_environment": keys.environment(item["default_environment"]),
        "natural_key": keys.named("project", item["name"]),
    }


def _inventory(item: Mapping[str, Any], keys: _Keys) -> Item:
    return {
        **_only(item, "name", "description"),
        "organization": keys.organization,
        "natural_key": keys.named("inventory", item["name"]),
    }


def _source(item: Mapping[str, Any], keys: _Keys) -> Item:
    inventory = keys.named("inventory", item["inventory"])
    plain = ("name", "description", "source_path", "overwrite", "overwrite_vars", "update_on_launch")
    return {
        **_only(item, *plain),
        "source": "scm",
        "inventory": inventory,
        "source_project": keys.named("project", item["source_project"]),
        "credential": keys.credential(item["credential"]),
        "execution_environment": keys.environment(item["execution_environment"]),
        "natural_key": {**keys.named("inventory_source", item["name"]), "inventory": inventory},
    }


def _template(item: Mapping[str, Any], keys: _Keys, schedules: Iterable[Mapping[str, Any]]) -> Item:
    key = keys.named("job_template", item["name"])
    plain = ("name", "description", "job_type", "playbook", "job_slice_count", "diff_mode", "survey_enabled")
    return {
        **_only(item, *plain, "ask_job_type_on_launch", "ask_limit_on_launch", "allow_simultaneous"),
        "inventory": keys.named("inventory", item["inventory"]),
        "project": keys.named("project", item["project"]),
        "execution_environment": keys.environment(item["execution_environment"]),
        "related": {
            "credentials": [keys.credential(name) for name in item["credentials"]],
            "survey_spec": _survey(item["survey_spec"]),
            "schedules": [_schedule(each, key) for each in schedules if each["unified_job_template"] == item["name"]],
        },
        "natural_key": key,
    }


def _survey(survey: Mapping[str, Any]) -> Item:
    """Returns a survey as AWX stores it, with the choices of a question as lines."""
    spec = [
        {**question, "choices": "\n".join(question["choices"])} if "choices" in question else dict(question)
        for question in survey["spec"]
    ]
    return {**survey, "spec": spec}


def _schedule(item: Mapping[str, Any], template: Item) -> Item:
    return {
        **_only(item, "name", "rrule", "enabled", "extra_data"),
        "natural_key": {"unified_job_template": template, "name": item["name"], "type": "schedule"},
    }


def _workflow(item: Mapping[str, Any], keys: _Keys) -> Item:
    key = keys.named("workflow_job_template", item["name"])
    return {
        **_only(item, "name", "description", "survey_enabled"),
        "organization": keys.organization,
        "related": {
            "survey_spec": _survey(item["survey_spec"]),
            "workflow_nodes": [_node(node, key, keys) for node in item["workflow_nodes"]],
        },
        "natural_key": key,
    }


def _node(node: Mapping[str, Any], workflow: Item, keys: _Keys) -> Item:
    def key_of(identifier: str) -> Item:
        return {"workflow_job_template": workflow, "identifier": identifier, "type": "workflow_job_template_node"}

    related: Item = {"success_nodes": [key_of(each) for each in node["success_nodes"]]}
    found: Item = {"identifier": node["identifier"], "natural_key": key_of(node["identifier"]), "related": related}
    if "approval" in node:
        related["create_approval_template"] = {"name": node["approval"], "timeout": node["timeout"]}
    else:
        found["unified_job_template"] = keys.named("job_template", node["job_template"])
        found["job_type"] = node["job_type"]
    return found


def plain_assets(objects: Mapping[str, Any]) -> dict[str, list[Item]]:
    """Returns the assets as plain values, without Ansible's marks on them."""
    plain: dict[str, list[Item]] = json.loads(json.dumps(assets(objects), default=str))
    return plain
