# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The role `rollout`: three rings, through real ansible-playbook."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml

from tests.simulator.harness import Simulator
from tests.support.apis import is_write, on_both_apis

from .play import Played, play_book
from .rings import BAD, NEW, OLD, OTHER, RINGS, SILENT, age, devices, history, load, options, rollout, write_packages

DONE = {ring: [OLD, NEW] for ring in RINGS}
STOPPED = {"Pilot": [OLD, NEW], "Field": [OLD, NEW, OLD], "Wide": [OLD]}
UNTOUCHED = {ring: [OLD] for ring in RINGS}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_packages(tmp_path)
    return tmp_path


class Run(Protocol):
    def __call__(self, *flags: str, **changes: Any) -> Played: ...


@pytest.fixture
def run(simulator: Simulator, folder: Path, interpreter: Path) -> Run:
    """Runs the playbook of the collection; its modules run without repeating their imports."""
    return partial(rollout, simulator, folder, ansible_python_interpreter=str(interpreter))


def message(played: Played) -> str:
    """What was printed, with quotes and line ends as in the sentence."""
    return " ".join(played.output.replace('\\"', '"').split())


@contextlib.contextmanager
def serving(status: int) -> Iterator[str]:
    """A server that answers each request with a status. Yields its address."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            """Logs nothing."""

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/health"
        finally:
            server.shutdown()
            thread.join()


def read(record: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(record.read_text(encoding="utf-8"))
    return found


@on_both_apis()
def test_healthy_rollout_reaches_all_rings_and_a_second_run_changes_nothing(
    simulator: Simulator, folder: Path, run: Run
) -> None:
    load(simulator)
    done = run()
    assert done.code == 0, done.output
    assert history(simulator) == DONE
    writes = [entry["operation"].partition("_")[0].rstrip("s") for entry in done.requests() if is_write(entry)]
    assert writes == ["Image", *["Deployment"] * 3]
    (path,) = folder.glob("rollout-*.yml")
    record = read(path)
    assert (record["state"], [ring["state"] for ring in record["rings"]]) == ("finished", ["passed"] * 3)
    figures = record["rings"][1]["gate"]
    assert (figures["devices"], figures["update_requested"], figures["update_percent"]) == (2, 2, 100.0)
    assert (figures["insights"], figures["insights_per_hundred"], figures["passed"]) == (0, 0.0, True)
    assert path.stat().st_mode & 0o777 == 0o600

    written = path.read_bytes()
    # What happens after a ring has passed is of no importance to it.
    load(simulator, keep=simulator.state(), Pilot=BAD, Field=SILENT, Wide=BAD)
    again = run()
    assert (again.code, again.writes) == (0, 0), again.output
    assert "changed=0" in again.output
    assert path.read_bytes() == written


@on_both_apis()
def test_bad_second_ring_is_rolled_back_and_the_images_are_tried_again_only_on_demand(
    simulator: Simulator, folder: Path, run: Run
) -> None:
    load(simulator, Field=BAD)
    played = run(rollout_record="record.yml")
    assert played.code == 2, played.output
    assert history(simulator) == STOPPED
    assert "Rollout stopped at Kettle/Field, ring 2 of 3: Its 2 devices reported 2 insights since" in message(played)
    assert "100 per hundred, more than 5. Its previous images were deployed again." in message(played)
    record = read(folder / "record.yml")
    assert (record["state"], "\n" in record["message"]) == ("rolled_back", False)
    assert [ring["state"] for ring in record["rings"]] == ["passed", "rolled_back", "absent"]
    assert record["rings"][1]["gate"]["insights_per_hundred"] == 100

    load(simulator, keep=simulator.state())
    for name in ("other.yml", "record.yml"):
        refused = run(rollout_record=name)
        assert (refused.code, refused.writes, history(simulator)) == (2, 0, STOPPED)
        assert "Cannot roll out to Kettle/Field: these images were deployed to it at" in message(refused)
        assert "set rollout_retry to true to try these again" in message(refused)
    assert "100 per hundred, more than 5." in message(refused)
    assert read(folder / "record.yml")["rings"] == record["rings"]

    retried = run(rollout_retry="yes", rollout_record="record.yml")
    assert retried.code == 0, retried.output
    assert history(simulator) == {**DONE, "Field": [OLD, NEW, OLD, NEW]}


@pytest.mark.thorough
def test_rollout_without_waiting_advances_as_soaks_end(simulator: Simulator, folder: Path, run: Run) -> None:
    def stage(**changes: Any) -> Played:
        return run(rollout_wait="false", rollout_soak="1h 30m", **changes)

    load(simulator)
    first = stage()
    assert (first.code, history(simulator)) == (0, {**UNTOUCHED, "Pilot": [OLD, NEW]}), first.output
    assert "Kettle/Pilot soaks until 20" in message(first)
    assert "Run the playbook again then, and it goes on from there." in message(first)
    early = stage()
    assert (early.code, early.writes) == (0, 0)
    assert "changed=0" in early.output
    age(simulator, hours=2)
    second = stage()
    assert (second.code, history(simulator)) == (0, {**DONE, "Wide": [OLD]}), second.output
    # Without the record the service says it all.
    for path in folder.glob("rollout-*.yml"):
        path.unlink()
    load(simulator, keep=simulator.state(), Pilot=BAD)
    age(simulator, hours=2)
    third = stage()
    assert (third.code, history(simulator)) == (0, DONE), third.output
    load(simulator, keep=simulator.state(), Wide=SILENT)
    age(simulator, hours=2)
    last = stage()
    assert (last.code, history(simulator)) == (2, {**DONE, "Wide": [OLD, NEW, OLD]})
    assert "0 of 2 devices requested an update since" in message(last)


def test_soak_is_waited_for(simulator: Simulator, folder: Path, run: Run) -> None:
    """With any strategy: that of the user's configuration counts for plays that set none."""
    (folder / "ansible.cfg").write_text("[defaults]\nstrategy = free\n", encoding="utf-8")
    load(simulator)
    played = run(rollout_rings="Kettle/Pilot", rollout_soak="2 seconds", rollout_record="r.yml")
    assert (played.code, history(simulator)) == (0, {**UNTOUCHED, "Pilot": [OLD, NEW]}), played.output
    (ring,) = read(folder / "r.yml")["rings"]
    assert ring["gate"]["judged_at"] >= ring["soak_until"]


