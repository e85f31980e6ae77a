/*
 * Every sentence the program can say, by id. One .def file per room; the words in
 * both languages stand in station/text/messages/LANG/ROOM.txt under the same name,
 * and a test holds the two lists against each other.
 */
#ifndef STATION_BASE_MSG_H
#define STATION_BASE_MSG_H

#define MSG(name) MSG_##name,
enum msg {
	MSG_NONE = 0,
#include "station/base/msg/base.def"
#include "station/base/msg/text.def"
#include "station/base/msg/keys.def"
#include "station/base/msg/card.def"
#include "station/base/msg/print.def"
#include "station/base/msg/design.def"
#include "station/base/msg/prints.def"
#include "station/base/msg/store.def"
#include "station/base/msg/club.def"
#include "station/base/msg/flow.def"
#include "station/base/msg/cli.def"
#include "station/base/msg/web.def"
#include "station/base/msg/roll.def"
#include "station/base/msg/chain.def"
#include "station/base/msg/ceremony.def"
#include "station/base/msg/restore.def"
	MSG_COUNT
};
#undef MSG


#endif
