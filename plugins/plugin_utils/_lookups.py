# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What all lookups share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs import texts
from ansible_collections.azsphere.fleet.plugins.module_utils._options import OPTIONS, blank
from ansible_collections.azsphere.fleet.plugins.module_utils._service import Service
from ansible_collections.azsphere.fleet.plugins.module_utils._views.resources import Values

from ._reading import reading

_NAMES = ("product", "device_group")


def _valid(what: str, check: Callable[[Any], str], value: Any) -> str:
    try:
        # Before ansible-core 2.19, a variable that Ansible Vault encrypted is an object of its own, and no text.
        return check(str(value) if getattr(value, "__ENCRYPTED__", False) else value)
    except texts.InvalidValue as error:
        raise AnsibleLookupError(f"Invalid {what}: {error}") from None


class FleetLookup(LookupBase):
    """A lookup of one kind of resource. `term` checks what is asked for, and trims it unless blanks count."""

    term = staticmethod(texts.trimmed)

    @abstractmethod
    def read(self, service: Service, terms: list[str]) -> list[Values]:
        """Those of the terms, or all when there are none. Raises InvalidInput for a term that is not there."""

    def run(self, terms: list[Any], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[Values]:
        kwargs.pop("wantlist", None)  # ansible-core before 2.19 passes it on from loops.
        self._require_known(kwargs)
        self.set_options()
        configured = self.get_options()
        options = {
            name: self._checked(name, value)
            for name, value in kwargs.items()
            if name not in OPTIONS or not blank(value)
        }
        given = {**self._from_variables(variables or {}), **options}
        self.set_options(direct=given)
        asked = [_valid("term", self.term, term) for term in self._flatten(terms)]
        if terms and not asked:
            return []  # An empty list was asked for, which is not the same as nothing.
        with reading("lookup", given, configured, AnsibleLookupError) as service:
            return self.read(service, asked)

    def _require_known(self, options: Mapping[str, Any]) -> None:
        """A misspelt option would not filter anything, and so return everything."""
        known = self.option_definitions
        for option in options:
            if option not in known:
                there = ", ".join(sorted(name for name in known if not name.startswith("_")))
                raise AnsibleLookupError(f'This lookup has no option "{option}". Available: {there}.')

    def _checked(self, option: str, value: Any) -> Any:
        """Return the value of an option: Ansible would make texts of numbers and truth values."""
        if value is None or self.option_definitions[option].get("type") not in ("str", "path"):
            return value
        return _valid(option, texts.trimmed if option in _NAMES else texts.text, value)

    def _from_variables(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the options that variables give, as what they stand for: Ansible passes variables on as written, and
        one often names another, such as a secret of a vault."""
        found = {}
        for name, option in self.option_definitions.items():
            for entry in option.get("vars", ()):
                if entry["name"] in variables:
                    value = self._templar.template(variables[entry["name"]])
                    if not blank(value):
                        found[name] = value
        return found
