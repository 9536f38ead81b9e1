# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Approval of plans: a plan as a document with a digest, and the comparison of a new plan with an approved one.

A plan is approved by its document, or by its digest. The document accepts what is left of the plan after an
interruption; the digest accepts the same plan only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._context import Context, Params
from .._errors import InvalidInput
from .._files.private import check_private, write_private
from .._model.values import digest_in
from .._views.result import mask_unknown

FORMAT = 1
#: How many differences an error lists.
SHOWN = 5
#: Lists to which other changes of the same plan may add.
_GROWING = ("device_groups",)
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """A change of one resource: what is shown of it before and after. `name` identifies it among its kind."""

    kind: str
    name: str
    action: str
    before: Any
    after: Any

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.name.casefold()

    def to_document(self) -> dict[str, Any]:
        known, _unknown = mask_unknown({"before": self.before, "after": self.after})
        return {"kind": self.kind, "name": self.name, "action": self.action, **known}


@dataclass(frozen=True)
class Proposal:
    """A plan to be approved.

    :param tenant: what identifies the tenant or catalog.
    :param changes: what the plan changes.
    :param present: returns the state of what it leaves as it is, by kind and name.
    :param packages: the SHA-256 of each image package, by image ID.
    """

    tenant: str
    changes: Sequence[PlannedChange]
    present: Callable[[], Mapping[tuple[str, str], Any]] = dict
    packages: Mapping[str, str] = field(default_factory=dict)

    def _ordered(self) -> Iterable[dict[str, Any]]:
        return (change.to_document() for change in sorted(self.changes, key=lambda change: change.key))

    @property
    def _heading(self) -> dict[str, Any]:
        return {"format": FORMAT, "tenant": self.tenant, "packages": dict(sorted(self.packages.items()))}

    def digest(self) -> str:
        """Returns the SHA-256 of the plan, in hexadecimal: equal plans have equal digests."""
        return _sha256((self._heading, *self._ordered()))

    def to_document(self) -> dict[str, Any]:
        return {**self._heading, "digest": self.digest(), "changes": list(self._ordered())}


def _sha256(parts: Iterable[Mapping[str, Any]]) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(_CANONICAL.encode(part).encode() + b"\n")
    return found.hexdigest()


def _digest(document: Document) -> str | None:
    """Returns the digest of a saved plan, which its content must match. None if it contains what JSON cannot."""
    heading = {name: document[name] for name in ("format", "tenant", "packages")}
    try:
        return _sha256((heading, *document["changes"]))
    except (TypeError, ValueError):
        return None


class PlanDiffers(InvalidInput):
    """The plan is not the approved one. `proposal` is the plan."""

    usual_code = "plan_differs"
    proposal: Proposal


class Approval:
    """What a task does with its plan before the first write: saves it, and compares it with the approved one."""

    def __init__(self, expected: Document | str | None, plan_file: str | None) -> None:
        self._expected = expected
        self._plan_file = plan_file
        self.digest: str | None = None

    @classmethod
    def of(cls, params: Params, context: Context) -> Approval:
        """Returns it from the options `expect_plan` and `plan_file`. Raises InvalidInput."""
        plan_file = params["plan_file"]
        if plan_file is not None:
            check_private(plan_file)
        return cls(_expected(params["expect_plan"], context), plan_file)

    def examine(self, proposal: Proposal) -> None:
        """Saves and compares a plan. Plans that are made after the first writes are parts of it, and are not examined.

        Raises PlanDiffers, and InvalidInput for a file that cannot be written.
        """
        if self.digest is not None:
            return
        self.digest = proposal.digest()
        if self._plan_file is not None:
            write_private(self._plan_file, json.dumps(proposal.to_document(), indent=1).encode() + b"\n")
        problems = self._problems(proposal)
        if problems:
            more = f"; and {len(problems) - SHOWN} more differences" if len(problems) > SHOWN else ""
            error = PlanDiffers(
                f"The plan differs from the approved one: {'; '.join(problems[:SHOWN])}{more}.",
                hint="Nothing was changed. Review the new plan, and approve it.",
            )
            error.proposal = proposal
            raise error

    def _problems(self, proposal: Proposal) -> list[str]:
        if self._expected is None or self._expected == self.digest:
            return []
        if isinstance(self._expected, str):
            return [f"its digest is {self.digest}, not {self._expected}"]
        return list(_differences(self._expected, proposal))

    def values(self) -> dict[str, Any]:
        """Returns what the result of the task has."""
        return {"plan_digest": self.digest}

    @staticmethod
    def refused(error: PlanDiffers) -> dict[str, Any]:
        """Returns what the result of a task has that was not approved: the new plan too."""
        document = error.proposal.to_document()
        return {"plan_digest": document["digest"], "plan": document}


def _expected(given: Any, context: Context) -> Document | str | None:
    if given is None or (isinstance(given, str) and not given.strip()):
        return None
    if isinstance(given, Mapping):
        return _checked(given, "the option")
    text = str(given).strip()
    digest = digest_in(text)
    if digest:
        return digest
    if text.startswith("{"):  # as lookup("file", ...) returns a saved plan
        return _checked(_parsed(text, "the option"), "the option")
    content = context.files.read(context.environment.expand(text))
    if content is None:
        raise InvalidInput(
            f"Invalid expect_plan {text}: it is not a digest, and there is no such file.",
            hint="Give the saved plan, its path, or its plan_digest.",
        )
    return _checked(_parsed(content, text), text)


