/* Every command there is, each in a file of its own. */
#ifndef STATION_CLI_COMMANDS_H
#define STATION_CLI_COMMANDS_H

#include "station/cli/cli.h"

extern const struct cli_command command_init, command_keys_next, command_doctor, command_readers, command_printers,
    command_printers_resume, command_printers_test, command_print_confirm, command_print_reject, command_print_sheet, command_prints,
    command_prints_cost, command_stock_export, command_stock_list, command_stock_void, command_bind,
    command_member_add, command_member_find, command_member_show, command_issue, command_load,
    command_show, command_print, command_portal, command_sim,
    command_resign, command_club_export, command_keys_join, command_keys_request, command_keys_certify,
    command_keys_install, command_keys_revoke, command_lists_show, command_lists_export,
    command_lists_import, command_lists_renew, command_lists_keep, command_hot_add, command_hot_remove,
    command_clock_accept;
extern const struct cli_command command_backup, command_restore, command_audit, command_head_export,
    command_review;
extern const struct cli_command command_design_list, command_design_check, command_design_preview;
extern const struct cli_command command_keys_show, command_keys_ceremony, command_keys_drill,
    command_keys_restore;

extern const struct cli_command command_keys_passphrase;

#endif
