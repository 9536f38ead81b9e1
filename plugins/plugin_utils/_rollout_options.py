# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The options of the role `rollout`. Problems are returned as sentences and never raised."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import yaml
from ansible_collections.azsphere.fleet.plugins.module_utils._environment import Environment
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.apart import named
from ansible_collections.azsphere.fleet.plugins.module_utils._model.values import is_guid
from ansible_collections.azsphere.fleet.plugins.module_utils._options import Found, blank, text

from ._option_reader import Check, OptionReader, missing, number, words

DAY = 86400
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": DAY, "w": 7 * DAY}
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*(s|secs?|seconds?|m|mins?|minutes?|h|hours?|d|days?|w|weeks?)\b,?\s*")
_LONGEST = 366 * DAY
#: What an address with a user or a password begins with.
_USER = re.compile(r"([^/?#]*//)?[^/?#]*@")


def read_options(given: Mapping[str, Any], environment: Environment) -> dict[str, Any]:
    """Returns the options of the role with their types, and `problems`, a list of sentences.

    :param given: the options by name, without `rollout_`; `start` is the directory that `base` starts from. What is
        null, blank or omitted counts as not given. `from_file` are the variables of the file `src`, which fill in for
        options that are not given.

    Paths are whole, `src` and `record` are None when not given. Each of `rings` has a `number` from 1, a `name`
    (`Product/Group`), `product`, `device_group`, and every option of the gate; `soak` is in seconds, `command` a list.
    """
    given = _filled(given)
    reader = OptionReader(given, "rollout_", environment)
    start = str(given["start"])
    base = reader.path("base", start=start) or reader.directory(start)
    options = {
        "base": base,
        "src": reader.path("src", start=base),
        "packages": reader.paths("packages", start=base),
        "images": reader.checked("images", _guids) or [],
        "record": reader.path("record", start=base),
        "wait": reader.flag("wait", default=True),
        "retry": reader.flag("retry"),
        "rings": _rings(reader, given, environment),
        "problems": reader.problems,
    }
    reader.require_apart(named(options, ("record",)), named(options, ("src", "packages")))
    if not options["packages"] and not options["images"] and not reader.problems:
        reader.problems.append(
            "Nothing to roll out: neither packages nor images are given. Set rollout_packages to image packages, or "
            "rollout_images to IDs of images."
        )
    return options


def _filled(given: Mapping[str, Any]) -> dict[str, Any]:
    filled = dict(given)
    from_file = filled.pop("from_file", {})
    # An earlier run of the role in the same play may have read a file.
    if not missing(filled.get("src")):
        filled |= {name: from_file.get(f"rollout_{name}") for name, value in filled.items() if missing(value)}
    return filled


def duration(found: Found, _environment: Environment) -> float:
    """Returns the seconds of a text such as `90 minutes`, `1d 12h` or `0`. Raises InvalidInput."""
    given = str(found.value).strip().lower()
    if isinstance(found.value, (int, float, str)) and not isinstance(found.value, bool):
        if re.fullmatch(r"0+(\.0+)?", given):
            return 0
        parts = _PART.findall(given)
        seconds = sum(float(count) * _UNITS[unit[0]] for count, unit in parts)
        if parts and not _PART.sub("", given) and seconds <= _LONGEST:
            return seconds
    raise InvalidInput(
        f'Invalid {found.name} "{found.value}": not a time with a unit, up to a year.',
        hint='Use seconds, minutes, hours, days or weeks, such as "90 minutes", "2h" or "1d 12h".',
    )


def _guids(found: Found, environment: Environment) -> list[str]:
    given = words(found, environment)
    for each in given:
        if not is_guid(each):
            raise InvalidInput(f'Invalid {found.name} "{each}": not the ID of an image.', hint="Use a GUID.")
    return [each.lower() for each in given]


def _argv(found: Found, environment: Environment) -> list[str]:
    if isinstance(found.value, (list, tuple)):
        return [text(Found(each, found.name), environment) for each in found.value]
    try:
        return shlex.split(text(found, environment))
    except ValueError:
        raise InvalidInput(f"Invalid {found.name}: a quote is not closed.", hint="Close it, or use a list.") from None