def test_check_mode_shows_the_whole_journey_and_only_reads(simulator: Simulator, folder: Path, run: Run) -> None:
    load(simulator)
    rings = [{"product": "Kettle", "device_group": ring, "soak": "2 days"} for ring in RINGS]
    journey = {"rollout_rings": rings, "rollout_command": "touch ran", "rollout_record": "record.yml"}
    before = simulator.state()
    checked = run("--check", "--diff", **journey)
    assert (checked.code, checked.writes, simulator.state()) == (0, 0, before), checked.output
    assert sorted(path.name for path in folder.glob("r*")) == []
    lines = [f"{number}. Kettle/{ring}: is deployed to, soaks for 2 days" for number, ring in enumerate(RINGS, 1)]
    places = [message(checked).index(line) for line in lines]
    assert places == sorted(places)
    # What the real run uploads and deploys, once each.
    titles = ["+++ after: image new", *(f"+++ after: deployment to Kettle/{ring}" for ring in RINGS)]
    assert [checked.output.count(title) for title in titles] == [1, 1, 1, 1], checked.output

    def shown(played: Played) -> list[str]:
        return sorted(line for line in played.output.splitlines() if line.startswith("+++ after: "))

    done = run("--diff")
    assert shown(done) == shown(checked)

    load(simulator)
    begun = run(rollout_rings="Kettle/Pilot", rollout_wait=False, rollout_soak="1h")
    assert begun.code == 0, begun.output
    age(simulator, hours=2)
    load(simulator, keep=simulator.state(), Pilot=BAD)
    before = simulator.state()
    failing = run("--check", "--diff", rollout_soak="1h")
    assert (failing.code, failing.writes, simulator.state()) == (2, 0, before)
    assert "Its previous images would be deployed again." in message(failing)
    assert "+++ after: deployment to Kettle/Pilot" in failing.output


