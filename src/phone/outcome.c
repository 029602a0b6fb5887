#include <stddef.h>

#include "base/i18n.h"
#include "phone/outcome.h"

/* One row per final response that is registered, with 409 and 411 of RFC 2543, in the order of their codes;
 * then the local failures. New columns go at the end of a row.
 *
 * TRANSLATORS: the sentences tell the person who dialled what a response means for them; those with "account" or
 * "register" tell the same of signing in at a server. Plain, short, kind. */
static const struct outcome table[] = {
	{300, LOCAL_NONE, "Multiple Choices", OUTCOME_REDIRECT, TONE_REORDER,
	 N_("There are several addresses for this person; choose one and call it."),
	 N_("The server names several places to register at; ask your provider which one is yours."), NULL},
	{301, LOCAL_NONE, "Moved Permanently", OUTCOME_REDIRECT, TONE_REORDER,
	 N_("This person has a new address for good; call them there."),
	 N_("The server has moved; set the account to its new address."), NULL},
	{302, LOCAL_NONE, "Moved Temporarily", OUTCOME_REDIRECT, TONE_REORDER,
	 N_("For now this person takes calls at another address; call them there."),
	 N_("The server sends this account to another server for now; ask your provider."), NULL},
	{305, LOCAL_NONE, "Use Proxy", OUTCOME_REDIRECT, TONE_REORDER,
	 N_("They take calls through a certain server only; call by way of it."),
	 N_("This account must register through another server; set it as outbound."), NULL},
	{380, LOCAL_NONE, "Alternative Service", OUTCOME_REDIRECT, TONE_REORDER,
	 N_("The call was not possible, but the server offers another way."),
	 N_("The server cannot register this account and points to another service."), NULL},
	{400, LOCAL_NONE, "Bad Request", OUTCOME_PROTOCOL_TROUBLE, TONE_REORDER,
	 N_("The server did not understand the call; this is a technical fault, not yours."),
	 N_("The server did not understand the registration; this is a technical fault, not yours."), NULL},
	{401, LOCAL_NONE, "Unauthorized", OUTCOME_RETRY_AUTO, TONE_REORDER,
	 N_("They ask for a user name and a password; check those of the account."),
	 N_("The server asks for a user name and a password; give them to the account."),
	 N_("They did not accept the user name or the password; check those of the account.")},
	{402, LOCAL_NONE, "Payment Required", OUTCOME_NOT_ALLOWED, TONE_REORDER,
	 N_("The service wants payment or credit first; look at your account with your provider."),
	 N_("The service wants payment or credit before this account can be used."), NULL},
	{403, LOCAL_NONE, "Forbidden", OUTCOME_NOT_ALLOWED, TONE_REORDER,
	 N_("The server understood the call but refuses it; calling again will not help."),
	 N_("The server refuses this account; check its user name and password, or ask your provider."),
	 N_("The server refuses the call; your account or its password may be the cause.")},
	{404, LOCAL_NONE, "Not Found", OUTCOME_NOT_FOUND, TONE_REORDER,
	 N_("There is nobody by that name or number there; check the address."),
	 N_("The server does not know this account; check its address."), NULL},
	{405, LOCAL_NONE, "Method Not Allowed", OUTCOME_NOT_ALLOWED, TONE_REORDER,
	 N_("That address does not take calls; check it."),
	 N_("That server does not register accounts; check the address of the registrar."), NULL},
	{406, LOCAL_NONE, "Not Acceptable", OUTCOME_PROTOCOL_TROUBLE, TONE_REORDER,
	 N_("The other side cannot answer in a form that this phone understands."),
	 N_("The server cannot answer in a form that this phone understands."), NULL},
	{407, LOCAL_NONE, "Proxy Authentication Required", OUTCOME_RETRY_AUTO, TONE_REORDER,
	 N_("The server asks for a user name and a password; check those of the account."),
	 N_("The server asks for a user name and a password; give them to the account."),
	 N_("The server did not accept the user name or the password; check those of the account.")},
	{408, LOCAL_NONE, "Request Timeout", OUTCOME_UNREACHABLE, TONE_REORDER,
	 N_("Nobody answered in time; try again later."),
	 N_("The server did not answer in time."), NULL},
	{409, LOCAL_NONE, "Conflict", OUTCOME_PROTOCOL_TROUBLE, TONE_REORDER,
	 N_("The call clashes with what is going on at the other side; try again in a moment."),
	 N_("The registration clashes with another one of this account."), NULL},
	{410, LOCAL_NONE, "Gone", OUTCOME_NOT_FOUND, TONE_REORDER,
	 N_("That address is gone for good, and no new one is known."),
	 N_("This account no longer exists at the server."), NULL},
	{411, LOCAL_NONE, "Length Required", OUTCOME_RETRY_AUTO, TONE_REORDER,
	 N_("The server says that our message did not state its length; this is a technical fault, not yours."),
	 NULL, NULL},
	{412, LOCAL_NONE, "Conditional Request Failed", OUTCOME_RETRY_AUTO, TONE_REORDER,
	 N_("The server's state has changed meanwhile; try again."),
	 NULL, NULL},
	{413, LOCAL_NONE, "Request Entity Too Large", OUTCOME_RETRY_AFTER, TONE_REORDER,
	 N_("The request was too large for the server; try again later."),
	 N_("The registration was too large for the server."), NULL},
	{414, LOCAL_NONE, "Request-URI Too Long", OUTCOME_FIX_AND_REDIAL, TONE_REORDER,
	 N_("The address is too long for the server; shorten it."),
	 NULL, NULL},
	{415, LOCAL_NONE, "Unsupported Media Type", OUTCOME_FIX_AND_REDIAL, TONE_REORDER,
	 N_("The other side cannot read the kind of content that this phone sent."),
	 NULL, NULL},
	{416, LOCAL_NONE, "Unsupported URI Scheme", OUTCOME_FIX_AND_REDIAL, TONE_REORDER,
	 N_("This kind of address cannot be used there; try one that begins with sip:."),
	 NULL, NULL},
	{417, LOCAL_NONE, "Unknown Resource-Priority", OUTCOME_FIX_AND_REDIAL, TONE_REORDER,
	 N_("The server does not know the priority that the call asked for; call without it."),
	 NULL, NULL},
	{420, LOCAL_NONE, "Bad Extension", OUTCOME_RETRY_AUTO, TONE_REORDER,
	 N_("The other side lacks a function that this call asked for."),
	 N_("The server lacks a function that this phone asked for."), NULL},
	{421, LOCAL_NONE, "Extension Required", OUTCOME_RETRY_AUTO, TONE_REORDER,
	 N_("The other side insists on a function that this phone does not have."),
	 N_("The server insists on a function that this phone does not have."), NULL},
	{422, LOCAL_NONE, "Session Interval Too Small", OUTCOME_RETRY_AUTO, TONE_REORDER,
	 N_("The two sides could not agree how often a call is checked to be alive."),
	 NULL, NULL},
	{423, LOCAL_NONE, "Interval Too Brief", OUTCOME_RETRY_AUTO, TONE_REORDER,
	 N_("The server wants a longer time of validity than this phone asked for."),
	 N_("The server wants registrations that last longer; raise expires of the account."), NULL},
	{424, LOCAL_NONE, "Bad Location Information", OUTCOME_FIX_AND_REDIAL, TONE_REORDER,
	 N_("The location that was sent with the call could not be used."),
	 NULL, NULL},
	{425, LOCAL_NONE, "Bad Alert Message", OUTCOME_PROTOCOL_TROUBLE, TONE_REORDER,
	 N_("The other side did not understand the alert that was sent."),
	 NULL, NULL},
	{428, LOCAL_NONE, "Use Identity Header", OUTCOME_NOT_ALLOWED, TONE_REORDER,
	 N_("They take calls only from callers whose number is proven; ask your provider about it."),
	 NULL, NULL},
	{429, LOCAL_NONE, "Provide Referrer Identity", OUTCOME_NOT_ALLOWED, TONE_REORDER,
	 N_("The other side wants proof of who asked for this transfer."),
	 NULL, NULL},
	{430, LOCAL_NONE, "Flow Failed", OUTCOME_SERVER_TROUBLE, TONE_REORDER,
	 N_("The server lost its connection to the other phone; call again."),
	 N_("The connection to the server broke."), NULL},
	{433, LOCAL_NONE, "Anonymity Disallowed", OUTCOME_FIX_AND_REDIAL, TONE_REORDER,
	 N_("They take no calls from hidden numbers; call again and show yours."),
	 NULL, NULL},
	{436, LOCAL_NONE, "Bad Identity Info", OUTCOME_PROTOCOL_TROUBLE, TONE_REORDER,
	 N_("The proof of your number could not be fetched or read there; tell your provider."),
	 NULL, NULL},
	{437, LOCAL_NONE, "Unsupported Credential", OUTCOME_PROTOCOL_TROUBLE, TONE_REORDER,
	 N_("The proof of your number is of a kind that is not trusted there; tell your provider."),
	 NULL, NULL},
	{438, LOCAL_NONE, "Invalid Identity Header", OUTCOME_PROTOCOL_TROUBLE, TONE_REORDER,
	 N_("The proof of your number did not hold there; tell your provider."),
	 NULL, NULL},
	{439, LOCAL_NONE, "First Hop Lacks Outbound Support", OUTCOME_RETRY_AUTO, TONE_REORDER,
	 N_("The first server on the way cannot keep connections open as asked."),
	 NULL, NULL},
	{440, LOCAL_NONE, "Max-Breadth Exceeded", OUTCOME_SERVER_TROUBLE, TONE_REORDER,
	 N_("The call would have to ring in too many places at once for the network."),
	 NULL, NULL},
	{469, LOCAL_NONE, "Bad Info Package", OUTCOME_NOT_ALLOWED, TONE_REORDER,
	 N_("The other side does not take this kind of message during a call."),
	 NULL, NULL},
	{470, LOCAL_NONE, "Consent Needed", OUTCOME_NOT_ALLOWED, TONE_REORDER,
	 N_("The people you call must agree first to be contacted; try again later."),
	 NULL, NULL},
	{480, LOCAL_NONE, "Temporarily Unavailable", OUTCOME_UNREACHABLE, TONE_REORDER,
	 N_("The person cannot be reached now; try again later."),
	 N_("The server cannot register this account now."), NULL},
	{481, LOCAL_NONE, "Call/Transaction Does Not Exist", OUTCOME_PROTOCOL_TROUBLE, TONE_REORDER,
	 N_("The other side no longer knows this call; call again."),
	 N_("The server no longer knows this registration."), NULL},
	{482, LOCAL_NONE, "Loop Detected", OUTCOME_SERVER_TROUBLE, TONE_REORDER,
	 N_("The call went round in a circle in the network; it is not your fault."),
	 N_("The registration went round in a circle in the network; check registrar and outbound."), NULL},
	{483, LOCAL_NONE, "Too Many Hops", OUTCOME_SERVER_TROUBLE, TONE_REORDER,
	 N_("The call passed through too many servers and was stopped; it is not your fault."),
	 N_("The registration passed through too many servers; check registrar and outbound."), NULL},
	{484, LOCAL_NONE, "Address Incomplete", OUTCOME_FIX_AND_REDIAL, TONE_REORDER,
	 N_("The number is not complete; check it and call again."),
	 N_("The address of this account is not complete."), NULL},
	{485, LOCAL_NONE, "Ambiguous", OUTCOME_FIX_AND_REDIAL, TONE_REORDER,
	 N_("Several people match this address; say more exactly whom you want to call."),
	 N_("The address of this account fits several users at the server."), NULL},
	{486, LOCAL_NONE, "Busy Here", OUTCOME_BUSY, TONE_BUSY,
	 N_("The person is on another call; try again in a while."),
	 N_("The server is busy just now."), NULL},
	{487, LOCAL_NONE, "Request Terminated", OUTCOME_DECLINED, TONE_NONE,
	 N_("The call was cancelled before anybody answered."),
	 N_("The registration was cancelled."), NULL},
	{488, LOCAL_NONE, "Not Acceptable Here", OUTCOME_FIX_AND_REDIAL, TONE_REORDER,
	 N_("The two phones have no sound format in common; try other codecs."),
	 N_("The server does not accept the registration as it is."), NULL},
	{489, LOCAL_NONE, "Bad Event", OUTCOME_NOT_ALLOWED, TONE_REORDER,
	 N_("The server does not offer this kind of news."),
	 NULL, NULL},
	{491, LOCAL_NONE, "Request Pending", OUTCOME_RETRY_AUTO, TONE_REORDER,
	 N_("Both sides asked for a change at the same moment; try again."),
	 NULL, NULL},
	{493, LOCAL_NONE, "Undecipherable", OUTCOME_FIX_AND_REDIAL, TONE_REORDER,
	 N_("The other side cannot read our encrypted content."),
	 NULL, NULL},
	{494, LOCAL_NONE, "Security Agreement Required", OUTCOME_PROTOCOL_TROUBLE, TONE_REORDER,
	 N_("The server insists on a security agreement that this phone does not have."),
	 NULL, NULL},
	{500, LOCAL_NONE, "Server Internal Error", OUTCOME_SERVER_TROUBLE, TONE_REORDER,
	 N_("The server failed; it is not your fault. Try again later."),
	 N_("The server itself failed."), NULL},
	{501, LOCAL_NONE, "Not Implemented", OUTCOME_NOT_ALLOWED, TONE_REORDER,
	 N_("The server does not know how to handle this kind of request."),
	 NULL, NULL},
	{502, LOCAL_NONE, "Bad Gateway", OUTCOME_SERVER_TROUBLE, TONE_REORDER,
	 N_("A server further on gave a wrong answer; try again later."),
	 N_("A server further on gave a wrong answer."), NULL},
	{503, LOCAL_NONE, "Service Unavailable", OUTCOME_SERVER_TROUBLE, TONE_REORDER,
	 N_("The service is overloaded or down; try again later."),
	 N_("The service is overloaded or down."), NULL},
	{504, LOCAL_NONE, "Server Time-out", OUTCOME_SERVER_TROUBLE, TONE_REORDER,
	 N_("A server further on did not answer; try again later."),
	 N_("A server further on did not answer."), NULL},
	{505, LOCAL_NONE, "Version Not Supported", OUTCOME_PROTOCOL_TROUBLE, TONE_REORDER,
	 N_("The server speaks another version of SIP than this phone."),
	 NULL, NULL},
	{513, LOCAL_NONE, "Message Too Large", OUTCOME_PROTOCOL_TROUBLE, TONE_REORDER,
	 N_("The message was too long for the server; offering fewer codecs may help."),
	 N_("The registration was too long for the server."), NULL},
	{555, LOCAL_NONE, "Push Notification Service Not Supported", OUTCOME_RETRY_AUTO, TONE_REORDER,
	 N_("The server cannot wake phones in the way that was asked for."),
	 NULL, NULL},
	{580, LOCAL_NONE, "Precondition Failure", OUTCOME_FIX_AND_REDIAL, TONE_REORDER,
	 N_("The network could not give the quality that this call asked for."),
	 NULL, NULL},
	{600, LOCAL_NONE, "Busy Everywhere", OUTCOME_BUSY, TONE_BUSY,
	 N_("The person is busy on all phones; try again in a while."),
	 N_("The server turns the registration away everywhere."), NULL},
	{603, LOCAL_NONE, "Decline", OUTCOME_DECLINED, TONE_REORDER,
	 N_("The person does not want to take the call."),
	 N_("The server declines to register this account."), NULL},
	{604, LOCAL_NONE, "Does Not Exist Anywhere", OUTCOME_NOT_FOUND, TONE_REORDER,
	 N_("There is nobody by that name or number anywhere; check the address."),
	 N_("This account does not exist; check its address."), NULL},
	{606, LOCAL_NONE, "Not Acceptable", OUTCOME_FIX_AND_REDIAL, TONE_REORDER,
	 N_("They would like to talk, but what this phone offers does not fit; try other codecs."),
	 N_("The server does not accept the registration as it is."), NULL},
	{607, LOCAL_NONE, "Unwanted", OUTCOME_DECLINED, TONE_REORDER,
	 N_("The person marked this call as not wanted."),
	 N_("The server does not want registrations of this account."), NULL},
	{608, LOCAL_NONE, "Rejected", OUTCOME_DECLINED, TONE_REORDER,
	 N_("A call-blocking service on the way turned the call away, not the person."),
	 N_("A service on the way turned the registration away."), NULL},

	{0, LOCAL_TIMEOUT, N_("No answer"), OUTCOME_LOCAL, TONE_REORDER,
	 N_("Nothing came back in time; check the address, or try again later."),
	 N_("The server did not answer; check its address and your connection."), NULL},
	{0, LOCAL_TRANSPORT, N_("Network not reachable"), OUTCOME_LOCAL, TONE_REORDER,
	 N_("The call could not be sent; check your connection to the network."),
	 N_("The server could not be reached; check your connection to the network."), NULL},
	{0, LOCAL_DNS, N_("Address not found"), OUTCOME_LOCAL, TONE_REORDER,
	 N_("No computer by that host name was found; check its spelling and your connection."),
	 NULL, NULL},
	{0, LOCAL_TLS, N_("No secure connection"), OUTCOME_LOCAL, TONE_REORDER,
	 N_("A secure connection to the server was not possible, so nothing was sent."),
	 NULL, NULL},
	{0, LOCAL_REFUSED, N_("Connection refused"), OUTCOME_LOCAL, TONE_REORDER,
	 N_("The computer is there, but nothing takes calls at that port; check the address."),
	 N_("The computer is there, but no server answers at that port; check the address."), NULL},
	{0, LOCAL_DEVICE, N_("Sound device not available"), OUTCOME_LOCAL, TONE_REORDER,
	 N_("A sound device could not be used; check that it is plugged in and not used elsewhere."),
	 NULL, NULL},
	{0, LOCAL_NO_CODEC, N_("No common sound format"), OUTCOME_LOCAL, TONE_REORDER,
	 N_("The two phones have no sound format in common; try other codecs."),
	 NULL, NULL},
	{0, LOCAL_NO_AUDIO, N_("No sound in the call"), OUTCOME_LOCAL, TONE_REORDER,
	 N_("The other side answered without any sound that this phone could receive or send."),
	 NULL, NULL},
};

