/* What a queue of CUPS offers: its attributes, its PPD's options, its printer's supplies. */
#include "printer/queue_cups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printer/design.h"
#include "printer/ppd.h"

#define UM_PER_PWG 10		/* sizes of PWG 5101.1 are hundredths of a millimetre */
#define TEXT_CAP   128

const char *const cups_supply_wants[CUPS_SUPPLY_WANTS] = {
	"marker-names", "marker-levels", "marker-types"
};

/* Options that are attributes of a job (RFC 8011 section 5.2), with the attribute that lists their values. */
static const struct {
	const char *name, *text;
	const char *supported, *preset;
} job_options[] = {
	{ "sides", "sides", "sides-supported", "sides-default" },
	{ "media-type", "media type", "media-type-supported", "media-type-default" },
	{ "media-source", "media source", "media-source-supported", "media-source-default" },
	{ "output-bin", "output bin", "output-bin-supported", "output-bin-default" },
	{ "print-color-mode", "colour", "print-color-mode-supported", "print-color-mode-default" },
	{ "print-scaling", "scaling", "print-scaling-supported", "print-scaling-default" }
};
#define JOB_OPTIONS (sizeof(job_options) / sizeof(job_options[0]))

static const char *const offer_wants[] = {
	"printer-make-and-model", "device-uri", "color-supported", "media-supported", "sides-supported",
	"sides-default", "printer-resolution-supported", "media-type-supported", "media-type-default",
	"media-source-supported", "media-source-default", "output-bin-supported", "output-bin-default",
	"print-color-mode-supported", "print-color-mode-default", "print-scaling-supported",
	"print-scaling-default", "marker-names", "marker-levels", "marker-types"
};

bool
cups_lists(ipp_t *ipp, const char *attribute, const char *keyword)
{
	ipp_attribute_t *a = ippFindAttribute(ipp, attribute, IPP_TAG_ZERO);
	for (int i = 0; a != NULL && i < ippGetCount(a); i++) {
		const char *own = ippGetString(a, i, NULL);
		if (own != NULL && strcmp(own, keyword) == 0)
			return true;
	}
	return false;
}

/* --- media */

/* The bounds between which a queue takes any size, as it names them. */
struct bounds {
	pwg_media_t min, max;
	bool known;
};

static bool
inside(const struct bounds *b, int width_um, int height_um)
{
	return b->known && width_um >= b->min.width * UM_PER_PWG && width_um <= b->max.width * UM_PER_PWG &&
	    height_um >= b->min.length * UM_PER_PWG && height_um <= b->max.length * UM_PER_PWG;
}

static bool
read_media(ipp_t *queue, struct print_offer *o, struct bounds *b)
{
	ipp_attribute_t *a = ippFindAttribute(queue, "media-supported", IPP_TAG_ZERO);
	bool min = false, max = false;
	for (int i = 0; a != NULL && i < ippGetCount(a); i++) {
		const char *name = ippGetString(a, i, NULL);
		pwg_media_t *m = name != NULL ? pwgMediaForPWG(name) : NULL;
		if (m == NULL)
			continue;
		if (strncmp(name, "custom_min_", 11) == 0) {
			b->min = *m;
			min = true;
		} else if (strncmp(name, "custom_max_", 11) == 0) {
			b->max = *m;
			max = true;
		} else if (!offer_add_medium(o, name, m->width * UM_PER_PWG, m->length * UM_PER_PWG)) {
			return false;
		}
	}
	b->known = min && max;
	return true;
}

/*
 * A medium named by its measures alone: a standard one by the name of PWG 5101.1, a card by that of the
 * printers that tell theirs, the narrow side first as they feed it.
 */
static void
name_by_measure(int width_um, int height_um, char *media, size_t cap)
{
	int narrow = (width_um < height_um ? width_um : height_um) / UM_PER_PWG;
	int other = (width_um < height_um ? height_um : width_um) / UM_PER_PWG;
	pwg_media_t *m = pwgMediaForSize(narrow, other);
	char name[TEXT_CAP];
	if (m != NULL && m->pwg != NULL && strncmp(m->pwg, "custom_", 7) != 0)
		snprintf(name, sizeof(name), "%s", m->pwg);
	else if (pwgFormatSizeName(name, sizeof(name), "custom", "cr80", narrow, other, "mm") == 0)
		name[0] = '\0';
	snprintf(media, cap, "%s", name);
}

enum err
cups_medium(ipp_t *queue, const char *name, const struct print_opts *opts, char *media, size_t cap,
    struct why *w)
{
	int width_um = opts->width_um != 0 ? opts->width_um : CARD_WIDTH_UM;
	int height_um = opts->height_um != 0 ? opts->height_um : CARD_HEIGHT_UM;
	struct print_offer *o = calloc(1, sizeof(*o));
	struct bounds b = { .known = false };
	enum err e = ERR_OK;
	if (o == NULL || !read_media(queue, o, &b)) {
		offer_free(&o);
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	}
	const struct print_medium *m = opts->roll ? offer_roll(o, width_um, height_um) :
	    offer_medium(o, width_um, height_um);
	if (m != NULL)
		snprintf(media, cap, "%s", m->name);
	else if (o->medium_count == 0 || inside(&b, width_um, height_um) ||
	    inside(&b, height_um, width_um))
		name_by_measure(width_um, height_um, media, cap);
	else
		e = why_set(w, ERR_QUEUE, MSG_QUEUE_NO_SIZE, WHY_CODE(name),
		    WHY_NUM((width_um + 500) / 1000), WHY_NUM((height_um + 500) / 1000));
	offer_free(&o);
	return e;
}

