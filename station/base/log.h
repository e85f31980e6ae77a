/*
 * The program's own log: one line an event, to standard error or a file. It is
 * for engineers and in English. Whatever looks like key or card bytes is cut:
 * any run of 16 or more hex digits keeps its first four.
 */
#ifndef STATION_BASE_LOG_H
#define STATION_BASE_LOG_H

#include <stdio.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Lines above `max` are dropped; `to` is borrowed, NULL means no log at all (the default). */
void log_to(FILE *to, enum log_level max);

/*
 * One line: time, level, room, the formatted text: redacted, control characters as '?', cut at about
 * 500 bytes. Any thread.
 */
void log_line(enum log_level level, const char *room, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Redact in place, as every line is. */
void log_redact(char *text);

#endif
