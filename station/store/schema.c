/*
 * The schema, one migration after the other. A migration that has gone out is never
 * edited; the next change is a new one. docs/store.md says what each table is for.
 */
#include "station/store/own.h"

#define APPEND_ONLY(table)                                                                         \
	"CREATE TRIGGER " table "_no_update BEFORE UPDATE ON " table                               \
	" BEGIN SELECT RAISE(ABORT, '" table " is append-only'); END;"                             \
	"CREATE TRIGGER " table "_no_delete BEFORE DELETE ON " table                               \
	" BEGIN SELECT RAISE(ABORT, '" table " is append-only'); END;"

/* INSERT OR REPLACE deletes without asking the trigger of deletes: ask here. */
#define NO_REPLACE(table, same)                                                                    \
	"CREATE TRIGGER " table "_no_replace BEFORE INSERT ON " table                              \
	" WHEN EXISTS (SELECT 1 FROM " table " WHERE " same ")"                                    \
	" BEGIN SELECT RAISE(ABORT, '" table " is append-only'); END;"

/* The first house. */
static const char *const first[] = {
	"CREATE TABLE setting(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;",

	"CREATE TABLE station(one INTEGER PRIMARY KEY CHECK(one = 1), prefix BLOB,"
	" event_next INTEGER NOT NULL, serial_next INTEGER NOT NULL, serial_last INTEGER NOT NULL,"
	" member_next INTEGER NOT NULL, member_last INTEGER NOT NULL,"
	" head_seq INTEGER NOT NULL, head_hash BLOB NOT NULL CHECK(length(head_hash) = 32)) STRICT;"
	"INSERT INTO station VALUES(1, NULL, 1, 1, 0, 1, 0, 0, zeroblob(32));"
	"CREATE TABLE incarnation(prefix BLOB PRIMARY KEY CHECK(length(prefix) = 4),"
	" after_seq INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;"
	APPEND_ONLY("incarnation")
	NO_REPLACE("incarnation", "prefix = NEW.prefix"),

	"CREATE TABLE member(id INTEGER PRIMARY KEY CHECK(id BETWEEN 1 AND 4294967295),"
	" name TEXT NOT NULL, fold TEXT NOT NULL, phone TEXT, tier INTEGER NOT NULL,"
	" created INTEGER NOT NULL) STRICT;"
	"CREATE INDEX member_fold ON member(fold);"
	"CREATE INDEX member_phone ON member(phone) WHERE phone IS NOT NULL;",

	"CREATE TABLE journal(seq INTEGER PRIMARY KEY,"
	" event BLOB NOT NULL UNIQUE CHECK(length(event) = 8), kind TEXT NOT NULL, at INTEGER NOT NULL,"
	" body TEXT NOT NULL, prev BLOB NOT NULL CHECK(length(prev) = 32),"
	" hash BLOB NOT NULL CHECK(length(hash) = 32)) STRICT;"
	APPEND_ONLY("journal")
	"CREATE TRIGGER journal_chain BEFORE INSERT ON journal"
	" WHEN (NEW.seq, NEW.prev) IS NOT (SELECT head_seq + 1, head_hash FROM station)"
	" OR EXISTS (SELECT 1 FROM journal WHERE event = NEW.event)"
	" BEGIN SELECT RAISE(ABORT, 'journal rows join at its head'); END;"
	"CREATE TABLE reversal(event BLOB PRIMARY KEY REFERENCES journal(event),"
	" reverses BLOB NOT NULL REFERENCES journal(event), CHECK(event <> reverses))"
	" STRICT, WITHOUT ROWID;"
	APPEND_ONLY("reversal")
	NO_REPLACE("reversal", "event = NEW.event"),

	"CREATE TABLE card(number INTEGER PRIMARY KEY CHECK(number BETWEEN 1 AND 9999999999999999),"
	" uid BLOB CHECK(length(uid) IN (4, 7, 10)), chip INTEGER NOT NULL,"
	" member INTEGER REFERENCES member(id), application INTEGER NOT NULL, tier INTEGER NOT NULL,"
	" valid_to INTEGER NOT NULL, unit INTEGER NOT NULL, epoch INTEGER NOT NULL,"
	" state INTEGER NOT NULL CHECK(state BETWEEN 0 AND 3),"
	" record BLOB CHECK(length(record) = 128), record_hash BLOB CHECK(length(record_hash) = 32),"
	" sequence INTEGER NOT NULL, value INTEGER NOT NULL,"
	" token_hash BLOB CHECK(length(token_hash) = 32),"
	/* stands in the journal, but is no reference: SQLite would search all cards at each new journal row */
	" created_event BLOB NOT NULL CHECK(length(created_event) = 8),"
	" created INTEGER NOT NULL,"
	" CHECK((record IS NULL) = (record_hash IS NULL) AND (record IS NULL) = (sequence = 0))) STRICT;"
	"CREATE UNIQUE INDEX card_life ON card(uid, number) WHERE uid IS NOT NULL;"
	"CREATE INDEX card_member ON card(member) WHERE member IS NOT NULL;"
	"CREATE TRIGGER card_no_delete BEFORE DELETE ON card"
	" BEGIN SELECT RAISE(ABORT, 'cards are closed, never deleted'); END;"
	"CREATE TRIGGER card_no_replace BEFORE INSERT ON card"
	" WHEN EXISTS (SELECT 1 FROM card WHERE number = NEW.number)"
	" BEGIN SELECT RAISE(ABORT, 'a card number is given once'); END;"
	"CREATE TRIGGER card_identity BEFORE UPDATE OF number, uid, chip, created_event, created ON card"
	" BEGIN SELECT RAISE(ABORT, 'a card keeps its number and chip'); END;"
	"CREATE TRIGGER card_sequence BEFORE UPDATE OF sequence ON card"
	" WHEN NEW.sequence < OLD.sequence"
	" BEGIN SELECT RAISE(ABORT, 'a card''s sequence never goes back'); END;"
	"CREATE TABLE token(hash BLOB PRIMARY KEY CHECK(length(hash) = 32),"
	" card INTEGER NOT NULL REFERENCES card(number)) STRICT, WITHOUT ROWID;",

	/* found by its journal row's number: a second index of event ids would cost a page an act */
	"CREATE TABLE intent(seq INTEGER PRIMARY KEY REFERENCES journal(seq),"
	" event BLOB NOT NULL REFERENCES journal(event), kind TEXT NOT NULL,"
	" card INTEGER NOT NULL REFERENCES card(number), uid BLOB, h0 BLOB CHECK(length(h0) = 32),"
	" h0_sequence INTEGER NOT NULL, r1 BLOB NOT NULL CHECK(length(r1) = 128),"
	" r1_sequence INTEGER NOT NULL, delta INTEGER NOT NULL, amount INTEGER NOT NULL,"
	" unit INTEGER NOT NULL, log BLOB NOT NULL CHECK(length(log) = 32),"
	" cert BLOB CHECK(length(cert) = 128), url TEXT, keys BLOB NOT NULL, request TEXT, what TEXT,"
	" at INTEGER NOT NULL, state INTEGER NOT NULL CHECK(state BETWEEN 0 AND 2),"
	" cash INTEGER NOT NULL CHECK(cash BETWEEN 0 AND 2),"
	" goods INTEGER NOT NULL CHECK(goods BETWEEN 0 AND 2),"
	" closed_by BLOB REFERENCES journal(event),"
	" CHECK((state = 0) = (closed_by IS NULL)), CHECK(state <> 2 OR cash <> 1)) STRICT;"
	"CREATE INDEX intent_open_card ON intent(card) WHERE state = 0;"
	"CREATE INDEX intent_url ON intent(card) WHERE url IS NOT NULL;"
	"CREATE INDEX intent_open_uid ON intent(uid) WHERE state = 0 AND uid IS NOT NULL;"
	NO_REPLACE("intent", "seq = NEW.seq")
	"CREATE TRIGGER intent_no_delete BEFORE DELETE ON intent"
	" BEGIN SELECT RAISE(ABORT, 'intents are closed, never deleted'); END;"
	"CREATE TRIGGER intent_fixed BEFORE UPDATE OF seq, event, kind, card, uid, h0, h0_sequence, r1,"
	" r1_sequence, delta, amount, unit, log, cert, url, keys, request, what, at ON intent"
	" BEGIN SELECT RAISE(ABORT, 'an intent is written once'); END;"
	"CREATE TRIGGER intent_forward BEFORE UPDATE OF state, cash, goods, closed_by ON intent"
	" WHEN OLD.state <> 0"
	" OR NOT (NEW.cash = OLD.cash OR (OLD.cash = 1 AND NEW.cash = 2))"
	" OR NOT (NEW.goods = OLD.goods OR (OLD.goods = 1 AND NEW.goods = 2))"
	" BEGIN SELECT RAISE(ABORT, 'an intent only moves forward'); END;"
	"CREATE TABLE request(id TEXT PRIMARY KEY, what TEXT NOT NULL,"
	" event BLOB NOT NULL REFERENCES journal(event)) STRICT, WITHOUT ROWID;"
	APPEND_ONLY("request")
	NO_REPLACE("request", "id = NEW.id"),

	"CREATE TABLE account(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, owner INTEGER NOT NULL,"
	" unit INTEGER NOT NULL, balance INTEGER NOT NULL DEFAULT 0, UNIQUE(kind, owner, unit)) STRICT;"
	"CREATE TRIGGER account_no_delete BEFORE DELETE ON account"
	" BEGIN SELECT RAISE(ABORT, 'accounts stay'); END;"
	"CREATE TRIGGER account_identity BEFORE UPDATE OF id, kind, owner, unit ON account"
	" BEGIN SELECT RAISE(ABORT, 'an account stays what it is'); END;"
	"CREATE TABLE lot(id INTEGER PRIMARY KEY, account INTEGER NOT NULL REFERENCES account(id),"
	" origin BLOB NOT NULL REFERENCES journal(event), available_from INTEGER NOT NULL,"
	" expires_on INTEGER NOT NULL) STRICT;"
	APPEND_ONLY("lot")
	NO_REPLACE("lot", "id = NEW.id")
	"CREATE TABLE entry(event BLOB NOT NULL REFERENCES journal(event), line INTEGER NOT NULL,"
	" account INTEGER NOT NULL REFERENCES account(id), lot INTEGER REFERENCES lot(id),"
	" amount INTEGER NOT NULL CHECK(amount <> 0), PRIMARY KEY(event, line)) STRICT, WITHOUT ROWID;"
	APPEND_ONLY("entry")
	NO_REPLACE("entry", "event = NEW.event AND line = NEW.line"),

	"CREATE TABLE view_dirty(card INTEGER NOT NULL REFERENCES card(number),"
	" hash BLOB NOT NULL CHECK(length(hash) = 32), PRIMARY KEY(card, hash)) STRICT, WITHOUT ROWID;",
	NULL,
};

