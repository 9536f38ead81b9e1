# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What all lookups share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs import texts
from ansible_collections.azsphere.fleet.plugins.module_utils._options import OPTIONS, blank
from ansible_collections.azsphere.fleet.plugins.module_utils._service import Service
from ansible_collections.azsphere.fleet.plugins.module_utils._views.resources import Values

from ._given import checked, from_variables, require_known, valid
from ._reading import reading


class FleetLookup(LookupBase):
    """A lookup of one kind of resource. `term` checks what is asked for, and trims it unless blanks count."""

    term = staticmethod(texts.trimmed)

    @abstractmethod
    def read(self, service: Service, terms: list[str]) -> list[Values]:
        """Those of the terms, or all when there are none. Raises InvalidInput for a term that is not there."""

    def run(self, terms: list[Any], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[Values]:
        kwargs.pop("wantlist", None)  # ansible-core before 2.19 passes it on from loops.
        known = self.option_definitions
        require_known("lookup", kwargs, known, AnsibleLookupError)
        self.set_options()
        configured = self.get_options()
        options = {
            name: checked(name, value, known, AnsibleLookupError)
            for name, value in kwargs.items()
            if name not in OPTIONS or not blank(value)
        }
        given = {**from_variables(variables or {}, known, self._templar.template), **options}
        self.set_options(direct=given)
        asked = [valid("term", self.term, term, AnsibleLookupError) for term in self._flatten(terms)]
        if terms and not asked:
            return []  # An empty list was asked for, which is not the same as nothing.
        with reading("lookup", given, configured, AnsibleLookupError) as task:
            return task.read(lambda service: self.read(service, asked))
