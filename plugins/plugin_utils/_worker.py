# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The process in which Ansible runs a task: what a run may change there, and puts back."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def as_launched(variables: Mapping[str, str], directory: str) -> Iterator[None]:
    """Gives the process the environment and the working directory of a launched module, and restores it afterwards.

    The items of a loop share one process, so also restores warning filters and the levels of loggers.

    :param variables: added to the environment.
    """
    environment, levels = dict(os.environ), _levels()
    before = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        with warnings.catch_warnings():
            os.environ.update(variables)
            os.chdir(directory)
            yield
    finally:
        os.fchdir(before)
        os.close(before)
        _restore_environment(environment)
        for name in _levels():
            logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))


def _restore_environment(before: Mapping[str, str]) -> None:
    for name in set(os.environ) - set(before):
        del os.environ[name]
    os.environ.update({name: value for name, value in before.items() if os.environ.get(name) != value})


def _levels() -> dict[str, int]:
    loggers = logging.root.manager.loggerDict
    return {name: logger.level for name, logger in loggers.items() if isinstance(logger, logging.Logger)}