/* Who made the club's card keys, who keeps the shares, and who has proven that they work. */
static const char *const custody[] = {
	"CREATE TABLE custody(event BLOB PRIMARY KEY REFERENCES journal(event),"
	" act INTEGER NOT NULL CHECK(act BETWEEN 1 AND 4),"
	" generation INTEGER NOT NULL CHECK(generation BETWEEN 1 AND 65535),"
	" share_set BLOB NOT NULL CHECK(length(share_set) = 4), needed INTEGER NOT NULL,"
	" shares INTEGER NOT NULL, persons INTEGER NOT NULL, people TEXT NOT NULL,"
	" hashes BLOB NOT NULL CHECK(length(hashes) = 32 * shares), kcvs BLOB NOT NULL,"
	" at INTEGER NOT NULL, count INTEGER NOT NULL UNIQUE) STRICT;"
	"CREATE INDEX custody_generation ON custody(generation, act, count);"
	APPEND_ONLY("custody")
	NO_REPLACE("custody", "event = NEW.event OR count = NEW.count"),
	NULL,
};

/* More stations than one: the certificates of the club, and the lists of what is trusted no more. */
static const char *const chain[] = {
	"CREATE TABLE certificate(serial INTEGER PRIMARY KEY CHECK(serial BETWEEN 1 AND 4294967295),"
	" station INTEGER NOT NULL, signer BLOB NOT NULL CHECK(length(signer) = 4),"
	" first INTEGER NOT NULL, count INTEGER NOT NULL,"
	" bytes BLOB NOT NULL CHECK(length(bytes) = 128),"
	" event BLOB NOT NULL REFERENCES journal(event)) STRICT;"
	"CREATE INDEX certificate_signer ON certificate(signer);"
	APPEND_ONLY("certificate")
	NO_REPLACE("certificate", "serial = NEW.serial")
	"CREATE TRIGGER certificate_range BEFORE INSERT ON certificate"
	" WHEN EXISTS (SELECT 1 FROM certificate WHERE signer <> NEW.signer"
	" AND first < NEW.first + NEW.count AND NEW.first < first + count)"
	" BEGIN SELECT RAISE(ABORT, 'a number is allotted once'); END;",

	"CREATE TABLE list(kind INTEGER PRIMARY KEY CHECK(kind IN (1, 2)), number INTEGER NOT NULL,"
	" dated INTEGER NOT NULL, hash BLOB NOT NULL CHECK(length(hash) = 32), bytes BLOB NOT NULL,"
	" event BLOB NOT NULL REFERENCES journal(event)) STRICT;"
	"CREATE TRIGGER list_no_delete BEFORE DELETE ON list"
	" BEGIN SELECT RAISE(ABORT, 'a list is followed by the next, never removed'); END;"
	"CREATE TRIGGER list_forward BEFORE UPDATE ON list"
	" WHEN NEW.kind <> OLD.kind OR NEW.number <= OLD.number"
	" BEGIN SELECT RAISE(ABORT, 'lists only move forward'); END;",
	NULL,
};

