# Bashgah. `make demo` shows a card being made, `make check` proves the station; both
# install what they need. One archive a room, linked in the order rooms may use each other.
#   make          the program, build/bashgah     make bench      what a card costs
#   make demo     a card, from start to end      make lint       a second compiler, clang-tidy
#   make check    all tests                      make asan       the tests under sanitizers
#   make install  DESTDIR= PREFIX=/usr/local     make test-ROOM  one room's test programs
BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= gcc
WERROR  ?=
SAN     ?=
VERSION := 0.1.0

STD      := -std=c11 -D_POSIX_C_SOURCE=200809L
WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual \
	-Wwrite-strings -Wmissing-prototypes -Wstrict-prototypes -Wpointer-arith -Wundef -Wvla \
	-Wformat=2 -Wswitch-enum -Wno-overlength-strings $(WERROR)
# gcc knows these, clang 14 does not
ifneq (,$(findstring gcc,$(CC)))
WARN     += -Wimplicit-fallthrough=5 -Wduplicated-cond -Wduplicated-branches -Wlogical-op \
	-Wnull-dereference -Wbidi-chars=any
endif
HARDEN   := -fPIE -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
ifeq (,$(SAN))
HARDEN   += -D_FORTIFY_SOURCE=3
endif
OPT      ?= -O2 -g
CFLAGS   ?=
LDFLAGS  ?=
ALL_CFLAGS  := $(STD) $(WARN) $(OPT) $(HARDEN) $(SAN) -I. -I$(BUILD) -DBASHGAH_VERSION='"$(VERSION)"' -DBASHGAH_DESIGNS='"$(PREFIX)/share/bashgah/designs"' -pthread $(CFLAGS)
ALL_LDFLAGS := -pie -Wl,-z,relro,-z,now,-z,noexecstack $(SAN) -pthread $(LDFLAGS)

# --- the rooms: folder, outside libraries (pkg-config), rooms below in link order
ROOMS := base text keys cardapps printer store club flow cli web
DIR_base := station/base
DIR_text := station/text
DIR_keys := keys
DIR_cardapps := cardapps
DIR_printer := printer
DIR_store := station/store
DIR_club := station/club
DIR_flow := station/flow
DIR_cli := station/cli
DIR_web := station/web

PKG_text := icu-i18n icu-uc
PKG_keys := libcrypto
PKG_cardapps := libpcsclite
PKG_printer := librsvg-2.0 cairo cairo-pdf pangocairo pangoft2 fontconfig libqrencode
PKG_store := sqlite3
PKG_cli := jansson
PKG_web := libmicrohttpd
LIB_printer := -lcups
# headers alone: the library behind them is loaded when it is named
HEADERS_keys := p11-kit-1

USES_base :=
USES_text := base
USES_keys := base
USES_cardapps := keys base
USES_printer := base
USES_store := base
USES_club := store text base
USES_flow := club store printer cardapps keys text base
USES_web := flow club store printer cardapps keys text base
USES_cli := web flow club store printer cardapps keys text base

pkg = $(if $(1),$(shell pkg-config $(2) $(1) 2>/dev/null))
room_cflags = $(call pkg,$(PKG_$(1)) $(HEADERS_$(1)),--cflags)
# archives and libraries a program needs that stands on room $(1)
archives = $(foreach r,$(1) $(USES_$(1)),$(BUILD)/lib$(r).a)
libs = $(foreach r,$(1) $(USES_$(1)),$(call pkg,$(PKG_$(r)),--libs) $(LIB_$(r))) -lm

all: $(BUILD)/bashgah

define room_rules
SRC_$(1) := $$(sort $$(shell find $$(DIR_$(1)) -name '*.c'))
OBJ_$(1) := $$(SRC_$(1):%.c=$$(BUILD)/obj/%.o)
$$(BUILD)/lib$(1).a: $$(OBJ_$(1)) $$(GEN_$(1))
	@rm -f $$@
	@$$(AR) rcsD $$@ $$(filter %.o,$$^)
$$(OBJ_$(1)): ROOM_CFLAGS = $$(call room_cflags,$(1))
endef
GEN_text := $(BUILD)/obj/station/text/messages.o
$(foreach r,$(ROOMS),$(eval $(call room_rules,$(r))))

