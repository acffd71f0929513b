# Sluice. `make run` and `make test` do everything (README.md); plain `make` builds
#	build/sluice.elf	ELF64: multiboot 2 (GRUB) and PVH (QEMU -kernel, microvm)
#	build/sluice.elf32	ELF32: multiboot 1 (QEMU -kernel, iPXE)
# Sources are found by themselves: kernel/ drivers/ net/*/ boot/ libc/. B=DIR builds elsewhere, beside another build.
B	?= build
NEWLIB	?= build/newlib
DEPS	?= build/deps
CC	:= gcc
Q	:= $(if $(V),,@)			# V=1 shows the commands

.DEFAULT_GOAL := all
.PHONY: all clean iso
.DELETE_ON_ERROR:
all: $(B)/sluice.elf $(B)/sluice.elf32

SRC_C	:= $(wildcard kernel/*.c kernel/amd64/*.c drivers/*.c net/*/*.c libc/*.c)
SRC_S	:= $(filter-out boot/multiboot1.S, $(wildcard boot/*.S kernel/amd64/*.S))
OBJ	:= $(SRC_C:%.c=$(B)/obj/%.o) $(SRC_S:%=$(B)/obj/%.o)
INTR_OBJ := $(filter %_intr.o, $(OBJ))

# -fbuiltin: -ffreestanding alone would make a call of every small memcpy. No red zone, as interrupts may come at any
# time; frame pointers for backtraces; tables stand where the ABI wants them, not on 32 bytes. Without SLP vectors two counters side by side take two instructions, not six.
WARN	:= -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wno-format-truncation -Werror
MODE	:= -ffreestanding -fbuiltin -nostdinc -mno-red-zone -fno-pic -fno-pie -mcmodel=small -fcf-protection=none -malign-data=abi \
	   -fno-asynchronous-unwind-tables -fno-strict-aliasing -fno-omit-frame-pointer -fstack-protector-strong \
	   -ffunction-sections -fno-tree-slp-vectorize -falign-functions=8 -falign-loops=1 -falign-jumps=1
INC	:= -I. -isystem $(NEWLIB)/x86_64-elf/include -isystem $(shell $(CC) -print-file-name=include)
CFLAGS	:= -std=gnu17 -O2 -g -fdebug-prefix-map=$(CURDIR)=. -D__DYNAMIC_REENT__ $(MODE) $(WARN) $(INC) $(EXTRA_CFLAGS)
# Nothing here prints fractions (the vector state is the tasks'): newlib's printf without them, 20 KB less.
INTEGERS := -Wl,-u,_svfiprintf_r,--defsym=_svfprintf_r=_svfiprintf_r
# A long is a long long.
LONGS	:= -Wl,-u,strtol,-u,strtoul,--defsym=strtoll=strtol,--defsym=strtoull=strtoul
LINK	:= $(CC) -nostdlib -static -no-pie -T linker.ld -Wl,--nmagic,--gc-sections,-z,noexecstack,-z,max-page-size=4096 \
	   -Wl,--build-id=none,--no-warn-rwx-segments $(INTEGERS) $(LONGS) $(EXTRA_LINK)
LIBS	:= $(NEWLIB)/x86_64-elf/lib/libc.a $(shell $(CC) -print-libgcc-file-name)

# Interrupt code may use general registers only: it does not save the others.
$(INTR_OBJ): MODE_FILE := -mgeneral-regs-only
# Smaller than -Os: a call at a function's end is a call, and one way out, not registers and the stack protector's word looked at once more before
# each jump (and a backtrace names the caller); the others take more moves than they save.
SMALL	:= -Oz -fno-optimize-sibling-calls -fno-tree-dominator-opts -fno-move-loop-invariants -fno-tree-tail-merge \
	   -fno-forward-propagate -fno-caller-saves
# What people type, read and configure, what a card needs once, and protocols that speak a few packets a second: small is better than fast.
COLD	:= kernel/cmd% kernel/command% kernel/config% kernel/edit% kernel/log% kernel/shell% kernel/sysctl% kernel/systat% kernel/vmstat% \
	   drivers/%_attach drivers/%_hw drivers/pci% drivers/uart drivers/virtio kernel/amd64/bootinfo \
	   net/pf/pf_parse% net/pf/pf_print% net/pf/pf_lex net/pf/pf_conf net/pf/pf_check net/pf/pf_expand net/pf/pf_host net/pf/pfctl% net/pf/pf_anchor net/pf/pf_mem net/pf/pf_env% net/pf/pf_pool \
	   net/pf/pf_names net/pf/pf_ruleset net/pf/pf_ranges net/pf/pf_src% net/pf/pf_overload net/pf/pf_class_% net/pf/pf_lacks net/pf/pf_tag net/pf/pf_ctl \
	   net/pf/pf_return net/pf/pf_retired net/pf/pf_log net/pf/pf_note net/pf/pf_config net/pf/pf_table_keep net/pf/pf_table_change net/pf/pf_table_count \
	   net/core/config% net/core/hostname% net/core/ifconfig% net/core/nbr_edit net/core/netstat% net/core/systat% \
	   net/inet/host_arg net/inet/igmp% net/inet/ping% net/inet/traceroute% net/inet6/mld6% net/inet6/ping6% net/inet6/rad% net/inet6/slaac% net/inet6/traceroute% net/inet6/in6_soii \
	   net/core/if_addr net/core/if_clone net/core/pending net/ether/arp_dad net/inet/in_multi% net/inet/icmp_redirect net/inet/ip_mcast \
	   net/inet6/nd6_dad net/inet6/nd6_if net/inet6/nd6_msg net/inet6/nd6_redirect net/inet6/in6_ifaddr net/inet6/in6_src \
	   kernel/kstat% kernel/task_stat kernel/selftest% kernel/crash kernel/glob kernel/json \
	   net/inet6/nd6 net/inet6/nd6_nbr net/inet6/nd6_table net/inet6/icmp6_input net/inet6/ip6_ext net/inet6/in6 net/inet6/ip6_reass net/ether/arp_input \
	   net/inet/ip_icmp net/inet/icmp_reply net/inet/fragq% net/core/if net/core/net_init drivers/virtio_net_mq drivers/fw_cfg \
	   kernel/system kernel/amd64/acpi% kernel/amd64/cores kernel/amd64/cpu kernel/amd64/irq kernel/amd64/pmap kernel/amd64/symtab kernel/amd64/panic \
	   kernel/bundle kernel/cons kernel/intr_stat kernel/load kernel/myname kernel/out kernel/text libc/alloc \
	   kernel/amd64/bus kernel/amd64/files kernel/amd64/irq_stat kernel/amd64/memory kernel/amd64/page kernel/amd64/pic kernel/amd64/power kernel/amd64/random \
	   kernel/amd64/range kernel/amd64/selftest% kernel/amd64/stack kernel/amd64/trap \
	   drivers/bus drivers/em_filter drivers/em_rss drivers/irq_stat drivers/virtio_net_ctrl \
	   net/core/counter net/core/flow_stat net/core/if_group net/core/if_multi net/ether/arp_table net/ether/if_ethersubr \
	   net/inet/icmp_error net/inet/icmp_rate net/inet/ip_options net/inet/ip_pmtu net/inet/ip_print net/inet/ip_reass \
	   net/inet6/icmp6_error net/inet6/in6_pmtu net/inet6/nd6_anycast net/inet6/nd6_hold \
	   net/pf/pf_conf_edit net/pf/pf_expand_text net/pf/pf_icmp_names net/pf/pf_lex_words net/pf/pf_services \
	   net/route/mygate net/route/nexthop net/route/route net/route/route_% net/route/rt_% net/route/static% %_cmd %_kstat %_show
$(foreach f, $(COLD), $(filter $(B)/obj/$f.o, $(OBJ))): MODE_FILE := $(SMALL)
# One function of it is on the path of a packet that comes alone, and ends in calls.
$(B)/obj/net/core/if.o: MODE_FILE := -Os

# What implements memcpy and memset must not be turned into calls of them.
$(B)/obj/libc/mem.o: MODE_FILE := -fno-tree-loop-distribute-patterns

# Changes only when the flags or the list of objects do.
$(B)/obj/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CFLAGS) $(SMALL) $(COLD) $(LINK) $(OBJ)' | cmp -s - $@ || echo '$(CFLAGS) $(SMALL) $(COLD) $(LINK) $(OBJ)' > $@
.PHONY: FORCE

$(B)/obj/%.o: %.c $(B)/obj/flags $(NEWLIB)/stamp
	@mkdir -p $(@D)
	@echo "  CC $<"
	$(Q)$(CC) $(CFLAGS) $(MODE_FILE) -MMD -MP -c -o $@ $<
$(B)/obj/%.S.o: %.S $(B)/obj/flags $(NEWLIB)/stamp
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

# Once; parallel makes wait for each other in the script.
$(NEWLIB)/stamp: libc/build.sh
	@tests/deps.sh build
	@SLUICE_DEPS=$(abspath $(DEPS)); if [ -f $(DEPS)/env ]; then . $(DEPS)/env; fi; libc/build.sh $(NEWLIB) $(DEPS)

# Linked twice: the names of the first link's functions go into the second, behind all code, so that no address moves.
$(B)/obj/first.elf: $(OBJ) linker.ld
	$(Q)$(LINK) -o $@ $(OBJ) $(LIBS)
$(B)/obj/symtab.o: $(B)/obj/first.elf kernel/amd64/symtab.sh
	$(Q)kernel/amd64/symtab.sh $< > $(B)/obj/symtab.S
	$(Q)$(CC) -c -o $@ $(B)/obj/symtab.S
$(B)/sluice.elf: $(B)/obj/symtab.o $(OBJ) linker.ld kernel/amd64/vectorcheck.sh
	@echo "  LD $@"
	$(Q)$(LINK) -Wl,-Map=$(B)/sluice.map -o $@.new $(OBJ) $(B)/obj/symtab.o $(LIBS)
	$(Q)kernel/amd64/vectorcheck.sh $@.new $(INTR_OBJ)
	$(Q)mv $@.new $@

$(B)/obj/multiboot1.bin: boot/multiboot1.S
	@mkdir -p $(@D)
	$(Q)$(CC) -c -o $(@:.bin=.o) $<
	$(Q)objcopy -O binary -j .boot.mb1 $(@:.bin=.o) $@
$(B)/sluice.elf32: $(B)/sluice.elf $(B)/obj/multiboot1.bin
	$(Q)objcopy -O elf32-i386 --strip-debug --update-section .mb1=$(B)/obj/multiboot1.bin $< $@

# A kernel that only prints, to compare boot times with.
$(B)/empty.elf32: tests/bench/empty.S
	@mkdir -p $(@D)
	$(CC) -m32 -nostdlib -static -no-pie -Wl,--build-id=none,-Ttext=0x100000 -o $@ $<

# A disc for BIOS and, where GRUB has its EFI modules, UEFI. CONF=FILE puts a configuration on it.
iso: $(B)/sluice.iso
$(B)/sluice.iso: $(B)/sluice.elf boot/grub.cfg $(CONF)
	boot/iso.sh $@ $(B)/sluice.elf $(CONF)

# newlib and unpacked packages stay.
clean:
	rm -rf $(B)/obj $(B)/unit $(B)/fuzz $(B)/cov $(B)/mutants $(B)/host $(B)/host-san $(B)/host-opt $(B)/bench $(B)/sluice.* $(B)/empty.*

-include $(OBJ:.o=.d)
-include tests/tests.mk
-include tests/unit/unit.mk
-include tests/fuzz/fuzz.mk
-include tests/sim/sim.mk
-include tests/bench/bench.mk
-include tests/bench/routes.mk
