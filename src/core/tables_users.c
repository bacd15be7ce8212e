/* Tables of users and tokens: a step of the schema. */
#include "truth.h"

const char core_tables_users[] = "SELECT 1;";
