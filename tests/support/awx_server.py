# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A stand-in for the API of AWX, for awxkit and the modules of awx.awx."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .awx_objects import KINDS, Awx, Item, Kind, Rejected, check_survey, kind_of

#: Kinds whose name in the root of the API differs from their endpoint; and kinds without objects here.
_ROOT = {"inventory": "inventories", "workflow_job_template_nodes": "workflow_job_template_nodes"}
_EMPTY = (
    *("users", "teams", "notification_templates", "applications", "labels", "instance_groups", "roles", "config"),
    *("system_job_templates", "hosts", "groups", "instances", "jobs", "workflow_jobs"),
)
#: What AWX shows beside the fields that can be written.
_READ_ONLY = {"managed": False, "scm_revision": "0" * 40, "status": "successful", "failed": False, "finished": True}


def _shown(kind: Kind, item: Item, awx: Awx) -> Item:
    """Returns an object as AWX shows it, with the addresses of what is related to it."""
    here = f"/api/v2/{kind.endpoint}/{item['id']}/"
    related = {name: f"{here}{name}/" for name in (*kind.attached, *kind.owned)}
    targets = {**kind.refs, "organization": "organizations"}
    related |= {
        name: f"/api/v2/{awx.endpoint_of(target, item[name])}/{item[name]}/"
        for name, target in targets.items()
        if item.get(name)
    }
    if kind.type in ("job_template", "workflow_job_template"):
        related["survey_spec"] = f"{here}survey_spec/"
    if kind.type == "workflow_job_template_node":
        related["create_approval_template"] = f"{here}create_approval_template/"
    plain = {name: value for name, value in item.items() if name not in kind.attached}
    return {**_READ_ONLY, **plain, "url": here, "related": related, "summary_fields": {}}