def test_each_ring_has_a_gate_of_its_own(simulator: Simulator, folder: Path, run: Run) -> None:
    load(simulator, Pilot=SILENT, Field=BAD, Wide=BAD)
    look = """sh -c 'test "$ROLLOUT_DEVICE_GROUP" = Wide -a -e new.imagepackage && echo "$ROLLOUT_IMAGES" > looked'"""
    rings = [
        {"product": "Kettle", "device_group": "Pilot", "min_update_percent": "0"},
        {"product": "Kettle", "device_group": "Field", "max_insights_per_hundred": 100},
        {"product": "Kettle", "device_group": "Wide", "event_types": "Planned", "command": look},
    ]
    played = run(rollout_rings=rings)
    assert (played.code, history(simulator)) == (0, DONE), played.output
    assert "Rollout finished: all rings have passed." in message(played)
    assert (folder / "looked").read_text(encoding="utf-8") == f"{NEW}\n"


@pytest.mark.parametrize(
    ("condition", "changes", "reason"),
    [
        (SILENT, {}, "0 of 2 devices requested an update since"),
        (BAD, {"rollout_event_classes": ["OsCrash", "appcrash"]}, "more than 5."),
        ("fine", {"rollout_command": ["sh", "-c", "exit 3"]}, "The command sh ended with the code 3."),
    ],
    ids=["updates", "insights", "command"],
)
def test_gate_fails(simulator: Simulator, run: Run, condition: str, changes: dict[str, Any], reason: str) -> None:
    load(simulator, Pilot=condition)
    played = run(rollout_rings="Kettle/Pilot", **changes)
    assert (played.code, history(simulator)["Pilot"]) == (2, [OLD, NEW, OLD]), played.output
    assert reason in message(played)


def test_gate_that_cannot_be_judged_stops_and_keeps_the_images(simulator: Simulator, folder: Path, run: Run) -> None:
    load(simulator)
    ring = {"product": "Kettle", "device_group": "Pilot"}
    (folder / "torn.sh").write_text("#!/no/such/interpreter\n", encoding="utf-8")
    (folder / "torn.sh").chmod(0o755)
    for number, (own, why) in enumerate(
        [
            ({"command": "./torn.sh"}, "the command ./torn.sh cannot be run: No such file or directory."),
            ({"url": "http://127.0.0.1:9/"}, "Cannot judge Kettle/Pilot: http://127.0.0.1:9/ does not answer:"),
        ]
    ):
        played = run(rollout_rings=[{**ring, **own}])
        assert (played.code, played.writes > 0) == (2, number == 0), played.output
        assert why in message(played)
        assert history(simulator)["Pilot"] == [OLD, NEW]
    done = run(rollout_rings=[ring])
    assert (done.code, done.writes) == (0, 0), done.output


@pytest.mark.parametrize("mode", [(), ("--check",)], ids=["run", "check"])
def test_commands_without_a_program_stop_before_any_deployment(
    simulator: Simulator, folder: Path, run: Run, mode: tuple[str, ...]
) -> None:
    load(simulator)
    (folder / "notes.txt").write_text("exit 0\n", encoding="utf-8")
    commands: list[str | list[str]] = ["./missing.sh --all", ["no-such-program"], "./notes.txt"]
    rings = [{"product": "Kettle", "device_group": group} for group in ("Pilot", "Field", "Wide")]
    played = run(*mode, rollout_rings=[{**ring, "command": each} for ring, each in zip(rings, commands, strict=True)])
    assert (played.code, played.writes, history(simulator)) == (2, 0, UNTOUCHED), played.output
    missing = "Invalid rollout_command ./missing.sh, no-such-program, ./notes.txt: no such program in"
    assert f"{missing} {folder} or in PATH" in message(played)


