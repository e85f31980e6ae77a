/*
 * No key byte outside locked memory: a station of a real club issues a thousand cards whose software chips live in
 * this process, with its log, its trace and its prints written. Then, and in the middle of acts, its core image is scanned
 * for the masters, every card and session key, the signing key and the passphrase; and so is every file it has written.
 * The program itself is looked at while it waits for a card. The keys are known because the chips' side notes each one it works with, and the safe is opened here afterwards.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/sha.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cardapps/reader/trace.h"
#include "keys/digest.h"
#include "keys/memory.h"
#include "keys/raw.h"
#include "keys/sealed.h"
#include "keys/signature.h"
#include "station/base/bytes.h"
#include "station/base/clock.h"
#include "station/base/file.h"
#include "station/base/log.h"
#include "station/base/secret.h"
#include "station/cli/cli.h"
#include "station/club/member.h"
#include "station/flow/artwork.h"
#include "station/flow/settings.h"
#include "tests/support/club_fixture.h"
#include "tests/support/cups_private.h"
#include "tests/support/far_card.h"
#include "tests/support/leaks.h"
#include "tests/support/pcscd.h"
#include "tests/support/real_club.h"

#define PASSPHRASE "seven quiet rivers under glass"
#define ROOT_PASSPHRASE "nine loud mountains over sand"
#ifdef __SANITIZE_ADDRESS__
#define ISSUES 100u	/* what that looks for shows in few; the thousand are for the program as it is used */
#else
#define ISSUES 1000u
#endif
#define LOAD_EVERY 50u
#define PRINT_EVERY (ISSUES / 2)
#define CANARY_LEN 24
#define CANARIES 4		/* heap, locked memory, log, file */
#define LOOKS 16u		/* in the middle of acts */

/* --- the station's process: this program again, started with these words */

static enum err
ask_pass(void *ctx, char *out, size_t cap, struct why *w)
{
	return cli_passphrase_from(*(int *)ctx, out, cap, w);
}

/* What went wrong is for whoever reads the test's log. */
static void
must(enum err e, const struct why *w, const char *what)
{
	if (e == ERR_OK)
		return;
	(void)fprintf(stderr, "# station: %s: %s/%s\n", what, err_name(e), msg_name(w->id));
	exit(98);
}

static void
print_card(struct station *s, uint64_t card, const char *queue)
{
	struct artwork_request rq = {.card = card, .printer = queue, .timeout_ms = 120000};
	struct artwork_report report;
	struct why w = {0};

	must(station_print_card(s, &rq, &report, &w), &w, "print");
}

static void
one_card(struct station *s, struct reader *r, uint32_t member, unsigned n)
{
	struct flow_request rq = {.flow = FLOW_ISSUE, .reader = r, .member = member, .tier = 1};
	struct flow_result result;
	struct why w = {0};
	char queue[STATION_PATH_CAP + 32];

	must(flow_run(s, &rq, &result, &w), &w, "issue");
	if (n % LOAD_EVERY == 0) {
		rq = (struct flow_request){.flow = FLOW_LOAD, .reader = r, .amount = 500000};
		must(flow_run(s, &rq, &result, &w), &w, "load");
	}
	if (n % PRINT_EVERY == 0) {
		(void)snprintf(queue, sizeof(queue), "file:%s/" STATION_PRINTS, s->folder);
		print_card(s, result.card_number, queue);
		print_card(s, result.card_number, "card");
	}
}

