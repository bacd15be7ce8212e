/* The smallest TLS client a test needs. */
#ifndef TEST_TLS_H
#define TEST_TLS_H

/*
 * GET path from a server by IPv4 address, over TLS 1.2. The certificate is not verified: the tests that verify it
 * run outside. Returns the status code, or -1.
 */
int tls_get_status(const char *address, int port, const char *path);

#endif
