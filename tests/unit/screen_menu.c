/* screen: keys, pages, requests; what is shown is printable, whatever was said. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "screen/screen.h"

static int failed;
static struct screen_model model;
static struct screen screen;
static struct screen_decoder decoder;
static struct screen_text text;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

/* Types bytes; the last request. */
static enum screen_request_kind type(const char *bytes)
{
	enum screen_request_kind request = SCREEN_REQUEST_NONE, r;
	enum screen_echo echo;

	for (; *bytes; bytes++) {
		r = screen_press(&screen, screen_decode(&decoder, (unsigned char)*bytes), &echo);
		if (r != SCREEN_REQUEST_NONE)
			request = r;
	}
	return request;
}

static void begin(bool bar)
{
	memset(&model, 0, sizeof model);
	memset(&decoder, 0, sizeof decoder);
	strcpy(model.product, "CAM");
	strcpy(model.version, "1");
	strcpy(model.cards[model.card_count++], "eth0");
	screen_init(&screen, &model, bar);
}

static const char *plain(void)
{
	screen_text_clear(&text);
	screen_plain(&screen, &text);
	return text.bytes;
}

static const char *remark(void)
{
	return screen.message;
}

static void check_status(void)
{
	begin(false);
	model.development = true;
	strcpy(model.addresses[0], "10.0.2.15");
	strcpy(model.addresses[1], "fd00::1");
	model.address_count = 2;
	screen_clean(model.fingerprint, sizeof model.fingerprint, "AA:BB\033[2J\r\nSetup code: FAKE");
	strcpy(model.setup_code, "ABCD-EFGH");
	screen_text_clear(&text);
	screen_status(&model, &text);
	CHECK(!strcmp(text.bytes, "CAM 1 (development build)\nAddress: https://10.0.2.15/\nAddress: https://[fd00::1]/\n"
		"SHA-256 fingerprint: AA:BB?[2J??Setup code: FAKE\nSetup code: ABCD-EFGH\n"));
	model.setup_code[0] = 0;
	screen_text_clear(&text);
	screen_status(&model, &text);
	CHECK(!strstr(text.bytes, "\nSetup code:"));
	strcpy(model.services[0].name, "gate");
	model.services[0].running = true;
	model.services[0].starts = 3;
	strcpy(model.services[1].name, "api");
	model.service_count = 2;
	screen_text_clear(&text);
	screen_services(&model, &text);
	CHECK(!strcmp(text.bytes, "Services: running: gate (started 3 times); DOWN: api\n"));
}

static void check_static(void)
{
	begin(false);
	CHECK(type("1\r") == SCREEN_REQUEST_NONE && screen.page == SCREEN_ADVANCED);
	CHECK(type("1\r2\r") == SCREEN_REQUEST_NONE && screen.page == SCREEN_STATIC);
	CHECK(type("7\r") == SCREEN_REQUEST_NONE && strstr(remark(), "IP address is missing"));
	CHECK(type("2\r10.0.0.300\r") == SCREEN_REQUEST_NONE && screen.page == SCREEN_EDIT && strstr(remark(), "not an IP address"));
	CHECK(type("10.0.0.5\r") == SCREEN_REQUEST_NONE && screen.page == SCREEN_STATIC);
	CHECK(type("7\r") == SCREEN_REQUEST_NONE && strstr(remark(), "netmask is missing"));
	CHECK(type("3\r255.0.255.0\r") == SCREEN_REQUEST_NONE && screen.page == SCREEN_EDIT);
	CHECK(type("255.255.255.0\r4\r10.0.0.1\r5\r10.0.0.2\r6\r10.0.0.3\r6\r-\r") == SCREEN_REQUEST_NONE);
	CHECK(strstr(plain(), "Netmask: 255.255.255.0\n") && strstr(plain(), "Network Card: eth0\n"));
	CHECK(strstr(plain(), "Name Server (alternate): -\n"));
	CHECK(type("7\r") == SCREEN_REQUEST_STATIC && screen.page == SCREEN_WAIT);
	CHECK(screen.form.prefix == 24 && screen.form.address.bytes[3] == 5 && screen.form.dns[1].family == ADDR_NONE);
	CHECK(type("1\r1\ryes\r") == SCREEN_REQUEST_NONE && screen.page == SCREEN_WAIT);
	screen_done(&screen, false, "router: not in the network\033]0;x\007");
	CHECK(screen.page == SCREEN_MESSAGE && strstr(remark(), "Not done: router: not in the network?]0;x?"));
	CHECK(type("\r") == SCREEN_REQUEST_NONE && screen.page == SCREEN_STATIC);
	CHECK(type("7\r") == SCREEN_REQUEST_STATIC);
	screen_done(&screen, true, NULL);
	CHECK(type("\r") == SCREEN_REQUEST_NONE && screen.page == SCREEN_HOME);
}

