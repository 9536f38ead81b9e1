# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Device lists: good rows come through, bad ones are named."""

from __future__ import annotations

import csv
import io
import string
from pathlib import Path

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput
from ansible_collections.azsphere.fleet.plugins.module_utils._files.disk import Disk
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.device_rows import (
    COLUMNS,
    TOLD,
    DeviceRow,
    rows_from_csv,
    rows_from_ids,
    rows_from_list,
)
from hypothesis import given, settings
from hypothesis import strategies as st

ONE, TWO = "0a" * 64, "0b" * 64
#: The machine may be busy: examples have no deadline of their own.
quick = settings(deadline=None, max_examples=50)
HEADER = "DeviceId,ProductName,DeviceGroupName\n"


class Text:
    """Files of which there is one."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, path: str) -> bytes | None:
        return self._content if path == "devices.csv" else None


def rows(text: str | bytes) -> list[DeviceRow]:
    content = text.encode() if isinstance(text, str) else text
    return rows_from_csv(Text(content), "devices.csv")  # type: ignore[arg-type]


def refused(text: str | bytes) -> str:
    with pytest.raises(InvalidInput) as caught:
        rows(text)
    return str(caught.value)


def test_lines_are_counted_as_an_editor_does() -> None:
    assert rows(f"{HEADER}{ONE},Kettle,Lab\n\n{TWO.upper()}, Kettle , Shop \n") == [
        DeviceRow(ONE, 2, "Kettle", "Lab"),
        DeviceRow(TWO, 4, "Kettle", "Shop"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"\ufeff{HEADER}{ONE},Kettle,Lab\n",
        f"{HEADER}{ONE},Kettle,Lab".replace("\n", "\r\n"),
        f"Note,devicegroupname, deviceid,PRODUCTNAME\nx,Lab,{ONE},Kettle\n",
        f"{HEADER}{ONE},Kettle,Lab,surplus\n",
        f'{HEADER}{ONE},"Kettle","Lab"\n,,\n   \n',
    ],
)
def test_forms_in_which_lists_come(text: str) -> None:
    assert rows(text) == [DeviceRow(ONE, 2, "Kettle", "Lab")]


def test_a_device_without_a_group_is_only_claimed() -> None:
    assert rows(f"{HEADER}{ONE},,\n{TWO}\n") == [DeviceRow(ONE, 2), DeviceRow(TWO, 3)]


def test_missing_columns_are_named_with_those_that_have_to_be() -> None:
    message = refused(f"DeviceId,Group\n{ONE},Lab\n")
    assert "ProductName" in message
    assert "DeviceGroupName" in message
    assert HEADER.strip() in message
    assert "DeviceId" in refused("")


def test_each_bad_row_is_named_with_its_line() -> None:
    message = refused(f"{HEADER}12,Kettle,Lab\n{ONE},Kettle,Lab\n{TWO},Kettle,\n{'g' * 128},Kettle,Lab\n")
    assert [f"row {number}:" in message for number in (2, 3, 4, 5)] == [True, False, True, True]
    assert '"12"' in message


def test_a_row_is_named_by_the_line_on_which_it_begins() -> None:
    assert rows(f'\n{HEADER}\n{ONE},Kettle,"Lab\n"\n{TWO},Kettle,Lab\n') == [
        DeviceRow(ONE, 4, "Kettle", "Lab"),
        DeviceRow(TWO, 6, "Kettle", "Lab"),
    ]
    # A quote that is never closed takes in all that follows.
    assert "row 2:" in refused(f'{HEADER}"{ONE},Kettle,Lab\n{TWO},Kettle,Lab\n')
    assert "(row 3)" in refused(f'{HEADER}{ONE},Kettle,Lab\n"{"0a" * 70000}')


def test_a_column_that_is_there_twice_is_refused() -> None:
    assert "the column DeviceId more than once" in refused(f"DeviceId,{HEADER}{TWO},{ONE},Kettle,Lab\n")


def test_128_characters_of_which_some_are_no_digits_are_told_as_such() -> None:
    assert "not all such digits" in refused(f"{HEADER}0x{ONE[2:]},Kettle,Lab\n")


def test_very_many_bad_rows_are_counted() -> None:
    message = refused(HEADER + "12,Kettle,Lab\n" * (TOLD + 7))
    assert message.count("row ") == TOLD
    assert "and 7 more" in message


def test_a_device_in_two_groups_names_both_rows() -> None:
    message = refused(f"{HEADER}{ONE},Kettle,Lab\n{TWO},Kettle,Lab\n{ONE.upper()},Kettle,Shop\n")
    assert "row 4" in message
    assert "row 2" in message
    assert "Kettle/Shop" in message
    assert "Kettle/Lab" in message


def test_a_device_twice_in_one_group_is_once_there() -> None:
    assert rows(f"{HEADER}{ONE},Kettle,Lab\n{ONE},KETTLE,lab\n") == [DeviceRow(ONE, 2, "Kettle", "Lab")]


def test_what_is_no_list_at_all(tmp_path: Path) -> None:
    assert "UTF-8" in refused(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput, match="no device list"):
        rows_from_csv(Disk(), str(tmp_path / "devices.csv"))
    with pytest.raises(InvalidInput, match="Cannot read"):
        rows_from_csv(Disk(), str(tmp_path))


def test_options_count_from_one() -> None:
    assert rows_from_ids([ONE, TWO], "Kettle", "Lab")[1] == DeviceRow(TWO, 2, "Kettle", "Lab")
    assert rows_from_list([{"id": ONE, "product": None, "device_group": None}, {"id": TWO}])[1] == DeviceRow(TWO, 2)
    with pytest.raises(InvalidInput, match="row 2"):
        rows_from_ids([ONE, "nonsense"], None, None)


names = st.text(st.sampled_from(string.ascii_letters + string.digits + " "), max_size=50).map(str.strip).filter(bool)
device_ids = st.binary(min_size=64, max_size=64).map(bytes.hex)
places = st.none() | st.tuples(names, names)


@quick
@given(st.dictionaries(device_ids, places, max_size=20), st.booleans(), st.booleans(), st.permutations(COLUMNS))
def test_whatever_is_written_is_read(
    fleet: dict[str, tuple[str, str] | None], upper: bool, mark: bool, columns: list[str]
) -> None:
    written = io.StringIO()
    writer = csv.DictWriter(written, [*columns, "Remark"], restval="")
    writer.writeheader()
    for device_id, where in fleet.items():
        product, group = where or ("", "")
        shown = device_id.upper() if upper else device_id
        writer.writerow(dict(zip(COLUMNS, (shown, product, group), strict=True)) | {"Remark": 'a, "b"'})
    text = written.getvalue()
    found = rows(("\ufeff" + text) if mark else text)
    assert {row.id: row.device_group and (row.product, row.device_group) for row in found} == fleet
    assert [row.row for row in found] == list(range(2, len(fleet) + 2))


@quick
@given(st.text(max_size=200))
def test_any_text_without_the_columns_is_one_clear_error(text: str) -> None:
    assert "devices.csv" in refused(text.encode("utf-8", "surrogatepass"))


@quick
@given(st.lists(st.text(max_size=140), min_size=1, max_size=5))
def test_any_ids_are_good_or_each_bad_one_is_named(ids: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        rows_from_ids(ids, None, None)
    assert all(f"row {number}:" in str(caught.value) for number in range(1, len(ids) + 1))