/* Prints. What was printed before there was a table is taken from the journal: nobody was asked about it. */
static const char *const prints[] = {
	"CREATE TABLE print(id INTEGER PRIMARY KEY, title TEXT NOT NULL UNIQUE,"
	" card INTEGER NOT NULL REFERENCES card(number), token BLOB CHECK(length(token) = 32),"
	" again INTEGER NOT NULL CHECK(again IN (0, 1)),"
	" design TEXT NOT NULL, lang TEXT NOT NULL, queue TEXT NOT NULL, job TEXT NOT NULL,"
	" state INTEGER NOT NULL CHECK(state BETWEEN 0 AND 5), ended TEXT NOT NULL, keyword TEXT NOT NULL,"
	" reason INTEGER NOT NULL CHECK(reason BETWEEN 0 AND 9), note TEXT NOT NULL,"
	" planned INTEGER NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL,"
	" ribbon INTEGER NOT NULL CHECK(ribbon >= 0), blank INTEGER NOT NULL CHECK(blank >= 0),"
	" CHECK((state = 4) = (reason <> 0)), CHECK(state <> 2 OR ended <> '')) STRICT;"
	"CREATE INDEX print_card ON print(card, id);"
	"CREATE INDEX print_open ON print(state) WHERE state < 3;"
	"CREATE INDEX print_planned ON print(planned);"

	"INSERT INTO print(title, card, again, design, lang, queue, job, state, ended, keyword, reason, note,"
	" planned, at, by, ribbon, blank)"
	" SELECT json_extract(j.body, '$.title'), c.number, 0, '', '', '', json_extract(j.body, '$.job'),"
	" iif(e.state = 'done', 3, 2), iif(e.state IN ('done', 'cancelled', 'aborted'), e.state, 'gone'),"
	" '', 0, '', j.at, coalesce(e.at, j.at), 'earlier', 0, 0"
	" FROM journal j JOIN card c ON c.number = CAST(json_extract(j.body, '$.card') AS INTEGER)"
	" LEFT JOIN (SELECT json_extract(body, '$.title') AS title, json_extract(body, '$.state') AS state,"
	" max(seq) AS seq, at FROM journal WHERE kind = 'print.end' GROUP BY 1) e"
	" ON e.title = json_extract(j.body, '$.title')"
	" WHERE j.kind = 'print.submit' GROUP BY 1 ORDER BY j.seq;",

	NO_REPLACE("print", "id = NEW.id OR title = NEW.title")
	"CREATE TRIGGER print_no_delete BEFORE DELETE ON print"
	" BEGIN SELECT RAISE(ABORT, 'prints are closed, never deleted'); END;"
	"CREATE TRIGGER print_fixed BEFORE UPDATE OF id, title, card, token, again, design, lang, queue, planned,"
	" ribbon, blank ON print"
	" BEGIN SELECT RAISE(ABORT, 'a print is planned once'); END;"
	"CREATE TRIGGER print_forward BEFORE UPDATE OF state, job, ended, keyword, reason, note, at, by ON print"
	" WHEN NEW.state <= OLD.state OR OLD.state >= 4 OR (NEW.state = 5 AND OLD.state <> 0)"
	" BEGIN SELECT RAISE(ABORT, 'a print only moves forward'); END;",
	NULL,
};

