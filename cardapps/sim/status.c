#include "cardapps/sim/status.h"

#include <stddef.h>

struct status_row {
	uint8_t code;
	const char *name;
};

#define STATUS_ROW(code, name) {code, #name},
static const struct status_row rows[] = {STATUS_TABLE(STATUS_ROW)};
#undef STATUS_ROW

const char *
sim_status_name(uint8_t status)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].code == status)
			return rows[i].name;
	return "UNKNOWN";
}