#define ROWS (sizeof(table) / sizeof(table[0]))

/* A 6xx that nobody registered ends the call everywhere like 600, but says nothing about being busy. */
static const struct outcome unknown_6xx = {
	600, LOCAL_NONE, "Busy Everywhere", OUTCOME_DECLINED, TONE_REORDER,
	N_("The call was turned away for every phone of this person."),
	N_("The server turns the registration away everywhere."), NULL
};

static const struct outcome *find(unsigned code)
{
	size_t i;

	for (i = 0; i < ROWS; i++) {
		if (table[i].error == LOCAL_NONE && table[i].code == code)
			return &table[i];
	}
	return NULL;
}

const struct outcome *outcome_find(unsigned code, bool *known)
{
	const struct outcome *o = find(code);

	if (known)
		*known = o != NULL;
	if (o)
		return o;
	if (code >= 600 && code <= 699)
		return &unknown_6xx;
	return find(code >= 300 && code <= 599 ? code - code % 100 : 500);
}

const struct outcome *outcome_local(enum local_error error)
{
	size_t i;

	for (i = 0; i < ROWS; i++) {
		if (table[i].code == 0 && table[i].error == error)
			return &table[i];
	}
	return outcome_local(LOCAL_TRANSPORT);
}

const struct outcome *outcome_table(unsigned *count)
{
	*count = ROWS;
	return table;
}

