#include "printer/findings.h"

#include <string.h>

static bool
same(const struct why *a, const struct why *b)
{
	if (a->id != b->id || a->argc != b->argc)
		return false;
	for (unsigned i = 0; i < a->argc; i++)
		if (a->arg[i].num != b->arg[i].num || strcmp(a->arg[i].str, b->arg[i].str) != 0)
			return false;
	return true;
}

void
findings_add(struct design_findings *all, const struct why *w)
{
	for (unsigned i = 0; i < all->count; i++)
		if (same(&all->found[i], w))
			return;
	if (all->count == DESIGN_FINDINGS_CAP)
		all->more = true;
	else
		all->found[all->count++] = *w;
}

enum err
findings_keep(struct design_findings *all, enum err e, const struct why *w)
{
	if (e == ERR_OK || e == ERR_NOMEM || all == NULL)
		return e;
	findings_add(all, w);
	return ERR_OK;
}