def _url(found: Found, environment: Environment) -> str:
    given = text(found, environment)
    try:
        parts = urlsplit(given)
        valid = parts.scheme.lower() in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # brackets, or a port that cannot be one
        valid = False
    if _USER.match(given):
        raise InvalidInput(
            f"Invalid {found.name}: it has a user or a password, which messages and the record would show.",
            hint="Use an address without them, or a command that signs in.",
        )
    if valid and not re.search(r"\s", given):
        return given
    raise InvalidInput(
        f'Invalid {found.name} "{given}": not an HTTP address.', hint="Use one such as https://host/path."
    )


#: What a ring may say beside its device group: the check of each option, and its default.
_GATE: dict[str, tuple[Check, Any]] = {
    "soak": (duration, DAY),
    "min_update_percent": (number(0, 100), 90.0),
    "max_insights_per_hundred": (number(0, 1e9), 5.0),
    "event_types": (words, ("Unplanned",)),
    "event_classes": (words, ()),
    "command": (_argv, None),
    "url": (_url, None),
}


def _rings(reader: OptionReader, given: Mapping[str, Any], environment: Environment) -> list[dict[str, Any]]:
    common = {name: reader.checked(name, check) for name, (check, _default) in _GATE.items()}
    entries: list[Any] | None = reader.checked("rings", _entries)
    if not entries:
        if blank(given.get("rings")) or entries is not None:
            reader.problems.append(
                "Nothing to roll out to: no ring is given. Set rollout_rings to a list of device groups, such as "
                '"Kettle/Field Test, Kettle/Production".'
            )
        return []
    rings = [
        ring
        for place, entry in enumerate(entries, 1)
        if (ring := _ring(reader, place, entry, common, environment)) is not None
    ]
    seen: dict[str, int] = {}
    for ring in rings:
        first = seen.setdefault(ring["name"].casefold(), ring["number"])
        if first != ring["number"]:
            reader.problems.append(
                f"Invalid rollout_rings: the rings {first} and {ring['number']} are the same device group, "
                f"{ring['name']}. Remove one of them."
            )
    return rings


def _entries(found: Found, _environment: Environment) -> list[Any]:
    """Returns the entries of a list, given as a list, as YAML or JSON, or as names between commas or on lines."""
    value = found.value
    if isinstance(value, str) and re.match(r"\s*(\[|-\s)", value):
        try:
            value = yaml.safe_load(value)
        except (yaml.YAMLError, ValueError):
            raise InvalidInput(f"Invalid {found.name}: not valid YAML or JSON.", hint="Fix it.") from None
    if isinstance(value, str):
        value = re.split(r"[,\n]", value)
    if not isinstance(value, (list, tuple)):
        raise InvalidInput(
            f"Invalid {found.name}: not a list.", hint='Use a list, or text such as "Kettle/Field Test".'
        )
    return [each for each in value if not blank(each)]


def _ring(
    reader: OptionReader, place: int, entry: Any, common: Mapping[str, Any], environment: Environment
) -> dict[str, Any] | None:
    """Returns one ring; None and a problem if it is wrong."""
    where = f"rollout_rings, ring {place}"
    if isinstance(entry, str):
        product, _slash, group = (part.strip() for part in entry.partition("/"))
        entry = {"product": product, "device_group": group}
    if not isinstance(entry, Mapping):
        reader.problems.append(
            f'Invalid {where}: not a device group. Use a mapping, or text such as "Kettle/Field Test".'
        )
        return None
    known = ("product", "device_group", *_GATE)
    unknown = [str(name) for name in entry if name not in known]
    if unknown:
        reader.problems.append(f'Invalid {where}: unknown key "{unknown[0]}". Available: {", ".join(known)}.')
        return None
    inner = OptionReader(entry, f"{where}, ", environment)
    names = {name: inner.checked(name, text) for name in ("product", "device_group")}
    own = {name: inner.checked(name, check) for name, (check, _default) in _GATE.items()}
    absent = [name for name in names if blank(entry.get(name))]
    if absent:
        inner.problems.append(
            f"Invalid {where}: {absent[0]} is missing. Give the names of a product and a device group."
        )
    reader.problems += inner.problems
    if inner.problems:
        return None
    gate = {name: _first(own[name], common[name], default) for name, (_check, default) in _GATE.items()}
    return {"number": place, "name": f"{names['product']}/{names['device_group']}", **names, **gate}


def _first(*values: Any) -> Any:
    found = next((value for value in values if value is not None and value != []), None)
    return list(found) if isinstance(found, Sequence) and not isinstance(found, str) else found
