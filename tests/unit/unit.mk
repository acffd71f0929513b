# unit.mk - the unit tests: the product's own sources on Linux, with sanitizers. `make unit` builds and runs them.
# Pieces: UNIT_ARGS="-l" or name patterns for the runner; UNIT_SKIP=files to leave out.
B		?= build
HOSTCC		?= gcc
UNIT_FLAGS	:= -std=gnu17 -DSLUICE_HOST -DSLUICE_DEBUG -I. -g -O1 -fno-omit-frame-pointer \
		   -fsanitize=address,undefined -fno-sanitize-recover=all -fno-sanitize=object-size \
		   -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Werror \
		   -Wno-restrict -Wno-format-truncation
# Ghosts: object-size sees another core's copy of a PERCORE variable as out of bounds, the last two misjudge code with
# sanitizers (the kernel's own build has them).
UNIT_LDFLAGS	:= -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
UNIT_SRC	:= $(filter-out kernel/main.c drivers/uart.c $(UNIT_SKIP), \
		   $(wildcard kernel/*.c kernel/host/*.c net/*/*.c drivers/*.c tests/unit/*.c))
UNIT_OBJ	:= $(UNIT_SRC:%.c=$(B)/unit/%.o)

$(UNIT_OBJ): $(B)/unit/%.o: %.c tests/unit/unit.mk
	@mkdir -p $(@D)
	$(HOSTCC) $(UNIT_FLAGS) -MMD -MP -c -o $@ $<

# A removed source must not stay linked.
$(B)/unit/sources: FORCE
	@mkdir -p $(@D)
	@echo '$(UNIT_SRC)' | cmp -s - $@ || echo '$(UNIT_SRC)' > $@

$(B)/unit/unit: $(UNIT_OBJ) $(B)/unit/sources
	$(HOSTCC) $(UNIT_FLAGS) $(UNIT_LDFLAGS) -o $@ $(UNIT_OBJ)

.PHONY: unit FORCE
unit: $(B)/unit/unit
	$(B)/unit/unit $(UNIT_ARGS)

-include $(UNIT_OBJ:.o=.d)
