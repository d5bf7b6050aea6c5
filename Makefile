# make demo      see it: thirteen measured homes share their sun on an embedded chain (needs only Python)
# make test      everything that must hold, with all tools installed first (Python, node; half an hour on two cores)
# The other targets are for those who change it: CONTRIBUTING.md.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet
UV     := .tools/bin/uv
# By hash, and wheels only: what a source archive asks for while it is built comes without a hash.
LOCKED := --only-binary :all: --require-hashes
# The one package without a wheel (brownie asks for it): built by what build.lock has, which comes by hash too.
SOURCE_brownie := --no-binary pygments-lexer-solidity
UV_FLAGS := --no-config --quiet --python

.PHONY: demo test test-deep gas scale brownie setup setup-dev setup-node setup-brownie setup-web3-7 \
        setup-halmos setup-slither capabilities lock sbom reproduce clean

demo: setup
	@$(BIN)/p2pchain demo

test:
	@$(PYTHON) -m tools.run_tests

# Long campaigns: what has not passed on these sources, two hours a part; `make test-deep PART=halmos`, or another
# of fuzz, invariant, books, halmos, mutants, mutation, coverage, repeat. KEEP=1 writes bench/results/deep.json.
test-deep: setup-dev
	@$(BIN)/python -m tools.run_deep $(PART) $(if $(KEEP),--keep) $(if $(AGAIN),--again)

# Gas of a slot from receipts on anvil, to bench/results/gas.json; CHECK=1 compares a part with it.
gas: setup-dev setup-node
	@$(BIN)/python -m bench.gas $(if $(CHECK),--check)
	@$(BIN)/python -m bench.p256 $(if $(CHECK),--check)
	@$(BIN)/python -m bench.switching $(if $(CHECK),--check)

# 1,000 microgrids of 100 homes on anvil, to bench/results/scale.json and docs/scale.md.
scale: setup-dev setup-node
	@$(BIN)/python -m bench.scale

# Compile with brownie, deploy to an anvil of its own through scripts/deploy.py, test there.
brownie: setup-brownie setup-node
	@.venv-brownie/bin/python -m tools.run_brownie

setup: $(VENV)/.runtime
setup-dev: $(VENV)/.dev
setup-node: node_modules/.installed
setup-brownie: .venv-brownie/.installed
setup-web3-7: .venv-web3-7/.installed
setup-halmos: .tools/halmos/.installed
setup-slither: .tools/slither/.installed

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "error: Python 3.11 or newer is needed (PYTHON=/path/to/python3)")'
	@$(PYTHON) -m venv $(VENV)

# Pinned packages by hash, then the package itself, which follows the sources from then on.
$(VENV)/.runtime: requirements/runtime.lock requirements/build.lock pyproject.toml | $(BIN)/python
	@echo "installing Python packages into $(VENV) (once)"
	@$(PIP) $(LOCKED) -r requirements/build.lock -r requirements/runtime.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.runtime
	@$(PIP) $(LOCKED) -r requirements/dev.lock
	@touch $@

# Environments of what does not go into .venv together with the rest: brownie pins eighty packages, and
# web3 7 stands for the oldest that the package works with. By uv, in a tenth of pip's time.
.venv-%/.installed: requirements/%.lock requirements/build.lock pyproject.toml | $(UV)
	@echo "installing Python packages into .venv-$* (once)"
	@$(PYTHON) -m venv --without-pip .venv-$*
	@$(UV) pip sync $(UV_FLAGS) .venv-$*/bin/python $(LOCKED) requirements/build.lock
	@$(UV) pip install $(UV_FLAGS) .venv-$*/bin/python --no-build-isolation $(LOCKED) $(SOURCE_$*) -r $<
	@$(UV) pip install $(UV_FLAGS) .venv-$*/bin/python --no-build-isolation --no-deps --editable .
	@touch $@

# The programs come as packages of their own; no install script has to run.
node_modules/.installed: package-lock.json package.json
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# Tools that pin much of what the package uses at other versions: each in an environment of its own.
.tools/%/.installed: requirements/%.lock
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip --disable-pip-version-check --no-input install --quiet $(LOCKED) -r $<
	@touch $@

# docs/capabilities.md from the markers of the tests and what they just did.
capabilities: setup-dev setup-node
	@$(BIN)/python -m pytest tests -q -m capability --record build/capability-run.json
	@$(BIN)/python tools/capabilities.py build/capability-run.json

# Locks in step with their inputs; UPGRADE=1 moves all else to the newest that goes, too.
lock: $(UV) setup-dev setup-node
	@for name in build tools runtime dev web3-7 brownie halmos slither; do \
	  source=""; \
	  case $$name in \
	    runtime) from="pyproject.toml" ;; \
	    dev) from="pyproject.toml --extra dev --constraint requirements/runtime.lock" ;; \
	    web3-7) from="pyproject.toml requirements/web3-7.in" ;; \
	    brownie) from="pyproject.toml requirements/brownie.in"; source="$(SOURCE_brownie)" ;; \
	    *) from="requirements/$$name.in" ;; \
	  esac; \
	  $(UV) pip compile $$from --no-config --quiet $(if $(UPGRADE),--upgrade) --universal --python-version 3.11 \
	    --generate-hashes --only-binary :all: $$source --custom-compile-command "make lock" \
	    --output-file requirements/$$name.lock || exit 1; \
	done
	@npm install --package-lock-only --ignore-scripts --no-audit --no-fund --loglevel=error
	@$(BIN)/python -m tools.sbom --licences .tools/bin/python

# The program that writes the locks is itself locked; requirements/tools.in names its version.
$(UV): requirements/tools.lock
	@$(PYTHON) -m venv .tools
	@.tools/bin/python -m pip --disable-pip-version-check --no-input install --quiet \
	  $(LOCKED) -r requirements/tools.lock
	@touch $@

# A bill of materials (CycloneDX) for each lock, to build/sbom.
sbom: setup-dev setup-node
	@$(BIN)/python -m tools.sbom

# Contracts and packages built a second time in another place: the same bytes, or a failure.
reproduce: setup-dev setup-node
	@$(BIN)/python -m tools.reproduce

clean:
	@rm -rf build out cache dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -not -path './$(VENV)*' -not -path './node_modules/*' -prune -exec rm -rf {} +
