# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Decides whether a fault applies to a matching request: always, or with a seeded probability."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass
class Chance:
    """A probability from 0 to 1 for each matching request; once drawn, the fault applies to `burst` requests in a row.

    A draw depends on the seed, the kind of fault, the name of the request and the number of requests of that name. It
    does not depend on the order in which the threads of a client send different requests.
    """

    probability: float = 1.0
    seed: int = 0
    burst: int = 1
    seen: dict[str, int] = field(default_factory=dict)
    left: int = 0

    def strikes(self, kind: str, name: str) -> bool:
        """Returns whether the fault applies to the next request of this name, and counts the request."""
        if self.left:
            self.left -= 1
            return True
        if self.probability < 1:
            self.seen[name] = self.seen.get(name, 0) + 1
            draw = random.Random(f"{self.seed}/{kind}/{name}/{self.seen[name]}").random()
            if draw >= self.probability:
                return False
        self.left = self.burst - 1
        return True
