/*
 * Makes RELRO real in a musl static-pie program.
 *
 * musl applies PT_GNU_RELRO only in its dynamic loader; a static-pie relocates itself and leaves
 * .data.rel.ro, .init_array and the GOT writable. This constructor, linked into every program of the
 * image, protects the segment before main. A program whose own segment cannot be protected must not run.
 */
#include <elf.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

extern const char __ehdr_start[] __attribute__((visibility("hidden")));

#define PAGE 4096UL

__attribute__((constructor(101))) static void relro_protect(void)
{
	const Elf64_Phdr *ph = (const Elf64_Phdr *)getauxval(AT_PHDR);
	unsigned long n = getauxval(AT_PHNUM), base = (unsigned long)__ehdr_start;

	for (; ph && n--; ph++) {
		if (ph->p_type != PT_GNU_RELRO)
			continue;
		unsigned long start = (base + ph->p_vaddr) & -PAGE;
		unsigned long end = (base + ph->p_vaddr + ph->p_memsz) & -PAGE;
		if (end > start && mprotect((void *)start, end - start, PROT_READ))
			_exit(111);
	}
}
