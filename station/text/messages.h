/* The packed sentences; the array is made by bundle.sh at build time. */
#ifndef STATION_TEXT_MESSAGES_H
#define STATION_TEXT_MESSAGES_H

extern const unsigned char text_messages[];

#endif
