# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The command line: messages, start and exit."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulator import cli, images
from tests.simulator.harness import Simulator, SimulatorFailed, start_simulator

COMMAND = [sys.executable, "-m", "tests.simulator"]
ROOT = Path(__file__).resolve().parents[3]


def start(*options: str) -> subprocess.Popen[str]:
    return subprocess.Popen([*COMMAND, *options], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_prints_ready_message_and_stops_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with start("--directory", str(tmp_path), "--ready-file", str(tmp_path / "ready")) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["pid"] == process.pid
        assert json.loads((tmp_path / "ready").read_text()) == ready
        assert Path(ready["ca"]).read_text().startswith("-----BEGIN CERTIFICATE-----")
        assert f"AZSPHERE_API_URL={ready['url']}" in (tmp_path / "environment").read_text()
        process.send_signal(number)
        output, messages = process.communicate(timeout=30)
    assert (process.returncode, output) == (0, "")
    assert "Nothing real is touched" in messages
    assert all(path.stat().st_mode & 0o77 == 0 for path in tmp_path.iterdir())


def test_temporary_directory_is_removed_on_exit() -> None:
    with start() as process:
        assert process.stdout is not None
        directory = Path(json.loads(process.stdout.readline())["directory"])
        assert directory.is_dir()
        process.terminate()
        process.communicate(timeout=30)
    assert not directory.exists()


def test_stops_when_parent_exits(tmp_path: Path) -> None:
    ready_file = tmp_path / "ready"
    script = f"import subprocess; p = subprocess.Popen({[*COMMAND, '--with-parent']!r}, stdout=subprocess.PIPE)\n"
    script += f"open({str(ready_file)!r}, 'wb').write(p.stdout.readline())"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
    pid = json.loads(ready_file.read_text())["pid"]
    descriptor = os.pidfd_open(pid)
    try:
        assert select.select([descriptor], [], [], 30)[0], "the directory still exists"
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seed", "/nowhere/seed.yml"], "/nowhere/seed.yml cannot be read"),
        (["--set", "colour=red"], "no setting 'colour'"),
        (["--set", "denied=500"], "denied cannot be '500'"),
        (["--set", "denied"], "NAME=VALUE"),
        (["--page-size", "0"], "page_size"),
        (["--latency", "-1"], "latency_ms"),
        (["--latency", "nan"], "latency_ms"),
        (["--operation-time", "inf"], "operation_seconds"),
        (["--directory", "/dev/null/x"], "Cannot run the simulator"),
        (["--state", "/nowhere/state.json"], "'/nowhere/state.json'"),
    ],
)
def test_invalid_options_are_reported_in_one_line(
    capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert cli.main(options) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_unwritable_ready_file_is_reported(tmp_path: Path) -> None:
    command = [*COMMAND, "--ready-file", str(tmp_path / "nowhere" / "ready.json")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.count("\n") == 1
    assert "ready.json" in ended.stderr


def test_port_in_use_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert cli.main(["--port", str(port)]) == 2
    assert f"the port {port} cannot be used" in capsys.readouterr().err


def test_harness_reports_why_simulator_did_not_start() -> None:
    with pytest.raises(SimulatorFailed, match="dialect"), start_simulator(dialect="martian"):
        pass


def test_environment_file_configures_clients(simulator: Simulator) -> None:
    environment = simulator.env()
    assert environment["AZSPHERE_API_URL"] == environment["AZURE_AUTHORITY_HOST"] == simulator.url
    assert environment["REQUESTS_CA_BUNDLE"] == simulator.ca
    assert environment["AZURE_CLIENT_SECRET"]


def test_command_line_creates_image_package(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "app.imagepackage"
    assert images.main([str(path), "--name", "KettleApp", "--type", "21"]) == 0
    message = json.loads(capsys.readouterr().out)
    found = images.read(path.read_bytes())
    assert (found.name, found.image_type) == ("KettleApp", 21)
    assert (message["image_id"], message["component_id"]) == (found.image_id, found.component_id)


@pytest.mark.parametrize("options", [["--name", "x" * 33], ["--name", "x", "--image-id", "nonsense"]])
def test_invalid_image_package_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert images.main([str(tmp_path / "app"), *options]) == 2
    assert capsys.readouterr().err.startswith("Cannot create the package")
