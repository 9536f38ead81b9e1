# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The kinds of objects of AWX with their rules, for a stand-in of its API.

It knows what the collection uses: fields and references of each kind, unique names, and the rules of AWX for injectors,
surveys, workflow nodes and schedules, as found in AWX 24.6.1.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

Item = dict[str, Any]
_QUESTION_TYPES = ("text", "textarea", "password", "integer", "float", "multiplechoice", "multiselect")


class Rejected(Exception):
    """A request that AWX rejects with 400; the message is the reason."""


@dataclass(frozen=True)
class Kind:
    """A kind of object. `refs` are fields that hold the ID of another object, `attached` and `owned` related lists."""

    type: str
    endpoint: str
    fields: tuple[str, ...]
    required: tuple[str, ...] = ("name",)
    refs: Mapping[str, str] = field(default_factory=dict)
    attached: Mapping[str, str] = field(default_factory=dict)
    owned: Mapping[str, str] = field(default_factory=dict)
    unique: tuple[str, ...] = ("name",)
    check: Callable[[Item, Awx], None] = lambda _item, _awx: None


def _check_injectors(item: Item, _awx: Awx) -> None:
    """Injectors may name fields and files that exist, and set no variable of Ansible."""
    fields = {each["id"] for each in item["inputs"].get("fields", [])}
    injectors = item.get("injectors") or {}
    files = {name.partition(".")[2] for name in injectors.get("file", {}) if name.startswith("template")}
    for variable in injectors.get("env", {}):
        if variable.startswith("ANSIBLE_") or not re.fullmatch(r"[A-Z_][A-Z0-9_]*", variable):
            raise Rejected(f"Environment variable {variable} is not allowed to be used in credentials.")
    render_injectors(injectors, dict.fromkeys(fields, "value"), {name: f"/{name}" for name in files}, strict=True)


def render_injectors(
    injectors: Mapping[str, Any], inputs: Mapping[str, str], files: Mapping[str, str], strict: bool = False
) -> dict[str, str]:
    """Returns the environment that a credential gives to a job. A field without a value is empty."""
    environment = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined if strict else jinja2.Undefined)
    rendered = {}
    for variable, template in injectors.get("env", {}).items():
        try:
            rendered[variable] = environment.from_string(template).render(tower={"filename": files}, **inputs)
        except jinja2.TemplateError as error:
            raise Rejected(f"{variable}: {error}") from error
    return rendered


def check_survey(survey: Mapping[str, Any]) -> None:
    for key in ("name", "description", "spec"):
        if key not in survey:
            raise Rejected(f"'{key}' missing from survey spec.")
    seen = set()
    for question in survey["spec"]:
        for key in ("question_name", "variable", "type", "required"):
            if key not in question:
                raise Rejected(f"'{key}' missing from survey question {question}.")
        if question["type"] not in _QUESTION_TYPES:
            raise Rejected(f"{question['type']} is not an allowed question type.")
        if question["variable"] in seen:
            raise Rejected(f"Variable {question['variable']} is duplicated.")
        if question["type"] in ("multiplechoice", "multiselect") and not question.get("choices"):
            raise Rejected(f"Survey question {question['variable']} must specify choices.")
        seen.add(question["variable"])


def _check_node(item: Item, awx: Awx) -> None:
    template = awx.objects["unified_job_templates"].get(item.get("unified_job_template") or 0)
    if item.get("job_type") and not (template or {}).get("ask_job_type_on_launch"):
        raise Rejected("Field is not configured to prompt on launch: job_type.")


def _check_schedule(item: Item, awx: Awx) -> None:
    if not re.match(r"DTSTART(;TZID=[^:]+)?:\d{8}T\d{6}Z? RRULE:\S*FREQ=", item["rrule"]):
        raise Rejected("rrule: Valid DTSTART required in rrule.")
    if "INTERVAL" not in item["rrule"]:
        raise Rejected("rrule: INTERVAL required in rrule.")
    survey = awx.surveys.get(item["unified_job_template"])
    known = {question["variable"] for question in survey["spec"]} if survey else set()
    given = item.get("extra_data") or {}
    if set(given) - known:
        raise Rejected(f"Variables {sorted(set(given) - known)} are not allowed on launch.")
    missing = [each["variable"] for each in (survey or {"spec": []})["spec"] if each["required"]]
    if set(missing) - set(given):
        raise Rejected(f"{sorted(set(missing) - set(given))} needed to start are missing.")


