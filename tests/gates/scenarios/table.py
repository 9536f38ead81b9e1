# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What each module can be asked for: the table from which the gate is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..fleet import fleet

#: What a run does to what it names. `read` belongs to modules that only read.
CREATE, CHANGE, NOTHING, DELETE, READ = "create", "change", "nothing", "delete", "read"
#: The run is refused, and the check run says so.
REFUSED = "refused"
#: The ID of an operation that was started before.
OPERATION = "(operation)"
#: The thumbprint of the tenant's CA certificate that is not the active one.
SUCCESSOR = "(certificate)"
EFFECTS = (CREATE, CHANGE, NOTHING, DELETE, READ, REFUSED)


@dataclass(frozen=True)
class Scenario:
    """One task on one fleet. Paths in `options` are relative to a folder with the files of `fleet.write_files`.

    `seed` is the tenant at the start. `first` are tasks that run before it, each the name of a module and its options.
    In `options`, OPERATION stands for the last operation that they started, and SUCCESSOR for a thumbprint. `files` are
    texts to write before, by path. `again` says that the same task changes something each time, as the module's
    documentation has to say.
    """

    module: str
    effect: str
    title: str
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: Mapping[str, Any] = field(default_factory=fleet)
    first: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    again: bool = False
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.module}-{self.effect}-{self.title.replace(' ', '_')}"

    @property
    def waits(self) -> bool:
        """Whether it waits for what it starts."""
        return self.effect == READ or bool(self.options.get("wait", True))
