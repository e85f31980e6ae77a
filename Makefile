# Bashgah. `make demo` shows a card being made, `make check` proves the station; both
# install what they need. One archive a room, linked in the order rooms may use each other.
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
	-Wformat=2 -Wswitch-enum $(WERROR)
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
ALL_CFLAGS  := $(STD) $(WARN) $(OPT) $(HARDEN) $(SAN) -I. -I$(BUILD) -DBASHGAH_VERSION='"$(VERSION)"' -pthread $(CFLAGS)
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
$$(OBJ_$(1)): ROOM_CFLAGS = $$(call pkg,$$(PKG_$(1)),--cflags)
endef
GEN_text := $(BUILD)/obj/station/text/messages.o
$(foreach r,$(ROOMS),$(eval $(call room_rules,$(r))))

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  cc $<"
	@$(CC) $(ALL_CFLAGS) $(ROOM_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/obj/station/main.o: station/main.c
$(BUILD)/bashgah: $(BUILD)/obj/station/main.o $(call archives,cli)
	@echo "  ld $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call libs,cli)

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
define test_rules
$(patsubst tests/%.c,$(BUILD)/tests/%,$(1)): $(1:%.c=$(BUILD)/obj/%.o) $(TEST_HELP:%.c=$(BUILD)/obj/%.o) $$(call archives,$(2))
	@mkdir -p $$(@D)
	@$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(call libs,$(2)) -lcmocka
endef
room_of = $(if $(filter $(notdir $(patsubst %/,%,$(dir $(1)))),$(ROOMS)),$(notdir $(patsubst %/,%,$(dir $(1)))),cli)
$(foreach t,$(TEST_SRC) $(BENCH_SRC),$(eval $(call test_rules,$(t),$(call room_of,$(t)))))

tests: $(TEST_BIN)
test-%:
	@$(MAKE) --no-print-directory $(filter $(BUILD)/tests/$*/%,$(TEST_BIN))
	@for t in $(filter $(BUILD)/tests/$*/%,$(TEST_BIN)); do $$t || exit 1; done

clean:
	rm -rf build

.PHONY: all tests clean demo check bench lint asan install uninstall setup
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
