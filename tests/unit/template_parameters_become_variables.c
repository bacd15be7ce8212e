/* CloudFormation templates, JSON and YAML: the same parameters become the same variables; what is not read is refused with its
 * line; a variable that is there stays as it is. */
/* with: core/box_parameters.c core/box_schema.c core/box_variables.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/box.h"
#include "template/template.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static const char json[] =
	"{\"AWSTemplateFormatVersion\":\"2010-09-09\",\"Parameters\":{"
	"\"KeyName\":{\"Type\":\"AWS::EC2::KeyPair::KeyName\",\"Description\":\"a key: of # yours\"},"
	"\"Size\":{\"Type\":\"Number\",\"Default\":5},"
	"\"Kind\":{\"Type\":\"String\",\"Default\":\"t2.micro\",\"AllowedValues\":[\"t2.micro\",\"m1.small\"]},"
	"\"Port\":{\"Type\":\"Number\",\"Default\":\"80\",\"AllowedValues\":[80,8080]},"
	"\"Comma\":{\"Type\":\"String\",\"AllowedValues\":[\"a,b\",\"c\"]},"
	"\"Password\":{\"Type\":\"String\",\"NoEcho\":true,\"Default\":\"pa\\\"ss\"},"
	"\"Names\":{\"Type\":\"CommaDelimitedList\",\"Default\":\"a,b\",\"AllowedValues\":[\"a\",\"b\",\"c\"]},"
	"\"Empty\":{\"Type\":\"String\",\"Default\":\"\"}},\"Resources\":{}}";

static const char yaml[] =
	"%YAML 1.2\n---\n"
	"AWSTemplateFormatVersion: '2010-09-09'\n"
	"Description: |\n"
	"  Parameters:\n"
	"    NotThis:\n"
	"      Type: String\n"
	"Mappings: {a: [1, 2]}\n"
	"Parameters:   # what one may choose\n"
	"\n"
	"  KeyName:\n"
	"    Type: AWS::EC2::KeyPair::KeyName   # of EC2\r\n"
	"    Description: 'a key: of # yours'\n"
	"  Size: # in GB\n"
	"    Type: Number\n"
	"    Default: 5\n"
	"  # in between\n"
	"  Kind:\n"
	"    AllowedValues:\n"
	"    - t2.micro\n"
	"    - \"m1.small\"\n"
	"    Type: \"String\"\n"
	"    Default: 't2.micro'\n"
	"  \"Port\":\n"
	"    Type: Number\n"
	"    Default: '80'\n"
	"    AllowedValues: [80,\n"
	"      8080]   # two\n"
	"  Comma:\n"
	"    Type: String\n"
	"    AllowedValues: [ \"a,b\", c ]\n"
	"  Password:\n"
	"    Description: >\n"
	"      two\n"
	"\n"
	"      lines: [\n"
	"    NoEcho: true\n"
	"    Type: String\n"
	"    Default: \"pa\\\"ss\"\n"
	"  Names:\n"
	"      Type: CommaDelimitedList\n"
	"      Default: a,b\n"
	"      ConstraintDescription: goes\n"
	"        on # here\n"
	"      AllowedValues:\n"
	"        - a\n"
	"        - b\n"
	"        - c\n"
	"  Empty:\n"
	"    Type: String\n"
	"    Default: ''\n"
	"Resources:\n"
	"  X: !Ref Size\n"
	"\tbad: here is nobody's business\n";

static yyjson_mut_doc *box(const char *variables)
{
	char text[512];
	yyjson_doc *doc;
	yyjson_mut_doc *out;

	snprintf(text, sizeof text, "{\"schema\":\"" BOX_SCHEMA "cloudformation\",\"name\":\"b\"%s%s}", *variables ? ",\"variables\":" : "",
		variables);
	doc = yyjson_read(text, strlen(text), 0);
	out = yyjson_doc_mut_copy(doc, NULL);
	yyjson_doc_free(doc);
	return out;
}

/* The variables of a box with this template, as JSON; "" with the message when it is refused. */
static char *variables(const char *before, const char *template, size_t len, char message[SCHEMA_MESSAGE])
{
	yyjson_mut_doc *doc = box(before);
	char *out = NULL, *text = malloc(len ? len : 1);

	memcpy(text, template, len);
	if (!box_template_variables(doc, doc->root, text, len, message))
		out = yyjson_mut_val_write(yyjson_mut_obj_get(doc->root, "variables"), 0, NULL);
	free(text);
	yyjson_mut_doc_free(doc);
	return out ? out : calloc(1, 1);
}

static const char want[] =
	"[{\"name\":\"KeyName\",\"type\":\"Text\",\"value\":\"\",\"required\":true,\"visibility\":\"public\"},"
	"{\"name\":\"Size\",\"type\":\"Number\",\"value\":\"5\",\"required\":true,\"visibility\":\"public\"},"
	"{\"name\":\"Kind\",\"type\":\"Options\",\"value\":\"t2.micro\",\"required\":true,\"visibility\":\"public\",\"options\":\"t2.micro,m1.small\"},"
	"{\"name\":\"Port\",\"type\":\"Options\",\"value\":\"80\",\"required\":true,\"visibility\":\"public\",\"options\":\"80,8080\"},"
	"{\"name\":\"Comma\",\"type\":\"Text\",\"value\":\"\",\"required\":true,\"visibility\":\"public\"},"
	"{\"name\":\"Password\",\"type\":\"Password\",\"value\":\"pa\\\"ss\",\"required\":true,\"visibility\":\"public\"},"
	"{\"name\":\"Names\",\"type\":\"Text\",\"value\":\"a,b\",\"required\":true,\"visibility\":\"public\"},"
	"{\"name\":\"Empty\",\"type\":\"Text\",\"value\":\"\",\"required\":true,\"visibility\":\"public\"}]";

