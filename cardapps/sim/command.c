/*
 * The chip's commands: one table in the data sheet's order (security, card,
 * application, data), and the path every command takes: level, length, right, frames,
 * secure messaging in, handler, secure messaging out.
 *
 * Where no published trace decides, this card chose: the status NO_CHANGES keeps the
 * session and carries no CMAC, the command's own having moved the IV; deleting the
 * selected application ends the session, so that its answer has no CMAC either; a
 * command on a file of the wrong type, or of the wrong level, answers PARAMETER and
 * PERMISSION_DENIED; an application costs a block and its keys; GetKeySettings repeats
 * the whole second byte of CreateApplication, file identifiers' bit included.
 *
 * Of EV2 on: NO_CHANGES moves the counter; EV2NonFirst without a session of EV2 is
 * PERMISSION_DENIED; CommitTransaction with option 1, without a transaction MAC file, PARAMETER;
 * a counter at its end COMMAND_ABORTED; the codes of ISO chaining stay within one short APDU.
 */
#include "cardapps/sim/card.h"

#include <string.h>

#include "station/base/secret.h"

#define INS_MORE 0xAF

#define T(type) (1u << (type))
#define T_DATA (T(EE_STD) | T(EE_BACKUP))
#define T_RECORD (T(EE_LINEAR) | T(EE_CYCLIC))
#define T_ALL (T_DATA | T_RECORD | T(EE_VALUE))

