# bench.mk - what `make bench` and `make bench-check` run beside the router: the traffic generator and QEMU's plugin.
BENCH_B		:= $(B)/bench
BENCH_SRC	:= $(filter-out tests/bench/gen/plugin.c, $(wildcard tests/bench/gen/*.c))
BENCH_FLAGS	:= -std=gnu17 -O2 -g -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Werror

.PHONY: bench-tools
bench-tools: $(BENCH_B)/gen $(BENCH_B)/native $(BENCH_B)/plugin.so $(BENCH_B)/load $(B)/empty.elf32

$(BENCH_B)/gen: $(BENCH_SRC) tests/bench/gen/gen.h tests/bench/gen/count.h
	@mkdir -p $(@D)
	@echo "  HOSTCC $@"
	$(Q)$(HOSTCC) $(BENCH_FLAGS) -o $@ $(BENCH_SRC)
$(BENCH_B)/plugin.so: tests/bench/gen/plugin.c tests/bench/gen/count.h
	@mkdir -p $(@D)
	@echo "  HOSTCC $@"
	$(Q)$(HOSTCC) $(BENCH_FLAGS) -fPIC -shared -o $@ $<
$(BENCH_B)/native: tests/bench/native/native.c kernel/host/lib/entries.h kernel/host/lib/ring.h kernel/host/host.h
	@mkdir -p $(@D)
	@echo "  HOSTCC $@"
	$(Q)$(HOSTCC) $(BENCH_FLAGS) -DSLUICE_HOST -I. -o $@ $< -ldl
$(BENCH_B)/load: tests/bench/linux/load.c
	@mkdir -p $(@D)
	@echo "  HOSTCC $@"
	$(Q)$(HOSTCC) $(BENCH_FLAGS) -static -s -o $@ $<