def _options(kind: Kind, attach: bool) -> Item:
    fields: Item = {name: {"type": "string", "required": name in kind.required} for name in kind.fields}
    fields |= {name: {"type": "id", "required": name in kind.required} for name in kind.refs}
    if attach:
        fields["id"] = {"type": "integer"}
    return {"actions": {"POST": fields, "GET": {}}, "search_fields": ["name"]}


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    awx: Awx

    def log_message(self, *_: object) -> None:
        """Logs nothing."""

    def do_GET(self) -> None:
        self._reply(self._read)

    def do_OPTIONS(self) -> None:
        self._reply(self._describe)

    def do_POST(self) -> None:
        self._reply(self._write)

    do_PUT = do_PATCH = do_POST

    def _reply(self, work: Callable[[list[str], Item], tuple[int, Any]]) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = [part for part in urlsplit(self.path).path.split("/") if part][1:]
        with self.awx.lock:
            try:
                status, answer = work(path[1:] if path[:1] == ["v2"] else path, json.loads(body or b"{}"))
            except Rejected as error:
                status, answer = 400, {"detail": str(error)}
            except KeyError:
                status, answer = 404, {"detail": "Not found."}
        content = b"" if status == 204 else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in (
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(content))),
            ("Allow", "GET, POST, PUT, PATCH, HEAD, OPTIONS"),
            ("X-API-Product-Name", "AWX"),
            ("X-API-Product-Version", "24.6.1"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _read(self, path: list[str], _body: Item) -> tuple[int, Any]:
        if urlsplit(self.path).path.rstrip("/") == "/api":
            return 200, {"available_versions": {"v2": "/api/v2/"}, "current_version": "/api/v2/"}
        if not path:
            root = {endpoint: f"/api/v2/{endpoint}/" for endpoint in (*KINDS, *_EMPTY) if endpoint != "inventories"}
            return 200, {**root, **{name: f"/api/v2/{endpoint}/" for name, endpoint in _ROOT.items()}}
        if path[0] == "ping":
            return 200, {"version": "24.6.1"}
        if path[0] in _EMPTY:
            return 200, _listed([])
        if len(path) == 1:
            items = self.awx.objects[path[0]].values()
            return 200, _listed([_shown(kind_of(item), item, self.awx) for item in items if self._matches(item)])
        kind, item = KINDS[self.awx.endpoint_of(path[0], int(path[1]))], self.awx.objects[path[0]][int(path[1])]
        if len(path) == 2:
            return 200, _shown(kind, item, self.awx)
        if path[2] == "survey_spec":
            return 200, self.awx.surveys.get(item["id"], {})
        if path[2] in kind.attached:
            target = KINDS[kind.attached[path[2]]]
            return 200, _listed(
                [_shown(target, self.awx.objects[target.endpoint][each], self.awx) for each in item[path[2]]]
            )
        target = KINDS[kind.owned[path[2]]]
        owned = [each for each in self.awx.objects[target.endpoint].values() if item["id"] in _owners(each)]
        return 200, _listed([_shown(target, each, self.awx) for each in owned])

    def _matches(self, item: Item) -> bool:
        wanted = dict(parse_qsl(urlsplit(self.path).query))
        wanted = {name: value for name, value in wanted.items() if name not in ("page_size", "page", "order_by")}
        names = {"or__name": "name", "name__exact": "name"}
        if "or__id" in wanted:
            wanted.pop("or__id")
        return all(
            str(item.get(names.get(name, name))) == value
            for name, value in wanted.items()
            if "__" not in name or name in names
        )

    def _describe(self, path: list[str], _body: Item) -> tuple[int, Any]:
        if len(path) == 1 and path[0] in KINDS:
            return 200, _options(KINDS[path[0]], attach=False)
        if len(path) == 3:
            kind = KINDS[path[0]]
            if path[2] in kind.attached:
                return 200, _options(KINDS[kind.attached[path[2]]], attach=True)
            if path[2] in kind.owned:
                return 200, _options(KINDS[kind.owned[path[2]]], attach=False)
        return 200, {"actions": {"GET": {}}, "search_fields": ["name"], "description": ""}

    def _write(self, path: list[str], body: Item) -> tuple[int, Any]:
        if len(path) == 1:
            return 201, _shown(KINDS[path[0]], self.awx.create(path[0], body), self.awx)
        number = int(path[1])
        if len(path) == 2:
            return 200, _shown(KINDS[path[0]], self.awx.change(path[0], number, body), self.awx)
        kind, item = KINDS[path[0]], self.awx.objects[path[0]][number]
        if path[2] == "survey_spec":
            check_survey(body)
            self.awx.writes += self.awx.surveys.get(number) != body
            self.awx.surveys[number] = body
            return 200, {}
        if path[2] == "create_approval_template":
            approval = self.awx.create("workflow_approval_templates", body)
            item["unified_job_template"] = approval["id"]
            return 201, _shown(KINDS["workflow_approval_templates"], approval, self.awx)
        if path[2] in kind.attached:
            if body["id"] not in self.awx.objects[kind.attached[path[2]]]:
                raise KeyError(body["id"])
            self.awx.writes += body["id"] not in item[path[2]]
            item[path[2]] = sorted({*item[path[2]], body["id"]})
            return 204, None
        target = KINDS[kind.owned[path[2]]]
        owner = "workflow_job_template" if target.type == "workflow_job_template_node" else "unified_job_template"
        return 201, _shown(target, self.awx.create(target.endpoint, {**body, owner: number}), self.awx)


def _owners(item: Item) -> set[Any]:
    """Returns the objects that own a schedule or a node."""
    return {item.get("workflow_job_template"), item.get("unified_job_template") if item["type"] == "schedule" else None}


def _listed(items: list[Item]) -> Item:
    return {"count": len(items), "next": None, "previous": None, "results": items}


@contextlib.contextmanager
def serve(awx: Awx) -> Iterator[str]:
    """Serves the API on loopback, and yields its address."""
    handler = type("Handler", (_Handler,), {"awx": awx})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="awx")
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
