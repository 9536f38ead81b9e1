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
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.device_csv import COLUMNS
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.device_rows import (
    REPORTED,
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


def rows(text: str | bytes, warnings: list[str] | None = None) -> list[DeviceRow]:
    content = text.encode() if isinstance(text, str) else text
    given: list[str] = [] if warnings is None else warnings
    return rows_from_csv(Text(content), "devices.csv", given.append)  # type: ignore[arg-type]


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
        f"{HEADER}{ONE},Kettle,Lab,, ,\n",
        f'{HEADER}{ONE}, "Kettle" ,\t"Lab"\t\n',
        f"{HEADER}{ONE},Kettle,Lab\n".replace("\n", "\r"),
        f"{HEADER}{ONE},Kettle,Lab\n".encode("utf-16"),
        f"{HEADER.strip()},,\n{ONE},Kettle,Lab,,\n",
        f'{HEADER}{ONE},"Kettle","Lab"\n,,\n   \n',
    ],
)
def test_files_of_spreadsheets_are_read(text: str | bytes) -> None:
    assert rows(text) == [DeviceRow(ONE, 2, "Kettle", "Lab")]


def test_device_without_a_group_is_only_claimed() -> None:
    assert rows(f"{HEADER}{ONE},,\n{TWO}\n") == [DeviceRow(ONE, 2), DeviceRow(TWO, 3)]


def test_missing_columns_are_reported_with_required_columns() -> None:
    message = refused(f"DeviceId,Group\n{ONE},Lab\n")
    assert "ProductName" in message
    assert "DeviceGroupName" in message
    assert HEADER.strip() in message
    assert "DeviceId" in refused("")


def test_each_bad_row_is_named_with_its_line() -> None:
    message = refused(f"{HEADER}12,Kettle,Lab\n{ONE},Kettle,Lab\n{TWO},Kettle,\n{'g' * 128},Kettle,Lab\n")
    assert [f"row {number}:" in message for number in (2, 3, 4, 5)] == [True, False, True, True]
    assert '"12"' in message


def test_row_is_named_by_the_line_on_which_it_begins() -> None:
    assert rows(f'\n{HEADER}\n{ONE},Kettle,"Lab\n"\n{TWO},Kettle,Lab\n') == [
        DeviceRow(ONE, 4, "Kettle", "Lab"),
        DeviceRow(TWO, 6, "Kettle", "Lab"),
    ]


def test_column_listed_twice_is_rejected() -> None:
    assert "the column DeviceId more than once" in refused(f"DeviceId,{HEADER}{TWO},{ONE},Kettle,Lab\n")


def test_device_id_with_invalid_digits_is_reported() -> None:
    assert "not all of them such digits" in refused(f"{HEADER}0x{ONE[2:]},Kettle,Lab\n")


def test_very_many_bad_rows_are_counted() -> None:
    message = refused(HEADER + "12,Kettle,Lab\n" * (REPORTED + 7))
    assert message.count("row ") == REPORTED
    assert "and 7 more" in message


def test_device_in_two_groups_names_both_rows() -> None:
    message = refused(f"{HEADER}{ONE},Kettle,Lab\n{TWO},Kettle,Lab\n{ONE.upper()},Kettle,Shop\n")
    assert "row 4" in message
    assert "row 2" in message
    assert "Kettle/Shop" in message
    assert "Kettle/Lab" in message


def test_duplicate_device_row_counts_once() -> None:
    assert rows(f"{HEADER}{ONE},Kettle,Lab\n{ONE},KETTLE,lab\n") == [DeviceRow(ONE, 2, "Kettle", "Lab")]


