# tests.mk - what the tests, `make run` and the measurements need, and the targets that start them. Included by the top Makefile.
DEPS	?= build/deps

.PHONY: deps deps-build deps-run deps-test run test test-long bench bench-check

# `make deps` brings everything; the others what they name.
deps:
	@tests/deps.sh build run test
deps-build:
	@tests/deps.sh build
deps-run:
	@tests/deps.sh build run
deps-test:
	@tests/deps.sh build run test

# The packages first, then a make that finds them.
run: deps-run
	@+. $(DEPS)/env && $(MAKE) --no-print-directory B=$(B) $(B)/sluice.elf32
	@B=$(B) boot/run.sh

test: deps-test
	@+. $(DEPS)/env && $(MAKE) --no-print-directory B=$(B) all $(B)/unit/unit
	@SLUICE_B=$(B) tests/run

test-long: deps-test
	@+. $(DEPS)/env && $(MAKE) --no-print-directory B=$(B) all $(B)/unit/unit
	@SLUICE_B=$(B) tests/run --long

bench: deps-test
	@+. $(DEPS)/env && $(MAKE) --no-print-directory B=$(B) all $(B)/empty.elf32
	@. $(DEPS)/env && SLUICE_B=$(B) $$PYTHON tests/bench/bench.py
bench-check: deps-test
	@+. $(DEPS)/env && $(MAKE) --no-print-directory B=$(B) all $(B)/empty.elf32
	@. $(DEPS)/env && SLUICE_B=$(B) $$PYTHON tests/bench/bench.py --check
