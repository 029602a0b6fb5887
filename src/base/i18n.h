/* i18n.h - gettext, the same short names in every room. */
#ifndef OFFHOOK_BASE_I18N_H
#define OFFHOOK_BASE_I18N_H

#include <libintl.h>

#define _(s)            gettext(s)
#define N_(s)           (s)
#define P_(one, many, n) ngettext(one, many, n)

#endif