_TEMPLATE_FIELDS = ("description", "survey_enabled", "extra_vars", "allow_simultaneous")
KINDS = {
    kind.endpoint: kind
    for kind in (
        Kind("organization", "organizations", ("name", "description")),
        Kind(
            "credential_type",
            "credential_types",
            ("name", "description", "kind", "inputs", "injectors"),
            ("name", "kind"),
            check=_check_injectors,
        ),
        Kind(
            "credential",
            "credentials",
            ("name", "description", "inputs"),
            ("name", "credential_type"),
            {"organization": "organizations", "credential_type": "credential_types"},
            unique=("name", "organization", "credential_type"),
        ),
        Kind(
            "execution_environment",
            "execution_environments",
            ("name", "description", "image", "pull"),
            ("name", "image"),
            {"organization": "organizations", "credential": "credentials"},
        ),
        Kind(
            "project",
            "projects",
            ("name", "description", "scm_type", "scm_url", "scm_branch", "scm_update_on_launch", "allow_override"),
            ("name", "organization"),
            {"organization": "organizations", "default_environment": "execution_environments"},
            owned={"schedules": "schedules"},
            unique=("name", "organization"),
        ),
        Kind(
            "inventory",
            "inventories",
            ("name", "description", "kind", "variables"),
            ("name", "organization"),
            {"organization": "organizations"},
            unique=("name", "organization"),
        ),
        Kind(
            "inventory_source",
            "inventory_sources",
            ("name", "description", "source", "source_path", "overwrite", "overwrite_vars", "update_on_launch"),
            ("name", "inventory", "source"),
            {
                "inventory": "inventories",
                "source_project": "projects",
                "credential": "credentials",
                "execution_environment": "execution_environments",
            },
            attached={"credentials": "credentials"},
            owned={"schedules": "schedules"},
            unique=("name", "inventory"),
        ),
        Kind(
            "job_template",
            "job_templates",
            (
                *("name", "job_type", "playbook", "job_slice_count", "diff_mode", "ask_job_type_on_launch"),
                *("ask_limit_on_launch", *_TEMPLATE_FIELDS),
            ),
            ("name", "project", "playbook", "inventory"),
            {
                "organization": "organizations",
                "project": "projects",
                "inventory": "inventories",
                "execution_environment": "execution_environments",
            },
            attached={"credentials": "credentials"},
            owned={"schedules": "schedules"},
        ),
        Kind(
            "workflow_job_template",
            "workflow_job_templates",
            ("name", *_TEMPLATE_FIELDS),
            ("name",),
            {"organization": "organizations", "inventory": "inventories"},
            owned={"schedules": "schedules", "workflow_nodes": "workflow_job_template_nodes"},
        ),
        Kind(
            "workflow_job_template_node",
            "workflow_job_template_nodes",
            ("identifier", "job_type", "extra_data", "all_parents_must_converge"),
            ("identifier", "workflow_job_template"),
            {"workflow_job_template": "workflow_job_templates", "unified_job_template": "unified_job_templates"},
            attached=dict.fromkeys(("success_nodes", "failure_nodes", "always_nodes"), "workflow_job_template_nodes"),
            unique=("identifier", "workflow_job_template"),
            check=_check_node,
        ),
        Kind(
            "workflow_approval_template",
            "workflow_approval_templates",
            ("name", "description", "timeout"),
            unique=("name", "id"),
        ),
        Kind(
            "schedule",
            "schedules",
            ("name", "description", "rrule", "enabled", "extra_data"),
            ("name", "rrule", "unified_job_template"),
            {"unified_job_template": "unified_job_templates"},
            unique=("name", "unified_job_template"),
            check=_check_schedule,
        ),
    )
}
_UNIFIED = ("job_templates", "workflow_job_templates", "projects", "inventory_sources", "workflow_approval_templates")


class Awx:
    """The objects, by endpoint and ID, and the rules for them."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[int, Item]] = {endpoint: {} for endpoint in (*KINDS, "unified_job_templates")}
        self.surveys: dict[int, Item] = {}
        self.writes = 0
        self.lock = threading.Lock()
        self._next = 0
        self.create("organizations", {"name": "Default", "description": ""})
        self.writes = 0

    def named(self, endpoint: str) -> dict[str, Item]:
        """Returns the objects of a kind by name."""
        return {item.get("name", item.get("identifier")): item for item in self.objects[endpoint].values()}

    def endpoint_of(self, endpoint: str, number: int) -> str:
        """Returns the endpoint of an object, which may be listed at a common one."""
        return endpoint if endpoint in KINDS else kind_of(self.objects[endpoint][number]).endpoint

    def create(self, endpoint: str, data: Mapping[str, Any]) -> Item:
        kind = KINDS[endpoint]
        item: Item = dict.fromkeys((*kind.fields, *kind.refs))
        item.update({name: value for name, value in data.items() if name in item})
        if endpoint in ("job_templates", "inventory_sources"):
            parent = self.objects["projects" if endpoint == "job_templates" else "inventories"]
            source = parent.get(item.get("project") or item.get("inventory") or 0)
            item["organization"] = source and source["organization"]
        self._check(kind, item)
        self._next += 1
        self.writes += 1
        item = {"id": self._next, "type": kind.type, **item, **{name: [] for name in kind.attached}}
        self.objects[endpoint][self._next] = item
        if endpoint in _UNIFIED:
            self.objects["unified_job_templates"][self._next] = item
        return item

    def change(self, endpoint: str, number: int, data: Mapping[str, Any]) -> Item:
        kind, item = KINDS[endpoint], self.objects[endpoint][number]
        changed = {**item, **{name: value for name, value in data.items() if name in (*kind.fields, *kind.refs)}}
        self._check(kind, changed)
        self.writes += changed != item
        item.update(changed)
        return item

    def _check(self, kind: Kind, item: Item) -> None:
        for name in kind.required:
            if item.get(name) in (None, ""):
                raise Rejected(f"{kind.type}: {name}: This field is required.")
        for name, target in kind.refs.items():
            if item.get(name) is not None and item[name] not in self.objects[target]:
                raise Rejected(f"{kind.type}: {name}: Invalid pk {item[name]!r} - object does not exist.")
        for other in self.objects[kind.endpoint].values():
            if other["id"] != item.get("id") and all(other.get(name) == item.get(name) for name in kind.unique):
                raise Rejected(f"{kind.type} with this {', '.join(kind.unique)} already exists.")
        kind.check(item, self)


def kind_of(item: Item) -> Kind:
    return next(kind for kind in KINDS.values() if kind.type == item["type"])
