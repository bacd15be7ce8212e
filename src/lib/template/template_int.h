/* template: the parts' own. */
#ifndef CAM_TEMPLATE_INT_H
#define CAM_TEMPLATE_INT_H

#include "template/template.h"

/* text is UTF-8 without NUL. */
yyjson_mut_val *template_yaml(yyjson_mut_doc *doc, const char *text, size_t len, char message[TEMPLATE_MESSAGE]);

#endif