/* Where a secret could have been left, four marks are: a scan that does not see them is no scan. */
static void
plant(int fd, FILE *log, const char *place)
{
	static uint8_t *heap, *locked;
	struct far_message m;
	char hex[2 * CANARY_LEN + 1], path[300];
	struct why w;

	far_ask(fd, FAR_PAUSE, &m);
	heap = malloc(CANARY_LEN);
	locked = secret_alloc(CANARY_LEN);
	if (m.len != CANARIES * CANARY_LEN || heap == NULL || locked == NULL)
		exit(96);
	memcpy(heap, m.bytes, CANARY_LEN);
	memcpy(locked, m.bytes + CANARY_LEN, CANARY_LEN);
	hex_encode(m.bytes + (size_t)2 * CANARY_LEN, CANARY_LEN, hex);
	(void)fprintf(log, "%s\n", hex);
	(void)fflush(log);
	(void)snprintf(path, sizeof(path), "%s/forgotten", place);
	must(file_write(path, m.bytes + (size_t)3 * CANARY_LEN, CANARY_LEN, 0600, &w), &w, "file");
	WIPE(hex);
	WIPE(m);
	far_ask(fd, FAR_PAUSE, &m);
	free(heap);
	secret_free(locked, CANARY_LEN);
}

static int
station_main(const char *place, int fd, int pass_fd, unsigned issues)
{
	const struct member_form form = {.name = "سارا احمدی", .phone = "09121234567",
	    .now_ms = clock_now_ms()};
	struct far_message m;
	struct far_reader far;
	struct trace trace;
	struct station *s = NULL;
	uint32_t member;
	struct why w = {0};
	char path[300];
	FILE *log, *traced;

	secret_harden_process();
	must(keys_guard_memory(&w), &w, "guard");
	(void)snprintf(path, sizeof(path), "%s/log", place);
	log = fopen(path, "w");
	(void)snprintf(path, sizeof(path), "%s/trace", place);
	traced = fopen(path, "w");
	if (log == NULL || traced == NULL)
		return 96;
	log_to(log, LOG_DEBUG);
	(void)snprintf(path, sizeof(path), "%s/club", place);
	must(station_open(path, STATION_KEYS, ask_pass, &pass_fd, &s, &w), &w, "open");
	(void)close(pass_fd);
	far_reader_init(&far, fd);
	trace_attach(&trace, &far.reader, traced);
	must(store_begin(s->store, &w), &w, "begin");
	must(club_member_add(s->store, &form, &member, &w), &w, "member");
	must(store_commit(s->store, &w), &w, "commit");
	for (unsigned n = 1; n <= issues; n++) {
		far_ask(fd, FAR_NEW, &m);
		one_card(s, &far.reader, member, n);
	}
	(void)fflush(traced);
	far_ask(fd, FAR_PAUSE, &m);
	plant(fd, log, place);
	station_close(&s);
	far_ask(fd, FAR_PAUSE, &m);
	(void)fclose(traced);
	(void)fclose(log);
	return 0;
}

/* --- the chips' process */

static struct needles *secrets, *masters;
static bool noting;
static char place[256];
static char club[300];

/* Every key a software chip works with passes here: card keys, session keys. */
enum err __real_raw_key_new(enum raw_alg alg, const uint8_t *key, struct raw_key **out, struct why *w);
enum err __wrap_raw_key_new(enum raw_alg alg, const uint8_t *key, struct raw_key **out, struct why *w);
enum err
__wrap_raw_key_new(enum raw_alg alg, const uint8_t *key, struct raw_key **out, struct why *w)
{
	if (noting)
		(void)needles_add(secrets, "a card or session key", key, raw_key_len(alg));
	return __real_raw_key_new(alg, key, out, w);
}

struct far {
	pid_t pid;
	int fd;
	struct sim_card *chip;
	unsigned cards;
	unsigned apdus;		/* of this card */
};

