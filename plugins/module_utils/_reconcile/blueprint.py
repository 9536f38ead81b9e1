# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Applies a whole tenant: plans it on an overlay, checks the limits, then executes in order of dependencies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

from .._context import Context, Waiting
from .._errors import FleetError, InvalidInput
from .._files.planned import PlannedFiles
from .._files.port import Files
from .._inputs.blueprint import Blueprint
from .._model.resources import ImagePackage
from .._overlay.overlay import Overlay
from .._service import Service
from .._views.result import Result, difference, operation_values
from . import deployment, device_group, devices, image, product
from .approval import Approval, PlanDiffers, PlannedChange, Proposal
from .bulk_step import Limits
from .device_outcomes import Tally, device_outcomes
from .effects import Missing, effect_missing
from .execution import Execution, Step, dry_run
from .plan import Outcome, Plan, Snapshot, execute
from .prune import plan_user, prune

#: The actions of each kind of resource, and their keys in the summary. In templates, a key `update` would be hidden by
#: the method of that name. The order is that of execution; devices come last.
_MADE = {"create": "created", "update": "updated", "delete": "deleted"}
ACTIONS = {
    "product": _MADE,
    "device_group": _MADE,
    "image": {"upload": "uploaded"},
    "deployment": {"deploy": "deployed"},
    "user": _MADE,
}
#: Plans a resource on a service.
Planner = Callable[[Service], Plan]
#: Code of the error that prevents pruning.
NOT_PRUNED = "not_pruned"


@dataclass(frozen=True)
class Policy:
    """What a run may do besides creating and changing: `prune` names kinds of which nothing else is kept."""

    limits: Limits
    prune: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Part:
    """The plan of one resource of the blueprint, or of one that is pruned."""

    kind: str
    name: str
    plan: Plan
    after: Snapshot

    @property
    def action(self) -> str:
        """What the plan does, by its effect: create, update, delete, or nothing."""
        if not self.plan.steps:
            return ""
        if self.plan.before.shown is None:
            return {"image": "upload", "deployment": "deploy"}.get(self.kind, "create")
        if self.after.shown is None:
            return "delete"
        return "deploy" if self.kind == "deployment" else "update"


@dataclass(frozen=True)
class Readings:
    """The snapshots of the changing parts, in their order, and where the devices are, by ID (None: not read)."""

    parts: Sequence[Snapshot]
    places: Mapping[str, str] | None = None


@dataclass(frozen=True)
class BlueprintPlan(Plan):
    """All parts. `read` returns Readings under `values`."""

    parts: tuple[Part, ...] = ()
    fleet: devices.FleetPlan | None = None
    tenant: str = ""

    predicts_itself: ClassVar[bool] = True

    @property
    def changing(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.plan.steps)

    def proposal(self, packages: Mapping[str, str]) -> Proposal:
        """Returns the plan as it is approved. `packages`: the SHA-256 of each package, by image ID."""
        changes = [
            PlannedChange(part.kind, part.name, part.action, part.plan.before.shown, part.after.shown)
            for part in self.changing
        ]
        if self.fleet is not None:
            changes += self.fleet.planned_changes()
        return Proposal(self.tenant, changes, self.present, packages)

    def present(self) -> dict[tuple[str, str], Any]:
        """Returns the state of what stays as it is."""
        parts = {(part.kind, part.name.casefold()): part.after.shown for part in self.parts if not part.plan.steps}
        return parts if self.fleet is None else parts | self.fleet.present()

    def missing(self, _predicted: Snapshot | None, after: Snapshot, execution: Execution) -> list[Missing]:
        readings: Readings = after.values
        found: list[Missing] = []
        for part, now in zip(self.changing, readings.parts, strict=True):
            found += part.plan.missing(part.after, now, execution)
        if self.fleet is not None:
            found += self.fleet.missing(None, Snapshot(readings.places), execution)
        return found

    def ineffective(self, missing: Sequence[Missing], execution: Execution) -> FleetError | None:
        others = [each for each in missing if each.device is None]
        if self.fleet is not None:
            self.fleet.ineffective([each for each in missing if each.device is not None], execution)
        return effect_missing(others) if others else None

    def outcomes(self, execution: Execution) -> Mapping[str, Any]:
        known = list(device_outcomes(self.fleet.devices, execution)) if self.fleet else []
        return {
            "changes": _device_changes(self.fleet, known),
            "failures": [each for each in known if each["msg"]],
            "not_tried": _not_tried(execution),
        }


