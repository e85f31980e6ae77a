#include "station/flow/stock_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cardapps/number.h"
#include "keys/digest.h"
#include "station/base/bytes.h"
#include "station/base/file.h"
#include "station/base/secret.h"
#include "station/club/tier.h"
#include "station/flow/paper.h"
#include "station/flow/settings.h"

#define CSV_NAME "cards.csv"
#define PDF_NAME "cards.pdf"
#define MANIFEST_NAME "manifest.json"
#define MANIFEST_CAP 4096
#define FILE_MODE 0600

static enum err
place(const struct stock_lot_files *f, const char *name, char out[STATION_PATH_CAP], struct why *w)
{
	int n = snprintf(out, STATION_PATH_CAP, "%s/%s", f->folder, name);

	return n < 0 || n >= STATION_PATH_CAP ? why_errno(w, ENAMETOOLONG, name) : ERR_OK;
}

/* --- cards.csv: RFC 4180 */

static bool
put_row(FILE *to, const struct stock_lot_files *f, const struct stock_item *i)
{
	char digits[CARD_NUMBER_DIGITS + 1] = "";
	const char *token = strrchr(i->card.url, '/');

	(void)card_number_format(i->card.number, digits);
	return fprintf(to, "%" PRIu32 ",%s,%.4s %.4s %.4s %.4s,%s,%s,%s\r\n", f->lot.number, digits, digits,
	    digits + 4, digits + 8, digits + 12, i->card.url, token != NULL ? token + 1 : "", i->pin) > 0;
}

static bool
put_rows(FILE *to, const struct stock_lot_files *f)
{
	bool good = fputs("lot,number,number_grouped,url,token,pin\r\n", to) >= 0;

	for (uint32_t i = 0; good && i < f->lot.count; i++)
		good = put_row(to, f, &f->items[i]);
	return good;
}

static enum err
write_csv(const struct stock_lot_files *f, struct why *w)
{
	char path[STATION_PATH_CAP];
	FILE *to = NULL;
	int fd, failed;
	enum err e = place(f, CSV_NAME, path, w);

	if (e != ERR_OK)
		return e;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	if (fd >= 0)
		to = fdopen(fd, "w");
	if (to == NULL) {
		failed = errno;
		if (fd >= 0)
			(void)close(fd);
		return why_errno(w, failed, path);
	}
	errno = 0;
	failed = put_rows(to, f) && fflush(to) == 0 && fsync(fileno(to)) == 0 ? 0 : errno;
	if (fclose(to) != 0 && failed == 0)
		failed = errno;
	return failed != 0 ? why_errno(w, failed, path) : ERR_OK;
}

/* --- cards.pdf */

struct pages {
	const struct stock_lot_files *f;
	struct paper_words words;
	struct store_card card;
	uint32_t next;
};

static struct store_card
blank_card(const struct stock_order *o)
{
	return (struct store_card){.number = STORE_NUMBER_MAX, .application = o->application, .tier = o->tier};
}

static bool
next_page(void *ctx, struct card_face *out)
{
	struct pages *p = ctx;
	char digits[CARD_NUMBER_DIGITS + 1] = "";
	const struct stock_item *i;

	if (p->next == p->f->lot.count)
		return false;
	i = &p->f->items[p->next++];
	(void)card_number_format(i->card.number, digits);
	text_card_number(p->f->order->lang, digits, p->words.number, sizeof(p->words.number));
	(void)snprintf(p->words.url, sizeof(p->words.url), "%s", i->card.url);
	*out = p->words.face;
	return true;
}

static enum err
open_design(struct station *s, const struct stock_order *o, struct paper_words *words, struct design **d,
    struct why *w)
{
	const struct store_card c = blank_card(o);
	enum err e = paper_words(s, o->lang, &c, words, w);

	(void)snprintf(words->url, sizeof(words->url), "https://%s/C/%026d", s->set.host, 0);
	if (e == ERR_OK)
		e = paper_design(s, o->design != NULL ? o->design : STATION_DESIGN, o->lang, &words->face, d, w);
	return e;
}

enum err
stock_files_check(struct station *s, const struct stock_order *o, struct why *w)
{
	struct paper_words words = {0};
	struct design *d = NULL;
	enum err e = open_design(s, o, &words, &d, w);

	if (e == ERR_OK)
		e = design_check(d, &words.face, w);
	design_free(&d);
	return e;
}

