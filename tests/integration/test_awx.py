# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The role `awx`: what it creates, by its modules and by `awx import`, and that every job it describes runs."""

from __future__ import annotations

import hashlib
import importlib.util
import itertools
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.simulator.harness import Simulator
from tests.simulator.images import compose_package
from tests.support.ansible_server import run_ansible
from tests.support.awx_collection import Unavailable, find_awx_collection
from tests.support.awx_objects import Awx, render_injectors
from tests.support.awx_server import serve
from tests.support.programs import inherited, plain

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
SHIPPED = ROOT / "roles" / "awx" / "files" / "awx-export.json"
#: The address in the file that the role brings.
ADDRESS = "https://git.example.com/fleet.git"
DEVICES = [hashlib.sha512(str(number).encode()).hexdigest() for number in range(4)]
BLUEPRINT: dict[str, Any] = {
    "products": [{"name": "Kettle", "device_groups": [{"name": "Production"}, {"name": "Lab"}]}]
}


def run(
    program: str, arguments: Sequence[str | Path], folder: Path, variables: Mapping[str, str], text: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a program of the venv with nothing of the caller's settings."""
    environment = inherited("CONTROLLER_", "TOWER_", "REQUESTS_CA_BUNDLE")
    environment |= {
        "ANSIBLE_HOME": str(folder / "ansible-home"),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "collections"),
        "ANSIBLE_NOCOLOR": "1",
        **variables,
    }
    if text is None:
        return run_ansible([program, *arguments], environment, folder)
    return subprocess.run(
        [BIN / program, *arguments],
        cwd=folder,
        env=environment,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


def set_up(folder: Path, variables: Mapping[str, str], *options: str, **given: Any) -> str:
    """Runs the role, and returns what Ansible printed."""
    play = [{"hosts": "localhost", "gather_facts": False, "roles": [{"role": "azsphere.fleet.awx", "vars": given}]}]
    (folder / "awx.yml").write_text(json.dumps(play), encoding="utf-8")
    done = run("ansible-playbook", ["awx.yml", *options], folder, variables)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def refused(folder: Path, **given: Any) -> str:
    """Returns the message of the role that is given wrong options, on one line, once it has written no file."""
    written = folder / "assets.json"
    variables = {"awx_project_url": ADDRESS, "awx_assets_file": str(written), **given}
    play = [{"hosts": "localhost", "gather_facts": False, "roles": [{"role": "azsphere.fleet.awx", "vars": variables}]}]
    (folder / "awx.yml").write_text(json.dumps(play), encoding="utf-8")
    done = run("ansible-playbook", ["awx.yml"], folder, {})
    assert done.returncode == 2, done.stdout + done.stderr
    assert not written.exists()
    found = re.search(r"FAILED! => (.*)", done.stdout)
    assert found is not None, done.stdout
    return str(json.loads(found[1])["msg"])


def exported(folder: Path, **given: Any) -> dict[str, list[dict[str, Any]]]:
    """Returns the objects that the role writes to a file."""
    set_up(folder, {}, awx_project_url=ADDRESS, awx_assets_file=str(folder / "assets.json"), **given)
    assets: dict[str, list[dict[str, Any]]] = json.loads((folder / "assets.json").read_text(encoding="utf-8"))
    return assets


@pytest.fixture
def awx() -> Awx:
    return Awx()


@pytest.fixture
def address(awx: Awx) -> Iterator[str]:
    with serve(awx) as address:
        yield address


def import_assets(address: str, folder: Path, path: Path) -> subprocess.CompletedProcess[str]:
    """Runs `awx import`."""
    options = ["--conf.host", address, "--conf.token", "token-of-a-test", "import"]
    variables = {}
    if importlib.util.find_spec("pkg_resources") is None:
        # awxkit imports it to look up its own version, but setuptools no longer contains it.
        library = folder / "library"
        library.mkdir(exist_ok=True)
        (library / "pkg_resources.py").write_text("from importlib.metadata import distribution as get_distribution\n")
        variables["PYTHONPATH"] = str(library)
    return run("awx", options, folder, variables, path.read_text(encoding="utf-8"))


def names(awx: Awx) -> dict[str, list[str]]:
    return {endpoint: sorted(awx.named(endpoint)) for endpoint in awx.objects}


def comparable(awx: Awx) -> dict[str, dict[str, Any]]:
    """Returns the fields of all objects, with names in place of IDs and without those that have no value."""
    every = {number: item for items in awx.objects.values() for number, item in items.items()}
    called = {number: item.get("name", item.get("identifier")) for number, item in every.items()}
    references = ("organization", "project", "inventory", "credential", "credential_type", "unified_job_template")
    references += ("source_project", "execution_environment", "default_environment", "workflow_job_template")

    def plain(name: str, value: Any) -> Any:
        if isinstance(value, list):
            return [called.get(each, each) for each in value]
        return called[value] if name in references and value is not None else value

    return {
        f"{item['type']} {called[number]}": {
            name: plain(name, value)
            for name, value in item.items()
            if name != "id" and value not in (None, "", 0, [], {})
        }
        for number, item in every.items()
    }


def test_shipped_file_is_what_the_role_writes(tmp_path: Path) -> None:
    set_up(tmp_path, {}, awx_project_url=ADDRESS, awx_assets_file=str(tmp_path / "assets.json"))
    written = (tmp_path / "assets.json").read_text(encoding="utf-8")
    assert SHIPPED.read_text(encoding="utf-8") == written, (
        f"Run the role with awx_project_url={ADDRESS} and awx_assets_file={SHIPPED}."
    )


def test_awx_import_creates_all_objects_of_the_shipped_file(awx: Awx, address: str, tmp_path: Path) -> None:
    for _number in range(2):
        done = import_assets(address, tmp_path, SHIPPED)
        assert done.returncode == 0, done.stderr
    assert names(awx)["job_templates"] == [
        f"Azure Sphere {each}" for each in ("drift check", "manufacture", "move", "provision", "rollout")
    ]
    assert names(awx)["schedules"] == ["Azure Sphere daily drift check", "Azure Sphere rollout goes on"]
    nodes = awx.named("workflow_job_template_nodes")
    assert nodes["check"]["success_nodes"] == [nodes["approve"]["id"]]
    assert nodes["approve"]["success_nodes"] == [nodes["apply"]["id"]]
    assert (nodes["check"]["job_type"], nodes["apply"]["job_type"]) == ("check", "run")
    assert len(awx.surveys) == 6


@pytest.mark.thorough
def test_modules_create_the_same_objects_once(awx: Awx, address: str, tmp_path: Path) -> None:
    try:
        collections = find_awx_collection()
    except Unavailable as error:
        pytest.skip(f"The modules of AWX are left out: {error}.")
    variables = {
        "CONTROLLER_HOST": address,
        "CONTROLLER_OAUTH_TOKEN": "token-of-a-test",
        "ANSIBLE_COLLECTIONS_PATH": f"{ROOT / '.build' / 'collections'}:{collections}",
    }
    checked = set_up(tmp_path, variables, "--check", awx_project_url=ADDRESS)
    assert awx.writes == 0
    assert "changed=10" in checked, checked
    set_up(tmp_path, variables, awx_project_url=ADDRESS)
    written = awx.writes
    again = set_up(tmp_path, variables, awx_project_url=ADDRESS)
    assert ("changed=0" in again, awx.writes) == (True, written), again
    other = Awx()
    with serve(other) as imported:
        assert import_assets(imported, tmp_path, SHIPPED).returncode == 0
    assert comparable(awx) == comparable(other)


def test_blank_options_have_their_defaults(tmp_path: Path) -> None:
    options = ("prefix", "organization", "project_branch", "playbooks", "blueprint", "credential", "slices", "image")
    blanks = itertools.cycle([None, "", "  "])
    assets = exported(tmp_path, **{f"awx_{name}": next(blanks) for name in options})
    assert assets == json.loads(SHIPPED.read_text(encoding="utf-8"))


def test_missing_address_and_missing_collection_are_explained(tmp_path: Path) -> None:
    for given, message in (
        ({}, "awx_project_url is missing"),
        ({"awx_project_url": ADDRESS}, "the collection awx.awx is not installed"),
    ):
        play = [{"hosts": "localhost", "gather_facts": False, "roles": [{"role": "azsphere.fleet.awx", "vars": given}]}]
        (tmp_path / "awx.yml").write_text(json.dumps(play), encoding="utf-8")
        done = run("ansible-playbook", ["awx.yml"], tmp_path, {})
        assert done.returncode == 2
        assert message in done.stdout + done.stderr


def test_credential_type_gives_only_what_is_filled_in() -> None:
    injectors = json.loads(SHIPPED.read_text(encoding="utf-8"))["credential_types"][0]["injectors"]
    files = {"client_certificate": "/runner/env/tmp1", "ca_certificate": "/runner/env/tmp2"}
    environment = render_injectors(injectors, {"tenant": "Contoso", "client_id": "id", "client_secret": "s"}, files)
    assert {name: value for name, value in environment.items() if value} == {
        "AZSPHERE_TENANT": "Contoso",
        "AZURE_CLIENT_ID": "id",
        "AZURE_CLIENT_SECRET": "s",
    }


# --- the jobs ---------------------------------------------------------------------------------------------------------


def write_project(folder: Path) -> None:
    """Writes the repository of the fleet, as the page on AWX shows it."""
    (folder / "playbooks").mkdir()
    for name in ("provision", "drift", "move", "manufacture", "rollout"):
        play = [{"name": name, "ansible.builtin.import_playbook": f"azsphere.fleet.{name}"}]
        (folder / "playbooks" / f"{name}.yml").write_text(json.dumps(play), encoding="utf-8")
    (folder / "blueprint.yml").write_text(yaml.safe_dump(BLUEPRINT), encoding="utf-8")
    (folder / "inventories").mkdir()
    (folder / "inventories" / "devices.yml").write_text("plugin: azsphere.fleet.devices\n", encoding="utf-8")
    factory = "plugin: azsphere.fleet.manufacturing\nsrc: ../devices.csv\nshards: 2\n"
    (folder / "inventories" / "factory.yml").write_text(factory, encoding="utf-8")
    ids = {"image_id": "c1000000-0000-4000-8000-000000000001", "component_id": "d1000000-0000-4000-8000-000000000001"}
    compose_package(folder / "kettle.imagepackage", name="KettleApp", **ids)
    rollout = {
        "rollout_packages": ["kettle.imagepackage"],
        "rollout_rings": [{"product": "Kettle", "device_group": "Lab", "min_update_percent": 0}],
        "rollout_wait": False,
    }
    (folder / "rollout.yml").write_text(yaml.safe_dump(rollout), encoding="utf-8")
    rows = "".join(f"{device},Kettle,Production\n" for device in DEVICES)
    (folder / "devices.csv").write_text("DeviceId,ProductName,DeviceGroupName\n" + rows, encoding="utf-8")


def answers(survey: Mapping[str, Any], **given: Any) -> dict[str, Any]:
    """Returns the extra variables that a survey gives: blank answers are empty texts."""
    found = {question["variable"]: question["default"] or "" for question in survey["spec"]}
    assert set(given) <= set(found)
    return {**found, **given}


class Jobs:
    """Runs job templates as AWX does: with the environment of the credential, inventory and answers of the survey."""

    def __init__(self, simulator: Simulator, folder: Path) -> None:
        self.simulator, self.folder = simulator, folder
        assets = json.loads(SHIPPED.read_text(encoding="utf-8"))
        self.templates = {each["name"].removeprefix("Azure Sphere "): each for each in assets["job_templates"]}
        self.sources = {each["name"]: each for each in assets["inventory_sources"]}
        ready = simulator.ready
        inputs = {name: str(ready[name]) for name in ("tenant", "directory_id", "client_id", "client_secret")}
        inputs |= {"api_url": simulator.url, "authority_host": simulator.url, "ca_certificate": "given"}
        blank = dict.fromkeys(("client_certificate", "subscription_id", "catalog", "access_token", "api"), "")
        injectors = assets["credential_types"][0]["injectors"]
        files = {"ca_certificate": simulator.ca, "client_certificate": str(folder / "empty")}
        self.environment = {
            **render_injectors(injectors, {**blank, **inputs}, files),
            "AZSPHERE_TOKEN_CACHE": str(folder / "tokens"),
        }

    def hosts(self, name: str) -> dict[str, Any]:
        """Returns the inventory of a template, as its source gives it to AWX."""
        source = self.sources.get(name)
        if source is None:
            return {"all": {"hosts": {}}}
        done = run("ansible-inventory", ["--list", "-i", source["source_path"]], self.folder, self.environment)
        assert done.returncode == 0, done.stderr
        return {"all": {"hosts": json.loads(done.stdout, object_hook=plain)["_meta"]["hostvars"]}}

    def run(self, name: str, *options: str, **given: Any) -> subprocess.CompletedProcess[str]:
        template = self.templates[name]
        inventory = self.folder / "hosts.json"
        inventory.write_text(json.dumps(self.hosts(template["inventory"]["name"])), encoding="utf-8")
        extra = json.dumps(answers(template["related"]["survey_spec"], **given))
        arguments = [template["playbook"], "-i", str(inventory), "-e", extra, "--diff", *options]
        self.simulator.clear_log()
        return run("ansible-playbook", arguments, self.folder, self.environment)

    def expect(self, name: str, *options: str, writes: bool, code: int = 0, **given: Any) -> str:
        """Runs a job, and returns what it printed."""
        done = self.run(name, *options, **given)
        assert done.returncode == code, done.stdout + done.stderr
        assert bool(self.simulator.counts()["writes"]) == writes, done.stdout
        return done.stdout + done.stderr


@pytest.fixture
def jobs(simulator: Simulator, tmp_path: Path) -> Jobs:
    write_project(tmp_path)
    (tmp_path / "empty").touch()
    return Jobs(simulator, tmp_path)


def test_jobs_run_with_blank_answers(jobs: Jobs) -> None:
    jobs.expect("provision", "--check", writes=False)
    assert "differs from the blueprint" in jobs.expect("drift check", writes=False, code=2)
    jobs.expect("provision", writes=True)
    jobs.expect("drift check", writes=False)
    refused = jobs.expect("manufacture", writes=False, code=2)
    assert "claim" in refused
    jobs.expect("manufacture", "--check", writes=False, manufacture_claim="true")
    jobs.expect("manufacture", writes=True, manufacture_claim="true")
    moved = {"move_product": "Kettle", "move_device_group": "Lab"}
    jobs.expect("move", "--check", writes=False, **moved)
    jobs.expect("move", writes=True, **moved)
    jobs.expect("rollout", "--check", writes=False)
    jobs.expect("rollout", writes=True)
    assert "soak" in jobs.expect("rollout", writes=False)


def test_jobs_run_with_all_answers(jobs: Jobs) -> None:
    limits = {"provision_max_changes": 50, "provision_max_failures": 0}
    jobs.expect(
        "provision", writes=True, provision_claim="false", provision_prune=["products", "device_groups"], **limits
    )
    jobs.expect(
        "manufacture", writes=True, manufacture_claim="true", manufacture_max_changes=8, manufacture_max_failures=0
    )
    moved = {"move_product": "Kettle", "move_device_group": "Lab", "move_hosts": "all"}
    refused = jobs.expect("move", writes=False, code=2, move_max_changes=1, **moved)
    assert "max_changes" in refused
    jobs.expect("move", writes=True, move_max_changes=4, move_max_failures=0, **moved)


def test_job_without_devices_fails(jobs: Jobs) -> None:
    jobs.simulator.load({"tenants": [{"name": "Contoso Fleet"}]})
    empty = jobs.expect("move", writes=False, code=2, move_product="Kettle", move_device_group="Lab")
    assert "inventory is empty" in empty


def test_azure_credential_of_awx_works_too(jobs: Jobs) -> None:
    """The variables that AWX's own type "Microsoft Azure Resource Manager" sets."""
    ready = jobs.simulator.ready
    ours = {name: value for name, value in jobs.environment.items() if not name.startswith("AZURE_")}
    jobs.environment = {
        **ours,
        "AZURE_CLIENT_ID": str(ready["client_id"]),
        "AZURE_SECRET": str(ready["client_secret"]),
        "AZURE_TENANT": str(ready["directory_id"]),
        "AZURE_SUBSCRIPTION_ID": "5b000000-0000-4000-8000-000000000001",
        "AZURE_CLOUD_ENVIRONMENT": "",
        "AZURE_AUTHORITY_HOST": jobs.simulator.url,
    }
    jobs.expect("provision", "--check", writes=False)


SLICES = 'Invalid awx_slices "{}": not a whole number from 1 to 1000. Use such a number.'
QUOTES = 'Put it in quotes, or use "| string" in a template.'


@pytest.mark.parametrize(
    ("given", "message"),
    [
        *(({"awx_slices": value}, SLICES.format(value)) for value in ("many", True, 0, -2, 1.5, [3], "1001")),
        ({"awx_prefix": 5}, f"Invalid awx_prefix 5: a number is not text. {QUOTES}"),
        ({"awx_project_branch": 1.1}, f"Invalid awx_project_branch 1.1: a number is not text. {QUOTES}"),
        ({"awx_project_url": ["x"]}, "Invalid awx_project_url: a list is not text. Give text."),
        ({"awx_assets_file": True}, f"Invalid awx_assets_file true: a boolean is not text. {QUOTES}"),
        ({"awx_drift_schedule": "daily"}, 'Invalid awx_drift_schedule "daily": not a recurrence rule. Use one such as'),
        (
            {"awx_rollout_schedule": "RRULE:FREQ=HOURLY"},
            'Invalid awx_rollout_schedule "RRULE:FREQ=HOURLY": not a recurr',
        ),
        ({"awx_credential_inputs": ["x"]}, "Invalid awx_credential_inputs: not a mapping. Use a mapping of fields"),
        (
            {"awx_credential_inputs": {"client_secret": 12345}},
            "Invalid awx_credential_inputs.client_secret: a number is",
        ),
        (
            {"awx_credential_inputs": {"secret": "x"}},
            "Invalid awx_credential_inputs: the credential has no field secret.",
        ),
        (
            {"awx_slices": "many", "awx_image": False},
            f"Invalid awx_image false: a boolean is not text. {QUOTES} {SLICES.format('many')}",
        ),
    ],
)
def test_wrong_options_are_one_error(tmp_path: Path, given: dict[str, Any], message: str) -> None:
    said = refused(tmp_path, **given)
    assert said.startswith(message)
    assert "12345" not in said


def test_text_of_a_mapping_and_of_a_number_are_read(tmp_path: Path) -> None:
    assets = exported(tmp_path, awx_slices=" 7 ", awx_credential_inputs='{"client_id": "x", "tenant": ""}')
    assert {each["job_slice_count"] for each in assets["job_templates"]} == {1, 7}
    assert [each["name"] for each in assets["credentials"]] == ["Azure Sphere"]


def test_field_of_a_vault_is_decrypted(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("of the vault", encoding="utf-8")
    command = ["encrypt_string", "--vault-password-file", "password", "--name", "client_secret", "of the application"]
    encrypted = run("ansible-vault", command, tmp_path, {}, text="").stdout
    indented = "".join(f"  {line}\n" for line in encrypted.splitlines())
    (tmp_path / "secrets.yml").write_text(f"awx_credential_inputs:\n{indented}", encoding="utf-8")
    show = {"name": "Show", "ansible.builtin.debug": {"msg": "<{{ awx_given.credential_inputs.client_secret }}>"}}
    variables = {"awx_project_url": ADDRESS, "awx_assets_file": str(tmp_path / "assets.json")}
    include = {"ansible.builtin.include_role": {"name": "azsphere.fleet.awx", "public": True}}
    play = [{"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": [include, show]}]
    (tmp_path / "awx.yml").write_text(json.dumps(play), encoding="utf-8")
    options = ["-e", "@secrets.yml", "--vault-password-file", "password"]
    done = run("ansible-playbook", ["awx.yml", *options], tmp_path, {})
    assert "<of the application>" in done.stdout, done.stdout + done.stderr
