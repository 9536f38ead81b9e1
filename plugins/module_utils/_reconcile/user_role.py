# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Plans the roles of a user or service principal, who is invited first when the tenant does not know it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from .._errors import Forbidden, InvalidInput, NotFound
from .._model.resources import ROLES, User
from .._model.specs import UserSpec
from .._model.values import is_guid
from .._resolve import listed, role_named
from .._service import Service, require
from .._views.resources import user_values
from .plan import Execution, Plan, Snapshot, Step

ADMINISTRATOR = "Administrator"
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def plan(service: Service, spec: UserSpec) -> Plan:
    """Reads the user's roles and plans which to give and which to take.

    Raises InvalidInput before any write: for what is neither address nor GUID, for a role that there is not, and for
    taking the Administrator role from the own account.
    """
    require(service, "users")
    if spec.exclusive and not spec.present:
        raise InvalidInput(
            "The option exclusive says what a user keeps, which state: absent contradicts.",
            hint="List the roles to keep with state: present.",
        )
    user = spec.user.strip()
    if not is_guid(user) and not _ADDRESS.fullmatch(user):
        raise InvalidInput(
            f'"{user}" is neither an e-mail address nor the GUID of a principal.',
            code="invalid_user",
            target=user,
            hint="A service principal is <object id>@<directory id>.onmicrosoft.com.",
        )
    roles = _spelled(service, spec.roles)
    found = service.users.get(user)
    held = found.roles if found is not None else ()
    give, take = _differences(spec, roles, held)
    if found is not None and ADMINISTRATOR in take and not spec.force:
        _refuse_own(service, user, found)
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
            now = None  # Who took all roles from the own account is not even told that it has none.
        return snapshot(now if now is None or found is None else _known_before(now, found))

    return Plan(f"user {name}", snapshot(found), tuple(steps), read)


def _known_before(now: User, before: User) -> User:
    """Who took the Administrator role from the own account is told its roles only: the rest is as it was."""
    return replace(now, id=now.id or before.id, name=now.name or before.name, mail=now.mail or before.mail)


def snapshot(user: User | None) -> Snapshot:
    """A user with roles in the tenant."""
    if user is None or not user.roles:
        return Snapshot()
    values = user_values(user)
    return Snapshot(values, {"user": user.mail or user.name or user.id, "roles": values["roles"]})


def _spelled(service: Service, wanted: Sequence[str]) -> tuple[str, ...]:
    """Roles in the service's own spelling. Those that are not known here are looked up there."""
    known: Sequence[str] = ROLES
    if any(role_named(known, role) is None for role in wanted):
        known = service.users.roles()
    for role in wanted:
        if role_named(known, role) is None:
            raise InvalidInput(
                f'There is no role "{role}".', code="unknown_role", target=role, hint=f"Available: {listed(known)}."
            )
    return tuple(sorted({found for role in wanted if (found := role_named(known, role)) is not None}))


def _differences(spec: UserSpec, roles: Sequence[str], held: Sequence[str]) -> tuple[list[str], list[str]]:
    """Roles to give and roles to take."""
    if not spec.present:
        return [], _administrator_last(role for role in held if not roles or role_named(roles, role) is not None)
    give = [role for role in roles if role_named(held, role) is None]
    return give, _administrator_last(role for role in held if spec.exclusive and role_named(roles, role) is None)


def _administrator_last(roles: Iterable[str]) -> list[str]:
    """Who takes it from the own account can take nothing more."""
    return sorted(roles, key=lambda role: role == ADMINISTRATOR)


def _refuse_own(service: Service, user: str, found: User) -> None:
    account = names_of(*service.users.account())
    if not account:
        problem = f"The access token does not tell whether {user} is the account that this runs as"
    elif account & names_of(user, found.id, found.mail, found.name):
        problem = f"{user} is the account that this runs as"
    else:
        return
    raise InvalidInput(
        f"{problem}, and it would lose the Administrator role.",
        code="own_administrator_role",
        target=user,
        hint="Nothing was changed. Use another Administrator's account, or set force: true.",
    )


def names_of(*known: str | None) -> set[str]:
    """An account by all its names: a service principal's made-up address holds its GUID (FACTS: signing in)."""
    names = {name.casefold() for name in known if name}
    return names | {principal for name in names if is_guid(principal := name.partition("@")[0])}


def _invitation(user: str) -> list[Step]:
    """A GUID cannot be invited: whether the service knows its principal shows when it gets a role."""
    if is_guid(user):
        return []
    return [replace(_step("invite", user, lambda service: service.users.invite(user)), visible=False)]


def _giving(user: str, role: str) -> Step:
    def write(service: Service) -> None:
        try:
            service.users.assign_role(user, role)
        except NotFound as error:
            if is_guid(user):
                error.hint = "A principal that the service does not know has to be invited: give its address as user."
            raise

    return _step("assign_role", user, write)


def _taking(user: str, role: str) -> Step:
    return _step("unassign_role", user, lambda service: service.users.unassign_role(user, role))


def _step(action: str, user: str, write: Callable[[Service], None]) -> Step:
    def run(execution: Execution) -> None:
        write(execution.service)

    return Step("user", user, action, run)
