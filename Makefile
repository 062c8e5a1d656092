# SPDX-License-Identifier: GPL-2.0-or-later
# Sekimori. No configure step: `make help` lists what can be asked for.
#   V=1 shows commands, SAN=1 builds with AddressSanitizer and UBSan into build/san, SAN=thread with ThreadSanitizer into build/tsan, CC=clang works.

V ?= 0
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),@:,@printf '  %-6s %s\n' $(1) $(patsubst $(CURDIR)/%,%,$(2)))

CLANG ?= clang
TOP := build
B := $(if $(SAN),$(TOP)/$(if $(filter thread,$(SAN)),tsan,san),$(TOP))

, := ,
SAN_FLAGS := $(if $(filter thread,$(SAN)),-fsanitize=thread,-fsanitize=address$(,)undefined -fno-sanitize-recover=undefined)
CSTD := -std=gnu11 -D_GNU_SOURCE
WARN := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wundef -Wvla -Wformat=2 -Wno-unused-parameter $(if $(CI),-Werror)
OPT := $(if $(SAN),-O1 $(SAN_FLAGS) -fno-omit-frame-pointer,-O2 -D_FORTIFY_SOURCE=2)
CFLAGS += $(CSTD) $(WARN) $(OPT) -g -fPIE -Iinclude -Iuserspace -I. -isystem /usr/include/libnl3
LDFLAGS += -pie -Wl,-z,relro,-z,now $(if $(SAN),$(SAN_FLAGS))
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Wno-unused-parameter -Werror -Iinclude -Ibpf -I. -Iselftests -I/usr/include/$(shell uname -m)-linux-gnu

