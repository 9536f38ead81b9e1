# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Users and roles, which are Azure role assignments here: another service, which this one does not imitate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from .._errors import Unsupported
from .._model.resources import User

ELSEWHERE = (
    "Access to a catalog is given by Azure roles (Azure Sphere Owner, Contributor, Publisher and Reader): use "
    "azure.azcollection.azure_rm_roleassignment or `az role assignment`."
)


class NoUsers:
    """Raises Unsupported from each method."""

    def list(self) -> Sequence[User]:
        self._reject()

    def get(self, user: str) -> User | None:
        self._reject(user)

    def roles(self) -> Sequence[str]:
        self._reject()

    def invite(self, address: str) -> None:
        self._reject(address)

    def assign_role(self, user: str, role: str) -> None:
        self._reject(user)

    def unassign_role(self, user: str, role: str) -> None:
        self._reject(user)

    def account(self) -> Sequence[str]:
        self._reject()

    def _reject(self, target: str | None = None) -> NoReturn:
        raise Unsupported("This service cannot manage users and their roles.", target=target, hint=ELSEWHERE)