static const struct command commands[] = {
    /* security */
    {0x0A, "Authenticate", 1, 1, 0, CH_NONE, AT_ANY, NEED_NOTHING, 0, 0, auth_start},
    {0x1A, "AuthenticateISO", 1, 1, 0, CH_NONE, AT_ANY, NEED_NOTHING, 0, 0, auth_start},
    {0xAA, "AuthenticateAES", 1, 1, 0, CH_NONE, AT_ANY, NEED_NOTHING, 0, 0, auth_start},
    {0x54, "ChangeKeySettings", 0, 0, 1, CH_SEALED, AT_ANY, NEED_MASTER, 0, 0, key_change_settings},
    {0x5C, "SetConfiguration", 1, 1, BODY_OF_OPTION, CH_SEALED, AT_CARD, NEED_MASTER, 0, 0,
	picc_configure},
    {0xC4, "ChangeKey", 1, 1, BODY_OF_KEY, CH_CRYPTOGRAM, AT_ANY, NEED_KEY, 0, 0, key_change},
    {0x64, "GetKeyVersion", 1, 1, 0, CH_MAC, AT_ANY, NEED_NOTHING, 0, 0, key_version},
    /* card */
    {0xCA, "CreateApplication", 5, 23, 0, CH_MAC, AT_CARD, NEED_CREATE, 0, 0, app_create},
    {0xDA, "DeleteApplication", 3, 3, 0, CH_MAC, AT_ANY, NEED_NOTHING, 0, 0, app_delete},
    {0x6A, "GetApplicationIDs", 0, 0, 0, CH_MAC, AT_CARD, NEED_LIST, 0, 0, app_ids},
    {0x6E, "FreeMem", 0, 0, 0, CH_MAC, AT_ANY, NEED_NOTHING, 0, 0, picc_free_mem},
    {0x6D, "GetDFNames", 0, 0, 0, CH_MAC, AT_CARD, NEED_LIST, 0, 0, app_names},
    {0x45, "GetKeySettings", 0, 0, 0, CH_MAC, AT_ANY, NEED_LIST, 0, 0, key_settings},
    {0x5A, "SelectApplication", 3, 3, 0, CH_NONE, AT_ANY, NEED_NOTHING, 0, 0, app_select},
    {0xFC, "FormatPICC", 0, 0, 0, CH_MAC, AT_CARD, NEED_MASTER, 0, 0, picc_format},
    {0x60, "GetVersion", 0, 0, 0, CH_MAC, AT_ANY, NEED_NOTHING, 0, 0, picc_version},
    {0x51, "GetCardUID", 0, 0, 0, CH_SECRET, AT_ANY, NEED_KEY, 0, 0, picc_uid},
    /* application */
    {0x6F, "GetFileIDs", 0, 0, 0, CH_MAC, AT_APP, NEED_LIST, 0, 0, file_ids},
    {0xF5, "GetFileSettings", 1, 1, 0, CH_MAC, AT_APP, NEED_LIST, 0, 0, file_settings},
    {0x5F, "ChangeFileSettings", 1, 1, 3, CH_SEALED, AT_APP, NEED_FILE, T_ALL, R_CHANGE,
	file_change},
    {0x61, "GetISOFileIDs", 0, 0, 0, CH_MAC, AT_APP, NEED_LIST, 0, 0, file_iso_ids},
    {0xCD, "CreateStdDataFile", 7, 9, 0, CH_MAC, AT_APP, NEED_CREATE, 0, 0, file_create_std},
    {0xCB, "CreateBackupDataFile", 7, 9, 0, CH_MAC, AT_APP, NEED_CREATE, 0, 0, file_create_backup},
    {0xCC, "CreateValueFile", 17, 17, 0, CH_MAC, AT_APP, NEED_CREATE, 0, 0, file_create_value},
    {0xC1, "CreateLinearRecordFile", 10, 12, 0, CH_MAC, AT_APP, NEED_CREATE, 0, 0,
	file_create_linear},
    {0xC0, "CreateCyclicRecordFile", 10, 12, 0, CH_MAC, AT_APP, NEED_CREATE, 0, 0,
	file_create_cyclic},
    {0xDF, "DeleteFile", 1, 1, 0, CH_MAC, AT_APP, NEED_CREATE, 0, 0, file_delete},
    /* data */
    {0xBD, "ReadData", 7, 7, 0, CH_FILE_OUT, AT_APP, NEED_FILE, T_DATA, R_READ | R_BOTH, data_read},
    {0x3D, "WriteData", 7, 7, BODY_FROM_HEAD, CH_FILE_IN, AT_APP, NEED_FILE, T_DATA,
	R_WRITE | R_BOTH, data_write},
    {0x6C, "GetValue", 1, 1, 0, CH_FILE_OUT, AT_APP, NEED_FILE, T(EE_VALUE),
	R_READ | R_WRITE | R_BOTH, value_get},
    {0x0C, "Credit", 1, 1, 4, CH_FILE_IN, AT_APP, NEED_FILE, T(EE_VALUE), R_BOTH, value_credit},
    {0xDC, "Debit", 1, 1, 4, CH_FILE_IN, AT_APP, NEED_FILE, T(EE_VALUE), R_READ | R_WRITE | R_BOTH,
	value_debit},
    {0x1C, "LimitedCredit", 1, 1, 4, CH_FILE_IN, AT_APP, NEED_FILE, T(EE_VALUE), R_WRITE | R_BOTH,
	value_limited_credit},
    {0x3B, "WriteRecord", 7, 7, BODY_FROM_HEAD, CH_FILE_IN, AT_APP, NEED_FILE, T_RECORD,
	R_WRITE | R_BOTH, record_write},
    {0xBB, "ReadRecords", 7, 7, 0, CH_FILE_OUT, AT_APP, NEED_FILE, T_RECORD, R_READ | R_BOTH,
	record_read},
    {0xEB, "ClearRecordFile", 1, 1, 0, CH_MAC, AT_APP, NEED_FILE, T_RECORD, R_BOTH, record_clear},
    {0xC7, "CommitTransaction", 0, 0, 0, CH_MAC, AT_APP, NEED_NOTHING, 0, 0, txn_commit},
    {0xA7, "AbortTransaction", 0, 0, 0, CH_MAC, AT_APP, NEED_NOTHING, 0, 0, txn_abort},
};

