# tests.mk - what the tests, `make run` and the measurements need, and the targets that start them. Included by the top Makefile.
DEPS	?= build/deps
# The build that these start uses all cores, unless the caller has said -j himself.
SUBMAKE	= . $(DEPS)/env && $(MAKE) --no-print-directory $(if $(findstring j,$(firstword -$(MAKEFLAGS))),,-j$(shell nproc)) B=$(B)

.PHONY: test-fuzz test-check test-mutants test-coverage checklists deps deps-build deps-run deps-test run test test-long bench bench-check bench-baseline

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
	@+$(SUBMAKE) all $(B)/unit/unit host $(B)/fuzz/fuzz
	@SLUICE_B=$(B) tests/run

test-long: deps-test
	@+$(SUBMAKE) all $(B)/unit/unit host $(B)/fuzz/fuzz
	@+$(SUBMAKE) SAN=address,undefined host
	@SLUICE_B=$(B) tests/run --long

# Parts of them.
test-fuzz: deps-test
	@+$(SUBMAKE) $(B)/fuzz/fuzz
	@SLUICE_B=$(B) tests/run --only fuzz
test-check: deps-test
	@+$(SUBMAKE) all host
	@SLUICE_B=$(B) tests/run --only check
test-mutants test-coverage: deps-test
	@SLUICE_B=$(B) tests/run --only $(@:test-%=%) --minutes 30

# How much of the checklists the tests claim (tests/README.md). GROUPS="arp ndp": with the names that are open.
checklists:
	@python3 -B tests/check/checklist.py $(if $(GROUPS),-v $(GROUPS))

bench bench-check bench-baseline: deps-test
	@+$(SUBMAKE) all bench-tools
	@+$(if $(filter bench,$@),$(SUBMAKE) OPT=1 $(B)/host-opt/libsluice.so)
	@. $(DEPS)/env && SLUICE_B=$(B) $$PYTHON -B tests/bench/bench.py $(if $(filter bench,$@),$(BENCH_ARGS),--$(@:bench-%=%))
