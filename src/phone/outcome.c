#include <stddef.h>
#include <string.h>

#include "base/i18n.h"
#include "phone/outcome.h"

/* One row per final response that is registered, with 409 and 411 of RFC 2543, in the order of their codes;
 * then the local failures. New columns go at the end of a row.
 *
 * TRANSLATORS: the sentences tell the person who dialled what a response means for them; those with "account" or
 * "register" tell the same of signing in at a server. Plain, short, kind. */
static const struct outcome table[] = {
	{300, LOCAL_NONE, "Multiple Choices", OUTCOME_REDIRECT, TONE_NONE,
	 N_("There are several addresses for this person; choose one and call it."),
	 N_("The server names several places to register at; ask your provider which one is yours."), NULL,
	 REPAIR_REDIRECT, 5, {ACTION_CHOOSE_CONTACT}, 0},
	{301, LOCAL_NONE, "Moved Permanently", OUTCOME_REDIRECT, TONE_NONE,
	 N_("This person has a new address for good; call them there."),
	 N_("The server has moved; set the account to its new address."), NULL,
	 REPAIR_REDIRECT, 5, {ACTION_CALL_CONTACT}, 0},
	{302, LOCAL_NONE, "Moved Temporarily", OUTCOME_REDIRECT, TONE_NONE,
	 N_("For now this person takes calls at another address; call them there."),
	 N_("The server sends this account to another server for now; ask your provider."), NULL,
	 REPAIR_REDIRECT, 5, {ACTION_CALL_CONTACT}, 0},
	{305, LOCAL_NONE, "Use Proxy", OUTCOME_REDIRECT, TONE_NONE,
	 N_("They take calls through a certain server only; call by way of it."),
	 N_("This account must register through another server; set it as outbound."), NULL,
	 REPAIR_PROXY, 1, {ACTION_CALL_CONTACT}, 0},
	{380, LOCAL_NONE, "Alternative Service", OUTCOME_REDIRECT, TONE_REORDER,
	 N_("The call was not possible, but the server offers another way."),
	 N_("The server cannot register this account and points to another service."), NULL,
	 REPAIR_NONE, 0, {ACTION_CALL_CONTACT}, 0},
	{400, LOCAL_NONE, "Bad Request", OUTCOME_PROTOCOL_TROUBLE, TONE_REORDER,
	 N_("The server did not understand the call; this is a technical fault, not yours."),
	 N_("The server did not understand the registration; this is a technical fault, not yours."), NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL, ACTION_REPORT_FAULT}, 0},
	{401, LOCAL_NONE, "Unauthorized", OUTCOME_RETRY_AUTO, TONE_REORDER,
	 N_("They ask for a user name and a password; check those of the account."),
	 N_("The server asks for a user name and a password; give them to the account."),
	 N_("They did not accept the user name or the password; check those of the account."),
	 REPAIR_DIGEST, 3, {ACTION_GIVE_CREDENTIALS, ACTION_CHECK_ACCOUNT}, 0},
	{402, LOCAL_NONE, "Payment Required", OUTCOME_NOT_ALLOWED, TONE_REORDER,
	 N_("The service wants payment or credit first; look at your account with your provider."),
	 N_("The service wants payment or credit before this account can be used."), NULL,
	 REPAIR_NONE, 0, {ACTION_CHECK_ACCOUNT, ACTION_REDIAL}, 0},
	{403, LOCAL_NONE, "Forbidden", OUTCOME_NOT_ALLOWED, TONE_REORDER,
	 N_("The server understood the call but refuses it; calling again will not help."),
	 N_("The server refuses this account; check its user name and password, or ask your provider."),
	 N_("The server refuses the call; your account or its password may be the cause."),
	 REPAIR_NONE, 0, {ACTION_CHECK_ACCOUNT, ACTION_GIVE_CREDENTIALS, ACTION_EDIT_ADDRESS}, 0},
	{404, LOCAL_NONE, "Not Found", OUTCOME_NOT_FOUND, TONE_REORDER,
	 N_("There is nobody by that name or number there; check the address."),
	 N_("The server does not know this account; check its address."), NULL,
	 REPAIR_NONE, 0, {ACTION_EDIT_ADDRESS, ACTION_REDIAL, ACTION_REDIAL_AT}, OUTCOME_MAY_RETRY | OUTCOME_MAY_SIT},
	{405, LOCAL_NONE, "Method Not Allowed", OUTCOME_NOT_ALLOWED, TONE_REORDER,
	 N_("That address does not take calls; check it."),
	 N_("That server does not register accounts; check the address of the registrar."), NULL,
	 REPAIR_NONE, 0, {ACTION_EDIT_ADDRESS, ACTION_REPORT_FAULT}, 0},
	{406, LOCAL_NONE, "Not Acceptable", OUTCOME_PROTOCOL_TROUBLE, TONE_REORDER,
	 N_("The other side cannot answer in a form that this phone understands."),
	 N_("The server cannot answer in a form that this phone understands."), NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL, ACTION_REPORT_FAULT}, 0},
	{407, LOCAL_NONE, "Proxy Authentication Required", OUTCOME_RETRY_AUTO, TONE_REORDER,
	 N_("The server asks for a user name and a password; check those of the account."),
	 N_("The server asks for a user name and a password; give them to the account."),
	 N_("The server did not accept the user name or the password; check those of the account."),
	 REPAIR_DIGEST, 3, {ACTION_GIVE_CREDENTIALS, ACTION_CHECK_ACCOUNT}, 0},
	{408, LOCAL_NONE, "Request Timeout", OUTCOME_UNREACHABLE, TONE_REORDER,
	 N_("Nobody answered in time; try again later."),
	 N_("The server did not answer in time."), NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL}, 0},
	{409, LOCAL_NONE, "Conflict", OUTCOME_PROTOCOL_TROUBLE, TONE_REORDER,
	 N_("The call clashes with what is going on at the other side; try again in a moment."),
	 N_("The registration clashes with another one of this account."), NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL}, 0},
	{410, LOCAL_NONE, "Gone", OUTCOME_NOT_FOUND, TONE_REORDER,
	 N_("That address is gone for good, and no new one is known."),
	 N_("This account no longer exists at the server."), NULL,
	 REPAIR_NONE, 0, {ACTION_EDIT_ADDRESS}, OUTCOME_MAY_SIT},
	{411, LOCAL_NONE, "Length Required", OUTCOME_RETRY_AUTO, TONE_REORDER,
	 N_("The server says that our message did not state its length; this is a technical fault, not yours."),
	 NULL, NULL,
	 REPAIR_LENGTH, 1, {ACTION_REDIAL, ACTION_REPORT_FAULT}, 0},
	{412, LOCAL_NONE, "Conditional Request Failed", OUTCOME_RETRY_AUTO, TONE_REORDER,
	 N_("The server's state has changed meanwhile; try again."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL}, 0},
	{413, LOCAL_NONE, "Request Entity Too Large", OUTCOME_RETRY_AFTER, TONE_REORDER,
	 N_("The request was too large for the server; try again later."),
	 N_("The registration was too large for the server."), NULL,
	 REPAIR_SMALLER, 1, {ACTION_REDIAL, ACTION_REDIAL_AT, ACTION_CHANGE_CODECS}, OUTCOME_MAY_RETRY},
	{414, LOCAL_NONE, "Request-URI Too Long", OUTCOME_FIX_AND_REDIAL, TONE_REORDER,
	 N_("The address is too long for the server; shorten it."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_EDIT_ADDRESS}, 0},
	{415, LOCAL_NONE, "Unsupported Media Type", OUTCOME_FIX_AND_REDIAL, TONE_REORDER,
	 N_("The other side cannot read the kind of content that this phone sent."),
	 NULL, NULL,
	 REPAIR_PLAIN, 1, {ACTION_CHANGE_CODECS, ACTION_REDIAL}, 0},
	{416, LOCAL_NONE, "Unsupported URI Scheme", OUTCOME_FIX_AND_REDIAL, TONE_REORDER,
	 N_("This kind of address cannot be used there; try one that begins with sip:."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_EDIT_ADDRESS}, 0},
	{417, LOCAL_NONE, "Unknown Resource-Priority", OUTCOME_FIX_AND_REDIAL, TONE_REORDER,
	 N_("The server does not know the priority that the call asked for; call without it."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL}, 0},
	{420, LOCAL_NONE, "Bad Extension", OUTCOME_RETRY_AUTO, TONE_REORDER,
	 N_("The other side lacks a function that this call asked for."),
	 N_("The server lacks a function that this phone asked for."), NULL,
	 REPAIR_WITHOUT, 1, {ACTION_REDIAL}, 0},
	{421, LOCAL_NONE, "Extension Required", OUTCOME_RETRY_AUTO, TONE_REORDER,
	 N_("The other side insists on a function that this phone does not have."),
	 N_("The server insists on a function that this phone does not have."), NULL,
	 REPAIR_WITH, 1, {ACTION_REPORT_FAULT}, 0},
	{422, LOCAL_NONE, "Session Interval Too Small", OUTCOME_RETRY_AUTO, TONE_REORDER,
	 N_("The two sides could not agree how often a call is checked to be alive."),
	 NULL, NULL,
	 REPAIR_INTERVAL, 2, {ACTION_NONE}, 0},
	{423, LOCAL_NONE, "Interval Too Brief", OUTCOME_RETRY_AUTO, TONE_REORDER,
	 N_("The server wants a longer time of validity than this phone asked for."),
	 N_("The server wants registrations that last longer; raise expires of the account."), NULL,
	 REPAIR_NONE, 0, {ACTION_NONE}, 0},
	{424, LOCAL_NONE, "Bad Location Information", OUTCOME_FIX_AND_REDIAL, TONE_REORDER,
	 N_("The location that was sent with the call could not be used."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL, ACTION_EDIT_ADDRESS}, 0},
	{425, LOCAL_NONE, "Bad Alert Message", OUTCOME_PROTOCOL_TROUBLE, TONE_REORDER,
	 N_("The other side did not understand the alert that was sent."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_REPORT_FAULT}, 0},
	{428, LOCAL_NONE, "Use Identity Header", OUTCOME_NOT_ALLOWED, TONE_REORDER,
	 N_("They take calls only from callers whose number is proven; ask your provider about it."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_CHECK_ACCOUNT, ACTION_REDIAL}, 0},
	{429, LOCAL_NONE, "Provide Referrer Identity", OUTCOME_NOT_ALLOWED, TONE_REORDER,
	 N_("The other side wants proof of who asked for this transfer."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_NONE}, 0},
	{430, LOCAL_NONE, "Flow Failed", OUTCOME_SERVER_TROUBLE, TONE_REORDER,
	 N_("The server lost its connection to the other phone; call again."),
	 N_("The connection to the server broke."), NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL, ACTION_REREGISTER}, 0},
	{433, LOCAL_NONE, "Anonymity Disallowed", OUTCOME_FIX_AND_REDIAL, TONE_REORDER,
	 N_("They take no calls from hidden numbers; call again and show yours."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_NONE}, 0},
	{436, LOCAL_NONE, "Bad Identity Info", OUTCOME_PROTOCOL_TROUBLE, TONE_REORDER,
	 N_("The proof of your number could not be fetched or read there; tell your provider."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_REPORT_FAULT, ACTION_REDIAL}, 0},
	{437, LOCAL_NONE, "Unsupported Credential", OUTCOME_PROTOCOL_TROUBLE, TONE_REORDER,
	 N_("The proof of your number is of a kind that is not trusted there; tell your provider."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_REPORT_FAULT, ACTION_REDIAL}, 0},
	{438, LOCAL_NONE, "Invalid Identity Header", OUTCOME_PROTOCOL_TROUBLE, TONE_REORDER,
	 N_("The proof of your number did not hold there; tell your provider."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_REPORT_FAULT, ACTION_REDIAL}, 0},
	{439, LOCAL_NONE, "First Hop Lacks Outbound Support", OUTCOME_RETRY_AUTO, TONE_REORDER,
	 N_("The first server on the way cannot keep connections open as asked."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_NONE}, 0},
	{440, LOCAL_NONE, "Max-Breadth Exceeded", OUTCOME_SERVER_TROUBLE, TONE_REORDER,
	 N_("The call would have to ring in too many places at once for the network."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL}, 0},
	{469, LOCAL_NONE, "Bad Info Package", OUTCOME_NOT_ALLOWED, TONE_REORDER,
	 N_("The other side does not take this kind of message during a call."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_NONE}, 0},
	{470, LOCAL_NONE, "Consent Needed", OUTCOME_NOT_ALLOWED, TONE_REORDER,
	 N_("The people you call must agree first to be contacted; try again later."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL}, 0},
	{480, LOCAL_NONE, "Temporarily Unavailable", OUTCOME_UNREACHABLE, TONE_REORDER,
	 N_("The person cannot be reached now; try again later."),
	 N_("The server cannot register this account now."), NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL, ACTION_REDIAL_AT}, OUTCOME_MAY_RETRY},
	{481, LOCAL_NONE, "Call/Transaction Does Not Exist", OUTCOME_PROTOCOL_TROUBLE, TONE_REORDER,
	 N_("The other side no longer knows this call; call again."),
	 N_("The server no longer knows this registration."), NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL}, 0},
	{482, LOCAL_NONE, "Loop Detected", OUTCOME_SERVER_TROUBLE, TONE_REORDER,
	 N_("The call went round in a circle in the network; it is not your fault."),
	 N_("The registration went round in a circle in the network; check registrar and outbound."), NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL, ACTION_REPORT_FAULT}, 0},
	{483, LOCAL_NONE, "Too Many Hops", OUTCOME_SERVER_TROUBLE, TONE_REORDER,
	 N_("The call passed through too many servers and was stopped; it is not your fault."),
	 N_("The registration passed through too many servers; check registrar and outbound."), NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL, ACTION_REPORT_FAULT}, 0},
	{484, LOCAL_NONE, "Address Incomplete", OUTCOME_FIX_AND_REDIAL, TONE_REORDER,
	 N_("The number is not complete; check it and call again."),
	 N_("The address of this account is not complete."), NULL,
	 REPAIR_NONE, 0, {ACTION_EDIT_ADDRESS}, OUTCOME_MAY_SIT},
	{485, LOCAL_NONE, "Ambiguous", OUTCOME_FIX_AND_REDIAL, TONE_REORDER,
	 N_("Several people match this address; say more exactly whom you want to call."),
	 N_("The address of this account fits several users at the server."), NULL,
	 REPAIR_NONE, 0, {ACTION_CHOOSE_CONTACT, ACTION_EDIT_ADDRESS}, 0},
	{486, LOCAL_NONE, "Busy Here", OUTCOME_BUSY, TONE_BUSY,
	 N_("The person is on another call; try again in a while."),
	 N_("The server is busy just now."), NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL, ACTION_REDIAL_AT}, OUTCOME_MAY_RETRY},
	{487, LOCAL_NONE, "Request Terminated", OUTCOME_DECLINED, TONE_NONE,
	 N_("The call was cancelled before anybody answered."),
	 N_("The registration was cancelled."), NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL}, 0},
	{488, LOCAL_NONE, "Not Acceptable Here", OUTCOME_FIX_AND_REDIAL, TONE_REORDER,
	 N_("The two phones have no sound format in common; try other codecs."),
	 N_("The server does not accept the registration as it is."), NULL,
	 REPAIR_OFFER, 1, {ACTION_CHANGE_CODECS, ACTION_REDIAL}, 0},
	{489, LOCAL_NONE, "Bad Event", OUTCOME_NOT_ALLOWED, TONE_REORDER,
	 N_("The server does not offer this kind of news."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_NONE}, 0},
	{491, LOCAL_NONE, "Request Pending", OUTCOME_RETRY_AUTO, TONE_NONE,
	 N_("Both sides asked for a change at the same moment; try again."),
	 NULL, NULL,
	 REPAIR_GLARE, 2, {ACTION_REDIAL}, 0},
	{493, LOCAL_NONE, "Undecipherable", OUTCOME_FIX_AND_REDIAL, TONE_REORDER,
	 N_("The other side cannot read our encrypted content."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL}, 0},
	{494, LOCAL_NONE, "Security Agreement Required", OUTCOME_PROTOCOL_TROUBLE, TONE_REORDER,
	 N_("The server insists on a security agreement that this phone does not have."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_REPORT_FAULT}, 0},
	{500, LOCAL_NONE, "Server Internal Error", OUTCOME_SERVER_TROUBLE, TONE_REORDER,
	 N_("The server failed; it is not your fault. Try again later."),
	 N_("The server itself failed."), NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL, ACTION_REDIAL_AT}, OUTCOME_MAY_RETRY},
	{501, LOCAL_NONE, "Not Implemented", OUTCOME_NOT_ALLOWED, TONE_REORDER,
	 N_("The server does not know how to handle this kind of request."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_REPORT_FAULT}, 0},
	{502, LOCAL_NONE, "Bad Gateway", OUTCOME_SERVER_TROUBLE, TONE_REORDER,
	 N_("A server further on gave a wrong answer; try again later."),
	 N_("A server further on gave a wrong answer."), NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL}, 0},
	{503, LOCAL_NONE, "Service Unavailable", OUTCOME_SERVER_TROUBLE, TONE_REORDER,
	 N_("The service is overloaded or down; try again later."),
	 N_("The service is overloaded or down."), NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL, ACTION_REDIAL_AT}, OUTCOME_MAY_RETRY},
	{504, LOCAL_NONE, "Server Time-out", OUTCOME_SERVER_TROUBLE, TONE_REORDER,
	 N_("A server further on did not answer; try again later."),
	 N_("A server further on did not answer."), NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL}, 0},
	{505, LOCAL_NONE, "Version Not Supported", OUTCOME_PROTOCOL_TROUBLE, TONE_REORDER,
	 N_("The server speaks another version of SIP than this phone."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_REPORT_FAULT}, 0},
	{513, LOCAL_NONE, "Message Too Large", OUTCOME_PROTOCOL_TROUBLE, TONE_REORDER,
	 N_("The message was too long for the server; offering fewer codecs may help."),
	 N_("The registration was too long for the server."), NULL,
	 REPAIR_SMALLER, 1, {ACTION_CHANGE_CODECS, ACTION_REDIAL}, 0},
	{555, LOCAL_NONE, "Push Notification Service Not Supported", OUTCOME_RETRY_AUTO, TONE_REORDER,
	 N_("The server cannot wake phones in the way that was asked for."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_NONE}, 0},
	{580, LOCAL_NONE, "Precondition Failure", OUTCOME_FIX_AND_REDIAL, TONE_REORDER,
	 N_("The network could not give the quality that this call asked for."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL}, 0},
	{600, LOCAL_NONE, "Busy Everywhere", OUTCOME_BUSY, TONE_BUSY,
	 N_("The person is busy on all phones; try again in a while."),
	 N_("The server turns the registration away everywhere."), NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL, ACTION_REDIAL_AT}, OUTCOME_MAY_RETRY},
	{603, LOCAL_NONE, "Decline", OUTCOME_DECLINED, TONE_REORDER,
	 N_("The person does not want to take the call."),
	 N_("The server declines to register this account."), NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL, ACTION_REDIAL_AT}, OUTCOME_MAY_RETRY},
	{604, LOCAL_NONE, "Does Not Exist Anywhere", OUTCOME_NOT_FOUND, TONE_REORDER,
	 N_("There is nobody by that name or number anywhere; check the address."),
	 N_("This account does not exist; check its address."), NULL,
	 REPAIR_NONE, 0, {ACTION_EDIT_ADDRESS}, OUTCOME_MAY_SIT},
	{606, LOCAL_NONE, "Not Acceptable", OUTCOME_FIX_AND_REDIAL, TONE_REORDER,
	 N_("They would like to talk, but what this phone offers does not fit; try other codecs."),
	 N_("The server does not accept the registration as it is."), NULL,
	 REPAIR_OFFER, 1, {ACTION_CHANGE_CODECS, ACTION_REDIAL}, 0},
	{607, LOCAL_NONE, "Unwanted", OUTCOME_DECLINED, TONE_REORDER,
	 N_("The person marked this call as not wanted."),
	 N_("The server does not want registrations of this account."), NULL,
	 REPAIR_NONE, 0, {ACTION_EDIT_ADDRESS}, 0},
	{608, LOCAL_NONE, "Rejected", OUTCOME_DECLINED, TONE_REORDER,
	 N_("A call-blocking service on the way turned the call away, not the person."),
	 N_("A service on the way turned the registration away."), NULL,
	 REPAIR_NONE, 0, {ACTION_NONE}, 0},

	{0, LOCAL_TIMEOUT, N_("No answer"), OUTCOME_LOCAL, TONE_REORDER,
	 N_("Nothing came back in time; check the address, or try again later."),
	 N_("The server did not answer; check its address and your connection."), NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL, ACTION_EDIT_ADDRESS}, 0},
	{0, LOCAL_TRANSPORT, N_("Network not reachable"), OUTCOME_LOCAL, TONE_REORDER,
	 N_("The call could not be sent; check your connection to the network."),
	 N_("The server could not be reached; check your connection to the network."), NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL, ACTION_REPORT_FAULT}, 0},
	{0, LOCAL_DNS, N_("Address not found"), OUTCOME_LOCAL, TONE_REORDER,
	 N_("No computer by that host name was found; check its spelling and your connection."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_EDIT_ADDRESS, ACTION_REDIAL}, 0},
	{0, LOCAL_TLS, N_("No secure connection"), OUTCOME_LOCAL, TONE_REORDER,
	 N_("A secure connection to the server was not possible, so nothing was sent."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL, ACTION_CHECK_ACCOUNT}, 0},
	{0, LOCAL_REFUSED, N_("Connection refused"), OUTCOME_LOCAL, TONE_REORDER,
	 N_("The computer is there, but nothing takes calls at that port; check the address."),
	 N_("The computer is there, but no server answers at that port; check the address."), NULL,
	 REPAIR_NONE, 0, {ACTION_EDIT_ADDRESS, ACTION_REDIAL}, 0},
	{0, LOCAL_DEVICE, N_("Sound device not available"), OUTCOME_LOCAL, TONE_REORDER,
	 N_("A sound device could not be used; check that it is plugged in and not used elsewhere."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL}, 0},
	{0, LOCAL_NO_CODEC, N_("No common sound format"), OUTCOME_LOCAL, TONE_REORDER,
	 N_("The two phones have no sound format in common; try other codecs."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_CHANGE_CODECS, ACTION_REDIAL}, 0},
	{0, LOCAL_NO_AUDIO, N_("No sound in the call"), OUTCOME_LOCAL, TONE_REORDER,
	 N_("The other side answered without any sound that this phone could receive or send."),
	 NULL, NULL,
	 REPAIR_NONE, 0, {ACTION_REDIAL, ACTION_REPORT_FAULT}, 0},
};

