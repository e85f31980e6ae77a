/*
 * Everything the printer room offers. It knows artwork, QR codes, paper and
 * queues; nothing of cards, keys or the store: every text comes in finished.
 */
#ifndef PRINTER_PRINTER_H
#define PRINTER_PRINTER_H

#include "printer/design.h"
#include "printer/press.h"
#include "printer/inspect.h"
#include "printer/qr.h"
#include "printer/queue.h"
#include "printer/render.h"
#include "printer/sheet.h"
#include "printer/slip.h"

#endif
