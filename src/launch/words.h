/*
 * words: the values of the process table in words.  Constant strings.
 */
#ifndef CAM_LAUNCH_WORDS_H
#define CAM_LAUNCH_WORDS_H

#include <stdint.h>

#include "room/room.h"

const char *word_capability(unsigned cap);
const char *word_family(unsigned family);
const char *word_rights(uint64_t rights);
const char *word_open(enum room_open_kind kind);

#endif
