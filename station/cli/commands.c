#include "station/cli/commands.h"

const struct cli_command *const cli_commands[] = {
	&command_init, &command_doctor, &command_readers, &command_printers_resume, &command_printers, &command_member_add,
	&command_member_find, &command_member_show, &command_issue, &command_load, &command_show,
	&command_print_confirm, &command_print_reject, &command_print, &command_prints_cost,
	&command_prints, &command_portal, &command_sim, NULL,
};
