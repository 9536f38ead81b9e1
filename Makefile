# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

# `make help` lists the targets. Paths are relative, since the path of the clone may contain spaces.

PYTHON ?= python3
# The longest first, so that both cores are busy to the end.
PARTS := integration gates unit sanity lint docs-lint types imports changelog-lint

# Nothing outside the clone is changed: the home, cache and temporary directories of all tools are in .build/.
# The caller's variables for Ansible, Azure, Python, pytest, colours and git hooks are removed from the environment.
# git and pip keep using the caller's configuration.
ifndef CALLER_HOME
export CALLER_HOME := $(HOME)
endif
export GIT_CONFIG_GLOBAL ?= $(CALLER_HOME)/.gitconfig
FOREIGN := ANSIBLE_% AZSPHERE_% AZURE_% PYTHON% PYTEST_% MYPYPATH VIRTUAL_ENV CDPATH FORCE_COLOR PY_COLORS CLICOLOR_FORCE \
  GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_PREFIX
$(foreach name,$(filter-out PYTHON,$(filter $(FOREIGN),$(.VARIABLES))),$(eval unexport $(name)))
# Ansible requires UTF-8, and LC_ALL=C would override all other settings.
ifneq ($(shell locale charmap 2>/dev/null),UTF-8)
export LC_ALL := C.UTF-8
endif
BUILD := $(CURDIR)/.build
# git ignores .build/, so tools that ask git for a list of files would find none in a staged copy. Hide the copy from git.
export GIT_CEILING_DIRECTORIES := $(BUILD)
export HOME := $(BUILD)/home
# The space in the name reveals paths that are not quoted.
export TMPDIR := $(BUILD)/temporary files
export XDG_CACHE_HOME := $(HOME)/.cache
export XDG_CONFIG_HOME := $(HOME)/.config
export XDG_DATA_HOME := $(HOME)/.local/share
export XDG_STATE_HOME := $(HOME)/.local/state
export PIP_CACHE_DIR := $(XDG_CACHE_HOME)/pip
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export HYPOTHESIS_STORAGE_DIRECTORY := $(XDG_CACHE_HOME)/hypothesis
export ANSIBLE_HOME := $(HOME)/.ansible
export ANSIBLE_ASYNC_DIR := $(HOME)/.ansible_async
export ANSIBLE_COLLECTIONS_PATH := $(BUILD)/collections
export ANSIBLE_NOCOWS := 1
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export MAKE

PY := .venv/bin/python
STAGED := ansible_collections/azsphere/fleet

.DEFAULT_GOAL := help
.PHONY: help venv folders demo simulator test $(PARTS) fuzz soak mesh matrix build execution-environment release-check format clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 26

# --- setup ------------------------------------------------------------------------------------------------------------

folders:
	@mkdir -p .build/home/.config "$(TMPDIR)" .build/logs .build/collections/ansible_collections/azsphere
	@# Existing links stay, since running targets use them.
	@[ -e .build/collections/$(STAGED) ] || ln -sfn ../../../.. .build/collections/$(STAGED)
	@if [ -d "$$CALLER_HOME/.config/pip" ] && [ ! -e .build/home/.config/pip ]; then \
	  ln -sfn "$$CALLER_HOME/.config/pip" .build/home/.config/pip; fi

# Lock: a second make that runs concurrently must not replace the .venv of the first.
ALONE = "$(PYTHON)" -c 'import fcntl, subprocess, sys; lock = open(".build/venv.lock", "w"); \
  fcntl.flock(lock, fcntl.LOCK_EX); sys.exit(subprocess.call(["sh", "-ec", sys.argv[1]]))'

.venv/tests.stamp: requirements.txt tests/requirements.txt | folders
	@"$(PYTHON)" -c 'import sys; sys.exit("Python %d.%d is too old: use Python 3.11 or newer, for example make PYTHON=python3.12." % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@$(ALONE) 'if [ -n "$$(find $^ -newer $@ 2>&1)" ]; then \
	  echo "Creating .venv (again only if the requirements change) ..."; \
	  rm -rf .venv; \
	  "$(PYTHON)" -m venv .venv; \
	  $(PY) -m pip install -qq --requirement tests/requirements.txt; \
	  touch $@; fi'

.venv/tools.stamp: .venv/tests.stamp tools/requirements.txt
	@$(ALONE) 'if [ -n "$$(find $^ -newer $@ 2>&1)" ]; then \
	  echo "Installing the development tools in .venv ..."; \
	  $(PY) -m pip install -qq --requirement tools/requirements.txt; \
	  touch $@; fi'

venv: .venv/tools.stamp folders  ## create .venv with all development tools

# --- try it -----------------------------------------------------------------------------------------------------------

demo: .venv/tests.stamp folders  ## provision a fleet on the simulator; ARGS="--api integrated" for the Integrated API
	@$(PY) -m demo $(ARGS)

simulator: .venv/tests.stamp folders  ## run the simulator until interrupted; options in ARGS
	@$(PY) -m tests.simulator $(ARGS)

# --- test it ----------------------------------------------------------------------------------------------------------

