# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The page with the results, and its chart."""

from __future__ import annotations

from collections.abc import Sequence

from . import devices, tasks
from .chart import Bar, Panel, svg
from .figures import Results, Row

_LICENCE = """<!--
Copyright (c) azsphere.fleet contributors
GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
SPDX-FileCopyrightText: azsphere.fleet contributors
-->
"""
_INTRODUCTION = """# Benchmark

What tasks of this collection cost, measured with the simulator by `make bench`, which also wrote this page.
`benchmark.json` has the figures of each run.

{machine}

- Each figure is the median of all runs, with the lowest and the highest in parentheses.
- The simulator is a process of its own and uses the same processors. *Simulator busy* is its share of one core.
- Times include the start of the process: for devices, the module alone, as Ansible launches it.
- *Memory* is the peak of the process that does the work.
"""
#: Title, text and columns of each group: heading, metric, digits.
Columns = Sequence[tuple[str, str, int]]
_WORK: Columns = (
    ("Seconds", "seconds", 1),
    ("Requests", "requests", 0),
    ("Requests per device", "requests_each", 3),
    ("Memory, MiB", "memory", 0),
)
_BUSY: Columns = (("Connections", "connections", 0), ("Simulator busy, %", "busy", 0))
_SECTIONS: Sequence[tuple[str, str, str, Columns]] = (
    (
        devices.COLD,
        "Devices claimed and moved",
        "One task claims all devices and moves them into a device group. The bare client is an asynchronous program "
        "(aiohttp) without error handling. It sends the same writes over as many connections as the task used at most. "
        "*Ratio* is the time of the task to that of the bare client in the same run.",
        (*_WORK, ("Bare client, seconds", "bare_seconds", 1), ("Ratio", "ratio", 2), *_BUSY),
    ),
    (devices.UNCHANGED, "Nothing to do", "All devices are already in their device group.", (*_WORK, *_BUSY)),
    (
        devices.THROTTLED,
        "Throttled",
        "The service accepts 100 requests per second with a token bucket of 100, and rejects others with 429 and "
        "`Retry-After`. *Rate used* is the share of the rate that was used from the first connection to the end. No "
        "device failed.",
        (("Seconds", "seconds", 1), ("Rate used, %", "used", 1), ("Requests rejected, %", "rejected", 2), *_WORK[1:3]),
    ),
    (
        devices.BUCKETS,
        "The rate limits of Resource Manager",
        "The devices are moved through the Integrated API, which accepts 200 writes at once and 10 per second. "
        "*Rate used* is the share of these writes from the first connection to the end. No device failed.",
        (("Seconds", "seconds", 1), ("Rate used, %", "used", 1), ("Requests rejected, %", "rejected", 2), *_WORK[1:3]),
    ),
    (
        devices.TOKEN,
        "A token renewed in the middle",
        "Halfway, all tokens become invalid. *Tokens* is the number of tokens that were fetched.",
        (("Seconds", "seconds", 1), ("Tokens", "tokens", 0), *_WORK[1:3]),
    ),
    (
        tasks.SMALL,
        "One task with nothing to change",
        "All tasks run in one playbook. `ansible.builtin.uri` reads the products of the tenant, and represents modules "
        "of other collections that call a REST service: it sends one request and compares nothing. What a launched "
        "task costs beyond `ansible.builtin.ping` is mostly the code of the module, which Python compiles for each "
        "task: see [What a launched module costs](performance.md#what-a-launched-module-costs).",
        (("Milliseconds per task", "milliseconds", 0),),
    ),
    (
        tasks.LOOPS,
        "Loops",
        "One task with a `loop` over devices, which is what playbooks do without a module for many devices.",
        (
            ("Seconds", "seconds", 1),
            ("Milliseconds per item", "each", 0),
            (f"{tasks.MANY:,} items, minutes (extrapolated)", "minutes_for_many", 0),
        ),
    ),
    (
        tasks.INVENTORY,
        "Inventory",
        "`ansible-inventory --list` with the inventory plugin `devices`, without a cache.",
        (("Seconds", "seconds", 1), ("Requests", "requests", 0), ("Memory, MiB", "memory", 0)),
    ),
)


def page(results: Results) -> str:
    """Returns the page in Markdown."""
    parts = [_LICENCE, _INTRODUCTION.format(machine=_machine(results)), _summary(results)]
    for group, title, text, columns in _SECTIONS:
        rows = results.group(group)
        if rows:
            parts.append(f"## {title}\n\n{text}\n\n{_table(rows, columns)}\n")
    return "\n".join(part for part in parts if part)


def chart(results: Results) -> str:
    """Returns the chart as SVG."""
    panels = [panel for panel in (_devices_panel(results), _tasks_panel(results)) if panel.bars]
    words = ". ".join(
        f"{panel.title}: " + ", ".join(f"{entry.label} {entry.shown}" for entry in panel.bars) for panel in panels
    )
    return svg("Benchmark of azsphere.fleet", words + ".", panels)


def _machine(results: Results) -> str:
    return "\n".join(f"- {name}: {value}" for name, value in results.machine.items())


def _summary(results: Results) -> str:
    """Returns the chart and the same in words."""
    lines = ["![Devices per second and milliseconds per task; the table below has the figures](benchmark.svg)", ""]
    for panel in (_devices_panel(results), _tasks_panel(results)):
        if panel.bars:
            lines += [f"{panel.title}:", "", *(f"- {entry.label}: {entry.shown}" for entry in panel.bars), ""]
    return "\n".join(lines)


def _devices_panel(results: Results) -> Panel:
    row = results.find(devices.COLD, f"{tasks.MANY:,} devices, 50 ms") or next(iter(results.group(devices.COLD)), None)
    if row is None:
        return Panel("Devices per second", [])
    count = int(row.name.split()[0].replace(",", ""))
    bars = [_rate("device, one task", count, row.median("seconds"), own=True)]
    bars.append(_rate("bare asynchronous client, no Ansible", count, row.median("bare_seconds")))
    for loop in results.group(tasks.LOOPS):
        rate = loop.median("devices_a_second")
        if rate and ", move" in loop.name:
            label = f"loop over {loop.name.replace(', move', '').replace('azsphere.fleet.', '')} *"
            bars.append(_rate(label, count, count / rate, own="uri" not in label))
    title = f"Devices claimed and moved per second ({row.name})"
    return Panel(title + ("; * extrapolated, moves alone" if len(bars) > 2 else ""), bars)


def _rate(label: str, count: int, seconds: float | None, own: bool = False) -> Bar:
    seconds = seconds or 1.0
    return Bar(label, count / seconds, f"{count / seconds:,.0f}/s ({seconds:,.0f} s)", own)


def _tasks_panel(results: Results) -> Panel:
    bars = []
    for row in results.group(tasks.SMALL):
        each = row.median("milliseconds") or 0.0
        bars.append(Bar(row.name, each, f"{each:,.0f} ms", own="azsphere" in row.name))
    return Panel("Milliseconds per task with nothing to change", bars)


def _table(rows: Sequence[Row], columns: Columns) -> str:
    lines = [
        "| | " + " | ".join(heading for heading, _metric, _digits in columns) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    for row in rows:
        cells = [row.name + (f" ({row.note})" if row.note else "")]
        cells += [row.shown(metric, digits) for _heading, metric, digits in columns]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
