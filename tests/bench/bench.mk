# bench.mk - measurements on the host: the product's own sources built as the kernel is, without sanitizers. `make bench-routes` (tests/bench/README.md).
BENCH_FLAGS	:= -std=gnu17 -DSLUICE_HOST -I. -g -O2 -fno-strict-aliasing -fno-omit-frame-pointer -fstack-protector-strong \
		   -fno-tree-slp-vectorize -Wall -Wextra -Werror -Wno-restrict -Wno-format-truncation
BENCH_SRC	:= $(filter-out kernel/main.c drivers/uart.c, $(wildcard kernel/*.c kernel/host/*.c net/*/*.c drivers/*.c)) \
		   $(filter-out tests/unit/test_%, $(wildcard tests/unit/*.c)) tests/bench/routes.c
BENCH_OBJ	:= $(BENCH_SRC:%.c=$(B)/bench/%.o)

$(BENCH_OBJ): $(B)/bench/%.o: %.c tests/bench/bench.mk
	@mkdir -p $(@D)
	@echo "  BENCHCC $<"
	$(Q)$(HOSTCC) $(BENCH_FLAGS) -MMD -MP -c -o $@ $<
$(B)/bench/bench: $(BENCH_OBJ)
	$(Q)$(HOSTCC) $(BENCH_FLAGS) $(UNIT_LDFLAGS) -o $@ $(BENCH_OBJ)

.PHONY: bench-routes
bench-routes: $(B)/bench/bench
	$(B)/bench/bench -t 600 routes

-include $(BENCH_OBJ:.o=.d)