static void both_ways_are_the_same(void)
{
	char message[SCHEMA_MESSAGE] = "";
	char *a = variables("", json, sizeof json - 1, message), *b = variables("", yaml, sizeof yaml - 1, message);

	if (strcmp(a, want) || strcmp(b, want)) {
		failed = 1;
		printf("want %s\njson %s\nyaml %s\n%s\n", want, a, b, message);
	}
	free(a);
	free(b);
}

static void what_is_there_stays(void)
{
	static const char kept[] = "[{\"name\":\"Size\",\"type\":\"Text\",\"value\":\"9\"},{\"name\":\"Empty\",\"type\":\"Text\",\"scope\":\"x\"}]";
	char message[SCHEMA_MESSAGE] = "";
	char *a = variables(kept, json, sizeof json - 1, message);

	CHECK(!strncmp(a, "[{\"name\":\"Size\",\"type\":\"Text\",\"value\":\"9\"},", 42));
	CHECK(!strstr(a + 42, "\"Size\""));
	/* One of a nested box is another. */
	CHECK(strstr(a, "\"scope\":\"x\"},") && strstr(a, "{\"name\":\"Empty\",\"type\":\"Text\",\"value\":\"\""));
	free(a);
}

static void refused(const char *template, size_t len, const char *says)
{
	char message[SCHEMA_MESSAGE] = "";
	char *a = variables("", template, len, message);

	if (*a || strncmp(message, says, strlen(says))) {
		failed = 1;
		printf("%.60s: %s %s\n", template, a, message);
	}
	free(a);
}

#define REFUSED(template, says) refused(template, sizeof template - 1, "template: " says)
#define P "Parameters:\n"

static void what_is_not_read_is_said(void)
{
	char *large = calloc(1, TEMPLATE_MAX + 2);

	REFUSED("{\"Parameters\":{\"A\":{}", "is not a template: ");
	REFUSED("{\"Parameters\":{\"A\":{},\"A\":{}}}", "is not a template: ");
	REFUSED("{\"Parameters\":[]}", "Parameters: must be an object.");
	REFUSED("{\"Parameters\":{\"A\":1}}", "Parameters: \"A\" must be an object.");
	REFUSED("Parameters: {A: {Type: String}}\n", "line 1: Parameters must be written in lines of their own.");
	REFUSED(P "\tA:\n", "line 2: tabs do not indent in YAML.");
	REFUSED(P "  A: String\n", "line 2: the parameter \"A\" must have its values on lines of their own.");
	REFUSED(P "  A:\n    Type: !Ref x\n", "line 3: a value that begins with \"!\" is not read");
	REFUSED(P "  A:\n    Type: &x String\n", "line 3: a value that begins with \"&\" is not read");
	REFUSED(P "  A:\n    Type: \"open\n", "line 3: a quoted text does not end on its line.");
	REFUSED(P "  A:\n    AllowedValues: [a\n", "line 3: the list does not end.");
	REFUSED(P "  A:\n    Type: String\n      Deeper: x\n  A:\n", "line 5: the parameter \"A\" is there twice.");
	REFUSED(P "  A:\n    Type: String\n   Other: x\n", "line 4: is indented differently");
	REFUSED(P "  A:\n    Type: String\n    Type: String\n", "line 4: \"Type\" is there twice.");
	REFUSED(P "  A:\n    Type:\n      B: x\n", "line 4: a value with names of its own");
	REFUSED(P "  just words\n", "line 2: must be a name, a colon and a value.");
	REFUSED("Parameters:\n  A:\n    Default: \xff\n", "is not a template: it is not a text in UTF-8.");
	memset(large, ' ', TEMPLATE_MAX + 1);
	refused(large, TEMPLATE_MAX + 1, "template: is too large");
	free(large);
}

static void nothing_to_read_is_fine(void)
{
	static const char *const texts[] = { "", "\n", "{}", "Resources:\n  X: {}\n", "{\"Parameters\":null}", "Parameters:\n", "Parameters:\nResources:\n",
		"\xef\xbb\xbf{\"Resources\":{}}" };
	char message[SCHEMA_MESSAGE] = "";

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		char *a = variables("", texts[i], strlen(texts[i]), message);

		CHECK(!strcmp(a, "[]"));
		free(a);
	}
}

static void two_hundred_are_enough(void)
{
	size_t n;
	char *text = malloc(1 << 16), message[SCHEMA_MESSAGE] = "", *a;

	for (unsigned count = 200; count <= 201; count++) {
		n = (size_t)sprintf(text, "%s", P);
		for (unsigned i = 0; i < count; i++)
			n += (size_t)sprintf(text + n, "  P%u:\n    Type: String\n", i);
		a = variables("", text, n, message);
		CHECK(count == 200 ? strstr(a, "\"P199\"") != NULL : !*a);
		free(a);
	}
	free(text);
}

int main(void)
{
	both_ways_are_the_same();
	what_is_there_stays();
	what_is_not_read_is_said();
	nothing_to_read_is_fine();
	two_hundred_are_enough();
	return failed;
}
