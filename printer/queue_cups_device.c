/* What the printer itself says, past the scheduler: of an ipp queue its jobs and supplies. */
#include "printer/queue_cups.h"

#include <stdio.h>
#include <string.h>

static void
note_attribute(ipp_attribute_t *a, const char *title, struct cups_listed_job *j)
{
	const char *name = ippGetName(a);
	if (strcmp(name, "job-id") == 0) {
		j->id = ippGetInteger(a, 0);
	} else if (strcmp(name, "job-state") == 0) {
		j->state = ippGetInteger(a, 0);
	} else if (strcmp(name, "job-name") == 0) {
		/* NULL of a value that is no string */
		const char *own = ippGetString(a, 0, NULL);
		j->named = own != NULL && strcmp(own, title) == 0;
	}
}

struct cups_listed_job
cups_newest_named(ipp_t *answer, const char *title)
{
	struct cups_listed_job newest = { 0 }, j = { 0 };
	for (ipp_attribute_t *a = ippFirstAttribute(answer); a != NULL; a = ippNextAttribute(answer)) {
		if (ippGetName(a) == NULL) {
			j = (struct cups_listed_job){ 0 };
			continue;
		}
		note_attribute(a, title, &j);
		if (j.named && j.id >= newest.id && j.id > 0)
			newest = j;
	}
	return newest;
}

/* An address that stands for whoever answers to the name on the network at that moment. */
bool
cups_wandering(const char *device_uri)
{
	return strncmp(device_uri, "dnssd:", 6) == 0 || strncmp(device_uri, "implicitclass:", 14) == 0 ||
	    strstr(device_uri, "._tcp") != NULL;
}

/* The schemes behind which CUPS puts its ipp backend; nothing is looked up on the network. */
static bool
speaks_ipp(const char *uri)
{
	return !cups_wandering(uri) &&
	    (strncmp(uri, "ipp://", 6) == 0 || strncmp(uri, "ipps://", 7) == 0);
}

/* `resource` gets the path to ask, `cap` bytes. NULL if it cannot be asked. */
static http_t *
reach(const char *queue, const char *uri, char *resource, size_t cap)
{
	cups_dest_t *dest = NULL;
	http_t *http = NULL;
	int count = speaks_ipp(uri) ? cupsAddDest(queue, NULL, 0, &dest) : 0;
	if (count == 1) {
		dest->num_options = cupsAddOption("device-uri", uri, dest->num_options, &dest->options);
		http = cupsConnectDest(dest, CUPS_DEST_FLAGS_DEVICE, CUPS_CONNECT_MS, NULL, resource,
		    cap, NULL, NULL);
	}
	cupsFreeDests(count, dest);
	if (http == NULL)
		return NULL;
	/* what cupsConnectDest gives need not be connected: CUPS 2.4 leaves that to the first request */
	if (httpGetFd(http) < 0 && httpReconnect2(http, CUPS_CONNECT_MS, NULL) != 0) {
		httpClose(http);
		return NULL;
	}
	resource[strcspn(resource, "?")] = '\0';	/* what follows is for the backend */
	cupsSetPasswordCB2(cups_no_password, NULL);
	httpSetTimeout(http, CUPS_ANSWER_S, cups_give_up, NULL);
	return http;
}

static ipp_t *
device_request(http_t *http, const char *resource, ipp_op_t op, const char *user)
{
	char host[HTTP_MAX_HOST], uri[HTTP_MAX_URI];
	httpAssembleURI(HTTP_URI_CODING_ALL, uri, sizeof(uri), httpIsEncrypted(http) ? "ipps" : "ipp",
	    NULL, httpGetHostname(http, host, sizeof(host)), httpAddrPort(httpGetAddress(http)), resource);
	ipp_t *r = ippNewRequest(op);
	ippAddString(r, IPP_TAG_OPERATION, IPP_TAG_URI, "printer-uri", NULL, uri);
	ippAddString(r, IPP_TAG_OPERATION, IPP_TAG_NAME, "requesting-user-name", NULL, user);
	return r;
}

/* The state of the newest job of that name among the printer's own, 0 if it has none or does not tell. */
static int
device_state(http_t *http, const char *resource, const char *which, const char *title,
    const char *user)
{
	static const char *const wants[] = { "job-id", "job-name", "job-state" };
	ipp_t *r = device_request(http, resource, IPP_OP_GET_JOBS, user);
	ippAddString(r, IPP_TAG_OPERATION, IPP_TAG_KEYWORD, "which-jobs", NULL, which);
	cups_want(r, wants, (int)(sizeof(wants) / sizeof(wants[0])));
	ipp_t *answer = cupsDoRequest(http, r, resource);
	int state = cups_newest_named(answer, title).state;
	ippDelete(answer);
	return state;
}

int
cups_device_job(const char *queue, const char *device_uri, const char *title, const char *user)
{
	char resource[HTTP_MAX_URI];
	http_t *http = reach(queue, device_uri, resource, sizeof(resource));
	if (http == NULL)
		return 0;
	/* in this order no job slips through by ending in between */
	int state = device_state(http, resource, "not-completed", title, user);
	if (state == 0)
		state = device_state(http, resource, "completed", title, user);
	httpClose(http);
	return state;
}

bool
cups_device_answers(const char *queue, const char *device_uri)
{
	char resource[HTTP_MAX_URI];
	if (!speaks_ipp(device_uri))
		return true;
	http_t *http = reach(queue, device_uri, resource, sizeof(resource));
	if (http != NULL)
		httpClose(http);
	return http != NULL;
}

ipp_t *
cups_device_supplies(const char *queue, const char *device_uri)
{
	char resource[HTTP_MAX_URI];
	http_t *http = reach(queue, device_uri, resource, sizeof(resource));
	if (http == NULL)
		return NULL;
	ipp_t *r = device_request(http, resource, IPP_OP_GET_PRINTER_ATTRIBUTES, cupsUser());
	cups_want(r, cups_supply_wants, CUPS_SUPPLY_WANTS);
	ipp_t *answer = cupsDoRequest(http, r, resource);
	httpClose(http);
	return answer;
}
