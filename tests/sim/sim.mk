# sim.mk - the product on Linux (`make host`: libsluice.so, the process `sluice`, `pfctl`) and the simulator (`make sim`).
# OPT=1 builds it to be measured, SAN=address,undefined with sanitizers, in a directory of its own. SIM_ARGS: arguments of the simulator.
B		?= build
HOSTCC		?= gcc
HOST_B		:= $(B)/host$(if $(SAN),-san)$(if $(OPT),-opt)
HOST_FLAGS	:= -std=gnu17 -DSLUICE_HOST $(if $(OPT),-O2 -fno-tree-slp-vectorize,-DSLUICE_DEBUG -O1 -fno-omit-frame-pointer) -I. -g -fno-strict-aliasing \
		   -fPIC -fvisibility=hidden \
		   -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Werror -Wno-restrict -Wno-format-truncation \
		   $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-sanitize=object-size)
HOST_COMMON	:= $(filter-out kernel/main.c kernel/host/host_malloc.c drivers/uart.c drivers/uart_intr.c, \
		   $(wildcard kernel/*.c kernel/host/*.c net/*/*.c drivers/*.c))
HOST_LIB_SRC	:= $(HOST_COMMON) $(wildcard kernel/host/lib/*.c)
HOST_PROC_SRC	:= $(HOST_COMMON) $(wildcard kernel/host/process/*.c)
HOST_PFCTL_SRC	:= $(HOST_COMMON) $(wildcard kernel/host/pfctl/*.c)
SIM_SRC		:= $(wildcard tests/sim/*.c)
HOST_OBJ	:= $(patsubst %.c,$(HOST_B)/obj/%.o,$(sort $(HOST_LIB_SRC) $(HOST_PROC_SRC) $(HOST_PFCTL_SRC) $(SIM_SRC)))
host_obj	= $(patsubst %.c,$(HOST_B)/obj/%.o,$(1))

.PHONY: host sim
host: $(HOST_B)/libsluice.so $(HOST_B)/sluice $(HOST_B)/pfctl $(HOST_B)/sim
sim: host
	$(HOST_B)/sim $(SIM_ARGS)

$(HOST_B)/obj/tests/sim/%.o: HOST_FILE := -Wno-override-init
$(HOST_OBJ): $(HOST_B)/obj/%.o: %.c $(HOST_B)/flags
	@mkdir -p $(@D)
	@echo "  HOSTCC $<"
	$(Q)$(HOSTCC) $(HOST_FLAGS) $(HOST_FILE) -MMD -MP -c -o $@ $<

# Changes with the flags and the lists of sources: a removed source must not stay linked.
$(HOST_B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(HOST_FLAGS) $(HOST_OBJ)' | cmp -s - $@ || echo '$(HOST_FLAGS) $(HOST_OBJ)' > $@

# One symbol goes out. No lazy binding: a copy's writable memory is then its own from the start.
$(HOST_B)/libsluice.so: $(call host_obj,$(HOST_LIB_SRC)) tests/sim/libsluice.map
	@echo "  LD $@"
	$(Q)$(HOSTCC) $(HOST_FLAGS) -shared -Wl,-Bsymbolic,-z,now,-z,relro,-z,noexecstack,-z,start-stop-visibility=hidden \
	    -Wl,--version-script=tests/sim/libsluice.map -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free \
	    -o $@.new $(call host_obj,$(HOST_LIB_SRC))
	$(Q)mv $@.new $@
$(HOST_B)/sluice: $(call host_obj,$(HOST_PROC_SRC))
	@echo "  LD $@"
	$(Q)$(HOSTCC) $(HOST_FLAGS) -o $@ $(call host_obj,$(HOST_PROC_SRC))
$(HOST_B)/pfctl: $(call host_obj,$(HOST_PFCTL_SRC))
	@echo "  LD $@"
	$(Q)$(HOSTCC) $(HOST_FLAGS) -o $@ $(call host_obj,$(HOST_PFCTL_SRC))
$(HOST_B)/sim: $(call host_obj,$(SIM_SRC))
	@echo "  LD $@"
	$(Q)$(HOSTCC) $(HOST_FLAGS) -o $@ $(call host_obj,$(SIM_SRC)) -ldl

-include $(HOST_OBJ:.o=.d)