/* What EV2 and EV3 know besides, or otherwise. */
static const struct command ev2_commands[] = {
    {INS_EV2_FIRST, "AuthenticateEV2First", 2, 8, 0, CH_NONE, AT_ANY, NEED_NOTHING, 0, 0, auth_start},
    {INS_EV2_NON_FIRST, "AuthenticateEV2NonFirst", 1, 1, 0, CH_NONE, AT_ANY, NEED_NOTHING, 0, 0,
	auth_start},
    {0x64, "GetKeyVersion", 1, 2, 0, CH_MAC, AT_ANY, NEED_NOTHING, 0, 0, key_version_ev2},
    {0xC6, "ChangeKeyEV2", 2, 2, BODY_OF_SET_KEY, CH_CRYPTOGRAM, AT_ANY, NEED_KEY, 0, 0,
	key_change_ev2},
    {0x56, "InitializeKeySet", 2, 2, 0, CH_MAC, AT_APP, NEED_KEY, 0, 0, keyset_initialize},
    {0x57, "FinalizeKeySet", 2, 2, 0, CH_MAC, AT_APP, NEED_KEY, 0, 0, keyset_finalize},
    {0x55, "RollKeySet", 1, 1, 0, CH_MAC, AT_APP, NEED_KEY, 0, 0, keyset_roll},
    {0xCA, "CreateApplication", 5, 28, 0, CH_MAC, AT_CARD, NEED_CREATE, 0, 0, app_create},
    {0xAD, "ReadData", 7, 7, 0, CH_FILE_OUT, AT_APP, NEED_FILE, T_DATA, R_READ | R_BOTH, data_read},
    {0x8D, "WriteData", 7, 7, BODY_FROM_HEAD, CH_FILE_IN, AT_APP, NEED_FILE, T_DATA,
	R_WRITE | R_BOTH, data_write},
    {0xAB, "ReadRecords", 7, 7, 0, CH_FILE_OUT, AT_APP, NEED_FILE, T_RECORD, R_READ | R_BOTH,
	record_read},
    {0x8B, "WriteRecord", 7, 7, BODY_FROM_HEAD, CH_FILE_IN, AT_APP, NEED_FILE, T_RECORD,
	R_WRITE | R_BOTH, record_write},
    {0xC7, "CommitTransaction", 0, 1, 0, CH_MAC, AT_APP, NEED_NOTHING, 0, 0, txn_commit},
};

static const struct command *
find(const struct command *table, size_t count, uint8_t ins)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].ins == ins)
			return &table[i];
	return NULL;
}

static const struct command *
command_of(const struct sim_card *c, uint8_t ins)
{
	const struct command *cmd = NULL;

	if (card_is_ev2(c))
		cmd = find(ev2_commands, sizeof(ev2_commands) / sizeof(ev2_commands[0]), ins);
	return cmd != NULL ? cmd : find(commands, sizeof(commands) / sizeof(commands[0]), ins);
}

/* ReadData, WriteData, ReadRecords and WriteRecord by the codes that chain below the APDU. */
static bool
is_iso_chained(uint8_t ins)
{
	return ins == 0xAD || ins == 0x8D || ins == 0xAB || ins == 0x8B;
}

static void
forget_frames(struct sim_card *c)
{
	memset(&c->run, 0, sizeof(c->run));
	memset(&c->reply, 0, sizeof(c->reply));
	auth_forget(c);
}

void
command_fail(struct sim_card *c)
{
	forget_frames(c);
	sim_channel_close(c);
	txn_forget(c);
}

static bool
is_master(const struct sim_card *c)
{
	return c->session.key != NULL && c->session.key_no == 0;
}

/* What right bit `bit` (R_READ ..) of the file asks: a key number, FREE or NEVER. */
static uint8_t
right_of(const struct ee_file *f, uint8_t bit)
{
	switch (bit) {
	case R_READ:
		return (uint8_t)(f->rights >> 12);
	case R_WRITE:
		return (f->rights >> 8) & 0x0F;
	case R_BOTH:
		return (f->rights >> 4) & 0x0F;
	default:
		return f->rights & 0x0F;
	}
}

/*
 * May this session do what needs one of `rights`, and in which mode? The key first
 * (the file's mode), then free access (plain).
 */
static uint8_t
file_right(struct sim_card *c, const struct ee_file *f, uint8_t rights)
{
	bool free = false, any_key = false;

	for (uint8_t bit = R_READ; bit <= R_CHANGE; bit = (uint8_t)(bit << 1)) {
		uint8_t who = right_of(f, bit);

		if (!(rights & bit))
			continue;
		if (c->session.key != NULL && who == c->session.key_no) {
			c->run.mode = rights == R_CHANGE ? MODE_FULL : (enum mode)f->comm;
			return ST_OPERATION_OK;
		}
		free |= who == RIGHT_FREE;
		any_key |= who < RIGHT_FREE;
	}
	if (c->run.cmd->ins == INS_GET_VALUE && (f->options & VALUE_FREE_GET))
		free = true;
	c->run.mode = MODE_PLAIN;
	if (free)
		return ST_OPERATION_OK;
	return any_key && c->session.key == NULL ? ST_AUTHENTICATION : ST_PERMISSION_DENIED;
}

