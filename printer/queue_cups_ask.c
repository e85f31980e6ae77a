#include "printer/queue_cups.h"

int
cups_give_up(http_t *http, void *ctx)
{
	(void)http, (void)ctx;
	return 0;
}

const char *
cups_no_password(const char *prompt, http_t *http, const char *method,
    const char *resource, void *ctx)
{
	(void)prompt, (void)http, (void)method, (void)resource, (void)ctx;
	return NULL;
}

http_t *
cups_connect(void)
{
	http_t *http = httpConnect2(cupsServer(), ippPort(), NULL, AF_UNSPEC,
	    cupsEncryption(), 1, CUPS_CONNECT_MS, NULL);
	if (http != NULL) {
		cupsSetPasswordCB2(cups_no_password, NULL);
		httpSetTimeout(http, CUPS_ANSWER_S, cups_give_up, NULL);
	}
	return http;
}

/* cupsDoFileRequest frees the request in every case. */
ipp_t *
cups_ask(ipp_t *request, const char *resource, const char *file, bool *no_server)
{
	http_t *http = cups_connect();
	*no_server = http == NULL;
	if (http == NULL) {
		ippDelete(request);
		return NULL;
	}
	ipp_t *answer = file != NULL ? cupsDoFileRequest(http, request, resource, file) :
	    cupsDoRequest(http, request, resource);
	*no_server = answer == NULL && cupsLastError() == IPP_STATUS_ERROR_SERVICE_UNAVAILABLE;
	httpClose(http);
	return answer;
}

ipp_t *
cups_ask_with(ipp_t *request, const char *resource, const void *bytes, size_t len, bool *no_server)
{
	http_t *http = cups_connect();
	ipp_t *answer = NULL;
	*no_server = http == NULL;
	if (http != NULL && cupsSendRequest(http, request, resource, ippLength(request) + len) ==
	    HTTP_STATUS_CONTINUE) {
		(void)cupsWriteRequestData(http, bytes, len);
		answer = cupsGetResponse(http, resource);
		*no_server = answer == NULL && cupsLastError() == IPP_STATUS_ERROR_SERVICE_UNAVAILABLE;
	}
	ippDelete(request);
	httpClose(http);
	return answer;
}

bool
cups_on_this_computer(void)
{
	http_t *http = cups_connect();
	bool here = http == NULL || httpAddrLocalhost(httpGetAddress(http));
	httpClose(http);
	return here;
}

enum err
cups_no_server(struct why *w)
{
	return why_set(w, ERR_MISSING, MSG_QUEUE_NO_SERVER);
}

enum err
cups_no_report(const char *about, struct why *w)
{
	return why_set(w, ERR_QUEUE, MSG_QUEUE_NO_REPORT, WHY_CODE(about),
	    WHY_STR(cupsLastErrorString()));
}

ipp_t *
cups_request(ipp_op_t op, const char *queue)
{
	char uri[HTTP_MAX_URI];
	ipp_t *r = ippNewRequest(op);
	httpAssembleURIf(HTTP_URI_CODING_ALL, uri, sizeof(uri), "ipp", NULL, "localhost", 0,
	    queue != NULL ? "/printers/%s" : "/", queue);
	ippAddString(r, IPP_TAG_OPERATION, IPP_TAG_URI, "printer-uri", NULL, uri);
	ippAddString(r, IPP_TAG_OPERATION, IPP_TAG_NAME, "requesting-user-name", NULL, cupsUser());
	return r;
}

void
cups_want(ipp_t *r, const char *const *names, int count)
{
	ippAddStrings(r, IPP_TAG_OPERATION, IPP_TAG_KEYWORD, "requested-attributes", count,
	    NULL, names);
}

const char *
cups_string(ipp_t *ipp, const char *name)
{
	ipp_attribute_t *a = ippFindAttribute(ipp, name, IPP_TAG_ZERO);
	const char *s = a != NULL ? ippGetString(a, 0, NULL) : NULL;
	return s != NULL ? s : "";
}

/* Of an integer or an enum. */
int
cups_number(ipp_t *ipp, const char *name)
{
	ipp_attribute_t *a = ippFindAttribute(ipp, name, IPP_TAG_ZERO);
	return a != NULL ? ippGetInteger(a, 0) : 0;
}

enum err
cups_ask_queue(const struct print_queue *q, const char *const *names, int count,
    ipp_t **out, struct why *w)
{
	bool no_server;
	ipp_t *r = cups_request(IPP_OP_GET_PRINTER_ATTRIBUTES, q->name);
	cups_want(r, names, count);
	*out = cups_ask(r, "/", NULL, &no_server);
	if (no_server)
		return cups_no_server(w);
	if (*out != NULL && cupsLastError() < IPP_STATUS_REDIRECTION_OTHER_SITE)
		return ERR_OK;
	ippDelete(*out);
	*out = NULL;
	if (cupsLastError() == IPP_STATUS_ERROR_NOT_FOUND)
		return why_set(w, ERR_QUEUE, MSG_QUEUE_UNKNOWN, WHY_CODE(q->name));
	return cups_no_report(q->name, w);
}