#define ROWS (sizeof(table) / sizeof(table[0]))

/* A 6xx that nobody registered ends the call everywhere like 600, but says nothing about being busy. */
static const struct outcome unknown_6xx = {
	600, LOCAL_NONE, "Busy Everywhere", OUTCOME_DECLINED, TONE_REORDER,
	N_("The call was turned away for every phone of this person."),
	N_("The server turns the registration away everywhere."), NULL,
	REPAIR_NONE, 0, {ACTION_REDIAL, ACTION_REDIAL_AT}, OUTCOME_MAY_RETRY
};

/* RFC 3261 section 20.43; 399 is anything else. */
static const struct { unsigned code; const char *sentence; } warnings[] = {
	{300, N_("The other side uses a kind of network that this phone is not on.")},
	{301, N_("The other side cannot be reached at the kind of address that this phone has; IPv4 and IPv6 may be the cause.")},
	{302, N_("The other side wants the sound to travel in another way than this phone can.")},
	{303, N_("The other side does not understand how much bandwidth this phone asked for.")},
	{304, N_("The other side takes no calls with sound.")},
	{305, N_("The two phones have no sound format in common; try other codecs.")},
	{306, N_("The other side does not understand a part of what this phone offered; fewer codecs may help.")},
	{307, N_("The other side does not understand a part of what this phone offered; fewer codecs may help.")},
	{330, N_("The network of the other side cannot send to several at once.")},
	{331, N_("The network of the other side cannot send to one phone alone.")},
	{370, N_("There is not enough bandwidth at the other side for this call; try later, or try other codecs.")},
};

