# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Bar charts as SVG, without scripts, fonts or random IDs: the same figures give the same file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LABELS, VALUES = 760, 320, 110
BAR, GAP, TITLE = 22, 8, 40
OWN, OTHER, TEXT = "#0b6e99", "#8c959f", "#24292f"


@dataclass(frozen=True)
class Bar:
    """`value` is drawn, `shown` is written beside it. Bars of this collection are `own`."""

    label: str
    value: float
    shown: str
    own: bool = False


@dataclass(frozen=True)
class Panel:
    title: str
    bars: Sequence[Bar]

    @property
    def height(self) -> int:
        return TITLE + len(self.bars) * (BAR + GAP) + GAP


def svg(title: str, description: str, panels: Sequence[Panel]) -> str:
    """Returns a document with the panels below each other; `description` is for those who cannot see it."""
    height = sum(panel.height for panel in panels) + GAP
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        ' role="img" aria-labelledby="title description" font-family="sans-serif" font-size="13">',
        "<!-- Copyright (c) azsphere.fleet contributors. GNU General Public License v3.0 or later.",
        "SPDX-License-Identifier: GPL-3.0-or-later -->",
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="description">{escape(description)}</desc>',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    top = 0
    for panel in panels:
        lines += _panel(panel, top)
        top += panel.height
    return "\n".join([*lines, "</svg>", ""])


def _panel(panel: Panel, top: int) -> list[str]:
    most = max((entry.value for entry in panel.bars), default=0) or 1
    room = WIDTH - LABELS - VALUES
    lines = [
        f'<text x="{GAP}" y="{top + 26}" font-size="15" font-weight="bold" fill="{TEXT}">{escape(panel.title)}</text>'
    ]
    for number, entry in enumerate(panel.bars):
        y = top + TITLE + number * (BAR + GAP)
        width = max(1.0, room * entry.value / most)
        lines += [
            f'<text x="{LABELS - GAP}" y="{y + 15}" text-anchor="end" fill="{TEXT}">{escape(entry.label)}</text>',
            f'<rect x="{LABELS}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{OWN if entry.own else OTHER}"/>',
            f'<text x="{LABELS + width + GAP:.1f}" y="{y + 15}" fill="{TEXT}">{escape(entry.shown)}</text>',
        ]
    return lines