def plan(service: Service, files: Files, blueprint: Blueprint, policy: Policy, waiting: Waiting) -> BlueprintPlan:
    """Reads the tenant once and plans everything, each part on top of those before it.

    Raises InvalidInput before any write, as the plans of the parts do, and for more changes than `max_changes`.
    """
    # Before anything is read: creating these checks everything that needs no service.
    resources = list(_resources(blueprint))
    # The current state, read once, is kept apart from the changes of the plan.
    now = Overlay(service)
    overlay = Overlay(now)
    execution = Execution(overlay, PlannedFiles(files), Waiting(True, waiting.deadline))
    parts: list[Part] = []

    def add(kind: str, name: str, planned: Plan) -> None:
        dry_run(planned.steps, execution)
        planned = replace(planned, before=planned.read(now))
        parts.append(Part(kind, name, planned, planned.read(overlay)))

    _read_once(now, blueprint)
    for kind, name, planner in resources:
        add(kind, name, planner(overlay))
    fleet = None
    if blueprint.devices:
        # The number of changes is checked for the whole document below.
        fleet = devices.plan(overlay, blueprint.devices, replace(policy.limits, max_changes=None))
        dry_run(fleet.steps, execution)
    for kind, name, planned in prune(overlay, blueprint, policy.prune):
        add(kind, name, planned)
    whole = replace(_compose(parts, fleet), tenant=service.tenants.identity())
    _guard(whole, policy)
    return whole


def _read_once(overlay: Overlay, blueprint: Blueprint) -> None:
    """Lists everything in place of reading each name: the overlay caches it."""
    overlay.products.list()
    overlay.device_groups.list()
    if blueprint.packages or blueprint.deployments:
        overlay.images.list()


def _resources(blueprint: Blueprint) -> Iterator[tuple[str, str, Planner]]:
    """Yields kind, name and planner of everything but the devices, in order of dependencies."""
    for entry in blueprint.products:
        yield "product", entry.name or "", partial(product.plan, spec=entry)
    for owner, group in blueprint.device_groups:
        yield "device_group", f"{owner}/{group.name}", partial(device_group.plan, product=owner, spec=group)
    for package in _packages(blueprint):
        yield "image", package.name or package.id, partial(image.plan, package=package)
    for each in blueprint.deployments:
        wanted = deployment.deployment_spec(each.product, each.device_group, each.images, each.packages)
        yield "deployment", f"{each.product}/{each.device_group}", partial(deployment.plan, spec=wanted)
    for user in blueprint.users:
        yield "user", user.user, partial(plan_user, spec=user)


def _packages(blueprint: Blueprint) -> list[ImagePackage]:
    """Returns all packages without duplicates, those of deployments included."""
    found = {package.id: package for package in blueprint.packages}
    for each in blueprint.deployments:
        for package in each.packages:
            found.setdefault(package.id, package)
    return list(found.values())


def _compose(parts: Sequence[Part], fleet: devices.FleetPlan | None) -> BlueprintPlan:
    """Returns one plan of all parts. Devices come before deletions: they may have to leave a group first."""
    kept = [part for part in parts if part.action != "delete"]
    pruned = [part for part in parts if part.action == "delete"]
    steps: list[Step] = [step for part in kept for step in part.plan.steps]
    steps += fleet.steps if fleet else ()
    if fleet and pruned:
        steps.append(Step("device", "all", "check", _settled, changes=False))
    steps += [step for part in pruned for step in part.plan.steps]
    changing = [part for part in (*kept, *pruned) if part.plan.steps]

    def read(after: Service) -> Snapshot:
        # An empty overlay caches what it reads: lists once, in place of a read for each resource.
        reader = Overlay(after)
        reader.products.list()
        reader.device_groups.list()
        devices_after = fleet.read(reader) if fleet else Snapshot()
        parts_after = [part.plan.read(reader) for part in changing]
        return Snapshot(Readings(parts_after, devices_after.values), devices_after.shown)

    before = Snapshot(Readings([part.plan.before for part in changing]), fleet.before.shown if fleet else None)
    return BlueprintPlan("blueprint", before, tuple(steps), read, parts=(*kept, *pruned), fleet=fleet)


def _settled(execution: Execution) -> None:
    """Raises FleetError if devices failed or were skipped: they may still be in groups that would be deleted."""
    if execution.failures or execution.skipped:
        raise FleetError("Nothing was deleted, because devices failed.", code=NOT_PRUNED)


def _guard(whole: BlueprintPlan, policy: Policy) -> None:
    most = policy.limits.max_changes
    count = len(whole.changing) + (len(whole.fleet.changing) if whole.fleet else 0)
    if most is not None and count > most:
        raise InvalidInput(
            f"The blueprint would make {count} change{'s' if count > 1 else ''}, more than max_changes "
            f"({most}) allows.",
            code="max_changes",
            hint="Nothing was changed. Review the changes in check mode, then raise max_changes.",
        )


