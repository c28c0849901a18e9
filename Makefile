SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Every download is kept in one folder, so that nothing is written outside the clone.
# Set OCTOPUS_CACHE to share it between clones.
OCTOPUS_CACHE ?= $(CURDIR)/.cache
export OCTOPUS_CACHE
export UV_CACHE_DIR := $(OCTOPUS_CACHE)/uv
export UV_PYTHON_DOWNLOADS := never
export npm_config_cache := $(OCTOPUS_CACHE)/npm
export PIP_CACHE_DIR := $(OCTOPUS_CACHE)/pip
MAVEN_REPOSITORY := $(OCTOPUS_CACHE)/m2
export TMPDIR := $(shell mkdir -p .cache/tmp && pwd)/.cache/tmp
# What the CDK and its jsii runtime would write to the home folder.
export JSII_RUNTIME_PACKAGE_CACHE_ROOT := $(OCTOPUS_CACHE)/jsii
export CDK_HOME := $(OCTOPUS_CACHE)/cdk
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
export CDK_DISABLE_CLI_TELEMETRY := true
# What it knows of files of the same content serves every clone.
export MYPY_CACHE_DIR := $(OCTOPUS_CACHE)/mypy

PYTHON ?= python3
UV_VERSION := 0.13.9
UV := $(OCTOPUS_CACHE)/uv-$(UV_VERSION)/bin/uv
BIN := .venv/bin
STAMPS := .cache/stamps

BROKER := service_src/broker
export MAVEN_OPTS := -XX:-UsePerfData -Djava.io.tmpdir=$(TMPDIR)
MVN := mvn --quiet --batch-mode --no-transfer-progress -Dstyle.color=never -Dmaven.repo.local="$(MAVEN_REPOSITORY)"
MAVEN := $(MVN) -f $(BROKER)/pom.xml
BROKER_SOURCES := $(BROKER)/pom.xml $(shell find $(BROKER)/src/main -type f 2>/dev/null)

# Other people's Kafka clients.
CLIENTS := tests/integration/clients
CLIENT_SOURCES := $(CLIENTS)/java/pom.xml $(shell find $(CLIENTS)/java/src -type f 2>/dev/null)

.PHONY: help setup clients up down status demo test prove lint checked broker-tested format bench clean prerequisites

help: ## Show these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: prerequisites $(STAMPS)/python $(STAMPS)/emulator $(STAMPS)/sdk $(STAMPS)/node $(STAMPS)/broker ## Install everything into this folder

clients: setup $(STAMPS)/clients-python $(STAMPS)/clients-js $(STAMPS)/clients-java $(STAMPS)/checkov ## Install other people's Kafka clients and checks, which the tests alone need

prerequisites:
	@scripts/prerequisites "$(PYTHON)"

$(UV):
	@echo "Installing uv $(UV_VERSION)"
	@mkdir -p $(STAMPS)
	@$(PYTHON) -m venv "$(OCTOPUS_CACHE)/uv-$(UV_VERSION)"
	@"$(OCTOPUS_CACHE)/uv-$(UV_VERSION)/bin/pip" install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"

$(STAMPS)/python: locks/octopus.txt pyproject.toml | prerequisites $(UV)
	@echo "Installing the Python environment (.venv)"
	@mkdir -p $(STAMPS)
	@test -x $(BIN)/python || $(UV) venv --quiet --python "$(PYTHON)" .venv
	@$(UV) pip sync --quiet --require-hashes --python $(BIN)/python locks/octopus.txt
	@$(UV) pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	@touch $@

$(STAMPS)/emulator: locks/emulator.txt | prerequisites $(UV)
	@echo "Installing the AWS emulator (.venv-emulator)"
	@mkdir -p $(STAMPS)
	@test -x .venv-emulator/bin/python || $(UV) venv --quiet --python "$(PYTHON)" .venv-emulator
	@$(UV) pip sync --quiet --require-hashes --python .venv-emulator/bin/python locks/emulator.txt
	@touch $@

$(STAMPS)/sdk: locks/sdk.txt locks/sdk-source.txt | prerequisites $(UV)
	@echo "Installing the published SDK (.venv-sdk)"
	@mkdir -p $(STAMPS)
	@test -x .venv-sdk/bin/python || $(UV) venv --quiet --python "$(PYTHON)" .venv-sdk
	@$(UV) pip sync --quiet --require-hashes --python .venv-sdk/bin/python locks/sdk.txt
	@"$(OCTOPUS_CACHE)/uv-$(UV_VERSION)/bin/pip" download --quiet --disable-pip-version-check --require-hashes \
	    --no-deps --no-binary :all: --dest .venv-sdk/source -r locks/sdk-source.txt
	@tar -xzf .venv-sdk/source/diaspora_event_sdk-*.tar.gz --strip-components=1 -C .venv-sdk/source --wildcards "*/tests/*"
	@touch $@

