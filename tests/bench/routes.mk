# routes.mk - measurements on the host: the product's own sources built as the kernel is, without sanitizers. `make bench-routes` (tests/bench/README.md).
ROUTES_FLAGS	:= -std=gnu17 -DSLUICE_HOST -I. -g -O2 -fno-strict-aliasing -fno-omit-frame-pointer -fstack-protector-strong \
		   -fno-tree-slp-vectorize -Wall -Wextra -Werror -Wno-restrict -Wno-format-truncation
ROUTES_SRC	:= $(filter-out kernel/main.c drivers/uart.c, $(wildcard kernel/*.c kernel/host/*.c net/*/*.c drivers/*.c)) \
		   $(filter-out tests/unit/test_%, $(wildcard tests/unit/*.c)) tests/bench/routes.c tests/bench/routeset.c \
		   tests/bench/structures.c $(wildcard tests/bench/fibs/*.c)
ROUTES_OBJ	:= $(ROUTES_SRC:%.c=$(B)/bench-routes/%.o)

$(ROUTES_OBJ): $(B)/bench-routes/%.o: %.c tests/bench/routes.mk
	@mkdir -p $(@D)
	@echo "  BENCHCC $<"
	$(Q)$(HOSTCC) $(ROUTES_FLAGS) -MMD -MP -c -o $@ $<
$(B)/bench-routes/bench: $(ROUTES_OBJ)
	$(Q)$(HOSTCC) $(ROUTES_FLAGS) $(UNIT_LDFLAGS) -o $@ $(ROUTES_OBJ)

.PHONY: bench-routes bench-structures
bench-routes: $(B)/bench-routes/bench
	$(B)/bench-routes/bench -t 600 routes
bench-structures: $(B)/bench-routes/bench
	$(B)/bench-routes/bench -t 1200 structures

-include $(ROUTES_OBJ:.o=.d)
