/* Whom what was typed means, with the user's contacts among them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "phone/internal.h"

/* There is no account of the name that was typed, or that a contact has. */
int phone_no_account(struct phone *p, const char *name, const char **why)
{
	/* TRANSLATORS: %s is the name that was typed */
	snprintf(p->why, sizeof(p->why), _("There is no account called %.64s."), name);
	*why = p->why;
	return ENOENT;
}

int phone_read_target(struct phone *p, struct target *t, const char *text, const struct account *given, const char **why)
{
	const struct account *list[ACCOUNTS_MAX];
	struct contact_entry contact;
	unsigned i;
	int err;

	for (i = 0; i < p->accounts; i++)
		list[i] = &p->account[i];
	if (target_is_address(text + strspn(text, " \t")) || !port_contact_find(text, true, &contact))
		return target_read(t, text, given, list, p->accounts, why);
	if (!given && *contact.account && !(given = phone_account(p, contact.account)))
		return phone_no_account(p, contact.account, why);
	err = target_read(t, contact.uri, given, list, p->accounts, why);
	if (!err)
		text_copy(t->name, sizeof(t->name), contact.name);
	return err;
}
