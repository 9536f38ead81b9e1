# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Results of different runs, made comparable."""

from __future__ import annotations

import json
import re
from itertools import count
from typing import Any

#: What the service makes up each time: GUIDs, thumbprints, moments and signatures.
MADE_UP = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|\b[0-9A-F]{40}\b|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(?:Z|\+00:00)|\?[^\"\s]*\bsig=[^\"\s]*"
)


def comparable(value: Any) -> Any:
    """Returns a JSON value with everything that the service makes up numbered by its order of appearance."""
    numbers: dict[str, int] = {}
    fresh = count()
    text = json.dumps(value, sort_keys=True)
    return json.loads(MADE_UP.sub(lambda found: f"({numbers.setdefault(found[0], next(fresh))})", text))
