/*
 * core: faults planted on purpose, by which the simulator (tests/sim) proves that it finds such faults.  Only in
 * builds with CAM_PLANTS, and there only the one that is named; the product has none of them.
 */
#ifndef CAM_CORE_PLANT_H
#define CAM_CORE_PLANT_H

#include <stdbool.h>
#include <string.h>

#ifdef CAM_PLANTS
extern const char *core_plant;		/* NULL = none */
#define PLANTED(name) (core_plant && !strcmp(core_plant, name))
#else
#define PLANTED(name) false
#endif

#endif