static uint8_t
need_file(struct sim_card *c, const struct command *cmd)
{
	struct ee_file *f = card_file(c, c->in[1]);

	if (f == NULL)
		return ST_FILE_NOT_FOUND;
	if (!(cmd->types & T(f->type)))
		return ST_PARAMETER;
	c->run.file = f;
	c->run.file_no = c->in[1];
	return file_right(c, f, cmd->rights);
}

static uint8_t
need_met(struct sim_card *c, const struct command *cmd)
{
	uint8_t settings = card_app(c)->settings;
	bool ok = true;

	c->run.mode = cmd->channel == CH_MAC ? MODE_MAC : MODE_FULL;
	switch (cmd->need) {
	case NEED_NOTHING:
		break;
	case NEED_LIST:
		ok = (settings & KS_LIST_FREE) || is_master(c);
		break;
	case NEED_CREATE:
		ok = (settings & KS_CREATE_FREE) || is_master(c);
		break;
	case NEED_MASTER:
		ok = is_master(c);
		break;
	case NEED_KEY:
		ok = c->session.key != NULL;
		break;
	case NEED_FILE:
		return need_file(c, cmd);
	}
	if (ok)
		return ST_OPERATION_OK;
	return c->session.key == NULL ? ST_AUTHENTICATION : ST_PERMISSION_DENIED;
}

/* Bytes of protected data this command's head announces; BUFFER_CAP and more cannot be. */
static size_t
body_len(struct sim_card *c, const struct command *cmd)
{
	switch (cmd->body) {
	case BODY_FROM_HEAD:
		return (size_t)c->in[5] | (size_t)c->in[6] << 8 | (size_t)c->in[7] << 16;
	case BODY_OF_OPTION:
		return c->in[1] == 1 ? EE_KEY_CAP + 1 : 1;
	case BODY_OF_KEY:
		return key_body_len(c, 0, c->in[1]);
	case BODY_OF_SET_KEY:
		return key_body_len(c, c->in[1], c->in[2]);
	default:
		return (size_t)cmd->body;
	}
}

/* Data that could never be in the file is refused at the first frame. */
static uint8_t
body_fits(const struct sim_card *c, size_t body)
{
	const struct ee_file *f = c->run.file;
	size_t off;

	if (c->run.cmd->body != BODY_FROM_HEAD)
		return ST_OPERATION_OK;
	off = (size_t)c->in[2] | (size_t)c->in[3] << 8 | (size_t)c->in[4] << 16;
	if (body == 0)
		return ST_PARAMETER;
	return off + body <= f->size ? ST_OPERATION_OK : ST_BOUNDARY;
}

/* First frame: who, what, how long. in[] holds the command byte and `len` bytes. */
static uint8_t
begin(struct sim_card *c, const struct command *cmd, size_t len)
{
	size_t body, tail = session_is_ev2(c) ? EV2_MAC_LEN : 0;
	uint8_t st;

	c->run.cmd = cmd;
	if (len < cmd->head_min || (cmd->body == 0 && len > cmd->head_max + tail))
		return ST_LENGTH;
	if ((cmd->level == AT_CARD && c->app != 0) || (cmd->level == AT_APP && c->app == 0))
		return ST_PERMISSION_DENIED;
	if ((st = need_met(c, cmd)) != ST_OPERATION_OK)
		return st;
	body = body_len(c, cmd);
	if ((st = body_fits(c, body)) != ST_OPERATION_OK)
		return st;
	tail = session_is_ev2(c) ? sim_ev2_tail_len(c) : 0;
	if (cmd->body == 0 && (len < cmd->head_min + tail || len > cmd->head_max + tail))
		return ST_LENGTH;
	c->run.head = cmd->body == 0 ? len - tail : cmd->head_min;
	c->run.body = body;
	c->run.have = len;
	c->run.want = c->run.head;
	c->run.want += body > 0 ? sim_channel_wire_len(c, c->run.mode, body) : tail;
	return c->run.want < BUFFER_CAP ? ST_OPERATION_OK : ST_LENGTH;
}