test: venv  ## run tests and checks in parallel, all but thorough ones; logs in .build/logs
	@$(PY) -m tools.test $(PARTS)

# More processes than most machines have cores: many of these tests wait.
unit: venv  ## run the unit tests; pytest options in ARGS
	@$(PY) -m pytest -n 4 tests/unit $(ARGS)

integration: venv  ## run playbooks against the simulator; pytest options in ARGS
	@$(PY) -m pytest -n 2 --dist loadfile tests/integration $(ARGS)

gates: venv  ## run the conformance tests: check mode, idempotence, secrets; pytest options in ARGS
	@$(PY) -m pytest -n 2 --dist worksteal tests/gates $(ARGS)

fuzz: venv  ## run the scenarios with mutated replies of the service; --count, --seed and more in ARGS
	@$(PY) -m tests.fuzz $(ARGS)

soak: venv  ## provision the demo fleet under faults and kills; --runs, --kills and more in ARGS
	@$(PY) -m tests.soak $(ARGS)

mesh: venv  ## provision a factory list in job slices on a receptor mesh, as AWX does; --devices in ARGS
	@$(PY) -m tests.mesh $(ARGS)

bench: .venv/tests.stamp folders  ## measure tasks beside a bare HTTP client, and write docs/benchmark.md; options in ARGS
	@$(PY) -m tests.benchmark $(ARGS)

types: venv  ## check types: mypy, strict
	@MYPYPATH=.build/collections $(PY) -m mypy

imports: venv  ## check import contracts between packages
	@PYTHONPATH=.build/collections .venv/bin/lint-imports --cache-dir .build/home/.cache/import-linter

lint: venv  ## run ruff, vulture, shellcheck, yamllint, ansible-lint and the checks for retired phrases and for sizes
	@$(PY) -m tools.stage .build/stage/lint
	@failed=0; \
	$(PY) -m ruff check . || failed=1; \
	$(PY) -m ruff format --check . || failed=1; \
	$(PY) -m tools.phrases || failed=1; \
	$(PY) -m tools.shape || failed=1; \
	vulture || failed=1; \
	vulture plugins || failed=1; \
	shellcheck .ci/run || failed=1; \
	cd .build/stage/lint/$(STAGED) || exit 1; \
	yamllint --strict . || failed=1; \
	ANSIBLE_COLLECTIONS_PATH="$(BUILD)/stage/lint" ansible-lint --nocolor --strict --project-dir . || failed=1; \
	exit $$failed

docs-lint: venv  ## check the documentation of modules, plugins and roles
	@$(PY) -m tools.stage .build/stage/docs
	@cd .build/stage/docs/$(STAGED) && ANSIBLE_COLLECTIONS_PATH="$(BUILD)/stage/docs" \
	  antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs all .

changelog-lint: venv  ## check the changelog fragments
	@.venv/bin/antsibull-changelog lint

sanity: venv  ## run ansible-test sanity on the files that are shipped; its options in ARGS
	@$(PY) -m tools.stage --shipped .build/stage/sanity
	@$(PY) -m tools.sanity .build/stage/sanity $(ARGS)

matrix: venv  ## run all tests on each ansible-core and Python version on this machine (slow)
	@$(PY) -m tools.matrix $(ARGS)

format: venv  ## format the Python files
	@$(PY) -m ruff check --fix-only --quiet .
	@$(PY) -m ruff format .

# --- release ----------------------------------------------------------------------------------------------------------

# Pinned with hashes: what a release is built with is not whatever is newest today.
.build/release/stamp: tools/release.txt | folders
	@rm -rf .build/release
	@"$(PYTHON)" -m venv .build/release
	@.build/release/bin/python -m pip install -qq --require-hashes --requirement tools/release.txt
	@touch $@

build: .build/release/stamp  ## build the archive of the last commit in .build/dist
	@.build/release/bin/python -m tools.stage --committed .build/stage/build
	@rm -rf .build/dist
	@mkdir -p .build/dist
	@.build/release/bin/ansible-galaxy collection build --force --output-path .build/dist .build/stage/build/$(STAGED)

release-check: build  ## check the archive with the importer of Galaxy
	@cd .build/dist && PATH="$(BUILD)/release/bin:$$PATH" python -m galaxy_importer.main azsphere-fleet-*.tar.gz

# The image is built from this directory by podman or docker, which not every machine has.
execution-environment: build venv  ## write the build context of the execution environment for AWX
	@rm -rf .build/execution-environment
	@mkdir -p .build/execution-environment
	@cp execution-environment/execution-environment.yml .build/execution-environment/
	@cp .build/dist/azsphere-fleet-*.tar.gz .build/execution-environment/azsphere-fleet.tar.gz
	@cd .build/execution-environment && ansible-builder create --output-filename Containerfile --context context
	@echo "To build the image: podman build --tag azsphere-fleet .build/execution-environment/context"

clean:  ## remove everything that the other targets create
	@rm -rf .build .venv .ansible .hypothesis collections tests/output tests/integration/inventory importer_result.json
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