def apply_blueprint(
    context: Context, blueprint: Blueprint, policy: Policy, waiting: Waiting, approval: Approval
) -> Result:
    """Plans, applies, reads back and reports each resource that changed. The journal is created before a write."""
    journal = policy.limits.journal
    packages = {package.id: package.sha256 for package in _packages(blueprint)}

    def approved(service: Service) -> BlueprintPlan:
        found = plan(service, context.files, blueprint, policy, waiting)
        approval.examine(found.proposal(packages))
        if found.steps:
            journal.open()
        return found

    try:
        with journal.kept(context.files):
            outcome = execute(context, approved, waiting)
    except PlanDiffers as error:
        return Result(values=approval.refused(error), error=error)
    return _applied(outcome, approval, journal.error)


def _applied(outcome: Outcome[BlueprintPlan], approval: Approval, unwritten: FleetError | None) -> Result:
    """Returns the result of a blueprint. `unwritten` is the error of its journal."""
    found = outcome.plan
    readings: Readings = outcome.after.values
    # After an error, the current state shows what changed, not the plan.
    made = [
        (part, after)
        for part, after in zip(found.changing, readings.parts, strict=True)
        if outcome.error is None or after.shown != part.plan.before.shown
    ]
    tally = Tally()
    planned = found.fleet.devices if found.fleet else ()
    outcomes = list(tally.counted(device_outcomes(planned, outcome.execution, readings.places)))
    not_tried = _not_tried(outcome.execution)
    changes = [_change(part.kind, part.name, part.action, part.plan.before.shown, after.shown) for part, after in made]
    diffs = [difference(part.plan.title, part.plan.before.shown, after.shown) for part, after in made]
    # Deletions come after the devices, which may have been moved out of the deleted groups.
    kept = sum(part.action != "delete" for part, _after in made)
    changes[kept:kept] = _device_changes(found.fleet, outcomes)
    if found.fleet and tally.changed and found.fleet.before.shown != outcome.after.shown:
        diffs.insert(kept, difference(found.fleet.title, found.fleet.before.shown, outcome.after.shown))
    return Result(
        # What an error left in progress, or unreadable, is not in the list of changes.
        changed=bool(changes) or tally.changed or (outcome.error is not None and outcome.changed),
        values={
            "summary": _summary(found, made, not_tried, tally),
            "changes": changes,
            "failures": [each for each in outcomes if each["msg"]],
            "not_tried": not_tried,
            "operation": operation_values(outcome.execution.operation),
            **approval.values(),
        },
        diff=tuple(diffs),
        error=unwritten or _error(outcome.error, tally.failure),
    )


def _error(stopped: FleetError | None, failed: FleetError | None) -> FleetError | None:
    """Returns the error that stopped the run, or that of failed devices; both if these prevented pruning."""
    if stopped is None or failed is None or stopped.code != NOT_PRUNED:
        return stopped or failed
    failed.hint = " ".join(filter(None, (failed.hint, str(stopped))))
    return failed


def _change(kind: str, name: str, action: str, before: Any, after: Any) -> dict[str, Any]:
    return {"kind": kind, "name": name, "action": action, "before": before, "after": after}


def _device_changes(fleet: devices.FleetPlan | None, outcomes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    planned = {change.id: change for change in fleet.devices} if fleet else {}
    return [
        _change(
            "device",
            each["id"],
            " and ".join(each["actions"]),
            planned[each["id"]].before,
            planned[each["id"]].after if "move" in each["actions"] else devices.NO_GROUP,
        )
        for each in outcomes
        if each["actions"]
    ]


def _not_tried(execution: Execution) -> list[dict[str, str]]:
    """Returns the writes that were planned and not sent. Devices have outcomes of their own."""
    return [
        {"kind": step.kind, "name": step.target, "action": step.action}
        for step in execution.not_tried
        if step.kind != "device"
    ]


def _summary(
    found: BlueprintPlan,
    made: Sequence[tuple[Part, Snapshot]],
    not_tried: Sequence[Mapping[str, str]],
    tally: Tally,
) -> dict[str, dict[str, int]]:
    """Returns counts by kind: actions, `not_tried` and `unchanged`. Each kind has the same keys in every run."""
    summary: dict[str, dict[str, int]] = {}
    counts = Counter((part.kind, part.action) for part, _after in made)
    left = Counter(each["kind"] for each in not_tried)
    for kind, actions in ACTIONS.items():
        summary[kind] = {key: counts[kind, action] for action, key in actions.items()}
        summary[kind]["not_tried"] = left[kind]
        summary[kind]["unchanged"] = sum(not part.plan.steps for part in found.parts if part.kind == kind)
    summary["device"] = {key: tally.summary[key] for key in ("claimed", "moved", "failed", "not_tried", "unchanged")}
    return summary
