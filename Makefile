# One-word commands. `make help` lists them. Needs a POSIX shell, make and Python 3.11 or later; nothing is installed
# outside this folder.
.POSIX:
.SUFFIXES:
.PHONY: help run setup test lint types imports migrations check browser lab demo bench faults lock screenshots clean

PYTHON = python3
VENV = .venv
BIN = $(VENV)/bin
PORT = 8000
ARGS =

help: ## list the commands
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

run: $(VENV)/.run ## start the desk: web, worker, beat and mailroom (PORT=8000)
	@exec $(BIN)/python manage.py up --port $(PORT) $(ARGS)

setup: $(VENV)/.dev ## make the environment with what development needs

# Chromium keeps an event loop running in its process, so what walks in it runs by itself. The lab needs root and Postfix.
test: $(VENV)/.dev ## run the tests (ARGS=... goes to pytest)
	@$(BIN)/python -m pytest -m "not browser and not lab" $(ARGS)
	@$(BIN)/python -m pytest -m browser $(ARGS)

browser: $(VENV)/.dev ## walk the product in Chromium
	@$(BIN)/python -m pytest -m browser $(ARGS)

lab: $(VENV)/.dev ## send by a real Postfix, and read its log and reports (as root)
	@$(BIN)/python -m pytest tests/lab $(ARGS)

lint: $(VENV)/.dev ## ruff and djade
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	git ls-files -z 'templates/*.html' | xargs -0 $(BIN)/djade --check --target-version 5.2

types: $(VENV)/.dev ## mypy
	$(BIN)/mypy diagnostics portal tickets

imports: $(VENV)/.dev ## who may import whom
	$(BIN)/lint-imports

migrations: $(VENV)/.dev ## no model has changed without its migration
	$(BIN)/python manage.py makemigrations --check --dry-run

check: lint types imports migrations test ## all that must hold before a commit

demo: $(VENV)/.run ## load the demo world into an empty database
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py demo

bench: $(VENV)/.dev ## measure examinations, the worker and the brokers (ARGS=diagnose for one)
	@$(BIN)/python -m tests.benchmarks $(ARGS)

faults: $(VENV)/.dev ## kill the worker fifty times in the midst of checks (some minutes)
	@$(BIN)/python -m tests.faults.kill_worker

screenshots: $(VENV)/.dev ## make the pictures of README.md
	@$(BIN)/python -m tests.screenshots

lock: ## pin what pyproject.toml asks for (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header -c requirements.txt \
		--group dev pyproject.toml -o requirements-dev.txt

clean: ## remove the environment and what tests left (never your data in var/)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "Python is missing: install Python 3.11 or later."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or later is needed; $$($(PYTHON) --version) was found. Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@touch .writable 2>/dev/null && rm -f .writable || { echo "This folder cannot be written: $$(pwd). Copy it to one that can be."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "No environment could be made. On Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(VENV)/.run: $(VENV)/bin/python requirements.txt
	@echo "Installing what the desk needs (a minute, once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python requirements-dev.txt
	@echo "Installing what development needs (a minute or two, once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ $(VENV)/.run