const char *outcome_kind_name(enum outcome_kind kind)
{
	static const char *const name[OUTCOME_KINDS] = {
		[OUTCOME_PROGRESS] = "progress",
		[OUTCOME_SUCCESS] = "success",
		[OUTCOME_REDIRECT] = "redirect",
		[OUTCOME_RETRY_AUTO] = "retry-auto",
		[OUTCOME_RETRY_AFTER] = "retry-after",
		[OUTCOME_FIX_AND_REDIAL] = "fix-and-redial",
		[OUTCOME_BUSY] = "busy",
		[OUTCOME_DECLINED] = "declined",
		[OUTCOME_UNREACHABLE] = "unreachable",
		[OUTCOME_NOT_FOUND] = "not-found",
		[OUTCOME_NOT_ALLOWED] = "not-allowed",
		[OUTCOME_SERVER_TROUBLE] = "server-trouble",
		[OUTCOME_PROTOCOL_TROUBLE] = "protocol-trouble",
		[OUTCOME_LOCAL] = "local",
	};

	return kind < OUTCOME_KINDS ? name[kind] : "";
}

const char *tone_name(enum tone tone)
{
	static const char *const name[TONE_COUNT] = {
		[TONE_NONE] = "none",
		[TONE_RINGBACK] = "ringback",
		[TONE_BUSY] = "busy",
		[TONE_REORDER] = "reorder",
		[TONE_SIT] = "sit",
		[TONE_CALL_WAITING] = "call-waiting",
		[TONE_RING] = "ring",
		[TONE_DTMF] = "dtmf",
		[TONE_MILLIWATT] = "milliwatt",
	};

	return tone < TONE_COUNT ? name[tone] : "";
}

const char *local_error_name(enum local_error error)
{
	static const char *const name[LOCAL_ERRORS] = {
		[LOCAL_NONE] = "",
		[LOCAL_TIMEOUT] = "timeout",
		[LOCAL_TRANSPORT] = "transport",
		[LOCAL_DNS] = "dns",
		[LOCAL_TLS] = "tls",
		[LOCAL_REFUSED] = "refused",
		[LOCAL_DEVICE] = "device",
		[LOCAL_NO_CODEC] = "no-codec",
		[LOCAL_NO_AUDIO] = "no-audio",
	};

	return error < LOCAL_ERRORS ? name[error] : "";
}

int outcome_exit_status(unsigned code, enum local_error error)
{
	if (code >= 300 && code <= 699)
		return (int)(code / 100);
	return error == LOCAL_TIMEOUT ? 7 : 1;
}