# Said once for each build folder, before the first file is compiled: which libraries are
# not here, instead of a page of the compiler's complaints.
$(BUILD)/libraries: Makefile
	@mkdir -p $(@D)
	@pkg-config --exists $(foreach r,$(ROOMS),$(PKG_$(r)) $(HEADERS_$(r))) 2>/dev/null || { \
		sh tests/setup.sh -n build; echo "make: a library is missing, tests/packages.txt lists all" >&2; exit 1; }
	@touch $@

$(BUILD)/obj/%.o: %.c | $(BUILD)/libraries
	@mkdir -p $(@D)
	@echo "  cc $<"
	@$(CC) $(ALL_CFLAGS) $(ROOM_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/obj/station/main.o: station/main.c
$(BUILD)/bashgah: $(BUILD)/obj/station/main.o $(call archives,cli)
	@echo "  ld $@"
	@$(CC) $(ALL_LDFLAGS) -o $@.new $^ $(call libs,cli) && mv -f $@.new $@

# --- messages: ICU resource bundles of both languages, one .dat, one array
MESSAGE_TEXTS := $(wildcard station/text/messages/*/*.txt)
$(BUILD)/obj/station/text/messages.o: $(BUILD)/messages.c
	@mkdir -p $(@D)
	@$(CC) $(ALL_CFLAGS) -c -o $@ $<
$(BUILD)/messages.c: $(MESSAGE_TEXTS) station/text/bundle.sh
	@mkdir -p $(@D)
	@sh station/text/bundle.sh station/text/messages $(BUILD)/messages.c

# --- tests: tests/ROOM/test_*.c, each a program on its room
TEST_SRC := $(sort $(wildcard tests/*/test_*.c))
TEST_BIN := $(TEST_SRC:tests/%.c=$(BUILD)/tests/%)
BENCH_SRC := $(sort $(wildcard tests/bench/bench_*.c))
BENCH_BIN := $(BENCH_SRC:tests/%.c=$(BUILD)/tests/%)
TEST_HELP := $(sort $(wildcard tests/support/*.c))
# an archive: a test of a low room takes only the helpers it uses
$(BUILD)/libsupport.a: $(TEST_HELP:%.c=$(BUILD)/obj/%.o)
	@rm -f $@
	@$(AR) rcsD $@ $^

# what tests load by its path, as a key token's driver is
TEST_MODULES := $(patsubst tests/%.c,$(BUILD)/tests/%.so,$(subst /module/,/,$(wildcard tests/support/module/*.c)))
$(BUILD)/tests/support/%.so: tests/support/module/%.c | $(BUILD)/libraries
	@mkdir -p $(@D)
	@echo "  so $<"
	@$(CC) $(ALL_CFLAGS) -fPIC $(call pkg,$(HEADERS_keys),--cflags) -MMD -MP -shared -o $@ $<
$(TEST_BIN) $(BENCH_BIN): | $(TEST_MODULES)

define test_rules
$(1:%.c=$(BUILD)/obj/%.o): ROOM_CFLAGS = $$(call room_cflags,$(2))
$(patsubst tests/%.c,$(BUILD)/tests/%,$(1)): $(1:%.c=$(BUILD)/obj/%.o) $(BUILD)/libsupport.a $$(call archives,$(2))
	@mkdir -p $$(@D)
	@$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(call libs,$(2)) -lcmocka
endef
room_of = $(if $(filter $(notdir $(patsubst %/,%,$(dir $(1)))),$(ROOMS)),$(notdir $(patsubst %/,%,$(dir $(1)))),cli)
$(foreach t,$(TEST_SRC) $(BENCH_SRC),$(eval $(call test_rules,$(t),$(call room_of,$(t)))))

# the software chips' keys are noted as they are made ready
$(BUILD)/tests/e2e/test_leaks: ALL_LDFLAGS += -Wl,--wrap=raw_key_new
# the answer of a comparison may be told, nothing on the way to it
$(BUILD)/tests/keys/test_constant_channel: ALL_LDFLAGS += -Wl,--wrap=secret_equal

# speaks PKCS#11 itself, beside the safe
$(BUILD)/obj/tests/bench/bench_keys.o: ROOM_CFLAGS += $(call room_cflags,keys)

# held against librsvg itself
$(BUILD)/obj/tests/bench/bench_render.o: ROOM_CFLAGS = $(call room_cflags,printer)

tests: $(TEST_BIN)
test-%:
	@$(MAKE) --no-print-directory $(filter $(BUILD)/tests/$*/%,$(TEST_BIN))
	@for t in $(filter $(BUILD)/tests/$*/%,$(TEST_BIN)); do $$t || exit 1; done

# --- the commands that set the machine up first; what they install is seen by a second make
again = $(MAKE) --no-print-directory $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))
ifeq ($(CI),true)
again += WERROR=-Werror
endif

