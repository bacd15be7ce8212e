/* Tables of blobs: a step of the schema. */
#include "truth.h"

const char core_tables_blobs[] = "SELECT 1;";
