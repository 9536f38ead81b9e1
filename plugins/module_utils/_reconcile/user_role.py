# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Plans the roles of a user or service principal, which is invited first if the service does not know it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from .._errors import Forbidden, InvalidInput, NotFound
from .._model.resources import ROLES, User, UserSpec
from .._model.values import is_guid
from .._references import listed, role_named
from .._service import Service, require
from .._views.resources import user_values
from .execution import Execution, Step
from .plan import Plan, Snapshot

ADMINISTRATOR = "Administrator"
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def plan(service: Service, spec: UserSpec) -> Plan:
    """Reads the roles of the user and plans which to assign and which to remove.

    Raises InvalidInput before any write: for a user that is neither address nor GUID, for an unknown role, and for
    removing the Administrator role from the account in use.
    """
    require(service, "users")
    if spec.exclusive and not spec.present:
        raise InvalidInput(
            "Invalid options: exclusive and state: absent are mutually exclusive.",
            hint="List the roles to keep with state: present.",
        )
    user = spec.user.strip()
    if not is_guid(user) and not _ADDRESS.fullmatch(user):
        raise InvalidInput(
            f'Invalid user "{user}": use an e-mail address or the GUID of a principal.',
            code="invalid_user",
            target=user,
            hint="The address of a service principal is <object id>@<directory id>.onmicrosoft.com.",
        )
    roles = _spelled(service, spec.roles)
    found = service.users.get(user)
    held = found.roles if found is not None else ()
    give, take = _differences(spec, roles, held)
    if found is not None and ADMINISTRATOR in take and not spec.force:
        _require_other_account(service, user, found)
    steps = [] if found is not None or not give else _invitation(user)
    steps += [_giving(user, role) for role in give]
    steps += [_taking(user, role) for role in take]
    name = (found.mail or found.name if found is not None else None) or user

    def read(after: Service) -> Snapshot:
        try:
            now = after.users.get(user)
        except Forbidden:
            if ADMINISTRATOR not in take:
                raise
            # An account that removed all its own roles may not even read that.
            return Snapshot(settings={})
        return snapshot(now if now is None or found is None else _known_before(now, found))

    return Plan(f"user {name}", snapshot(found), tuple(steps), read)


def _known_before(now: User, before: User) -> User:
    """Returns the user as before: an account that removed its own Administrator role can read only its roles."""
    return replace(now, id=now.id or before.id, name=now.name or before.name, mail=now.mail or before.mail)


def snapshot(user: User | None) -> Snapshot:
    """Returns a user with roles in the tenant."""
    if user is None or not user.roles:
        return Snapshot()
    values = user_values(user)
    shown = {"user": user.mail or user.name or user.id, "roles": values["roles"]}
    return Snapshot(values, shown, {"roles": values["roles"]})


def _spelled(service: Service, wanted: Sequence[str]) -> tuple[str, ...]:
    """Returns roles in the spelling of the service; looks up those that are not known here."""
    known: Sequence[str] = ROLES
    if any(role_named(known, role) is None for role in wanted):
        known = service.users.roles()
    for role in wanted:
        if role_named(known, role) is None:
            raise InvalidInput(
                f'Invalid role "{role}".', code="unknown_role", target=role, hint=f"Available: {listed(known)}."
            )
    return tuple(sorted({found for role in wanted if (found := role_named(known, role)) is not None}))


def _differences(spec: UserSpec, roles: Sequence[str], held: Sequence[str]) -> tuple[list[str], list[str]]:
    """Returns the roles to assign and the roles to remove."""
    if not spec.present:
        return [], _administrator_last(role for role in held if not roles or role_named(roles, role) is not None)
    give = [role for role in roles if role_named(held, role) is None]
    return give, _administrator_last(role for role in held if spec.exclusive and role_named(roles, role) is None)


def _administrator_last(roles: Iterable[str]) -> list[str]:
    """Returns the roles with Administrator last: without it, this account can remove no more."""
    return sorted(roles, key=lambda role: role == ADMINISTRATOR)


def _require_other_account(service: Service, user: str, found: User) -> None:
    account = names_of(*service.users.account())
    if not account:
        problem = f"The access token does not show whether {user} is the account that runs this task"
    elif account & names_of(user, found.id, found.mail, found.name):
        problem = f"{user} is the account that runs this task"
    else:
        return
    raise InvalidInput(
        f"{problem}, and it would lose the Administrator role.",
        code="own_administrator_role",
        target=user,
        hint="Nothing was changed. Use another Administrator's account, or set force: true.",
    )


def names_of(*known: str | None) -> set[str]:
    """Returns all names of an account: the address of a service principal contains its GUID (FACTS: signing in)."""
    names = {name.casefold() for name in known if name}
    return names | {principal for name in names if is_guid(principal := name.partition("@")[0])}


def _invitation(user: str) -> list[Step]:
    """Returns the step of an invitation. A GUID cannot be invited: assigning a role fails if it is unknown."""
    if is_guid(user):
        return []
    return [replace(_step("invite", user, lambda service: service.users.invite(user)), visible=False)]


def _giving(user: str, role: str) -> Step:
    def write(service: Service) -> None:
        try:
            service.users.assign_role(user, role)
        except NotFound as error:
            if is_guid(user):
                error.hint = "The service must know a principal first: to invite it, give its address as user."
            raise

    return _step("assign_role", user, write)


def _taking(user: str, role: str) -> Step:
    return _step("unassign_role", user, lambda service: service.users.unassign_role(user, role))


def _step(action: str, user: str, write: Callable[[Service], None]) -> Step:
    def run(execution: Execution) -> None:
        write(execution.service)

    return Step("user", user, action, run)
