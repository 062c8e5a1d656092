/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pause.h - long work in one piece that lets others in between: the work says where it may be interrupted,
 * who runs it says what for. Per thread; where nobody has anything to do meanwhile, a pause costs a
 * comparison.
 */
#ifndef LIB_PAUSE_H
#define LIB_PAUSE_H

#include <stdbool.h>

/*
 * Does what has to be done meanwhile. until: -1, or a descriptor: then it waits for something to do, and for
 * this to become readable. What it calls is not interrupted itself.
 */
typedef void (*pause_fn)(int until, void *arg);
/* For this thread, until it is set again; NULL: nobody. */
void pause_set(pause_fn fn, void *arg);
/* Here all is consistent: at most once a millisecond the function above is called. True: it was, so that what
 * others may change has to be looked at anew. */
bool pause_here(void);
/* fn apart (apart.h), and pauses until it has returned; in this thread where nobody waits. */
void pause_while(void (*fn)(void *arg), void *arg);

#endif
