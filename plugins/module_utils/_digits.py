# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Numbers in text of other programs.

`str.isdigit` accepts characters that `int` rejects, such as "²", and Python limits how many digits `int` reads.
"""

from __future__ import annotations

#: Digits of the largest number that is read: enough for sizes, times and counts.
MOST_DIGITS = 18


def whole_number(text: str) -> int | None:
    """Returns the number that ASCII digits give, blanks around them ignored; None for any other or longer text."""
    digits = text.strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS else None