static enum err
write_pdf(const struct stock_lot_files *f, struct why *w)
{
	struct pages p = {.f = f};
	struct design *d = NULL;
	char path[STATION_PATH_CAP];
	enum err e = place(f, PDF_NAME, path, w);

	if (e == ERR_OK)
		e = open_design(f->s, f->order, &p.words, &d, w);
	if (e == ERR_OK)
		e = card_render_pdf_lot(d, next_page, &p, path, w);
	design_free(&d);
	WIPE(p);
	return e;
}

/* --- manifest.json */

struct sum {
	int64_t bytes;
	char hex[2 * SHA256_LEN + 1];
};

static enum err
sum_file(const struct stock_lot_files *f, const char *name, struct sum *out, struct why *w)
{
	uint8_t hash[SHA256_LEN];
	char path[STATION_PATH_CAP];
	struct stat st;
	void *p = MAP_FAILED;
	int fd;
	enum err e = place(f, name, path, w);

	if (e != ERR_OK)
		return e;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return why_errno(w, errno, path);
	if (fstat(fd, &st) == 0 && st.st_size > 0)
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED) {
		e = why_errno(w, errno, path);
		(void)close(fd);
		return e;
	}
	digest_sha256(p, (size_t)st.st_size, hash);
	hex_encode(hash, sizeof(hash), out->hex);
	out->bytes = st.st_size;
	(void)munmap(p, (size_t)st.st_size);
	(void)close(fd);
	return ERR_OK;
}

static int
put_manifest(const struct stock_lot_files *f, const struct sum *csv, const struct sum *pdf,
    char out[MANIFEST_CAP])
{
	char first[CARD_NUMBER_DIGITS + 1] = "", last[CARD_NUMBER_DIGITS + 1] = "";

	(void)card_number_format(f->lot.first, first);
	(void)card_number_format(f->lot.last, last);
	return snprintf(out, MANIFEST_CAP,
	    "{\n  \"lot\": %" PRIu32 ",\n  \"count\": %" PRIu32 ",\n  \"first\": \"%s\",\n  \"last\": \"%s\",\n"
	    "  \"application\": \"%s\",\n  \"tier\": \"%s\",\n  \"pins\": %s,\n  \"made_ms\": %" PRId64 ",\n"
	    "  \"" CSV_NAME "\": {\"bytes\": %" PRId64 ", \"sha256\": \"%s\"},\n"
	    "  \"" PDF_NAME "\": {\"bytes\": %" PRId64 ", \"sha256\": \"%s\"}\n}\n",
	    f->lot.number, f->lot.count, first, last, stock_application_name(f->lot.application),
	    club_tier_id(f->lot.tier), f->lot.pins ? "true" : "false", f->lot.at_ms, csv->bytes, csv->hex,
	    pdf->bytes, pdf->hex);
}

static enum err
write_manifest(struct stock_lot_files *f, struct why *w)
{
	char text[MANIFEST_CAP], path[STATION_PATH_CAP];
	struct sum csv, pdf;
	enum err e = sum_file(f, CSV_NAME, &csv, w);
	int n;

	if (e == ERR_OK)
		e = sum_file(f, PDF_NAME, &pdf, w);
	if (e == ERR_OK)
		e = place(f, MANIFEST_NAME, path, w);
	if (e != ERR_OK)
		return e;
	n = put_manifest(f, &csv, &pdf, text);
	digest_sha256(text, (size_t)n, f->lot.manifest);
	return file_create(path, text, (size_t)n, FILE_MODE, w);
}

bool
stock_files_are(const char *folder, const struct store_stock_lot *lot)
{
	char text[MANIFEST_CAP], path[STATION_PATH_CAP];
	uint8_t hash[SHA256_LEN];
	size_t len = 0;
	int n = snprintf(path, sizeof(path), "%s/" MANIFEST_NAME, folder);

	if (n < 0 || (size_t)n >= sizeof(path) || file_read(path, text, sizeof(text), &len, NULL) != ERR_OK)
		return false;
	digest_sha256(text, len, hash);
	return memcmp(hash, lot->manifest, sizeof(hash)) == 0;
}

enum err
stock_files_make(struct stock_lot_files *f, struct why *w)
{
	enum err e = write_csv(f, w);

	if (e == ERR_OK)
		e = write_pdf(f, w);
	return e == ERR_OK ? write_manifest(f, w) : e;
}
