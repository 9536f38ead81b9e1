# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Everything that the documentation shows runs: taken from the source, once as a check and once for real.

The real run is as verbose as possible and leaves no secret behind.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from .fleet import device_id, fleet
from .leaks import as_loud_as_can_be, check_leaks
from .playbooks import Played, Player, wrote
from .proof import prove
from .shown import PAGES, ROOT, SHELLS, Block, blocks, examples, indented, is_inventory, is_playbook, is_tasks, plugins
from .workbench import Workbench

#: Commands that cannot run here, and why.
NOT_RUN = {
    r"make demo": "test_demonstration_runs does",
    r"make (test|help|simulator|gates .*)": "it is a part of this very build, or runs it",
    r"az .*": "the Azure CLI asks Azure",
    r"python -m tests\.simulator .*": "it runs until it is stopped; tests/unit/simulator starts it",
    r"\. .*/environment": "the environment is set here",
    r"curl .*:8443/.*": "it asks a simulator that somebody started; tests/unit/simulator orders faults",
    r"export ANSIBLE_INVENTORY_.*": "it is for the shell of a person",
    r"ansible-galaxy collection install azsphere\.fleet": "it asks Galaxy",
    r"ansible-galaxy collection install awx\.awx": "it asks Galaxy",
    r"pip install .*": "it asks the package index",
    r"export CONTROLLER_.*": "it is for the shell of a person",
    r"ansible-playbook awx\.yml -e awx_assets_file=.*|awx import .*": "it needs AWX; test_awx does it",
    r"make execution-environment|podman .*": "it needs a container engine; test_execution_environment does what it can",
}
#: Public client and directory of people, for tasks that sign one in.
PEOPLE = {"client_id": "0b1c8f7e-28d2-4378-97e2-7d7d63f7c87f", "directory_id": "7d71c83c-ccdf-45b7-b3c9-9c41b94406d9"}
#: The application of docs/authentication.md.
PIPELINE = {
    "client_id": "9a6f3c1d-5b1e-4d2a-8f7e-2c4b6a8d0e1f",
    "directory_id": "5b6c1e0a-2f43-4c7b-8f0e-0d8c5a4e9b77",
}
#: The catalog of docs/integrated.md.
CATALOG = {
    "subscription_id": "5b000000-0000-4000-8000-00000000000a",
    "resource_group": "fleet",
    "name": "ContosoFleet",
}
PIPELINE_SECRET = "the secret of the pipeline"
#: Blocks of YAML that are a part of something, and what of. By page and first line.
PARTS = {
    ("docs/simulator.md", "module_defaults:"): "a play, with addresses of a simulator that somebody started",
    ("docs/simulator.md", "tenants:"): "a seed, with IDs cut short",
}
#: Tasks that wait for what others started; a check run starts nothing.
WAITING = {"Wait until the product is created", "Look later"}
KINDS = ("modules", "lookup", "test", "filter")
_CHECK = pytest.param(True, id="check")
_THOROUGH_CHECK = pytest.param(True, id="check", marks=pytest.mark.thorough)
_THOROUGH_REAL = pytest.param(False, id="real", marks=pytest.mark.thorough)
BLOCKS = list(blocks())


@pytest.fixture
def player(bench: Workbench, tmp_path_factory: pytest.TempPathFactory, interpreter: Path) -> Player:
    """In a folder with all files that examples name. All modules are launched."""
    return player_in(bench, tmp_path_factory, interpreter)


def player_in(bench: Workbench, tmp_path_factory: pytest.TempPathFactory, interpreter: Path | None) -> Player:
    # Those of the README stand for a reader's own.
    shown = [block for block in BLOCKS if block.page == ROOT / "README.md" and block.language == "yaml"]
    for block in shown:
        name = "my-playbook.yml" if is_playbook(block.document) else str(block.file)
        (bench.folder / name).write_text(block.text, encoding="utf-8")
    program = bench.folder / "check-returns.sh"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    return Player(bench.simulator, bench.folder, tmp_path_factory.mktemp("home"), interpreter)


def told_fleet(ready: Mapping[str, Any]) -> dict[str, Any]:
    """The fleet with what examples speak of: a laboratory, and a pipeline with an application of its own."""
    seed = fleet()
    tenant = seed["tenants"][0]
    more = ("Laboratory", "Field Test OS Evaluation", "Production OS Evaluation")
    tenant["products"][0]["device_groups"] += [{"name": name} for name in more]
    tenant["roles"]["Pipeline"] = ["Contributor"]
    tenant["catalog"] = CATALOG
    own = {name: ready[name] for name in ("client_id", "directory_id")}
    seed["directories"] = [{"id": each["directory_id"]} for each in (ready, PEOPLE, PIPELINE)]
    seed["applications"] = [
        {"name": "Fleet automation", **own, "secrets": [{"value": ready["client_secret"]}]},
        {"name": "Pipeline", **PIPELINE, "secrets": [{"value": PIPELINE_SECRET}]},
    ]
    return seed