/* All frames are here: open the envelope, do it, seal the answer. */
static uint8_t
finish(struct sim_card *c)
{
	struct cursor in;
	struct writer out = writer_over(c->out, EE_BLOCKS * EE_BLOCK);
	uint8_t st = sim_channel_receive(c);

	if (st != ST_OPERATION_OK)
		return st;
	c->reply.chunk = is_iso_chained(c->in[0]) ? LONG_ANSWER_CAP : FRAME_DATA_CAP;
	in = cursor_over(c->in + 1, c->run.head + c->run.body);
	if (c->run.cmd->channel == CH_CRYPTOGRAM && !session_is_ev2(c))
		in = cursor_over(c->in + 1, c->run.want);
	st = c->run.cmd->run(c, &in, &out);
	c->reply.len = out.len;
	if (st == ST_OPERATION_OK)
		st = sim_channel_send(c);
	if (st == ST_OPERATION_OK && is_iso_chained(c->in[0]) && c->reply.len > LONG_ANSWER_CAP)
		st = ST_LENGTH;
	return st;
}

/* The next piece of the answer, and whether more is to come. */
static uint8_t
next_piece(struct sim_card *c, const uint8_t **data, size_t *len)
{
	struct reply *r = &c->reply;
	size_t left = r->len - r->pos;
	size_t n = r->cut_next < r->cuts ? r->cut[r->cut_next++] : r->chunk;

	*data = c->out + r->pos;
	*len = n < left ? n : left;
	r->pos += *len;
	r->waiting = r->pos < r->len;
	if (r->waiting)
		return ST_ADDITIONAL_FRAME;
	forget_frames(c);
	return ST_OPERATION_OK;
}

static uint8_t
run_or_wait(struct sim_card *c, const uint8_t **data, size_t *data_len)
{
	uint8_t st;

	if (c->run.have < c->run.want)
		return is_iso_chained(c->in[0]) ? ST_LENGTH : ST_ADDITIONAL_FRAME;
	if (c->run.have > c->run.want)
		return ST_LENGTH;
	st = finish(c);
	if (st == ST_OPERATION_OK)
		return next_piece(c, data, data_len);
	if (st == ST_ADDITIONAL_FRAME) {	/* authentication's first half */
		*data = c->out;
		*data_len = c->reply.len;
	}
	return st;
}

/* A frame that belongs to something begun before. */
static uint8_t
go_on(struct sim_card *c, const uint8_t *body, size_t len, const uint8_t **data, size_t *data_len)
{
	struct writer out = writer_over(c->out, sizeof(c->out));
	uint8_t st;

	if (c->reply.waiting)
		return len == 0 ? next_piece(c, data, data_len) : ST_LENGTH;
	if (c->auth.key != NULL) {
		st = auth_finish(c, body, len, &out);
		*data = c->out;
		*data_len = st == ST_OPERATION_OK ? out.len : 0;
		if (st == ST_OPERATION_OK)
			forget_frames(c);
		return st;
	}
	if (len == 0 || c->run.have + len > c->run.want)
		return ST_LENGTH;
	memcpy(c->in + 1 + c->run.have, body, len);
	c->run.have += len;
	return run_or_wait(c, data, data_len);
}

static uint8_t
start(struct sim_card *c, uint8_t ins, const uint8_t *body, size_t len, const uint8_t **data,
    size_t *data_len)
{
	const struct command *cmd = command_of(c, ins);
	uint8_t st;

	if (cmd == NULL)
		return ST_ILLEGAL_COMMAND;
	memset(c->in, 0, 32);
	c->in[0] = ins;
	memcpy(c->in + 1, body, len);
	st = begin(c, cmd, len);
	return st == ST_OPERATION_OK ? run_or_wait(c, data, data_len) : st;
}

uint8_t
command_frame(struct sim_card *c, uint8_t ins, const uint8_t *body, size_t len,
    const uint8_t **data, size_t *data_len)
{
	bool busy = c->reply.waiting || c->auth.key != NULL || c->run.cmd != NULL;
	uint8_t st;

	*data = c->out;
	*data_len = 0;
	if (len > (card_is_ev2(c) ? LONG_DATA_CAP : FRAME_DATA_CAP))
		st = ST_LENGTH;
	else if (busy && ins == INS_MORE)
		st = go_on(c, body, len, data, data_len);
	else if (busy)
		st = ST_COMMAND_ABORTED;
	else
		st = start(c, ins, body, len, data, data_len);
	if (st == ST_NO_CHANGES)
		forget_frames(c);	/* not an error: the session stays */
	else if (st != ST_OPERATION_OK && st != ST_ADDITIONAL_FRAME) {
		*data_len = 0;
		command_fail(c);
	}
	return st;
}
