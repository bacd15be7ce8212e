/* mnl: what Debian's libnftnl calls of glibc's checked functions; musl has only the plain ones. */
#include <stdarg.h>
#include <stdio.h>

#ifndef __GLIBC__
int __fprintf_chk(FILE *f, int flag, const char *fmt, ...);
int __snprintf_chk(char *s, size_t n, int flag, size_t size, const char *fmt, ...);

int __fprintf_chk(FILE *f, int flag, const char *fmt, ...)
{
	va_list ap;
	int n;

	(void)flag;
	va_start(ap, fmt);
	n = vfprintf(f, fmt, ap);
	va_end(ap);
	return n;
}

int __snprintf_chk(char *s, size_t n, int flag, size_t size, const char *fmt, ...)
{
	va_list ap;
	int rc;

	(void)flag;
	if (n > size)
		__builtin_trap();
	va_start(ap, fmt);
	rc = vsnprintf(s, n, fmt, ap);
	va_end(ap);
	return rc;
}
#endif