def with_every_ring(seed: dict[str, Any]) -> dict[str, Any]:
    """Returns the seed with a device in the last ring: a rollout stops at a ring without any."""
    device = {"id": device_id(7), "device_group": "Kettle/Production"}
    seed["tenants"][0]["devices"].append(device)
    return seed


def seed_of(play: str, check: bool, ready: Mapping[str, Any]) -> dict[str, Any]:
    """Where the tasks of one example build on another, a check run starts on what the earlier ones leave behind."""
    seed = told_fleet(ready)
    if play == "modules tenant" and check:
        seed["tenants"].append({"name": "Contoso Laboratory"})
    if play == "modules product":
        # They would be in the way of its deletion.
        seed["tenants"][0]["devices"] = []
    return with_every_ring(seed) if "rollout" in play else seed


def play_of(name: str, tasks: Any) -> dict[str, Any]:
    return {"name": name, "hosts": "localhost", "gather_facts": False, "tasks": tasks}


#: Of the kept sign-in, which the examples of `login` forget in the end, something is left to look for.
SIGNED_IN = play_of(
    "somebody stays signed in",
    [{"name": state, "azsphere.fleet.login": {"state": state}} for state in ("started", "present")],
)


def run_plays(player: Player, bench: Workbench, plays: list[dict[str, Any]], check: bool) -> Played:
    """Runs all tasks of all plays, whether or not one fails. A real run is as verbose as possible."""
    seeds = {play["name"]: seed_of(play["name"], check, bench.simulator.ready) for play in plays}
    changed = [{**play, "ignore_errors": True} for play in plays]
    for play in changed:
        if "azsphere.fleet.login" in json.dumps(play):
            # The environment names the application of the tests.
            play["module_defaults"] = {"group/azsphere.fleet.azsphere": PEOPLE}
    variables = {"FLEET_SECRET": PIPELINE_SECRET, **({} if check else as_loud_as_can_be(player.home))}
    return player.play(changed, *(["--check"] if check else []), seeds=seeds, variables=variables)


def judge(played: Played, plays: list[dict[str, Any]], check: bool) -> None:
    """Asserts that all ran, that none failed, and that check runs changed nothing."""
    found = played.plays()
    assert skipped(played) == (WAITING if check else set())
    failed = [
        f"{name}: {line['task']}: {line['result'].get('msg')}"
        for name, lines in found.items()
        for line in lines
        if line.get("status") in ("failed", "unreachable")
    ]
    assert failed == []
    assert played.code == 0, played.output
    assert list(found) == [play["name"] for play in plays]
    for name, lines in found.items():
        assert any("task" in line for line in lines), f"{name} has run no task"
        if check:
            assert wrote(lines) == [], name
            states = [line[key] for line in lines for key in ("state_before", "state_after") if key in line]
            assert len(set(states)) == 1, f"the check run of {name} changed the service"


def skipped(played: Played) -> set[str]:
    """Tasks left out by a condition or an empty loop, which would escape. Roles leave out what nobody asks them for."""
    names = {line["task"] for line in played.lines if line.get("status") == "skipped"}
    return {name for name in names if " : " not in name}


def test_every_plugin_has_examples() -> None:
    for kind in (*KINDS, "inventory"):
        assert set(examples(kind)) == plugins(kind)


def plays() -> list[dict[str, Any]]:
    """Examples of modules, lookups and tests, and plays and tasks on pages: each a play of its own."""
    found = [play_of(f"{kind} {name}", yaml.safe_load(text)) for kind in KINDS for name, text in examples(kind).items()]
    for block in BLOCKS:
        if block.language == "yaml" and is_playbook(block.document):
            found += [{**play, "name": f"{block.name} {play['name']}"} for play in block.document]
        elif block.language == "yaml" and is_tasks(block.document):
            found.append(play_of(block.name, block.document))
    return found


@pytest.mark.parametrize("check", [_THOROUGH_CHECK, _THOROUGH_REAL])
def test_examples_run(player: Player, bench: Workbench, check: bool) -> None:
    """All in one run of ansible-playbook, which packs each module once."""
    before = bench.look().files
    shown = plays() if check else [*plays(), SIGNED_IN]
    played = run_plays(player, bench, shown, check)
    judge(played, shown, check)
    if check:
        assert bench.look().files == before
    else:
        given = {str(bench.simulator.ready["client_secret"]), PIPELINE_SECRET}
        # Tokens of two applications, and a person's access, ID and refresh token.
        check_leaks(played, player.home, bench.folder, given, kept=5)


