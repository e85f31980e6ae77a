#include "station/cli/commands.h"

const struct cli_command *const cli_commands[] = {
	&command_init, &command_doctor, &command_readers, &command_printers_resume, &command_printers_test, &command_printers, &command_member_add,
	&command_member_find, &command_member_show, &command_issue, &command_load, &command_show, &command_resign,
	&command_print_confirm, &command_print_reject, &command_print_sheet, &command_print, &command_prints_cost,
	&command_prints, &command_stock_export, &command_stock_list, &command_stock_void, &command_bind,
	&command_design_list, &command_design_check,
	&command_design_preview, &command_portal, &command_sim,
	&command_club_export, &command_keys_next, &command_keys_join, &command_keys_request, &command_keys_certify,
	&command_keys_install, &command_keys_revoke, &command_keys_passphrase, &command_lists_show, &command_lists_export,
	&command_lists_import, &command_lists_renew, &command_lists_keep, &command_hot_add,
	&command_hot_remove, &command_clock_accept,
	&command_backup, &command_restore, &command_audit, &command_head_export, &command_review,
	&command_keys_show, &command_keys_ceremony, &command_keys_drill, &command_keys_restore,
	NULL,
};