/* --- options */

static bool
read_job_option(ipp_t *queue, size_t which, struct print_offer *o)
{
	ipp_attribute_t *a = ippFindAttribute(queue, job_options[which].supported, IPP_TAG_ZERO);
	if (a == NULL || ippGetString(a, 0, NULL) == NULL)
		return true;
	struct print_option *p = offer_add_option(o, job_options[which].name, job_options[which].text);
	bool ok = p != NULL && option_preset(p, cups_string(queue, job_options[which].preset));
	for (int i = 0; ok && i < ippGetCount(a); i++) {
		const char *value = ippGetString(a, i, NULL);
		ok = value == NULL || option_add_choice(p, value, value);
	}
	return ok;
}

/* Only from a server on this computer: a PPD that came over the network is nobody's word. */
static bool
read_ppd(const struct print_queue *q, struct print_offer *o)
{
	char resource[HTTP_MAX_URI];
	bool ok = true;
	http_t *http = cups_connect();
	FILE *file = http != NULL && httpAddrLocalhost(httpGetAddress(http)) ? tmpfile() : NULL;
	httpAssembleURIf(HTTP_URI_CODING_ALL, resource, sizeof(resource), "http", NULL, "localhost", 0,
	    "/printers/%s.ppd", q->name);
	const char *path = strstr(resource, "/printers/");
	if (file != NULL && path != NULL && cupsGetFd(http, path, fileno(file)) == HTTP_STATUS_OK) {
		rewind(file);
		ok = ppd_read(file, o);
	}
	if (file != NULL)
		fclose(file);
	if (http != NULL)
		httpClose(http);
	return ok;
}

/* --- supplies */

static bool
read_supplies(ipp_t *from, struct print_offer *o)
{
	ipp_attribute_t *names = ippFindAttribute(from, "marker-names", IPP_TAG_ZERO);
	ipp_attribute_t *levels = ippFindAttribute(from, "marker-levels", IPP_TAG_INTEGER);
	ipp_attribute_t *types = ippFindAttribute(from, "marker-types", IPP_TAG_ZERO);
	int count = levels != NULL ? ippGetCount(levels) : 0;
	for (int i = 0; i < count; i++) {
		const char *name = names != NULL && i < ippGetCount(names) ? ippGetString(names, i, NULL) : NULL;
		if (name == NULL)
			name = types != NULL && i < ippGetCount(types) ? ippGetString(types, i, NULL) : NULL;
		if (!offer_add_supply(o, name != NULL ? name : "", ippGetInteger(levels, i)))
			return false;
	}
	return true;
}

/* The printer's own word is newer than the scheduler's, which asks it once a job. */
static bool
ask_supplies(const struct print_queue *q, ipp_t *queue, struct print_offer *o)
{
	ipp_t *device = cups_device_supplies(q->name, cups_string(queue, "device-uri"));
	bool own = device != NULL && ippFindAttribute(device, "marker-levels", IPP_TAG_INTEGER) != NULL;
	bool ok = read_supplies(own ? device : queue, o);
	ippDelete(device);
	return ok;
}

/* --- all of it */

static void
read_resolutions(ipp_t *queue, struct print_offer *o)
{
	ipp_attribute_t *a = ippFindAttribute(queue, "printer-resolution-supported", IPP_TAG_RESOLUTION);
	for (int i = 0; a != NULL && i < ippGetCount(a); i++) {
		int down;
		ipp_res_t unit;
		int across = ippGetResolution(a, i, &down, &unit);
		if (across > 0 && unit == IPP_RES_PER_INCH)
			offer_add_dpi(o, (unsigned)across);
	}
}

static bool
read_all(const struct print_queue *q, ipp_t *queue, struct print_offer *o)
{
	struct bounds ignored;
	ipp_attribute_t *color = ippFindAttribute(queue, "color-supported", IPP_TAG_BOOLEAN);
	o->model = strdup(cups_string(queue, "printer-make-and-model"));
	o->color = color != NULL && ippGetBoolean(color, 0);
	o->two_sided = cups_lists(queue, "sides-supported", "two-sided-long-edge") ||
	    cups_lists(queue, "sides-supported", "two-sided-short-edge");
	o->wandering = cups_wandering(cups_string(queue, "device-uri"));
	read_resolutions(queue, o);
	bool ok = o->model != NULL && read_media(queue, o, &ignored);
	for (size_t i = 0; ok && i < JOB_OPTIONS; i++)
		ok = read_job_option(queue, i, o);
	return ok && read_ppd(q, o) && ask_supplies(q, queue, o);
}

enum err
cups_offer(const struct print_queue *q, struct print_offer **out, struct why *w)
{
	ipp_t *queue = NULL;
	enum err e = cups_ask_queue(q, offer_wants, (int)(sizeof(offer_wants) / sizeof(offer_wants[0])),
	    &queue, w);
	if (e != ERR_OK)
		return e;
	*out = calloc(1, sizeof(**out));
	if (*out == NULL || !read_all(q, queue, *out)) {
		offer_free(out);
		e = why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	}
	ippDelete(queue);
	return e;
}
