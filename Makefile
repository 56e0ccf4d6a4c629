# Everything a person needs: make help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JARS := .kafka/libs/.complete

.PHONY: promtool help setup demo test bench bench-extensions bench-ticks bench-peers bench-scale bench-gate scale-doc faults docs fmt lint types contracts clean
.DEFAULT_GOAL := help

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

setup: $(VENV)/.complete $(JARS) ## Install what is needed: environment from the lock file, Kafka by Maven

$(VENV)/.complete: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: apt-get install python3 (or make PYTHON=/path/to/python3.11)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python's venv module is missing: apt-get install python3-venv"; exit 1; }
	@echo "setting up $(VENV) from requirements.lock ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(JARS): deploy/broker/pom.xml
	@command -v mvn >/dev/null || { echo "Maven is missing: apt-get install maven"; exit 1; }
	@echo "fetching Apache Kafka by Maven ..."
	@mvn -q -B -f deploy/broker/pom.xml dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/.kafka/libs
	@touch $@

demo: setup ## Run Kafka, two workers and a simulated county for a minute; planted against found at the end
	$(BIN)/fangfan demo

promtool:
	@command -v promtool >/dev/null && command -v prometheus >/dev/null || \
	  { echo "Prometheus is missing, the tests of its rules and of the dashboard need it: apt-get install prometheus"; exit 1; }

# Three at a time, each with a Kafka of its own: most tests wait for brokers and timers, and the processors would idle.
test: setup promtool ## Run all tests, on a real Kafka where it concerns delivery
	$(BIN)/python -m pytest -n 3 --dist loadfile

bench: setup ## Measure: reports a second, microseconds by stage, bytes of state, alert latency
	$(BIN)/python -m bench

bench-extensions: setup ## Measure what signals, cases, area events and alerts, noise control, ticks, versions and a shadow cost: each in one process, all on a broker
	$(BIN)/python -m bench.switched

bench-ticks: setup ## Measure what time costs at a million households: sweeps and ticks, by how many households are due
	$(BIN)/python -m bench.ticks

bench-scale: setup ## Measure 60,000 to 1,200,000 households: reports a second, memory, restart, rebuild, takeover, a second worker
	$(BIN)/python -m bench.scale

scale-doc: setup ## Write docs/scale.md again from what bench-scale measured
	$(BIN)/python -m bench.model

bench-gate: setup ## Fail if an event costs too much, beside the plainest engine in the same run; needs ../shared/peers
	$(BIN)/python -m bench.gate

bench-peers: setup .peers/.complete ## Our engine beside other stream processors on their job; needs ../shared/peers and javac
	$(BIN)/python -m bench.peers

.peers/.complete: bench/peers.txt
	@$(PYTHON) -m venv .peers
	@.peers/bin/python -m pip install --quiet --disable-pip-version-check -r bench/peers.txt
	@touch $@

faults: setup ## Workers and brokers fail under 200,000 reports; afterwards nothing may be lost, doubled or wrong
	$(BIN)/python -m tests.faults.driver

docs: setup ## Write the generated documents again: JSON Schemas and AsyncAPI
	$(BIN)/python -m fangfan.documents docs

fmt: setup ## Format the code
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

lint: setup ## Look for mistakes
	$(BIN)/ruff check .

types: setup ## Check types, strictly
	$(BIN)/mypy

contracts: setup ## Check that imports go one way and the core is pure
	$(BIN)/lint-imports

clean: ## Remove what setup and runs made
	rm -rf $(VENV) .kafka .peers .data build
