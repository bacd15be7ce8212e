/* seal, inside: the bytes that stand for a place. */
#ifndef CAM_SEAL_INT_H
#define CAM_SEAL_INT_H

#include "seal/seal.h"

#define SEAL_PLACE_MAX (1 + 2 * (4 + SEAL_NAME_MAX))

/* Version, object and field, each with its length; 0 when one is empty or too long. */
size_t seal_place_bytes(uint8_t out[SEAL_PLACE_MAX], const struct seal_place *place);

#endif
