# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Imports of a launched module, which Ansible ships in a zip file: compiles each of its modules once.

Python compiles a module in a zip file twice: the first time only to return its file name (CPython issue 141276).
Importing this module prevents that for the rest of the process. Where the collection is not in a zip file, it does
nothing.
"""

from __future__ import annotations

import os
import sys
from zipimport import zipimporter


class _Importer(zipimporter):
    def get_filename(self, fullname: str) -> str:
        """Returns the path of a module. Ansible ships source files only."""
        name = fullname.rpartition(".")[2]
        file = os.path.join(name, "__init__.py") if self.is_package(fullname) else f"{name}.py"
        return os.path.join(self.archive, self.prefix, file)


def _replace_importers() -> None:
    sys.path_hooks[:] = [_Importer if hook is zipimporter else hook for hook in sys.path_hooks]
    for path, importer in list(sys.path_importer_cache.items()):
        if isinstance(importer, zipimporter) and not isinstance(importer, _Importer):
            sys.path_importer_cache[path] = _Importer(path)


if __spec__ is not None and isinstance(__spec__.loader, zipimporter):
    _replace_importers()
