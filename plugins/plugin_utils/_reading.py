# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The bridge from plugins that run on the controller: options in, a service for reading out, errors as Ansible's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ansible.errors import AnsibleError
from ansible.module_utils.basic import missing_required_lib
from ansible.plugins import AnsiblePlugin
from ansible.utils.display import Display
from ansible_collections.azsphere.fleet.plugins.module_utils._connection import open_connection
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import FleetError, MissingLibrary
from ansible_collections.azsphere.fleet.plugins.module_utils._service import Service


@contextmanager
def reading(plugin: AnsiblePlugin, error: type[AnsibleError] = AnsibleError) -> Iterator[Service]:
    """A service with the connection options of the plugin, which refuses every write.

    What goes wrong inside is raised as `error`, with its one sentence and nothing else.
    """
    display = Display()
    try:
        connection = open_connection(
            plugin.get_options(), read_only=True, warn=display.warning, debug=display.vvvv
        )
        try:
            yield connection.service
        finally:
            connection.close()
    except MissingLibrary as missing:
        raise error(missing_required_lib(missing.library, reason=f"to {missing.reason}")) from None
    except FleetError as failure:
        raise error(str(failure)) from None