def test_invalid_device_list_is_rejected(tmp_path: Path) -> None:
    assert "UTF-16" in refused(b"\xff\xfe\x00")
    assert "UTF-8 text, line 2" in refused(HEADER.encode() + b"\xe9")
    assert "NUL" in refused(HEADER + "\0")
    assert "is empty" in refused("")
    assert "is empty" in refused("\ufeff \n,,\n")
    with pytest.raises(InvalidInput, match="does not exist"):
        rows_from_csv(Disk(), str(tmp_path / "devices.csv"), print)
    with pytest.raises(InvalidInput, match="Cannot read"):
        rows_from_csv(Disk(), str(tmp_path), print)


def refused_list(*entries: object) -> str:
    with pytest.raises(InvalidInput) as caught:
        rows_from_list(entries)
    assert caught.value.code == "device_rows"
    return str(caught.value)


def test_all_rows_of_the_wrong_form_are_reported_together() -> None:
    message = refused_list(
        {"id": ONE, "product": "Kettle", "device_group": "Lab"},
        {"id": 755},
        {"id": ONE, "group": "Lab"},
        {"product": "Kettle", "device_group": "Lab"},
        {"id": "12"},
        {"id": TWO, "product": False, "device_group": 7},
        "Kettle",
        None,
    )
    assert [f"row {number}:" in message for number in range(1, 9)] == [False] + [True] * 7
    assert "row 2: id: the number 755 is not a text. Put it in quotes" in message
    assert "row 3: group is unknown (known: id, product, device_group)" in message
    assert "row 4: id is missing" in message
    assert "row 6: product: the truth value false is not a text" in message
    assert "device_group: the number 7 is not a text" in message
    assert "row 7: a row must be a mapping" in message


def test_all_ids_of_the_wrong_form_are_reported_together() -> None:
    with pytest.raises(InvalidInput) as caught:
        rows_from_ids([ONE, 0o755, "12", None, ""], None, None)
    assert [f"row {number}:" in str(caught.value) for number in range(1, 6)] == [False, True, True, True, True]


@pytest.mark.parametrize("empty", [None, "", "  "])
def test_empty_product_and_group_are_none(empty: str | None) -> None:
    assert rows_from_list([{"id": f" {ONE}\n", "product": empty, "device_group": empty}]) == [DeviceRow(ONE, 1)]


def test_product_without_group_is_reported_with_its_row() -> None:
    message = refused_list({"id": ONE, "product": "Kettle", "device_group": ""}, {"id": TWO, "device_group": "Lab"})
    assert 'row 1: the product "Kettle" is given without a device group' in message
    assert 'row 2: the device group "Lab" is given without its product' in message
    group = "c1000000-0000-4000-8000-000000000001"
    assert rows_from_list([{"id": ONE, "device_group": group}]) == [DeviceRow(ONE, 1, None, group)]
    with pytest.raises(InvalidInput, match=r'^Invalid device group: the product "Kettle" is given without'):
        rows_from_ids([ONE, TWO], "Kettle", None)


