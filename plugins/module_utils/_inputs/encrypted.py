# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Files encrypted with Ansible Vault. A module has no vault password, so it cannot decrypt them."""

from __future__ import annotations

from .._bounded_file import UnreadableFile, open_regular
from .._errors import InvalidInput

_MARK = b"$ANSIBLE_VAULT;"
#: Ansible decrypts what `copy` copies.
DECRYPT = (
    'Decrypt it first: ansible.builtin.copy writes it decrypted to a file (set mode: "0600"), '
    "and ansible-vault decrypt decrypts it permanently."
)


def reject_encrypted_file(path: str, what: str, most: int) -> None:
    """Raise InvalidInput if Ansible Vault encrypted a file, or if it is not a regular one of at most `most` bytes.

    Ignores a directory and a file that cannot be read: their users report it.
    """
    try:
        with open_regular(path, most) as file:
            beginning = file.read(len(_MARK) + 64)
    except UnreadableFile as error:
        raise InvalidInput(
            f"Cannot read the {what} {path}: {error.strerror}.", code="file", target=path, hint=error.hint
        ) from error
    except OSError:
        return
    reject_encrypted(beginning, what, path)


def is_encrypted(content: bytes) -> bool:
    """Return whether Ansible Vault encrypted the content of a file."""
    return content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_MARK)


def reject_encrypted(content: bytes, what: str, path: str, hint: str = DECRYPT) -> None:
    """Raise InvalidInput if Ansible Vault encrypted the content of a file.

    :param what: what the file is, such as "device list", or the option that names it.
    """
    if is_encrypted(content):
        raise InvalidInput(
            f"Cannot read the {what} {path}: it is encrypted with Ansible Vault.",
            code="encrypted",
            target=path,
            hint=hint,
        )