/* How a print is to come out: without it, one planned and found again after a crash would forget its side. */
static const char *const print_options[] = {
	"ALTER TABLE print ADD COLUMN options TEXT NOT NULL DEFAULT '';"
	"CREATE TRIGGER print_options_fixed BEFORE UPDATE OF options ON print"
	" BEGIN SELECT RAISE(ABORT, 'a print is planned once'); END;",
	NULL,
};

/* Stations that came back from a backup: the incarnations closed, and the cards that knew more than the book. */
static const char *const restored[] = {
	"CREATE TABLE closed(prefix BLOB PRIMARY KEY REFERENCES incarnation(prefix),"
	" last_seq INTEGER NOT NULL, last_hash BLOB NOT NULL CHECK(length(last_hash) = 32),"
	" known_seq INTEGER NOT NULL, known_hash BLOB NOT NULL CHECK(length(known_hash) = 32),"
	" at INTEGER NOT NULL, event BLOB NOT NULL REFERENCES journal(event)) STRICT, WITHOUT ROWID;"
	APPEND_ONLY("closed")
	NO_REPLACE("closed", "prefix = NEW.prefix")

	"CREATE TABLE adoption(seq INTEGER PRIMARY KEY REFERENCES journal(seq),"
	" event BLOB NOT NULL REFERENCES journal(event),"
	" card INTEGER NOT NULL REFERENCES card(number), known INTEGER NOT NULL CHECK(known IN (0, 1)),"
	" from_sequence INTEGER NOT NULL, sequence INTEGER NOT NULL, amount INTEGER NOT NULL,"
	" unit INTEGER NOT NULL, at INTEGER NOT NULL, reviewed BLOB REFERENCES journal(event)) STRICT;"
	"CREATE INDEX adoption_open ON adoption(card) WHERE reviewed IS NULL;"
	NO_REPLACE("adoption", "seq = NEW.seq")
	"CREATE TRIGGER adoption_no_delete BEFORE DELETE ON adoption"
	" BEGIN SELECT RAISE(ABORT, 'adoptions are looked at, never deleted'); END;"
	"CREATE TRIGGER adoption_fixed BEFORE UPDATE OF seq, event, card, known, from_sequence, sequence, amount,"
	" unit, at ON adoption"
	" BEGIN SELECT RAISE(ABORT, 'an adoption is written once'); END;"
	"CREATE TRIGGER adoption_forward BEFORE UPDATE OF reviewed ON adoption WHEN OLD.reviewed IS NOT NULL"
	" BEGIN SELECT RAISE(ABORT, 'an adoption is looked at once'); END;",
	NULL,
};