setup:
	@sh tests/setup.sh build test lint

demo:
	@sh tests/setup.sh build test
	@$(again) all
	@bash tests/demo.sh $(BUILD)

check:
	@sh tests/setup.sh build test
	@$(again) all tests
	@bash tests/run.sh $(BUILD)

bench:
	@sh tests/setup.sh build test
	@$(again) all $(BENCH_BIN)
	@for b in $(BENCH_BIN); do $$b || exit 1; done

# --- the same sources under other eyes, each in a build folder of its own
asan:
	@sh tests/setup.sh build test
	@$(again) BUILD=$(BUILD)/asan OPT='-O1 -g -fno-omit-frame-pointer' \
		SAN='-fsanitize=address,undefined -fno-sanitize-recover=all' tests
	@bash tests/run.sh $(BUILD)/asan --programs

# reads of what was never written; leaks are the sanitizers' business: forked children leave theirs on purpose
valgrind:
	@sh tests/setup.sh build test valgrind
	@$(again) BUILD=$(BUILD)/valgrind OPT='-O1 -g' tests
	@WRAP='valgrind -q --error-exitcode=99 --leak-check=no' bash tests/run.sh $(BUILD)/valgrind --programs

lint:
	@sh tests/setup.sh build test lint
	@bash tests/lint.sh $(BUILD)/lint

TIDY_SRC := $(foreach r,$(ROOMS),$(SRC_$(r))) $(wildcard station/main.c)
tidy: $(TIDY_SRC:%.c=$(BUILD)/tidy/%)
$(foreach r,$(ROOMS),$(eval $(SRC_$(r):%.c=$(BUILD)/tidy/%): ROOM_CFLAGS = $$(call room_cflags,$(r))))
$(BUILD)/tidy/%: %.c $(BUILD)/obj/%.o .clang-tidy
	@mkdir -p $(@D)
	@clang-tidy --quiet --warnings-as-errors='*' $< -- $(ALL_CFLAGS) $(ROOM_CFLAGS) \
		$(if $(filter-out station/base/%,$<),-include tests/support/analyzer.h) 2>&1 >$@.said | \
		grep -v 'warnings generated' ; if [ -s $@.said ]; then cat $@.said; exit 1; fi
	@touch $@

# --- what a system gets: FROM:TO below PREFIX, one table for install and uninstall
MAN_EN := $(notdir $(wildcard docs/man/en/*.1))
MAN_FA := $(notdir $(wildcard docs/man/fa/*.1))
INSTALLED := $(BUILD)/bashgah:bin/bashgah \
	$(foreach m,$(MAN_EN),docs/man/en/$(m):share/man/man1/$(m)) \
	$(foreach m,$(MAN_FA),docs/man/fa/$(m):share/man/fa/man1/$(m)) \
	$(foreach d,$(notdir $(wildcard printer/designs/*)),printer/designs/$(d):share/bashgah/designs/$(d)) \
	packaging/bashgah-portal.service:lib/systemd/system/bashgah-portal.service \
	packaging/cupsd-policy.conf:share/bashgah/cupsd-policy.conf \
	packaging/bashgah-sysusers.conf:lib/sysusers.d/bashgah.conf \
	packaging/bashgah-completion.bash:share/bash-completion/completions/bashgah

install: $(BUILD)/bashgah
	@set -e; for pair in $(INSTALLED); do from=$${pair%%:*}; to=$(DESTDIR)$(PREFIX)/$${pair#*:}; \
		mode=644; case $$to in */bin/*) mode=755 ;; esac; install -D -m $$mode $$from $$to; done
	@sed -i 's|@PREFIX@|$(PREFIX)|' $(DESTDIR)$(PREFIX)/lib/systemd/system/bashgah-portal.service
	@echo "installed below $(DESTDIR)$(PREFIX)"

uninstall:
	@for pair in $(INSTALLED); do rm -f $(DESTDIR)$(PREFIX)/$${pair#*:}; done
	@rmdir $(DESTDIR)$(PREFIX)/share/bashgah/designs $(DESTDIR)$(PREFIX)/share/bashgah 2>/dev/null || true

clean:
	rm -rf $(BUILD)

.PHONY: all tests clean demo check bench lint tidy asan valgrind install uninstall setup
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