def _parsed(content: str | bytes, where: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"Invalid expect_plan in {where}: it is not valid JSON.", hint=_SAVE) from error


_SAVE = "Save a plan with plan_file, in check mode."


def _checked(document: Any, where: str) -> Document:
    members = {"tenant": str, "packages": Mapping, "changes": list}
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise InvalidInput(f"Invalid expect_plan in {where}: it is not a plan of this version.", hint=_SAVE)
    wrong = [name for name, kind in members.items() if not isinstance(document.get(name), kind)]
    steps = [] if wrong else document["changes"]
    if wrong or not all(isinstance(step, Mapping) and {"kind", "name", "action"} <= set(step) for step in steps):
        raise InvalidInput(f"Invalid expect_plan in {where}: the plan is incomplete.", hint=_SAVE)
    if document.get("digest") != _digest(document):
        raise InvalidInput(
            f"Invalid expect_plan in {where}: its content does not match its digest. It was changed after saving.",
            hint=_SAVE,
        )
    return document


def _differences(approved: Document, proposal: Proposal) -> Iterable[str]:
    """Yields what only one of the two plans contains."""
    if approved["tenant"].casefold() != proposal.tenant.casefold():
        yield f"it is for {proposal.tenant}, not {approved['tenant']}"
        return
    for image_id, sha256 in proposal.packages.items():
        if approved["packages"].get(image_id) != sha256:
            yield f"the package of the image {image_id} is another file"
    steps = {(str(step["kind"]), str(step["name"]).casefold()): step for step in approved["changes"]}
    for change in proposal.changes:
        step = steps.pop(change.key, None)
        yield from _difference(change.to_document(), step)
    present = proposal.present()
    for key, step in steps.items():
        if not _is_done(step, present.get(key)):
            yield f"it no longer has: {_named(step)}"


def _named(step: Mapping[str, Any]) -> str:
    name = step["name"] if len(str(step["name"])) <= 40 else f"{str(step['name'])[:16]}…"
    return f"{step['action']} {str(step['kind']).replace('_', ' ')} {name}"


def _difference(now: Mapping[str, Any], step: Mapping[str, Any] | None) -> Iterable[str]:
    if step is None:
        yield f"it also has: {_named(now)}"
    elif not _is_part(str(now["action"]), str(step["action"]), step):
        yield f"it has {_named(now)} in place of {_named(step)}"
    elif not _leads_to(now["after"], _changed(now) | _changed(step), step):
        yield f"{_named(now)} leads to another result"
    elif not _is_between(now["before"], step):
        yield f"{_named(now)} starts from another state"


def _is_part(action: str, approved: str, step: Mapping[str, Any]) -> bool:
    """Returns whether an action is left of an approved one: of "claim and move" the move, of a creation an update."""
    left = action == "update" and step.get("before") is None and approved == "create"
    return left or set(action.split(" and ")) <= set(approved.split(" and "))


def _matches(value: Any, approved: Any) -> bool:
    """Returns whether a value is the approved one; what was not known yet matches anything."""
    if isinstance(value, Mapping) and isinstance(approved, Mapping):
        return value.keys() == approved.keys() and all(_matches(value[key], approved[key]) for key in value)
    return approved is None or value is None or value == approved


def _changed(step: Mapping[str, Any]) -> set[str]:
    """Returns the fields that a change is about: others may be changed by other steps."""
    before, after = step.get("before"), step.get("after")
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return set()
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def _leads_to(result: Any, fields: set[str], step: Mapping[str, Any]) -> bool:
    """Returns whether a result is that of an approved change, in these fields; all fields of a new resource."""
    approved = step.get("after")
    if fields and isinstance(result, Mapping) and isinstance(approved, Mapping):
        return all(
            _grew(key, result.get(key), approved.get(key)) or _matches(result.get(key), approved.get(key))
            for key in fields
        )
    return _matches(result, approved)


def _grew(key: str, value: Any, approved: Any) -> bool:
    """Returns whether a list has everything that was approved, where other changes may add to it."""
    lists = isinstance(value, list) and isinstance(approved, list)
    return key in _GROWING and lists and set(approved) <= set(value)


def _is_between(now: Any, step: Mapping[str, Any]) -> bool:
    """Returns whether the current state is the one before an approved change, or an intermediate one."""
    before, after = step.get("before"), step.get("after")
    if now == before or (before is None and now is not None):
        return True
    if isinstance(now, Mapping) and isinstance(before, Mapping) and isinstance(after, Mapping):
        return all(
            now.get(key) in (before.get(key), after.get(key)) or _grew(key, now.get(key), before.get(key))
            for key in _changed(step)
        )
    # A device that was claimed has no group until it is moved.
    return "claim" in str(step["action"]).split(" and ") and now != before


def _is_done(step: Mapping[str, Any], present: Any) -> bool:
    """Returns whether an approved change that is no longer planned was made."""
    if step["action"] == "delete":
        return present is None
    known, _unknown = mask_unknown({"present": present})
    return known["present"] is not None and _leads_to(known["present"], _changed(step), step)
