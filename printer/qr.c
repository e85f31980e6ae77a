#include "printer/qr.h"

#include <errno.h>
#include <qrencode.h>
#include <string.h>

static bool
printable_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s < ' ' || *s > '~')
			return false;
	return true;
}

enum err
qr_encode(const char *text, struct qr *out, struct why *w)
{
	QRcode *code;

	memset(out, 0, sizeof(*out));
	if (text == NULL || *text == '\0' || !printable_ascii(text))
		return why_set(w, ERR_FORMAT, MSG_QR_NOT_ASCII);
	/* case-sensitive, or libqrencode would fold the path; it picks the modes itself */
	errno = 0;
	code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
	if (code == NULL && errno == ENOMEM)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	if (code == NULL || code->version > QR_VERSION_MAX) {
		QRcode_free(code);
		return why_set(w, ERR_LEN, MSG_QR_TOO_LONG, WHY_NUM(strlen(text)));
	}
	out->side = (unsigned)code->width;
	for (unsigned i = 0; i < out->side * out->side; i++)
		out->module[i] = code->data[i] & 1u;
	QRcode_free(code);
	return ERR_OK;
}

bool
qr_dark(const struct qr *q, unsigned x, unsigned y)
{
	return x < q->side && y < q->side && q->module[y * q->side + x] != 0;
}