const char *outcome_warning(unsigned code)
{
	size_t i;

	for (i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++) {
		if (warnings[i].code == code)
			return warnings[i].sentence;
	}
	return NULL;
}

static const struct { const char *name, *label, *command; } actions[ACTIONS] = {
	[ACTION_NONE] = {"none", "", ""},
	/* TRANSLATORS: this and the next ones stand behind a key: [r] redial now */
	[ACTION_REDIAL] = {"redial", N_("redial now"), "redial now notice"},
	[ACTION_REDIAL_AT] = {"redial-at-retry-after", N_("redial automatically"), "redial toggle notice"},
	[ACTION_EDIT_ADDRESS] = {"edit-address", N_("change the address"), "view dial {target}"},
	[ACTION_CHOOSE_CONTACT] = {"choose-contact", N_("call this address"), "notice contact {n}"},
	[ACTION_CALL_CONTACT] = {"call-contact-offered", N_("call this address"), "notice contact {n}"},
	[ACTION_CHANGE_CODECS] = {"change-codecs", N_("other codecs"), "view prompt dial {uri} codecs="},
	[ACTION_GIVE_CREDENTIALS] = {"give-credentials", N_("give a password"),
				     "view prompt account edit {account} password="},
	[ACTION_CHECK_ACCOUNT] = {"check-account", N_("look at the account"), "view accounts"},
	[ACTION_REREGISTER] = {"reregister", N_("register again"), "account register {account}"},
	[ACTION_REPORT_FAULT] = {"report-fault", N_("save the messages"),
				 "view prompt trace save {call} offhook-call-{call}.txt"},
	[ACTION_DETAILS] = {"details", N_("details"), "notice open"},
	[ACTION_DISMISS] = {"dismiss", N_("dismiss"), "notice dismiss"},
};

const char *outcome_action_name(enum action action)
{
	return actions[action].name;
}

const char *outcome_action_label(enum action action)
{
	return actions[action].label;
}

const char *outcome_action_command(enum action action)
{
	return actions[action].command;
}

enum tone outcome_tone(const struct outcome *row, const char *tone_not_found)
{
	return row->flags & OUTCOME_MAY_SIT && !strcmp(tone_not_found, "sit") ? TONE_SIT : row->tone;
}

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
		[TONE_RING_INTERNAL] = "ring",
		[TONE_RING_URGENT] = "ring",
		[TONE_RING_SHORT] = "ring",
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
