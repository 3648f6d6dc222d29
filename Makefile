# Short names for what a developer does. Every target first sets up .venv.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.locked

.PHONY: setup demo test test-debian test-package test-vm test-image deb bundle image check bench partner page-judge page-pictures circuit \
  mutants scenario-mutants deaths raising \
  campaigns lives why-lives rhythms power-cuts corruption fuzz chaos chaos-controls coverage lock

# The environment follows the lock: a changed lock lays it anew.
setup: $(STAMP)

$(STAMP): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "evse-bridge needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python's venv module is missing; on Debian: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup
	$(BIN)/evse-bridge demo $(ARGS)

test: setup
	$(BIN)/pytest -n 4 --dist worksteal $(ARGS)

# This page's `demo` and `test` as an ordinary user of Debian bookworm and trixie, from a clean clone; as root.
test-debian: setup
	$(BIN)/python -m tests.deploy.debian $(ARGS)

# The Debian packages of the last commit, as root: ARGS="trixie arm64" for one; else bookworm and trixie, arm64 and amd64.
deb: setup
	$(BIN)/python -m deploy.package deb $(ARGS)

# The same as bundles for updates: ARGS="--key secret.pem trixie arm64".
bundle: setup
	$(BIN)/python -m deploy.package bundle $(ARGS)

# The packages built, checked, installed, upgraded and removed in booted containers; as root. ARGS="-k bookworm" for one.
test-package: setup
	$(BIN)/pytest -m package tests/deploy $(ARGS)

# Our units on a kernel's own gpiochip, PWM and spidev: some minutes, as root; not part of `make test`.
test-vm: setup
	$(BIN)/python -m tests.deploy.vm

# An SD image for a Raspberry Pi, as root: DEB=evse-bridge_VERSION_arm64.deb; ARGS="--suite trixie --xz".
image: setup
	$(BIN)/python -m deploy.image $(DEB) $(ARGS)

# Boots it in QEMU and cuts its power 50 times: some hours; a quarter of one with ARGS=--short. As root.
IMAGE ?= build/image/evse-bridge-bookworm-arm64.img
test-image: setup
	$(BIN)/python -m tests.image $(IMAGE) $(ARGS)

check: setup
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: setup
	$(BIN)/python -m tests.bench $(ARGS)
	$(BIN)/python -m tests.bench.fault_to_relay
	$(BIN)/python -m tests.bench.memory
	$(BIN)/python -m tests.bench.floods
	$(BIN)/python -m tests.bench.answering
	$(BIN)/python -m tests.bench.looking
	$(BIN)/python -m tests.bench.offline
	$(BIN)/python -m tests.bench.replay
	$(BIN)/python -m tests.bench.writes
	$(BIN)/python -m tests.bench.under_calls

# The Central System by others that the tests talk to; without it they skip it. Needs Node.js 18 or newer.
partner:
	cd tests/partner && npm ci --silent

# What judges whether everybody can use the page (axe-core); without it the tests skip it. Needs Node.js 18 or newer.
page-judge:
	cd tests/page && npm ci --silent

# Each view of the page on phone and desktop, light and dark, into build/page to look at; needs chromium.
page-pictures: setup
	$(BIN)/python -m tests.page.pictures $(ARGS)

# The reference circuit with 1,000 drawn boxes, in ngspice; writes the table of docs/wiring.md. A quarter of an hour.
circuit: setup
	$(BIN)/python -m tests.circuit $(ARGS)

# Random lives of boxes and cars until each fault and transition was seen 100 times: ten minutes.
lives: setup
	$(BIN)/python -m tests.hal.core.all_lives $(ARGS)
	$(BIN)/python -m tests.scenarios.why_lives

# What `evse-bridge why` says is done in drawn lives until current flows; ARGS="--seed 7 --count 500" for others.
why-lives: setup
	$(BIN)/python -m tests.scenarios.why_lives $(ARGS)

# All patterns of bad samples through whole boxes, and hours of hum: half an hour. ARGS="--one-in 20 --hours 0.05" for a part.
rhythms: setup
	$(BIN)/python -m tests.hal.core.all_rhythms $(ARGS)

# All cases of the tests of which `make test` runs a part: every cut and value, more lives and draws.
campaigns: setup
	EVSE_CAMPAIGNS=whole $(BIN)/pytest -n 4 --dist worksteal -m part $(ARGS)

mutants: setup
	$(BIN)/python -m tests.mutants $(ARGS)

deaths: setup
	$(BIN)/python -m tests.deaths $(ARGS)

# The named ones, half an hour, then drawn by seed: ARGS=wish for the named ones with that word;
# ARGS="--count 100 --seed another --deep" for more, ARGS="--of-rooms 8" for fewer.
scenario-mutants: setup
	$(BIN)/python -m tests.mutants.bridge $(ARGS)

# An error of ours in each function of the core, some half an hour; ARGS="--count 20 --seed 2" for a sample.
raising: setup
	$(BIN)/python -m tests.chaos.raising $(ARGS)

# 1,000 power cuts of the simulated box; with ARGS="--real 60" of real programs too.
power-cuts: setup
	$(BIN)/python -m tests.chaos.power_cuts $(ARGS)

# Absurd numbers and dates of a Central System, ten minutes; ARGS="--minutes 60 --seed 7" for others.
fuzz: setup
	$(BIN)/python -m tests.chaos.numbers $(ARGS)

# 2,000 databases of which some bits are turned over: ten minutes; ARGS="--count 100 --seed 7" for others.
corruption: setup
	$(BIN)/python -m tests.chaos.corruption $(ARGS)

# Half an hour; two minutes with ARGS=--short. Needs libfaketime.
chaos: setup
	$(BIN)/python -m tests.chaos $(ARGS)

# What is broken on purpose must be seen.
chaos-controls: setup
	$(BIN)/python -m tests.chaos.controls

# The branches of both cores and of the conversation that the tests without processes take: half an hour.
coverage: setup
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n 4 -m "not real and not campaign" tests/bridge tests/hal/core tests/scenarios $(ARGS)
	$(BIN)/coverage run -m pytest -n 4 -m "not real" tests/scenarios/test_scenarios.py $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --include "bridge/actor.py,bridge/core/*,bridge/central_system/*,hal/core/*"

# New versions within the bounds of pyproject.toml, for x86-64 and aarch64, Python 3.11 to 3.13.
UV_LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-header --upgrade
PI_EXTRA := import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["pi"], sep="\n")

lock: setup
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	$(UV_LOCK) --extra dev --output-file requirements.lock pyproject.toml
	$(BIN)/python -c '$(PI_EXTRA)' | $(UV_LOCK) --constraint requirements.lock --output-file requirements-pi.lock -
