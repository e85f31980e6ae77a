/*
 * A club on another disk: the sealed backup, the station that comes back from one as a new incarnation, and heads of the
 * journal that show later that nothing was cut. docs/keys.md, "The worst day".
 */
#ifndef STATION_FLOW_BACKUP_H
#define STATION_FLOW_BACKUP_H

#include "keys/head.h"
#include "station/flow/station.h"

struct backup_report {
	struct head_paper head;		/* of the journal inside */
	struct store_health health;	/* of the copy, as its audit found it */
	uint64_t bytes;
};

/*
 * Book, public keys, certificate, designs and photos in one sealed file at `path` (must not exist), while other programs go on
 * working; of a practice club, whose passphrase is public, its root and safe as well: of a real one no secret key.
 * The file has its name only when it has been opened again, its copy of the book audited from the first row to the
 * last, and its head found to be the one signed. Takes twice the room of the book below the club folder for as long.
 * Killed, it leaves `path`.PID.new and FOLDER/backup.PID, which may be removed.
 * Errors: ERR_DUPLICATE, ERR_DB_DAMAGED (the book itself fails its audit: nothing is kept), those of
 * sealed_stream_create, of the store and of files.
 */
enum err station_backup(struct station *s, const char *path, const char *pass, size_t pass_len,
    struct backup_report *out, struct why *w);

struct restore_options {
	const char *backup;
	const char *folder;		/* made; must not be there, or be empty */
	const char *backup_pass;	/* NULL for a practice club */
	const char *pass;		/* of the new safe; NULL for a practice club */
	const char *head;		/* file with the last head known elsewhere, or NULL */
	const char *root, *root_pass;	/* real: the root, if it is at hand; both or none */
};

struct restore_report {
	bool test;
	bool certified;			/* root and register were at hand, as in a practice club of one; else a request waits for them */
	int64_t rows;			/* of the journal, before the row of this restore */
	int64_t lost;			/* rows of the old incarnation that the head knows and the backup does not; -1: not known */
	uint32_t made;			/* the backup, minutes since 2000 */
	char request[STATION_PATH_CAP];	/* the certificate request; "" if certified */
};

/*
 * A new incarnation of the station in a folder of its own: the book audited, a new signing key, new event ids,
 * no number that the old one may have given; the old incarnation is closed. Whole or not at all.
 * Errors: ERR_DUPLICATE (the folder holds something; if a club, says whether it is newer), ERR_PASSPHRASE, ERR_SAFE
 * (no backup, damaged, cut), ERR_REFUSED (practice and real mixed, another club's head), ERR_DB_DAMAGED, ERR_DB_NEWER,
 * those of safe_create, the store and files.
 */
enum err station_restore(const struct restore_options *o, struct restore_report *out, struct why *w);

/* The head of the journal, signed, into a file that is not there yet. Errors: those of safe_sign and file_create. */
enum err station_head_export(struct station *s, const char *path, struct head_paper *out, struct why *w);

struct audit_report {
	struct store_health health;
	int64_t seq;			/* of the last row */
	struct head_paper head;		/* if one was given */
	int64_t lost;			/* rows that head knows and a closed incarnation took with it */
};

/*
 * Everything store_check looks at, and, with `head_path`, that the journal still goes through the head kept there.
 * Errors: ERR_DB_DAMAGED with the first bad row, event or account, or that rows are missing behind the last; those of
 * head_paper_open, the store and files.
 */
enum err station_audit(struct station *s, const char *head_path, struct audit_report *out, struct why *w);

#endif
