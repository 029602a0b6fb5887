#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <string.h>

#include "sip/guard_link.h"

#if UINTPTR_MAX > 0xffffffffu
#define SYMBOL_OF(info) ELF64_R_SYM(info)
#else
#define SYMBOL_OF(info) ELF32_R_SYM(info)
#endif

/* What is asked of the library in which the function is that stands behind ours. */
struct question {
	const char *name;
	const void *behind;              /* an address within the library */
	bool found, asks;                /* the library; and does it leave to the linker which function is meant? */
};

/* A table of relocations: with their addends or without. */
struct table {
	uintptr_t at;
	size_t size;
	bool addends;
};

static bool is_within(const struct dl_phdr_info *info, const void *address)
{
	uintptr_t at = (uintptr_t)address;
	unsigned i;

	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		uintptr_t begin = info->dlpi_addr + h->p_vaddr;

		if (h->p_type == PT_LOAD && at >= begin && at - begin < h->p_memsz)
			return true;
	}
	return false;
}

/* Some linkers have added the load address to what stands in the dynamic section, some have not. */
static uintptr_t place(const struct dl_phdr_info *info, uintptr_t address)
{
	return address < info->dlpi_addr ? info->dlpi_addr + address : address;
}

static bool names_it(const struct table *t, const ElfW(Sym) *symbols, const char *names, const char *name)
{
	size_t step = t->addends ? sizeof(ElfW(Rela)) : sizeof(ElfW(Rel)), i;

	for (i = 0; t->at && i + step <= t->size; i += step) {
		/* what both kinds begin with */
		const ElfW(Rel) *r = (const ElfW(Rel) *)(t->at + i);

		if (!strcmp(names + symbols[SYMBOL_OF(r->r_info)].st_name, name))
			return true;
	}
	return false;
}

static bool leaves_it_open(const struct dl_phdr_info *info, const ElfW(Dyn) *d, const char *name)
{
	struct table plt = {0}, rel = {0}, rela = {.addends = true};
	const ElfW(Sym) *symbols = NULL;
	const char *names = NULL;

	for (; d->d_tag != DT_NULL; d++) {
		switch (d->d_tag) {
		case DT_SYMTAB: symbols = (const ElfW(Sym) *)place(info, d->d_un.d_ptr); break;
		case DT_STRTAB: names = (const char *)place(info, d->d_un.d_ptr); break;
		case DT_JMPREL: plt.at = place(info, d->d_un.d_ptr); break;
		case DT_PLTRELSZ: plt.size = d->d_un.d_val; break;
		case DT_PLTREL: plt.addends = d->d_un.d_val == DT_RELA; break;
		case DT_REL: rel.at = place(info, d->d_un.d_ptr); break;
		case DT_RELSZ: rel.size = d->d_un.d_val; break;
		case DT_RELA: rela.at = place(info, d->d_un.d_ptr); break;
		case DT_RELASZ: rela.size = d->d_un.d_val; break;
		case DT_SYMBOLIC: return false;
		case DT_FLAGS:
			if (d->d_un.d_val & DF_SYMBOLIC)
				return false;
			break;
		default: break;
		}
	}
	return symbols && names && (names_it(&plt, symbols, names, name) || names_it(&rel, symbols, names, name) ||
				    names_it(&rela, symbols, names, name));
}

static int look_h(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct question *q = arg;
	unsigned i;

	(void)size;
	if (!is_within(info, q->behind))
		return 0;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];

		if (h->p_type != PT_DYNAMIC)
			continue;
		q->found = true;
		q->asks = leaves_it_open(info, (const ElfW(Dyn) *)(info->dlpi_addr + h->p_vaddr), q->name);
	}
	return 1;
}

bool guard_is_linked(const char *name, const void *own)
{
	struct question q = {.name = name, .behind = dlsym(RTLD_NEXT, name)};

	/* the first of that name is whose? And there must be another one behind it */
	if (dlsym(RTLD_DEFAULT, name) != own || !q.behind || q.behind == own)
		return false;
#ifdef __mips__
	/* has a table of its own for that */
	return true;
#else
	dl_iterate_phdr(look_h, &q);
	return !q.found || q.asks;
#endif
}
