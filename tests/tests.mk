# tests.mk - what the tests, `make run` and the measurements need, and the targets that start them. Included by the top Makefile.
DEPS	?= build/deps
# The build that these start uses all cores, unless the caller has said -j himself.
SUBMAKE	= . $(DEPS)/env && $(MAKE) --no-print-directory $(if $(findstring j,$(firstword -$(MAKEFLAGS))),,-j$(shell nproc)) B=$(B)

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
	@+$(SUBMAKE) $(B)/sluice.elf32
	@B=$(B) boot/run.sh

test: deps-test
	@+$(SUBMAKE) all $(B)/unit/unit host
	@SLUICE_B=$(B) tests/run

test-long: deps-test
	@+$(SUBMAKE) all $(B)/unit/unit host
	@+$(SUBMAKE) SAN=address,undefined host
	@SLUICE_B=$(B) tests/run --long

bench: deps-test
	@+$(SUBMAKE) all $(B)/empty.elf32
	@. $(DEPS)/env && SLUICE_B=$(B) $$PYTHON tests/bench/bench.py
bench-check: deps-test
	@+$(SUBMAKE) all $(B)/empty.elf32
	@. $(DEPS)/env && SLUICE_B=$(B) $$PYTHON tests/bench/bench.py --check
