# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Messages are short and printable, whatever names and IDs the service or the user gave."""

from __future__ import annotations

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import LONGEST_MESSAGE, FleetError


@pytest.mark.parametrize("name", ["a" * 100_000, "a b " * 25_000, '"' * 100_000, "\x1b" * 100_000, "\u202e " * 50_000])
def test_long_name_is_shortened_everywhere_in_an_error(name: str) -> None:
    error = FleetError(
        f"Cannot find {name}: not there.", code=name, target=name, request_id=name, hint=f'Look at "{name}".'
    )
    assert len(str(error)) <= 2 * LONGEST_MESSAGE + 1
    assert len(str(error.as_dict())) <= 6 * LONGEST_MESSAGE
    assert str(error).startswith("Cannot find ")
    assert error.message.endswith(": not there.")
    assert str(error).isprintable()


def test_control_characters_are_escaped_everywhere_in_an_error() -> None:
    odd = "\x1b]0;owned\x07\x9b2J\u202e\u2066"
    error = FleetError(odd, code=odd, target=odd, request_id=odd, hint=odd)
    assert str(error).isprintable()
    assert all(str(value).isprintable() for value in error.as_dict().values())


def test_ordinary_message_is_left_alone() -> None:
    message = f"Invalid device list: {'; '.join(f'row {number}: invalid ID' for number in range(100))}."
    assert str(FleetError(message, hint="Correct it.")) == f"{message} Correct it."