$(STAMPS)/node: package-lock.json .npmrc | prerequisites
	@echo "Installing the AWS CDK command line (node_modules)"
	@mkdir -p $(STAMPS)
	@npm ci --silent --no-progress
	@touch $@

$(STAMPS)/broker: $(BROKER_SOURCES) | prerequisites
	@echo "Building the broker plugin and fetching Apache Kafka (service_src/broker/target)"
	@mkdir -p $(STAMPS) .cache/tmp
	@$(MAVEN) package -DskipTests
	@touch $@

$(STAMPS)/clients-python: locks/clients.txt | prerequisites $(UV)
	@echo "Installing Python's Kafka clients for the tests (.venv-clients)"
	@mkdir -p $(STAMPS)
	@test -x .venv-clients/bin/python || $(UV) venv --quiet --python "$(PYTHON)" .venv-clients
	@$(UV) pip sync --quiet --require-hashes --python .venv-clients/bin/python locks/clients.txt || \
	    { echo "Python's Kafka clients are not installed: can this machine reach its Python package index?"; exit 1; }
	@touch $@

$(STAMPS)/clients-js: $(CLIENTS)/js/package-lock.json $(CLIENTS)/js/.npmrc | prerequisites
	@echo "Installing KafkaJS for the tests ($(CLIENTS)/js/node_modules)"
	@mkdir -p $(STAMPS)
	@npm ci --silent --no-progress --prefix $(CLIENTS)/js || \
	    { echo "KafkaJS is not installed: can this machine reach its npm registry?"; exit 1; }
	@touch $@

$(STAMPS)/clients-java: $(CLIENT_SOURCES) | prerequisites
	@echo "Fetching Kafka's console tools and AWS's login modules for the tests ($(CLIENTS)/java/target)"
	@mkdir -p $(STAMPS) .cache/tmp
	@$(MVN) -f $(CLIENTS)/java/pom.xml package || \
	    { echo "Kafka's console tools are not installed: can this machine reach its Maven repository?"; exit 1; }
	@touch $@

$(STAMPS)/checkov: locks/checkov.txt | prerequisites $(UV)
	@echo "Installing checkov for the tests (.venv-checkov)"
	@mkdir -p $(STAMPS)
	@test -x .venv-checkov/bin/python || $(UV) venv --quiet --python "$(PYTHON)" .venv-checkov
	@$(UV) pip sync --quiet --require-hashes --python .venv-checkov/bin/python locks/checkov.txt || \
	    { echo "checkov is not installed: can this machine reach its Python package index?"; exit 1; }
	@touch $@

up: setup ## Start the fabric on this machine
	@$(BIN)/octopus up

down: ## Stop it; topics, accounts and keys are kept
	@test ! -x $(BIN)/octopus || $(BIN)/octopus down

status: ## Show its processes
	@test -x $(BIN)/octopus || { echo "Not installed yet: make setup"; exit 1; }
	@$(BIN)/octopus status

demo: setup ## Run the main job: a watched folder, mirrored through the fabric
	@scripts/demo

lint: setup ## Check format, style and types
	@scripts/lint

# What needs one core each, side by side.
checked:
	@scripts/lint

broker-tested:
	@$(MAVEN) test

format: setup ## Format the code
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

test: setup clients ## Check and test everything, in the short form
	@$(MAKE) --no-print-directory --output-sync=target -j2 checked broker-tested
	@scripts/test --again-alone -n 3 --no-loadscope-reorder --durations=15 -m "not long"

prove: setup clients ## Run every demand in its long form and write a dated report
	@scripts/prove

bench: setup clients ## Measure against a control, and write the results
	@scripts/bench

clean: down ## Delete what was installed and built here, but not the fabric's state
	@rm -rf .venv .venv-emulator .venv-sdk .venv-clients .venv-checkov .cache node_modules cdk.out $(BROKER)/target \
	    $(CLIENTS)/js/node_modules $(CLIENTS)/java/target .mypy_cache .ruff_cache .pytest_cache
