/*
 * template: the parameters of AWS CloudFormation templates (AWS CloudFormation User Guide, "Parameters").
 *
 * A template is JSON, or YAML.  Of YAML only the section Parameters is read, written in blocks as templates are: keys and
 * their values on lines, texts plain, quoted or in blocks, lists in blocks or in brackets.  Anchors, aliases, tags and
 * braces in that section are refused with the number of the line; all other sections are passed over unread.
 */
#ifndef CAM_TEMPLATE_H
#define CAM_TEMPLATE_H

#include <stddef.h>
#include <yyjson.h>

/* Largest template the service takes from a file, bytes, and parameters it may have. */
#define TEMPLATE_MAX 460800
#define TEMPLATE_PARAMETERS_MAX 200
/* Text of an error, bytes. */
#define TEMPLATE_MESSAGE 200

/* The section Parameters as an object of doc, {name: {Type, Default, AllowedValues, NoEcho, ...}}; of YAML every value is a
 * text or a list of texts.  Empty when there is none.  NULL with a sentence in message when the text is no
 * template or too large. */
yyjson_mut_val *template_parameters(yyjson_mut_doc *doc, const char *text, size_t len, char message[TEMPLATE_MESSAGE]);

#endif
