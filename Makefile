# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

# `make help` lists what can be made. Paths are relative, as the clone's own may hold spaces.

PYTHON ?= python3
PARTS := gates unit sanity integration lint docs-lint types imports changelog-lint

# Nothing outside the clone is touched: every tool's home, cache and temporary folder lies in .build/.
# What the caller set for Ansible, Azure, Python, pytest or colours stays outside, and where a git hook says it is;
# git and pip keep reading the caller's configuration.
ifndef CALLER_HOME
export CALLER_HOME := $(HOME)
endif
export GIT_CONFIG_GLOBAL ?= $(CALLER_HOME)/.gitconfig
FOREIGN := ANSIBLE_% AZSPHERE_% AZURE_% PYTHON% PYTEST_% MYPYPATH VIRTUAL_ENV CDPATH FORCE_COLOR PY_COLORS CLICOLOR_FORCE \
  GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_PREFIX
$(foreach name,$(filter-out PYTHON,$(filter $(FOREIGN),$(.VARIABLES))),$(eval unexport $(name)))
# Ansible works in UTF-8 only, and a caller's LC_ALL=C would beat any other setting.
ifneq ($(shell locale charmap 2>/dev/null),UTF-8)
export LC_ALL := C.UTF-8
endif
BUILD := $(CURDIR)/.build
# Tools that ask git which files to look at would find none in a staged copy, which git ignores; so git does not see them.
export GIT_CEILING_DIRECTORIES := $(BUILD)
export HOME := $(BUILD)/home
# Its space shows where a path is not quoted, wherever the clone lies.
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
.PHONY: help venv folders demo simulator test $(PARTS) fuzz soak matrix build release-check format clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 20

# --- set up -----------------------------------------------------------------------------------------------------------

folders:
	@mkdir -p .build/home/.config "$(TMPDIR)" .build/logs .build/collections/ansible_collections/azsphere
	@# Links that are there stay: parts that run at this moment go through them.
	@[ -e .build/collections/$(STAGED) ] || ln -sfn ../../../.. .build/collections/$(STAGED)
	@if [ -d "$$CALLER_HOME/.config/pip" ] && [ ! -e .build/home/.config/pip ]; then \
	  ln -sfn "$$CALLER_HOME/.config/pip" .build/home/.config/pip; fi

# A second make at the same time would pull .venv from under the first: it waits, and finds it made.
ALONE = "$(PYTHON)" -c 'import fcntl, subprocess, sys; lock = open(".build/venv.lock", "w"); \
  fcntl.flock(lock, fcntl.LOCK_EX); sys.exit(subprocess.call(["sh", "-ec", sys.argv[1]]))'

.venv/tests.stamp: requirements.txt tests/requirements.txt | folders
	@"$(PYTHON)" -c 'import sys; sys.exit("Python %d.%d is too old for the build: name one from 3.11 on, as in make PYTHON=python3.12." % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@$(ALONE) 'if [ -n "$$(find $^ -newer $@ 2>&1)" ]; then \
	  echo "Making .venv (once, and again when requirements change) ..."; \
	  rm -rf .venv; \
	  "$(PYTHON)" -m venv .venv; \
	  $(PY) -m pip install -qq --requirement tests/requirements.txt; \
	  touch $@; fi'

.venv/tools.stamp: .venv/tests.stamp tools/requirements.txt
	@$(ALONE) 'if [ -n "$$(find $^ -newer $@ 2>&1)" ]; then \
	  echo "Adding the checking tools to .venv ..."; \
	  $(PY) -m pip install -qq --requirement tools/requirements.txt; \
	  touch $@; fi'

venv: .venv/tools.stamp folders  ## .venv with everything that development needs

# --- see it work ------------------------------------------------------------------------------------------------------

demo: .venv/tests.stamp folders  ## a fleet from nothing to deployed, on the simulator
	@$(PY) -m demo

simulator: .venv/tests.stamp folders  ## the simulator, until interrupted; options in ARGS
	@$(PY) -m tests.simulator $(ARGS)

# --- check it ---------------------------------------------------------------------------------------------------------

test: venv  ## everything below, in parallel, with a summary; logs in .build/logs
	@$(PY) -m tools.test $(PARTS)

unit: venv  ## unit tests; pytest options in ARGS
	@$(PY) -m pytest -n 2 tests/unit $(ARGS)

integration: venv  ## playbooks against the simulator
	@$(PY) -m pytest -n 2 --dist loadfile tests/integration $(ARGS)

gates: venv  ## check mode, idempotence, secrets and the other promises
	@$(PY) -m pytest -n 2 --dist worksteal tests/gates $(ARGS)

fuzz: venv  ## every scenario with replies of the service changed; --count, --seed and more in ARGS
	@$(PY) -m tests.fuzz $(ARGS)

soak: venv  ## the demo fleet under faults and kills; --runs, --kills and more in ARGS
	@$(PY) -m tests.soak $(ARGS)

types: venv  ## mypy, strict
	@MYPYPATH=.build/collections $(PY) -m mypy

imports: venv  ## which room may import which
	@PYTHONPATH=.build/collections .venv/bin/lint-imports --cache-dir .build/home/.cache/import-linter

lint: venv  ## ruff, shellcheck, yamllint, ansible-lint
	@$(PY) -m tools.stage .build/stage/lint
	@failed=0; \
	$(PY) -m ruff check . || failed=1; \
	$(PY) -m ruff format --check . || failed=1; \
	shellcheck .ci/run || failed=1; \
	cd .build/stage/lint/$(STAGED) || exit 1; \
	yamllint --strict . || failed=1; \
	ANSIBLE_COLLECTIONS_PATH="$(BUILD)/stage/lint" ansible-lint --nocolor --strict --project-dir . || failed=1; \
	exit $$failed

docs-lint: venv  ## the documentation of modules, plugins and roles
	@$(PY) -m tools.stage .build/stage/docs
	@cd .build/stage/docs/$(STAGED) && ANSIBLE_COLLECTIONS_PATH="$(BUILD)/stage/docs" \
	  antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs all .

changelog-lint: venv  ## the changelog's fragments
	@.venv/bin/antsibull-changelog lint

sanity: venv  ## ansible-test sanity; its options in ARGS
	@$(PY) -m tools.stage .build/stage/sanity
	@$(PY) -m tools.sanity .build/stage/sanity $(ARGS)

matrix: venv  ## tests and sanity on each ansible-core and Python that this machine has (long)
	@$(PY) -m tools.matrix $(ARGS)

format: venv  ## rewrites the Python files as `make lint` wants them
	@$(PY) -m ruff check --fix-only --quiet .
	@$(PY) -m ruff format .

# --- ship it ----------------------------------------------------------------------------------------------------------

build: venv  ## the collection's archive, in .build/dist
	@$(PY) -m tools.stage .build/stage/build
	@rm -rf .build/dist
	@mkdir -p .build/dist
	@.venv/bin/ansible-galaxy collection build --force --output-path .build/dist .build/stage/build/$(STAGED)

.build/importer/stamp: | folders
	@rm -rf .build/importer
	@"$(PYTHON)" -m venv .build/importer
	@.build/importer/bin/python -m pip install -qq galaxy-importer
	@touch $@

release-check: build .build/importer/stamp  ## what Galaxy itself would say of that archive
	@cd .build/dist && PATH="$(BUILD)/importer/bin:$$PATH" python -m galaxy_importer.main azsphere-fleet-*.tar.gz

clean:  ## leaves what git holds, and work that git does not ignore
	@rm -rf .build .venv .ansible .hypothesis collections tests/output tests/integration/inventory importer_result.json
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