static void
start(struct far *f, unsigned issues)
{
	char fd_word[16], pass_word[16], issues_word[16];
	int pair[2], pass[2];

	memset(f, 0, sizeof(*f));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(pipe(pass), 0);
	f->pid = fork();
	assert_true(f->pid >= 0);
	if (f->pid == 0) {
		char *const argv[] = {(char[]){"station"}, place, fd_word, pass_word, issues_word, NULL};

		(void)close(pair[0]);
		(void)close(pass[1]);
		(void)snprintf(fd_word, sizeof(fd_word), "%d", pair[1]);
		(void)snprintf(pass_word, sizeof(pass_word), "%d", pass[0]);
		(void)snprintf(issues_word, sizeof(issues_word), "%u", issues);
		(void)execv("/proc/self/exe", argv);
		_exit(99);
	}
	(void)close(pair[1]);
	(void)close(pass[0]);
	f->fd = pair[0];
	assert_int_equal(write(pass[1], PASSPHRASE "\n", sizeof(PASSPHRASE)), sizeof(PASSPHRASE));
	(void)close(pass[1]);
}

static void
new_chip(struct far *f)
{
	struct why w;

	sim_card_free(&f->chip);
	assert_int_equal(sim_desfire_new_kind(f->cards % 2 == 0 ? SIM_DESFIRE_EV1 : SIM_DESFIRE_EV2, NULL,
	    NULL, &f->chip, &w), ERR_OK);
	f->cards++;
	f->apdus = 0;
	assert_true(far_send(f->fd, FAR_NEW, NULL, 0));
}

/* Serve until the station stands still of itself, or has sent the n-th APDU of a card and waits for its answer. */
static void
serve(struct far *f, unsigned card, unsigned apdu, struct far_message *m)
{
	for (;;) {
		if (!far_receive(f->fd, m))
			fail_msg("the station ended at card %u, APDU %u", f->cards, f->apdus);
		if (m->word == FAR_PAUSE)
			return;
		if (m->word == FAR_NEW) {
			new_chip(f);
			continue;
		}
		f->apdus += m->word == FAR_APDU;
		if (m->word == FAR_APDU && f->cards == card && f->apdus == apdu)
			return;
		far_serve(f->fd, f->chip, m);
	}
}

static void
go_on(const struct far *f)
{
	assert_true(far_send(f->fd, FAR_PAUSE, NULL, 0));
}

static void
end(struct far *f)
{
	int status = 0;

	go_on(f);
	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	assert_int_equal(status, 0);
	(void)close(f->fd);
	sim_card_free(&f->chip);
}

/* Seed and masters as they lie in the safe: every sixteen bytes of its contents, wherever they begin. */
static void
note_safe(void)
{
	uint8_t *room = secret_alloc(SEALED_CAP), expanded[64];
	struct sealed_head head;
	struct why w;
	char path[400];
	size_t len;

	(void)snprintf(path, sizeof(path), "%s/" STATION_SAFE, club);
	assert_non_null(room);
	assert_int_equal(sealed_open(path, SEALED_SAFE, PASSPHRASE, strlen(PASSPHRASE), &head, room, &len, &w), ERR_OK);
	assert_in_range(len, SEED_LEN + 16, SEALED_CAP);
	for (size_t at = 0; at + 16 <= len; at++)
		(void)needles_add(secrets, "a master or the signing key", room + at, 16);
	(void)needles_add(masters, "a master", room + len - 16, 16);	/* they come last */
	/* Ed25519 works with the hash of its seed: RFC 8032, 5.1.5 */
	(void)SHA512(room, SEED_LEN, expanded);	/* the seed comes first */
	expanded[0] &= 248;
	expanded[31] = (uint8_t)((expanded[31] & 127) | 64);
	(void)needles_add(secrets, "the signing key, expanded", expanded, 32);
	(void)needles_add(secrets, "the signing key, expanded", expanded + 32, 32);
	WIPE(expanded);
	secret_free(room, SEALED_CAP);
}

