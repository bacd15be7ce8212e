/* with: agent/message.c agent/ending.c agent/facts.c agent/files.c */
/* What the appliance says to an agent: what is taken, what is refused, and the head of a piece of output. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/message.h"

static int failures;

/* type, or -1 with a part of the sentence */
static void t(const char *text, int type, const char *want)
{
	struct message m;
	char error[160] = "";
	int rc = message_read(&m, text, strlen(text), error);

	if (type < 0 ? rc == 0 || !strstr(error, want) : rc || (int)m.type != type) {
		fprintf(stderr, "%.80s: %s\n", text, rc ? error : "accepted");
		failures++;
	}
	yyjson_doc_free(m.doc);
}

#define STEP(more) "{\"type\":\"step\",\"task\":7,\"fence\":2,\"instance\":\"i-abc123\",\"event\":\"install\"," more "}"

int main(void)
{
	static const uint8_t want[MESSAGE_PIECE_HEAD] = { 1, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 9, 0, 0, 0, 0, 0, 1, 0, 2 };
	struct step s = { .task = UINT64_C(0x0102030405060708), .fence = 9 };
	uint8_t head[MESSAGE_PIECE_HEAD];

	t("{\"type\":\"welcome\",\"machine\":\"m\",\"instance\":\"i-1\",\"heartbeat\":30,\"upgrade\":null}", MESSAGE_WELCOME, "");
	t("{\"type\":\"again\"}", MESSAGE_AGAIN, "");
	t("{\"type\":\"of tomorrow\",\"x\":1}", MESSAGE_UNKNOWN, "");
	t("{\"type\":\"refused\",\"code\":\"clone\"}", MESSAGE_REFUSED, "");
	t(STEP("\"script\":{\"text\":\"true\"}"), MESSAGE_STEP, "");
	t(STEP("\"script\":{\"url\":\"/services/blobs/download/1?credential=a\",\"length\":4}"), MESSAGE_STEP, "");
	t(STEP("\"script\":{}"), -1, "without a script");
	t(STEP("\"script\":{\"url\":\"//evil.example/x\"}"), -1, "without a script");
	t(STEP("\"script\":{\"url\":\"https://evil.example/x\"}"), -1, "without a script");
	t(STEP("\"script\":{\"url\":\"/a b\"}"), -1, "without a script");
	t("{\"type\":\"step\",\"task\":7,\"fence\":2,\"instance\":\"../etc\",\"script\":{\"text\":\"\"}}", -1, "good instance");
	t("{\"type\":\"step\",\"task\":7,\"fence\":2,\"instance\":\"a/b\",\"script\":{\"text\":\"\"}}", -1, "good instance");
	t("{\"type\":\"step\",\"task\":7,\"fence\":2,\"instance\":\"\",\"script\":{\"text\":\"\"}}", -1, "good instance");
	t("{\"type\":\"step\",\"task\":-7,\"fence\":2}", -1, "without task and fence");
	t("{\"type\":\"abort\",\"task\":7}", -1, "without task and fence");
	t("{\"type\":\"abort\",\"task\":7,\"fence\":4294967296}", -1, "without task and fence");
	t("{\"type\":\"result_ack\",\"task\":18446744073709551615,\"fence\":1}", -1, "without task and fence");
	t("{\"type\":1}", -1, "without a type");
	t("[]", -1, "without a type");
	t("{\"type\":\"again\",\"type\":\"again\"}", -1, "given twice");
	t("{", -1, "not valid JSON");
	message_piece(head, &s, 0x10002);
	if (memcmp(head, want, sizeof want)) {
		fprintf(stderr, "the head of a piece\n");
		failures++;
	}
	return failures != 0;
}