/* Pre-printed cards: lots for a print house, and their cards while they are dead. */
static const char *const stock[] = {
	"CREATE TABLE stock_lot(number INTEGER PRIMARY KEY CHECK(number BETWEEN 1 AND 4294967295),"
	" state INTEGER NOT NULL CHECK(state BETWEEN 0 AND 3), count INTEGER NOT NULL CHECK(count > 0),"
	" first INTEGER NOT NULL, last INTEGER NOT NULL, design TEXT NOT NULL, lang TEXT NOT NULL,"
	" application INTEGER NOT NULL, tier INTEGER NOT NULL, pins INTEGER NOT NULL CHECK(pins IN (0, 1)),"
	" manifest BLOB CHECK(length(manifest) = 32), at INTEGER NOT NULL,"
	" CHECK(state NOT IN (1, 2) OR manifest IS NOT NULL)) STRICT;"
	NO_REPLACE("stock_lot", "number = NEW.number")
	"CREATE TRIGGER stock_lot_no_delete BEFORE DELETE ON stock_lot"
	" BEGIN SELECT RAISE(ABORT, 'lots are closed, never deleted'); END;"
	"CREATE TRIGGER stock_lot_fixed BEFORE UPDATE OF number, count, first, last, design, lang, application,"
	" tier, pins, at ON stock_lot"
	" BEGIN SELECT RAISE(ABORT, 'a lot stays what it is'); END;"
	"CREATE TRIGGER stock_lot_forward BEFORE UPDATE OF state ON stock_lot WHEN NEW.state <= OLD.state"
	" BEGIN SELECT RAISE(ABORT, 'a lot only moves forward'); END;"
	"CREATE TABLE stock(number INTEGER PRIMARY KEY CHECK(number BETWEEN 1 AND 9999999999999999),"
	" lot INTEGER NOT NULL REFERENCES stock_lot(number),"
	" token BLOB NOT NULL UNIQUE CHECK(length(token) = 32), url TEXT NOT NULL,"
	" salt BLOB CHECK(length(salt) = 16), pin BLOB CHECK(length(pin) = 32),"
	" tries INTEGER NOT NULL DEFAULT 0, bound INTEGER NOT NULL DEFAULT 0 CHECK(bound IN (0, 1)),"
	" CHECK((salt IS NULL) = (pin IS NULL))) STRICT;"
	"CREATE INDEX stock_of_lot ON stock(lot, bound);"
	NO_REPLACE("stock", "number = NEW.number OR token = NEW.token")
	"CREATE TRIGGER stock_new BEFORE INSERT ON stock"
	" WHEN EXISTS (SELECT 1 FROM card WHERE number = NEW.number) OR EXISTS (SELECT 1 FROM token WHERE hash = NEW.token)"
	" BEGIN SELECT RAISE(ABORT, 'a number and a token are given once'); END;"
	"CREATE TRIGGER stock_no_delete BEFORE DELETE ON stock"
	" BEGIN SELECT RAISE(ABORT, 'stock is bound or void, never deleted'); END;"
	"CREATE TRIGGER stock_fixed BEFORE UPDATE OF number, lot, token, url, salt, pin ON stock"
	" BEGIN SELECT RAISE(ABORT, 'a card of stock stays what it is'); END;"
	"CREATE TRIGGER stock_once BEFORE UPDATE OF bound, tries ON stock"
	" WHEN OLD.bound <> 0 OR NEW.tries < OLD.tries"
	" BEGIN SELECT RAISE(ABORT, 'a card of stock is bound once'); END;",
	NULL,
};

/* Prints of one sheet of paper go by the sheet's name at the queue. */
static const char *const sheets[] = {
	"ALTER TABLE print ADD COLUMN sheet TEXT NOT NULL DEFAULT '';"
	"CREATE INDEX print_sheet ON print(sheet, id) WHERE sheet <> '';"
	"CREATE TRIGGER print_sheet_fixed BEFORE UPDATE OF sheet ON print"
	" BEGIN SELECT RAISE(ABORT, 'a print is planned once'); END;",
	NULL,
};

static const char *const *const migrations[] = {first, custody, chain, prints, print_options, restored, stock, sheets};

const struct db_schema store_schema = {
	STORE_APPLICATION_ID, migrations, (int)(sizeof(migrations) / sizeof(migrations[0])),
};