static int
begin(void **state)
{
	struct init_options o = {.designs_from = "printer/designs", .real = true, .club_name = "باشگاه سپیده",
	    .host = "club.sepideh.ir", .pass = PASSPHRASE, .root_pass = ROOT_PASSPHRASE};
	char root[300], tmp[300];
	struct why w;

	(void)state;
	club_fixture_place("leaks", place, sizeof(place));
	folder_remove(place);
	(void)snprintf(club, sizeof(club), "%s/club", place);
	(void)snprintf(root, sizeof(root), "%s.root", place);
	(void)snprintf(tmp, sizeof(tmp), "%s/tmp", place);
	o.folder = club;
	o.root_path = root;
	secrets = needles_new();
	masters = needles_new();
	if (folder_make(place, 0700, &w) != ERR_OK || folder_make(tmp, 0700, &w) != ERR_OK ||
	    station_init(&o, &w) != ERR_OK || !cups_begin())
		return -1;
	real_club_keys(club, PASSPHRASE);
	(void)unlink(root);
	(void)setenv("TMPDIR", tmp, 1);
	(void)setenv("SQLITE_TMPDIR", tmp, 1);
	note_safe();
	(void)needles_add(secrets, "the passphrase", PASSPHRASE, strlen(PASSPHRASE));
	return 0;
}

static int
finish(void **state)
{
	(void)state;
	cups_end();
	needles_free(&secrets);
	needles_free(&masters);
	folder_remove(place);
	return 0;
}

static void
nothing_in(const struct sightings *s, const char *of)
{
	if (s->hits > 0)
		fail_msg("%zu secrets in %s, the first: %s", s->hits, of, s->first);
	assert_true(s->bytes > 0);
}

static void
core_is_clean(const struct far *f, const char *when)
{
	struct sightings s = {0};

	needles_in_process(secrets, f->pid, MEMORY_CORE, &s);
	nothing_in(&s, when);
	assert_in_range(s.bytes, 1u << 20, UINT64_C(1) << 33);
}

static void
files_are_clean(void)
{
	struct sightings s = {0};

	needles_in_folder(secrets, place, &s);
	nothing_in(&s, "the club's files, log, trace, prints and temporary files");
	assert_in_range(s.bytes, 1u << 20, UINT64_C(1) << 33);
	s = (struct sightings){0};
	needles_in_folder(secrets, cups_folder(), &s);
	nothing_in(&s, "the print spool and its logs");
}

/* The marks are sown where a slip would leave a key, and the same scan finds each in its own place. */
static void
sow_and_find(struct far *f)
{
	const char *where[CANARIES] = {"[heap]", "(locked)", "/log", "/forgotten"};
	uint8_t mark[CANARIES * CANARY_LEN];
	struct far_message m;

	serve(f, 0, 0, &m);
	assert_int_equal(random_bytes(mark, sizeof(mark), NULL), ERR_OK);
	assert_true(far_send(f->fd, FAR_PAUSE, mark, sizeof(mark)));
	serve(f, 0, 0, &m);
	for (size_t i = 0; i < CANARIES; i++) {
		struct needles *one = needles_new();
		struct sightings core = {0}, all = {0}, files = {0};

		assert_true(needles_add(one, "mark", mark + i * CANARY_LEN, CANARY_LEN));
		needles_in_process(one, f->pid, MEMORY_CORE, &core);
		needles_in_process(one, f->pid, MEMORY_ALL, &all);
		needles_in_folder(one, place, &files);
		/* what goes to a file passes through the heap */
		assert_int_equal(files.hits > 0, i >= 2);
		if (i <= 1)
			assert_int_equal(core.hits > 0, i == 0);
#ifdef __SANITIZE_ADDRESS__
		if (i == 0)	/* that has a heap of its own, which has no name */
			where[0] = "memory";
#endif
		assert_non_null(strstr(i <= 1 ? all.first : files.first, where[i]));
		needles_free(&one);
	}
	go_on(f);
}

