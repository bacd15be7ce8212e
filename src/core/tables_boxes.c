/* Tables of boxes: a step of the schema. */
#include "truth.h"

const char core_tables_boxes[] = "SELECT 1;";