def test_address_is_asked(simulator: Simulator, run: Run) -> None:
    with serving(200) as good, serving(503) as bad:
        load(simulator)
        done = run(rollout_rings="Kettle/Pilot", rollout_url=good)
        assert (done.code, history(simulator)["Pilot"]) == (0, [OLD, NEW]), done.output
        load(simulator)
        # The record does not say that other deployments of the same images pass.
        failed = run(rollout_rings="Kettle/Pilot", rollout_url=bad)
        assert (failed.code, history(simulator)["Pilot"]) == (2, [OLD, NEW, OLD])
        assert f"{bad} answered with the status 503." in message(failed)


def test_ring_without_previous_images_keeps_the_new_ones(simulator: Simulator, folder: Path, run: Run) -> None:
    load(simulator, Pilot=BAD)
    state = json.loads(simulator.state())
    for tenant in state["tenants"]:
        for group in tenant["products"][0]["device_groups"] if tenant["products"] else ():
            group["deployments"] = []
    simulator.load(state)
    for writes in (True, False):
        played = run()
        assert (played.code, played.writes > 0) == (2, writes)
        assert "It had no images before, so it keeps these." in message(played)
        assert history(simulator) == {"Pilot": [NEW], "Field": [], "Wide": []}


def test_ring_without_devices_gets_nothing_unless_no_share_is_required(
    simulator: Simulator, folder: Path, run: Run
) -> None:
    load(simulator)
    state = json.loads(simulator.state())
    for tenant in state["tenants"]:
        tenant["devices"] = []
    simulator.load(state)
    played = run()
    assert (played.code, history(simulator)) == (2, UNTOUCHED)
    assert "Cannot roll out to Kettle/Pilot: it has no devices that could request an update." in message(played)
    assert run(rollout_min_update_percent=0).code == 0
    assert history(simulator) == DONE


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"rollout_rings": " "}, "Nothing to roll out to: no ring is given. Set rollout_rings to a list of device groups"),
    ({"rollout_soak": "2"}, 'Invalid rollout_soak "2": not a time with a unit, up to a year.'),
    ({"rollout_images": "new"}, 'Invalid rollout_images "new": not the ID of an image. Use a GUID.'),
    ({"rollout_wait": "maybe"}, 'Invalid rollout_wait "maybe": neither true nor false. Use true or false.'),
]


def test_wrong_options_are_reported_together_before_any_request(simulator: Simulator, folder: Path, run: Run) -> None:
    played = run(**{name: value for changes, _sentence in MISTAKES for name, value in changes.items()})
    assert (played.code, played.log) == (2, [])
    assert [sentence for _changes, sentence in MISTAKES if sentence not in message(played)] == []


def test_what_only_the_service_and_the_disk_know_is_checked_before_the_first_write(
    simulator: Simulator, folder: Path, run: Run
) -> None:
    load(simulator)
    (folder / "notes.yml").write_text("mine: true\n", encoding="utf-8")
    for changes, sentence in (
        ({"rollout_rings": "Kettle/Pilot, Kettle/Nowhere"}, "Nowhere"),
        ({"rollout_packages": "missing.imagepackage"}, "Cannot read the image package"),
        ({"rollout_record": "notes.yml"}, "notes.yml: not a record of a rollout. Set rollout_record to another file."),
        ({"rollout_record": "nowhere/record.yml"}, "there is no directory"),
    ):
        played = run(**changes)
        assert (played.code, played.writes) == (2, 0), played.output
        assert sentence in message(played)
        assert "Traceback" not in played.output
    assert (folder / "notes.yml").read_text(encoding="utf-8") == "mine: true\n"


