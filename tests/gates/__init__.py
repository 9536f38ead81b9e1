# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Conformance tests for every module: check mode, idempotence and examples."""

from __future__ import annotations

import pytest

# Before they are imported, so that pytest reports their assertions in full.
pytest.register_assert_rewrite(
    "tests.gates.oracle", "tests.gates.proof", "tests.gates.expected_results", "tests.gates.expected_state"
)
