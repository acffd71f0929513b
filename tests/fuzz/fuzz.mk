# fuzz.mk - fuzz targets (fuzz.h). `make fuzz TARGET=packet` runs one until it finds something; FUZZ_ARGS are libFuzzer's.
#	build/fuzz/fuzz		clang: libFuzzer, address and undefined-behaviour sanitizers
#	build/fuzz/replay	gcc: runs files through a target; shares the unit tests' objects
CLANG		?= clang-14
FUZZ_TARGETS	:= packet packet6 config command edit pf virtio em pci fw_cfg boot
FUZZ_PRODUCT	:= $(filter-out tests/unit/%, $(UNIT_SRC)) tests/unit/virtio_model.c tests/unit/em_model.c
FUZZ_SRC	:= $(filter-out tests/fuzz/libfuzzer.c tests/fuzz/replay.c tests/fuzz/gcov.c, $(wildcard tests/fuzz/*.c))
FUZZ_WRAP	:= $(UNIT_LDFLAGS) -Wl,--wrap=dma_alloc,--wrap=dma_free,--wrap=reg_wait8,--wrap=reg_wait32
FUZZ_FLAGS	:= -std=gnu17 -DSLUICE_HOST -DSLUICE_DEBUG -D__SANITIZE_ADDRESS__ -I. -g -O1 -fno-omit-frame-pointer \
		   -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-sanitize=object-size \
		   -Wall -Wextra -Wno-unknown-warning-option
FUZZ_OBJ	:= $(patsubst %.c, $(B)/fuzz/%.o, $(FUZZ_PRODUCT) $(FUZZ_SRC) tests/fuzz/libfuzzer.c)

$(FUZZ_OBJ): $(B)/fuzz/%.o: %.c tests/fuzz/fuzz.mk
	@mkdir -p $(@D)
	@echo "  CLANG $<"
	$(Q)$(CLANG) $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<

$(B)/fuzz/sources: FORCE
	@mkdir -p $(@D)
	@echo '$(FUZZ_OBJ)' | cmp -s - $@ || echo '$(FUZZ_OBJ)' > $@

# The sanitizers' runtimes may have been unpacked beside a clang of the machine: then a directory of links stands for its own.
$(B)/fuzz/fuzz: $(FUZZ_OBJ) $(B)/fuzz/sources
	@echo "  LD $@"
	$(Q)$(CLANG) `tests/fuzz/resource.sh $(CLANG) $(B)/fuzz/resource` -fsanitize=fuzzer,address,undefined $(FUZZ_WRAP) -o $@ $(FUZZ_OBJ)

REPLAY_UNIT	:= $(FUZZ_PRODUCT:%.c=$(B)/unit/%.o)
REPLAY_OBJ	:= $(patsubst %.c, $(B)/unit/%.o, $(FUZZ_SRC) tests/fuzz/replay.c)
$(REPLAY_OBJ): $(B)/unit/%.o: %.c tests/unit/unit.mk
	@mkdir -p $(@D)
	$(HOSTCC) $(UNIT_FLAGS) -MMD -MP -c -o $@ $<
$(B)/fuzz/replay: $(REPLAY_UNIT) $(REPLAY_OBJ) $(B)/fuzz/sources
	$(HOSTCC) $(UNIT_FLAGS) $(FUZZ_WRAP) -o $@ $(REPLAY_UNIT) $(REPLAY_OBJ)

.PHONY: fuzz fuzz-build
fuzz-build: $(B)/fuzz/fuzz
TARGET		?= packet
fuzz: $(B)/fuzz/fuzz
	@mkdir -p $(B)/fuzz/work/$(TARGET)
	$(B)/fuzz/fuzz $(TARGET) -timeout=20 -rss_limit_mb=2000 -artifact_prefix=$(B)/fuzz/ \
	    `test -f tests/fuzz/$(TARGET).dict && echo -dict=tests/fuzz/$(TARGET).dict` $(FUZZ_ARGS) \
	    $(B)/fuzz/work/$(TARGET) tests/fuzz/corpus/$(TARGET)


# Which lines unit tests, simulator and corpus together reach. The same sources once more, built for gcov under build/cov.
COV		:= $(B)/cov
COV_MAKE	= $(MAKE) --no-print-directory B=$(COV) HOSTCC='$(HOSTCC) --coverage -Wl,-u,__gcov_dump' \
		  UNIT_LDFLAGS='$(UNIT_LDFLAGS) -Wl,--wrap=_exit $(COV)/gcov.o'
COV_SIM		= $(if $(wildcard tests/sim/sim.mk),$(COV)/host/libsluice.so $(COV)/host/sim)
.PHONY: coverage
coverage:
	@mkdir -p $(COV)
	@find $(COV) -name '*.gcda' -delete
	$(Q)$(HOSTCC) -std=gnu17 -I. -c -o $(COV)/gcov.o tests/fuzz/gcov.c
	@+$(COV_MAKE) $(COV)/unit/unit $(COV)/fuzz/replay $(COV_SIM)
	@$(COV)/unit/unit > $(COV)/unit.log || { tail -3 $(COV)/unit.log; exit 1; }
	@set -e; for t in `$(COV)/fuzz/replay -l`; do $(COV)/fuzz/replay $$t tests/fuzz/corpus/$$t/* 2> $(COV)/replay.log; done
	@$(if $(COV_SIM),$(COV)/host/sim > $(COV)/sim.log || { tail -3 $(COV)/sim.log; exit 1; })
	@python3 -B tests/fuzz/coverage.py $(COV) $(if $(GOAL),--goal $(GOAL))

-include $(FUZZ_OBJ:.o=.d) $(REPLAY_OBJ:.o=.d)