# One row per archive and program: its folder's *.c; then what it links, lower rooms last.
LIB_SRC := $(wildcard userspace/lib/*.c)
# What the kernel module and the programs compile from one source.
MODULE_SRC := $(addprefix kmod/,guard_table.c prefilter.c prefilter_check.c prefilter_prove.c prefilter_request.c prefilter_step.c prefilter_vector.c)
CORE_SRC := $(wildcard userspace/core/*/*.c) $(MODULE_SRC)
KERN_SRC := $(wildcard userspace/kern/*.c)
STORE_SRC := $(wildcard userspace/store/*.c)
VIEW_SRC := $(wildcard userspace/view/*.c)
PORTAL_SRC := $(wildcard userspace/portal/*.c)
CORE_LIBS := -lhs -lpcre2-8 -ljansson -lexpat -lnettle -lpsl -lmagic -lz -lbrotlidec
KERN_LIBS := -lbpf -lelf -lz -lnl-genl-3 -lnl-3 -lnettle -lnftables
STORE_LIBS := -lsqlite3 -lpq -ljansson -lnettle -lz
PORTAL_LIBS := -lmicrohttpd -lgnutls -lsodium
LIB_A := $(B)/lib.a
CORE_A := $(B)/core.a
KERN_A := $(B)/kern.a
STORE_A := $(B)/store.a
VIEW_A := $(B)/view.a
PORTAL_A := $(B)/portal.a
PROGRAMS := $(B)/sekimori $(B)/sekimori-tools $(B)/sekimorid
# The commands that only ask the daemon; the command line's other ones are in sekimori-tools, with all that they need.
sekimori_SRC := $(addprefix userspace/sekimori/,main.c client.c cmd_block.c cmd_why.c cmd_list.c cmd_list_export.c cmd_list_load.c)
sekimori_LIBS := -Wl,--as-needed $(CORE_LIBS)
sekimori-tools_SRC := $(wildcard userspace/sekimori/*.c)
sekimori-tools_LIBS := $(KERN_LIBS) $(STORE_LIBS) $(CORE_LIBS) -lpcap
sekimorid_SRC := $(wildcard userspace/sekimorid/*.c)
sekimorid_LIBS := $(PORTAL_LIBS) $(KERN_LIBS) $(STORE_LIBS) $(CORE_LIBS) -lcurl -lseccomp -lcap

BPF_OBJECT := $(TOP)/sekimori.bpf.o $(TOP)/sekimori-family.bpf.o
BPF_OBJECT_KMOD := $(TOP)/sekimori-kmod.bpf.o
KDIR ?= /lib/modules/$(shell uname -r)/build
MAN := $(TOP)/sekimori.1 $(TOP)/sekimori.conf.5 $(TOP)/sekimori-rules.5
PREFIX ?= /usr/local
DEST = $(DESTDIR)$(PREFIX)
UNIT := $(patsubst selftests/unit/%.c,$(B)/unit/%,$(wildcard selftests/unit/*.c))
PROG := $(patsubst selftests/prog/%.c,$(B)/prog/%,$(filter-out %.bpf.c,$(wildcard selftests/prog/*.c))) \
	$(patsubst selftests/prog/%.bpf.c,$(TOP)/prog/%.bpf.o,$(wildcard selftests/prog/*.bpf.c))
KMODTEST := $(patsubst selftests/kmod/%.c,$(B)/kmodtest/%,$(filter-out %.bpf.c,$(wildcard selftests/kmod/*.c))) \
	$(patsubst selftests/kmod/%.bpf.c,$(TOP)/kmodtest/%.bpf.o,$(wildcard selftests/kmod/*.bpf.c))
BENCH := $(patsubst selftests/bench/%.c,$(B)/bench/%,$(filter-out %.bpf.c,$(wildcard selftests/bench/*.c)))
FUZZ := $(patsubst selftests/fuzz/%.c,$(TOP)/fuzz/bin/%,$(wildcard selftests/fuzz/*.c))

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))

.PHONY: all kmod run check check-threads egress-inbound check-vm bench bench-lists bench-prefilter bench-events bench-inspect fuzz bench-latency install help deps clean tests fuzzers
.DELETE_ON_ERROR:
.SECONDARY:

all: $(PROGRAMS) $(BPF_OBJECT) $(BPF_OBJECT_KMOD) $(if $(SAN),,kmod)

help:
	@sed -n 's/^## //p' Makefile

## make            build the programs and the BPF object into build/
## make kmod     build/sekimori.ko against the running kernel's headers, or those in KDIR (part of `make` where they are)
## make run        install what is missing, build, and show the lab for about a minute
##                 STAY=1 keeps it running, IFACE=eth0 protects a real interface in monitor mode
## make check      install what is missing, build, run all tests (T=PATTERN: those whose name matches)
## make check-threads    what runs in several threads, under ThreadSanitizer
## make newsletter the attacks of September 2014 through the whole chain, and their TOP 10 as a report (about five minutes)
## make egress-inbound  100 000 clients of public services in both shapes: no false finding, no lost byte (COUNT=)
## make check-vm   packet tables, kernel module and daemon on Debian's 6.1 and 6.12 kernels under QEMU (KERNEL=6.12: on one,
##                 KERNEL=debug: on one with KASAN, lockdep and kmemleak that is built first)
## make bench      measure, beside the peers; results in build/bench/*.tsv
## make bench-lists     the blacklist beside the kernel's maps, nftables, ipset and xdp-filter: LARGEST=1000000 entries, LEAST=0; aims beside the figures
## make bench-prefilter the kernel module's scanner beside the same scan in BPF, Vectorscan and a naive search
## make bench-events    the event store, its reports at a million events, and notices at a thousand attacks a second
## make bench-latency   one address in force: after the daemon has the request, and with the command line program (LARGEST=1000000)
## make bench-inspect   the matcher beside Suricata 8, unpacked below build/
## make fuzz       fuzz every parser for a while (SECONDS=60)
## make install    programs, packet program, rules, man pages into DESTDIR/PREFIX (/usr/local)
## make clean      remove build/

deps:
	$(Q)tools/install-deps.sh build

run:
	$(Q)tools/install-deps.sh run
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) all
	$(Q)tools/run.sh $(if $(IFACE),--iface $(IFACE)) $(if $(STAY),--stay) $(if $(ENFORCE),--enforce)

check:
	$(Q)tools/install-deps.sh check
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) all tests
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) SAN=1 all tests
	$(Q)selftests/run.sh $(if $(T),'$(T)')

# Its shadow memory wants addresses where they always were.
THREADED := parallel pause list_build report_worker
check-threads:
	$(Q)tools/install-deps.sh check
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) SAN=thread $(THREADED:%=$(TOP)/tsan/unit/%)
	$(Q)for test in $(THREADED); do TSAN_OPTIONS=halt_on_error=1 setarch -R $(TOP)/tsan/unit/$$test || exit 1; done

egress-inbound:
	$(Q)tools/install-deps.sh check
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) all
	$(Q)COUNT=$(or $(COUNT),100000) BIN=$(CURDIR)/$(B) selftests/netns/egress_inbound.sh

newsletter:
	$(Q)tools/install-deps.sh check
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) all
	$(Q)tools/newsletter.sh

check-vm:
	$(Q)tools/install-deps.sh $(if $(filter debug,$(KERNEL)),vm-debug,vm)
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) all tests
	$(Q)selftests/vm/run.sh $(KERNEL)

bench-lists:
	$(Q)tools/install-deps.sh bench
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) all $(B)/bench/lists $(B)/bench/lists_parse $(B)/bench/lists_live $(TOP)/bench/lists.bpf.o
	$(Q)selftests/bench/run.sh lists

bench-prefilter:
	$(Q)tools/install-deps.sh bench
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) $(B)/bench/prefilter $(TOP)/bench/prefilter.bpf.o
	$(Q)selftests/bench/run.sh prefilter

bench-latency:
	$(Q)tools/install-deps.sh bench
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) all $(B)/bench/latency
	$(Q)selftests/bench/run.sh latency

bench:
	$(Q)tools/install-deps.sh bench
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) all $(BENCH)
	$(Q)selftests/bench/run.sh

bench-events:
	$(Q)tools/install-deps.sh bench
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) all $(B)/bench/store $(B)/bench/portal
	$(Q)BIN=$(CURDIR)/$(B) selftests/bench/run.sh store events

bench-inspect: deps
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) $(B)/sekimori $(B)/bench/reload
	$(Q)selftests/bench/run.sh inspect

fuzz:
	$(Q)tools/install-deps.sh check
	$(Q)selftests/fuzz/run.sh $(or $(SECONDS),60)

tests: $(UNIT) $(PROG) $(KMODTEST)

fuzzers: $(FUZZ)

# The daemon finds its object and rules relative to its own place, so any PREFIX works.
install: all $(MAN)
	$(Q)install -d $(DEST)/bin $(DEST)/lib/sekimori $(DEST)/share/sekimori/rules $(DEST)/share/sekimori/logs $(DEST)/share/man/man1 $(DEST)/share/man/man5
	$(Q)install -d $(DEST)/share/bash-completion/completions
	$(Q)install -m 755 $(TOP)/sekimori $(TOP)/sekimori-tools $(TOP)/sekimorid $(DEST)/bin/
	$(Q)install -m 644 $(BPF_OBJECT) $(BPF_OBJECT_KMOD) $(DEST)/lib/sekimori/
	$(Q)install -m 644 $(wildcard rules/*.rules rules/*.config rules/*.table rules/*.json) $(DEST)/share/sekimori/rules/
	$(Q)install -m 644 $(wildcard logs/*) $(DEST)/share/sekimori/logs/
	$(Q)install -m 644 $(TOP)/sekimori.1 $(DEST)/share/man/man1/
	$(Q)ln -sf sekimori.1 $(DEST)/share/man/man1/sekimorid.1
	$(Q)install -m 644 $(TOP)/sekimori.conf.5 $(TOP)/sekimori-rules.5 $(DEST)/share/man/man5/
	$(Q)kmod/dkms.sh $(DESTDIR)$(PREFIX)/src
	$(Q)$(TOP)/sekimori completion bash >$(DEST)/share/bash-completion/completions/sekimori

$(MAN): $(TOP)/%: doc/% tools/manpage.sh $(TOP)/sekimori $(TOP)/sekimori-tools
	$(call say,MAN,$@)
	$(Q)tools/manpage.sh $(TOP)/sekimori $< >$@

# --- programs
define program
$(B)/$(1): $(call obj,$($(1)_SRC)) $(PORTAL_A) $(VIEW_A) $(KERN_A) $(STORE_A) $(CORE_A) $(LIB_A)
	$$(call say,LD,$$@)
	$(Q)$$(CC) $$(LDFLAGS) -o $$@ $$(filter %.o,$$^) $$(filter %.a,$$^) $$($(1)_LIBS)
endef
$(foreach p,$(notdir $(PROGRAMS)),$(eval $(call program,$(p))))
$(B)/sekimori: | $(B)/sekimori-tools

$(LIB_A): $(call obj,$(LIB_SRC))
$(CORE_A): $(call obj,$(CORE_SRC))
$(KERN_A): $(call obj,$(KERN_SRC))
$(STORE_A): $(call obj,$(STORE_SRC))
$(VIEW_A): $(call obj,$(VIEW_SRC))
$(PORTAL_A): $(call obj,$(PORTAL_SRC))
# What browsers get beside pages is a part of the program.
$(B)/obj/userspace/portal/look.o: userspace/portal/portal.css userspace/portal/portal.js
$(B)/%.a:
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/obj/%.o: %.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

# --- tests: one program per file, the file's name is the test's name
$(B)/unit/%: $(B)/obj/selftests/unit/%.o $(PORTAL_A) $(VIEW_A) $(KERN_A) $(STORE_A) $(CORE_A) $(LIB_A)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LDFLAGS) -o $@ $^ $(PORTAL_LIBS) $(KERN_LIBS) $(STORE_LIBS) $(CORE_LIBS)
$(B)/prog/%: $(B)/obj/selftests/prog/%.o $(KERN_A) $(CORE_A) $(LIB_A)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LDFLAGS) -o $@ $^ $(KERN_LIBS) $(CORE_LIBS)
# With the module loaded: run in the VM only.
$(B)/kmodtest/%: $(B)/obj/selftests/kmod/%.o $(KERN_A) $(CORE_A) $(LIB_A)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LDFLAGS) -o $@ $^ $(KERN_LIBS) $(CORE_LIBS)
$(B)/bench/%: $(B)/obj/selftests/bench/%.o $(PORTAL_A) $(VIEW_A) $(KERN_A) $(STORE_A) $(CORE_A) $(LIB_A)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LDFLAGS) -o $@ $^ $(PORTAL_LIBS) $(KERN_LIBS) $(STORE_LIBS) $(CORE_LIBS) -lpcap
$(B)/obj/selftests/%.o: CFLAGS += -Iselftests -Wno-missing-prototypes

# --- fuzzing: clang's fuzzer; lib and core instrumented once, one program per target
FUZZ_CFLAGS := $(CSTD) $(WARN) -Wno-missing-prototypes -O1 -g -Iinclude -Iuserspace -I. -Iselftests -isystem /usr/include/libnl3 -fsanitize=address$(,)undefined$(,)fuzzer-no-link \
	-fno-sanitize-recover=undefined
$(TOP)/fuzz/obj/%.o: %.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CLANG) $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<
$(TOP)/fuzz/bin/capture: CORE_LIBS += -lpcap
$(TOP)/fuzz/bin/%: $(TOP)/fuzz/obj/selftests/fuzz/%.o $(patsubst %.c,$(TOP)/fuzz/obj/%.o,$(CORE_SRC) $(LIB_SRC))
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CLANG) -fsanitize=fuzzer$(,)address$(,)undefined -o $@ $^ $(CORE_LIBS)

# --- BPF
# Constants that the compiler put aside for merging do not load: bpf/maps.bpf.h, TABLE.
define bpf_build
$(Q)mkdir -p $(@D) && $(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $@.d -MT $@ -c -o $@ $<
$(Q)! readelf -SW $@ | grep '\.rodata\.' || { echo "$@: give its constant tables the mark TABLE" >&2; rm -f $@; exit 1; }
endef
$(BPF_OBJECT_KMOD): BPF_CFLAGS += -DSEKI_WITH_KMOD
$(TOP)/sekimori.bpf.o $(BPF_OBJECT_KMOD): bpf/sekimori.bpf.c
$(TOP)/sekimori-family.bpf.o: bpf/family.bpf.c
$(BPF_OBJECT) $(BPF_OBJECT_KMOD):
	$(call say,BPF,$@)
	$(bpf_build)

$(TOP)/kmodtest/%.bpf.o: selftests/kmod/%.bpf.c
	$(call say,BPF,$@)
	$(bpf_build)

$(TOP)/prog/%.bpf.o: selftests/prog/%.bpf.c
	$(call say,BPF,$@)
	$(bpf_build)

$(TOP)/bench/%.bpf.o: selftests/bench/%.bpf.c
	$(call say,BPF,$@)
	$(bpf_build)

# --- kernel module. Where nobody can build it, everything else works without it.
kmod:
ifeq ($(wildcard $(KDIR)/Makefile),)
	$(if $(filter kmod,$(MAKECMDGOALS)),$(error No kernel headers in $(KDIR): install them (Debian: linux-headers-amd64 pahole) or name others with KDIR=),\
		@echo '  no kernel headers in $(KDIR): sekimori.ko is not built')
else
	$(call say,KMOD,$(TOP)/sekimori.ko)
	$(Q)kmod/build.sh $(KDIR) $(TOP)/kmod/host && cp $(TOP)/kmod/host/sekimori.ko $(TOP)/sekimori.ko
endif

clean:
	$(Q)rm -rf build

-include $(shell find build -path build/suricata -prune -o -name '*.d' -type f -print 2>/dev/null)
