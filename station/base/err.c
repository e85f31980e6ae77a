#include "station/base/err.h"

#include <errno.h>
#include <string.h>

static const char *const err_names[ERR_COUNT] = {
	[ERR_OK] = "ok",
	[ERR_ARG] = "arg",
	[ERR_LEN] = "len",
	[ERR_RANGE] = "range",
	[ERR_FORMAT] = "format",
	[ERR_USAGE] = "usage",
	[ERR_NOMEM] = "nomem",
	[ERR_IO] = "io",
	[ERR_DISK_FULL] = "disk-full",
	[ERR_TIMEOUT] = "timeout",
	[ERR_MISSING] = "missing",
	[ERR_RANDOM] = "random",
	[ERR_CLOCK] = "clock",
	[ERR_CRYPTO] = "crypto",
	[ERR_NO_KEY] = "no-key",
	[ERR_PASSPHRASE] = "passphrase",
	[ERR_SAFE] = "safe",
	[ERR_SIGNATURE] = "signature",
	[ERR_CERT] = "cert",
	[ERR_NO_READER] = "no-reader",
	[ERR_NO_CARD] = "no-card",
	[ERR_CARD_GONE] = "card-gone",
	[ERR_CARD_MAC] = "card-mac",
	[ERR_CARD_SW] = "card-sw",
	[ERR_CARD_AUTH] = "card-auth",
	[ERR_CARD_UNKNOWN] = "card-unknown",
	[ERR_CARD_BLANK] = "card-blank",
	[ERR_CARD_PARTIAL] = "card-partial",
	[ERR_CARD_FOREIGN] = "card-foreign",
	[ERR_CARD_TAKEN] = "card-taken",
	[ERR_CARD_FULL] = "card-full",
	[ERR_RECORD] = "record",
	[ERR_NOT_FOUND] = "not-found",
	[ERR_DUPLICATE] = "duplicate",
	[ERR_DB] = "db",
	[ERR_DB_NEWER] = "db-newer",
	[ERR_DB_DAMAGED] = "db-damaged",
	[ERR_DB_LOCKED] = "db-locked",
	[ERR_REFUSED] = "refused",
	[ERR_IN_DOUBT] = "in-doubt",
	[ERR_DESIGN] = "design",
	[ERR_FONT] = "font",
	[ERR_QUEUE] = "queue",
	[ERR_PRINT] = "print",
};

#define MSG(name) #name,
static const char *const msg_names[MSG_COUNT] = {
	"NONE",
#include "station/base/msg/base.def"
#include "station/base/msg/text.def"
#include "station/base/msg/keys.def"
#include "station/base/msg/card.def"
#include "station/base/msg/print.def"
#include "station/base/msg/design.def"
#include "station/base/msg/prints.def"
#include "station/base/msg/store.def"
#include "station/base/msg/club.def"
#include "station/base/msg/flow.def"
#include "station/base/msg/cli.def"
#include "station/base/msg/web.def"
#include "station/base/msg/roll.def"
#include "station/base/msg/chain.def"
#include "station/base/msg/ceremony.def"
#include "station/base/msg/restore.def"
};
#undef MSG

const char *
err_name(enum err code)
{
	if ((unsigned)code >= ERR_COUNT || err_names[code] == NULL)
		return "unknown";
	return err_names[code];
}

const char *
msg_name(enum msg id)
{
	return (unsigned)id < MSG_COUNT ? msg_names[id] : "NONE";
}

/* Copy a text fact; a cut never leaves half a UTF-8 character. */
static void
copy_text(char dst[WHY_STR_CAP], const char *src)
{
	size_t n = src == NULL ? 0 : strnlen(src, WHY_STR_CAP);

	if (n == WHY_STR_CAP) {
		n--;
		while (n > 0 && ((unsigned char)src[n] & 0xC0u) == 0x80u)
			n--;
	}
	if (n > 0)
		memcpy(dst, src, n);
	dst[n] = '\0';
}

static void
add(struct why *w, struct why_in in)
{
	struct why_arg *a = &w->arg[w->argc++];

	a->type = in.type;
	a->num = in.num;
	copy_text(a->str, in.str);
}

enum err
why_set0(struct why *w, enum err code, enum msg id)
{
	if (w == NULL)
		return code;
	memset(w, 0, sizeof(*w));
	w->code = code;
	w->id = id;
	return code;
}

enum err
why_set1(struct why *w, enum err code, enum msg id, struct why_in a)
{
	(void)why_set0(w, code, id);
	if (w != NULL)
		add(w, a);
	return code;
}

enum err
why_set2(struct why *w, enum err code, enum msg id, struct why_in a, struct why_in b)
{
	(void)why_set1(w, code, id, a);
	if (w != NULL)
		add(w, b);
	return code;
}

enum err
why_set3(struct why *w, enum err code, enum msg id, struct why_in a, struct why_in b,
    struct why_in c)
{
	(void)why_set2(w, code, id, a, b);
	if (w != NULL)
		add(w, c);
	return code;
}

enum err
why_set4(struct why *w, enum err code, enum msg id, struct why_in a, struct why_in b,
    struct why_in c, struct why_in d)
{
	(void)why_set3(w, code, id, a, b, c);
	if (w != NULL)
		add(w, d);
	return code;
}

enum err
why_errno(struct why *w, int errnum, const char *path)
{
	switch (errnum) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return why_set(w, ERR_DISK_FULL, MSG_DISK_FULL, WHY_CODE(path));
	case ENOENT:
		return why_set(w, ERR_MISSING, MSG_FILE_MISSING, WHY_CODE(path));
	case ENOMEM:
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	default:
		return why_set(w, ERR_IO, MSG_FILE_ERROR, WHY_CODE(path), WHY_NUM(errnum));
	}
}