def test_case_and_blanks_around_names_make_no_other_group() -> None:
    found = rows_from_list(
        [
            {"id": ONE, "product": "Kettle", "device_group": "Lab"},
            {"id": ONE, "product": "kettle ", "device_group": " LAB"},
        ]
    )
    assert found == [DeviceRow(ONE, 1, "Kettle", "Lab")]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f'{HEADER}{ONE},Kettle,"Lab\n{TWO},Kettle,Lab\n', "line 2: a quote is not closed"),
        (f'{HEADER}{ONE},Kettle,Lab\n"{TWO},Kettle,Lab\n', "line 3: a quote is not closed"),
        (f'Note,{HEADER}"swallows all,{ONE},Kettle,Lab\n,{TWO},Kettle,Lab\n', "line 2: a quote is not closed"),
        (f'Note,"{HEADER}x,{ONE},Kettle,Lab\n', "line 1: a quote is not closed"),
        (f'{HEADER}{ONE},Kettle,Lab\n"{"0a" * 70000}', "line 3: a quote is not closed"),
        (f'{HEADER}{ONE},Kettle,"Lab"oratory\n', "line 2: text follows a closing quote"),
        (f'{HEADER}{ONE},Kettle,Lab\n{TWO},"Kettle" x,Lab\n', "line 3: text follows a closing quote"),
        (f'{HEADER.strip()},Note\n{ONE},Kettle,Lab,"a\nb" c\n', "line 3: text follows a closing quote"),
        (f'{HEADER.strip()},Note\n{ONE},K,L,"open\n{TWO},K,L,"closed"\n', "line 3: text follows a closing quote"),
        (f'{HEADER.strip()},Note\n{ONE},K,L,"open\n{TWO},K,L,x\n{ONE},K,L,closed"\n', "line 2: a quoted cell contains"),
        (f'{HEADER.strip()},Note\r{ONE},K,L,"open\r {TWO} ,K,L,"\r', "line 2: a quoted cell contains"),
        (f'Note,{HEADER}"open,{ONE},K,L\n","{TWO}",K,L\n', "line 2"),
        (f'{HEADER}{ONE},Kettle,"Lab\nShort,Kettle,Lab"\n', "line 2: an ID or name spans several lines"),
        (f"{HEADER}\n{ONE},Kettle,Lab,surplus\n", 'line 3: more cells than the header has columns ("surplus")'),
        (f"{HEADER}{ONE},Kettle, large,Lab\n", "line 2: more cells than the header has columns"),
    ],
)
def test_unclosed_quote_does_not_hide_rows(text: str, problem: str) -> None:
    for mark in ("", "\ufeff"):
        assert problem in refused(mark + text)
    assert problem in refused(text.replace("\n", "\r\n"))


def test_notes_in_quotes_may_span_lines() -> None:
    text = f'Note,{HEADER}"first, ""quoted"" \n\nsecond" ,{ONE},Kettle,Lab\n5" long,{TWO},Kettle,Lab\n'
    assert rows(text) == [DeviceRow(ONE, 2, "Kettle", "Lab"), DeviceRow(TWO, 5, "Kettle", "Lab")]


def test_list_without_devices_is_a_warning() -> None:
    warnings: list[str] = []
    for text in (HEADER, HEADER.strip(), HEADER + ",,\n \n"):
        assert rows(text, warnings) == []
    assert warnings == ["The device list devices.csv has a header and no devices."] * 3


def test_encrypted_list_is_named_as_such() -> None:
    for mark in (b"", b"\xef\xbb\xbf", b"\n"):
        message = refused(mark + b"$ANSIBLE_VAULT;1.1;AES256\n6231\n")
        assert "encrypted with Ansible Vault" in message
        assert "ansible.builtin.copy" in message


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


notes = st.text(st.sampled_from('ab," \n\r\t;0'), max_size=20)


@quick
@given(
    st.dictionaries(device_ids, st.tuples(places, notes, notes), max_size=10),
    st.sampled_from(("excel", "unix", "quoted")),
    st.booleans(),
)
def test_whatever_csv_writes_is_read(
    fleet: dict[str, tuple[tuple[str, str] | None, str, str]], style: str, wide: bool
) -> None:
    written = io.StringIO(newline="")
    quoting = csv.QUOTE_MINIMAL if style == "excel" else csv.QUOTE_ALL
    writer = csv.writer(written, "unix" if style == "unix" else "excel", quoting=quoting)
    writer.writerow(["Note", *COLUMNS, "Remark"])
    starts = []
    for device_id, (where, note, remark) in fleet.items():
        # splitlines knows more line ends than files of this kind have; these texts have only CR and LF.
        starts.append(len(written.getvalue().splitlines()) + 1)
        writer.writerow([note, device_id, *(where or ("", "")), remark])
    found = rows(written.getvalue().encode("utf-16" if wide else "utf-8"))
    assert {row.id: row.device_group and (row.product, row.device_group) for row in found} == {
        device_id: where for device_id, (where, _note, _remark) in fleet.items()
    }
    assert [row.row for row in found] == starts


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