def test_examples_run_in_process(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> None:
    """And show no secret either."""
    player = player_in(bench, tmp_path_factory, None)
    shown = [*plays(), SIGNED_IN]
    played = run_plays(player, bench, shown, check=False)
    assert "in the process of the task" in played.output
    judge(played, shown, check=False)
    given = {str(bench.simulator.ready["client_secret"]), PIPELINE_SECRET}
    check_leaks(played, player.home, bench.folder, given, kept=5)


@pytest.mark.parametrize("check", [_CHECK, _THOROUGH_REAL])
def test_playbooks_of_the_collection_run(player: Player, bench: Workbench, check: bool) -> None:
    """Each as its first comment says to call it."""
    for path in sorted((ROOT / "playbooks").glob("*.yml")):
        reported = re.search(r"^# (ansible-playbook (azsphere\.fleet\.\S+).*)$", path.read_text(encoding="utf-8"), re.M)
        assert reported is not None, f"{path.name} does not say how to call it"
        assert reported[2] == f"azsphere.fleet.{path.stem}"
        bench.simulator.load(with_every_ring(told_fleet(bench.simulator.ready)))
        bench.simulator.clear_log()
        before = bench.look()
        played = player.run(["bash", "-ec", reported[1] + (" --check" if check else "")])
        # The fleet of these tests differs from the blueprint.
        assert played.returncode == (2 if path.stem == "drift" else 0), played.stdout + played.stderr
        assert not check or (bench.writes() == () and bench.look() == before)


def test_examples_of_inventories_run(player: Player, bench: Workbench) -> None:
    for name, text in examples("inventory").items():
        for number, document in enumerate(yaml.safe_load_all(text)):
            bench.simulator.load(told_fleet(bench.simulator.ready))
            listed = list_inventory(player, bench, name, document)
            assert listed["_meta"]["hostvars"], f"example {number} of {name} finds no host"


def list_inventory(player: Player, bench: Workbench, name: str, document: Mapping[str, Any]) -> dict[str, Any]:
    source = bench.folder / f"fleet.{name}.yml"
    source.write_text(yaml.safe_dump(document), encoding="utf-8")
    listed = player.run(["ansible-inventory", "-i", str(source), "--list"])
    assert listed.returncode == 0, listed.stderr
    assert "[WARNING]" not in listed.stderr, listed.stderr
    found: dict[str, Any] = json.loads(listed.stdout)
    return found


def commands() -> list[tuple[Block, str]]:
    return [(block, command) for block in BLOCKS if block.language in SHELLS for command in block.commands]


def may_run(command: str) -> bool:
    return not any(re.fullmatch(pattern, command) for pattern in NOT_RUN)


PAGES_THAT_RUN = sorted({block.page for block, command in commands() if may_run(command)})


@pytest.mark.parametrize(
    "page",
    # Rollouts take long.
    [pytest.param(page, marks=pytest.mark.thorough) if page.stem == "rollout" else page for page in PAGES_THAT_RUN],
    ids=str,
)
def test_commands_on_pages_run(player: Player, bench: Workbench, page: Path) -> None:
    """In their order, in a folder with the files that the page shows; playbooks once more as a check before."""
    seed = told_fleet(bench.simulator.ready)
    bench.simulator.load(with_every_ring(seed) if page.stem == "rollout" else seed)
    for block in BLOCKS:
        if block.page == page and block.file is not None and block.language in ("yaml", "text", "csv", ""):
            (bench.folder / block.file).write_text(block.text, encoding="utf-8")
    for block, command in commands():
        if block.page != page or not may_run(command):
            continue
        if command.startswith("ansible-playbook ") and "--check" not in command:
            checked = player.run(["bash", "-ec", f"{command} --check"])
            assert checked.returncode == 0, f"{block.name}: {checked.stdout}{checked.stderr}"
        done = player.run(["bash", "-ec", command])
        assert done.returncode == 0, f"{block.name}: {done.stdout}{done.stderr}"


@pytest.mark.thorough
def test_demonstration_runs(player: Player) -> None:
    """What `make demo` calls; it fails where a check run did not predict what was done."""
    done = player.run(["bash", "-ec", f"cd {shlex.quote(str(ROOT))} && exec {shlex.quote(sys.executable)} -m demo"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Check failed" not in done.stdout, done.stdout


def blueprints() -> list[Block]:
    """Blocks of YAML that are neither plays nor tasks nor parts of something: documents for the module blueprint."""
    return [
        block
        for block in BLOCKS
        if block.language == "yaml"
        and (str(block.page.relative_to(ROOT)), block.text.split("\n")[0]) not in PARTS
        and isinstance(block.document, dict)
        and not is_inventory(block.document)
    ]


@pytest.mark.parametrize("block", blueprints(), ids=lambda block: block.name)
def test_blueprints_on_pages_run(bench: Workbench, block: Block) -> None:
    bench.simulator.load(fleet())
    prove(
        bench,
        lambda check: bench.run("blueprint", {"blueprint": block.document, "claim": True}, check=check),
        changes=True,
    )


def test_each_exception_is_needed() -> None:
    shown = [command for _block, command in commands()]
    known = [pattern for pattern in NOT_RUN if any(re.fullmatch(pattern, command) for command in shown)]
    assert set(NOT_RUN) == set(known)
    assert set(PARTS) <= {(str(block.page.relative_to(ROOT)), block.text.split("\n")[0]) for block in BLOCKS}


def test_blocks_have_a_fence_and_a_language() -> None:
    """So that none escapes."""
    assert [block.name for block in BLOCKS if not block.language] == []
    assert [place for page in PAGES for place in indented(page)] == []