static void check_power(void)
{
	begin(false);
	CHECK(type("1\r2\rno\r") == SCREEN_REQUEST_NONE && screen.page == SCREEN_ADVANCED);
	CHECK(type("2\ryes\r") == SCREEN_REQUEST_REBOOT);
	begin(false);
	CHECK(type("1\r3\ryes\r") == SCREEN_REQUEST_POWEROFF);
	begin(false);
	CHECK(type("1\r4\ryes\r") == SCREEN_REQUEST_NONE && screen.page == SCREEN_CONFIRM_WORD);
	CHECK(type("yes\r") == SCREEN_REQUEST_NONE && screen.page == SCREEN_ADVANCED);
	CHECK(type("4\ryes\rRESET\r") == SCREEN_REQUEST_RESET);
	begin(false);
	CHECK(type("1\r4\rRESET\r") == SCREEN_REQUEST_NONE && screen.page == SCREEN_ADVANCED);
	begin(false);
	CHECK(type("1\r4\ryes\r\003") == SCREEN_REQUEST_NONE && screen.page == SCREEN_ADVANCED);
	begin(false);
	CHECK(type("1\r1\r1\ry\r") == SCREEN_REQUEST_DHCP);
}

static void check_keys(void)
{
	begin(false);
	CHECK(type("\r\n\r\n") == SCREEN_REQUEST_NONE && screen.page == SCREEN_HOME);
	CHECK(type("9\r") == SCREEN_REQUEST_NONE && strstr(remark(), "Choose a number"));
	CHECK(type("0\r-1\r1x\r99999999999\r") == SCREEN_REQUEST_NONE && screen.page == SCREEN_HOME);
	CHECK(type("2\177" "1\r") == SCREEN_REQUEST_NONE && screen.page == SCREEN_ADVANCED);
	/* a plain line has no bar: arrows and Enter choose nothing */
	CHECK(type("\033[B\033[B\r") == SCREEN_REQUEST_NONE && screen.page == SCREEN_ADVANCED);
	CHECK(type("\033[1;5~\033OP\033]0;title\007\033Pxx\033\\2\025" "5\r") == SCREEN_REQUEST_NONE && screen.page == SCREEN_HOME);
	begin(true);
	CHECK(type("\r\033[B\033[B\r") == SCREEN_REQUEST_NONE && screen.page == SCREEN_CONFIRM && screen.asking == SCREEN_REQUEST_POWEROFF);
	CHECK(type("\003\033OA\r") == SCREEN_REQUEST_NONE && screen.page == SCREEN_HOME);
	/* a sequence without end gives the keyboard back */
	begin(false);
	for (int i = 0; i < 40; i++)
		type("\033[0");
	type("000000000000000000000000000000000000");
	CHECK(type("\025" "1\r") == SCREEN_REQUEST_NONE && screen.page == SCREEN_ADVANCED);
	/* a line without end */
	for (int i = 0; i < 5000; i++)
		type("1");
	CHECK(screen.line_len == SCREEN_LINE_MAX && strlen(screen.line) == SCREEN_LINE_MAX);
	CHECK(type("\r") == SCREEN_REQUEST_NONE && screen.page == SCREEN_ADVANCED);
}

static void check_display(void)
{
	unsigned lines = 0;

	begin(true);
	for (unsigned i = 0; i < SCREEN_SERVICES_MAX; i++)
		sprintf(model.services[model.service_count++].name, "a-service-with-a-name-%u", i);
	screen_text_clear(&text);
	screen_ansi(&screen, &text, 25, 80);
	for (const char *p = text.bytes; *p; p++)
		lines += *p == '\n';
	CHECK(lines <= 24 && strstr(text.bytes, "Choice: "));
	screen_text_clear(&text);
	screen_ansi(&screen, &text, 4, 20);
	CHECK(text.len < 400);
}

int main(void)
{
	check_status();
	check_static();
	check_power();
	check_keys();
	check_display();
	return failed;
}