static void
a_thousand_issues_leave_no_key_byte_outside_locked_memory(void **state)
{
	struct sightings all = {0};
	struct far_message m;
	struct far f;
	unsigned looks = 0;

	(void)state;
	noting = true;
	start(&f, ISSUES);
	/* while a session is open, each time a little further into a card's life */
	for (unsigned i = 0; i < LOOKS; i++) {
		serve(&f, 2 + i, 1 + i * 4, &m);
		assert_int_equal(m.word, FAR_APDU);
		core_is_clean(&f, "the core image in the middle of an act");
		far_serve(f.fd, f.chip, &m);
		looks++;
	}
	serve(&f, 0, 0, &m);
	assert_int_equal(looks, LOOKS);
	assert_int_equal(f.cards, ISSUES);
	/* six keys of its own and a session at least for each card */
	assert_in_range(needles_count(secrets), 10 * ISSUES, UINT32_MAX);
	core_is_clean(&f, "the core image after a thousand issues");
	needles_in_process(secrets, f.pid, MEMORY_ALL, &all);
	assert_true(all.hits > 0);	/* the masters, where they may be */
	assert_non_null(strstr(all.first, "(locked)"));
	files_are_clean();
	go_on(&f);
	sow_and_find(&f);
	serve(&f, 0, 0, &m);
	core_is_clean(&f, "the core image after the station was closed");
	all = (struct sightings){0};
	needles_in_process(secrets, f.pid, MEMORY_ALL, &all);
	nothing_in(&all, "all memory after the station was closed");
	noting = false;
	end(&f);
	files_are_clean();
}

/* --- the program itself, waiting for a card with its safe open; below sanitizers there are test programs alone */

#ifndef __SANITIZE_ADDRESS__

static pid_t
start_program(int *pass_fd)
{
	const char *build = getenv("BUILD");
	char program[300], fd_word[16];
	int pass[2];
	pid_t pid;

	(void)snprintf(program, sizeof(program), "%s/bashgah", build != NULL ? build : "build");
	assert_int_equal(pipe(pass), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)close(pass[1]);
		(void)snprintf(fd_word, sizeof(fd_word), "%d", pass[0]);
		(void)execl(program, "bashgah", "-C", club, "--passphrase-fd", fd_word, "show", "--reader", PCSCD_READER_0,
		    "--wait", "600", (char *)NULL);
		_exit(99);
	}
	(void)close(pass[0]);
	*pass_fd = pass[1];
	return pid;
}

static void
the_program_waiting_for_a_card_has_no_key_byte_in_its_core(void **state)
{
	const struct timespec pause = {0, 50000000};
	struct sightings all = {0};
	struct pcscd p;
	int pass_fd, status;
	pid_t pid;

	(void)state;
	pcscd_prepare(&p);
	pcscd_start(&p);
	pid = start_program(&pass_fd);
	assert_int_equal(write(pass_fd, PASSPHRASE "\n", sizeof(PASSPHRASE)), sizeof(PASSPHRASE));
	(void)close(pass_fd);
	/* until the masters stand in locked memory: the safe is open, the passphrase has been used */
	while (all.hits == 0) {
		assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
		(void)nanosleep(&pause, NULL);
		needles_in_process(masters, pid, MEMORY_ALL, &all);
	}
	assert_non_null(strstr(all.first, "(locked)"));
	(void)nanosleep(&pause, NULL);
	all = (struct sightings){0};
	needles_in_process(secrets, pid, MEMORY_CORE, &all);
	nothing_in(&all, "the core image of the program");
	(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	pcscd_stop(&p);
	pcscd_remove(&p);
}

#endif

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thousand_issues_leave_no_key_byte_outside_locked_memory),
#ifndef __SANITIZE_ADDRESS__
		cmocka_unit_test(the_program_waiting_for_a_card_has_no_key_byte_in_its_core),
#endif
	};

	if (argc == 5)
		return station_main(argv[1], atoi(argv[2]), atoi(argv[3]), (unsigned)atoi(argv[4]));
	if (access("/dev/shm", W_OK) == 0)
		(void)setenv("TMPDIR", "/dev/shm", 1);
	return cmocka_run_group_tests(tests, begin, finish);
}