@pytest.mark.thorough
def test_blank_options_count_as_not_given_and_all_may_be_text(simulator: Simulator, folder: Path, run: Run) -> None:
    load(simulator)
    names = ("base", "images", "soak", "min_update_percent", "max_insights_per_hundred", "event_types")
    names += ("event_classes", "command", "url", "wait", "retry", "record")
    blank = {f"rollout_{name}": "" for name in names}
    two = {"rollout_wait": "no", "rollout_rings": "Kettle/Pilot\nKettle/Wide\n"}
    played = run(**{**blank, **two})
    assert (played.code, history(simulator)) == (0, {**UNTOUCHED, "Pilot": [OLD, NEW]}), played.output
    assert "soaks for 1 day," in message(played)
    (folder / "variables.yml").write_text("rollout_rings: Kettle/Pilot\nrollout_soak: 3 weeks\n", encoding="utf-8")
    short = {"rollout_rings": "Kettle/Wide", "rollout_soak": 0}
    given = ["--check", "-e", "rollout_src=variables.yml", "-e", "rollout_packages=new.imagepackage"]
    checked = play_book(simulator, folder, "azsphere.fleet.rollout", given)
    assert "1. Kettle/Pilot: soaks until" in message(checked), checked.output
    over = play_book(simulator, folder, "azsphere.fleet.rollout", [*given, "--extra-vars", json.dumps(short)])
    assert "1. Kettle/Wide: is deployed to, soaks for 0 seconds" in message(over), over.output
    text = yaml.safe_dump([{"product": "Kettle", "device_group": "Wide", "soak": 0, "min_update_percent": "50"}])
    played = run(rollout_packages="", rollout_images=OTHER, rollout_rings=text)
    assert "Image c3000000-0000-4000-8000-00000000000a not found in the tenant." in message(played)
    played = run(rollout_packages="", rollout_images=NEW.upper(), rollout_rings=text)
    assert (played.code, history(simulator)) == (0, {**DONE, "Field": [OLD]}), played.output


def test_blank_variables_do_not_hide_those_of_the_file(simulator: Simulator, folder: Path) -> None:
    """A survey sets the variable of a blank answer to an empty text."""
    load(simulator)
    given = {"image": "new", **options(rollout_record="record.yml", rollout_packages=["{{ image }}.imagepackage"])}
    (folder / "rollout.yml").write_text(yaml.safe_dump(given), encoding="utf-8")
    blanks = dict.fromkeys((name for name in given if name.startswith("rollout_")), "")
    extra = json.dumps({**blanks, "rollout_src": "rollout.yml", "rollout_rings": "Kettle/Pilot"})
    played = play_book(simulator, folder, "azsphere.fleet.rollout", ["-e", extra])
    assert (played.code, history(simulator)) == (0, {**UNTOUCHED, "Pilot": [OLD, NEW]}), played.output
    assert read(folder / "record.yml")["state"] == "finished"


def test_check_mode_fails_at_a_ring_without_devices_as_the_real_run_does(
    simulator: Simulator, folder: Path, run: Run
) -> None:
    load(simulator)
    state = json.loads(simulator.state())
    for tenant in state["tenants"]:
        tenant["devices"] = [each for each in tenant["devices"] if each["id"] not in devices("Field")]
    simulator.load(state)
    why = "Cannot roll out to Kettle/Field: it has no devices that could request an update."
    checked = run("--check", "--diff")
    assert (checked.code, checked.writes) == (2, 0), checked.output
    assert why in message(checked)
    real = run("--diff")
    assert (real.code, history(simulator)) == (2, {**UNTOUCHED, "Pilot": [OLD, NEW]})
    assert why in message(real)
    for played in (checked, real):
        shown = [ring for ring in RINGS if f"+++ after: deployment to Kettle/{ring}" in played.output]
        assert shown == ["Pilot"], played.output
