# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The execution environment: its definition, the collection's own requirements, and a machine that has nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from demo.__main__ import PACKAGES
from tests.simulator.harness import Simulator
from tests.simulator.images import compose_package
from tests.support.programs import inherited
from tools.stage import SETTINGS_OF_ANSIBLE_TEST, listed, shipped, stage

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def run(command: Sequence[str | Path], folder: Path, variables: Mapping[str, str] | None = None) -> str:
    """Runs a program of a venv, and returns its output."""
    environment = inherited("PYTHON")
    environment |= {"ANSIBLE_HOME": str(folder / "ansible-home"), **(variables or {})}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collection as `ansible-galaxy collection build` packs it."""
    folder = tmp_path_factory.mktemp("archive")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CEILING_DIRECTORIES", str(folder))
        staged = stage(folder / "stage")
    run([BIN / "ansible-galaxy", "collection", "build", "--output-path", folder / "dist", staged], folder)
    return next((folder / "dist").glob("azsphere-fleet-*.tar.gz"))


def test_sanity_checks_the_files_of_the_archive(archive: Path) -> None:
    with tarfile.open(archive) as packed:
        files = {Path(each.name) for each in packed.getmembers() if each.isfile()}
    made = {Path("MANIFEST.json"), Path("FILES.json")}
    # galaxy.yml becomes the manifest.
    assert {*shipped(listed(ROOT))} - {SETTINGS_OF_ANSIBLE_TEST, Path("galaxy.yml")} == files - made


def test_definition_makes_a_build_context_with_the_collection(archive: Path, tmp_path: Path) -> None:
    place = tmp_path / "definition"
    shutil.copytree(ROOT / "execution-environment", place)
    shutil.copy(archive, place / "azsphere-fleet.tar.gz")
    run([BIN / "ansible-builder", "create", "--output-filename", "Containerfile", "--context", "context"], place)
    context = place / "context"
    assert "azsphere-fleet.tar.gz" in (context / "_build" / "requirements.yml").read_text(encoding="utf-8")
    assert (context / "_build" / "azsphere-fleet.tar.gz").exists()
    assert "ansible-core>=2.16.0" in (context / "Containerfile").read_text(encoding="utf-8")


def test_empty_venv_with_introspected_requirements_runs_the_demo_playbook(
    archive: Path, simulator: Simulator, tmp_path: Path
) -> None:
    collections, requirements, bare = tmp_path / "collections", tmp_path / "requirements.txt", tmp_path / "bare"
    run([BIN / "ansible-galaxy", "collection", "install", "--collections-path", collections, archive], tmp_path)
    run([BIN / "ansible-builder", "introspect", collections, "--write-pip", requirements], tmp_path)
    assert "msal" in requirements.read_text(encoding="utf-8")
    venv.create(bare, with_pip=True, symlinks=True)
    core = run([BIN / "ansible", "--version"], tmp_path).split("core ")[1].split("]")[0]
    pip = [bare / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    require_index([*pip[:3], "download", "--quiet", "--no-deps", "--dest", str(tmp_path / "probe"), "requests"])
    run([*pip, f"ansible-core=={core}", "--requirement", requirements], tmp_path)
    result = tmp_path / "result.json"
    for name in ("blueprint.yml", "devices.csv", "provision.yml"):
        shutil.copy(ROOT / "demo" / name, tmp_path / name)
    for name, (label, image_id, component_id) in PACKAGES.items():
        compose_package(tmp_path / name, image_id=image_id, component_id=component_id, name=label)
    given = {"provision_src": "blueprint.yml", "provision_claim": True, "demo_result": str(result)}
    variables = {
        **simulator.env(),
        "AZSPHERE_TOKEN_CACHE": str(tmp_path / "tokens"),
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
    }
    run([bare / "bin" / "ansible-playbook", "provision.yml", "-e", json.dumps(given)], tmp_path, variables)
    assert json.loads(result.read_text(encoding="utf-8"))["changed"]


def require_index(command: Sequence[str | Path]) -> None:
    """Skips the test where pip reaches no package index."""
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("The empty venv is left out: pip cannot reach a package index.")
