/* phone/run/plans.c: which stages run, in which order.  Inside and outside differ in their row alone.
 *
 * `known` is what the phone holds when it begins (typed by the user, or kept from an earlier run), `proof` what the
 * Registrar is shown at log on.
 */
#include "phone/internal.h"

/* clang-format off */
const struct plan plans[PLANS] = {
[PLAN_INSIDE] = {"inside", HAS_SECRET, HAS_USER_CERT,
	{DT_STAGE_VLAN, DT_STAGE_ADDRESS, DT_STAGE_FIND, DT_STAGE_UPDATE, DT_STAGE_DISCOVER, DT_STAGE_CHAIN,
	 DT_STAGE_AUTH, DT_STAGE_CERT, DT_STAGE_LOGON}},
/* "An external phone must have signed in inside once": everything but the address is kept from then. */
[PLAN_OUTSIDE_CERT] = {"outside, with a certificate", HAS_REGISTRAR | HAS_WEB | HAS_ROOTS | HAS_USER_CERT, HAS_USER_CERT,
	{DT_STAGE_ADDRESS, DT_STAGE_FIND, DT_STAGE_UPDATE, DT_STAGE_AUTH, DT_STAGE_LOGON}},
/* Log on comes first: its answer tells the Web Services' address. */
[PLAN_OUTSIDE_NTLM] = {"outside, with NTLM", HAS_SECRET, HAS_SECRET,
	{DT_STAGE_ADDRESS, DT_STAGE_FIND, DT_STAGE_UPDATE, DT_STAGE_DISCOVER, DT_STAGE_LOGON, DT_STAGE_CHAIN,
	 DT_STAGE_AUTH, DT_STAGE_CERT}},
/* The user's name and password come from a PC on the USB port; the rest is as inside. */
[PLAN_TETHERED] = {"tethered", HAS_SECRET, HAS_USER_CERT,
	{DT_STAGE_VLAN, DT_STAGE_ADDRESS, DT_STAGE_FIND, DT_STAGE_UPDATE, DT_STAGE_DISCOVER, DT_STAGE_CHAIN,
	 DT_STAGE_AUTH, DT_STAGE_CERT, DT_STAGE_LOGON}},
/* While it stays: half of the certificate's life is gone. */
[PLAN_RENEW] = {"renewal", HAS_REGISTRAR | HAS_WEB | HAS_ROOTS | HAS_USER_CERT, HAS_USER_CERT,
	{DT_STAGE_AUTH, DT_STAGE_CERT, DT_STAGE_LOGON}},
/* While it stays: once a day, and when the address was learned in-band. */
[PLAN_UPDATE] = {"update", HAS_ADDRESS | HAS_UPDATE_URL | HAS_DIAL_TONE, 0, {DT_STAGE_UPDATE}},
/* The connection was lost. */
[PLAN_AGAIN] = {"log on again", HAS_ADDRESS | HAS_WEB | HAS_ROOTS | HAS_USER_CERT, HAS_USER_CERT,
	{DT_STAGE_DISCOVER, DT_STAGE_LOGON}},
/* The Registrar did not take the certificate, and the user's secret is at hand. */
[PLAN_ENROL] = {"enrol again", HAS_REGISTRAR | HAS_WEB | HAS_ROOTS | HAS_SECRET, HAS_USER_CERT,
	{DT_STAGE_AUTH, DT_STAGE_CERT, DT_STAGE_LOGON}},
/* Power-on without a user: as far as the phone comes by itself. */
[PLAN_POWER_ON] = {"power-on", 0, 0, {DT_STAGE_VLAN, DT_STAGE_ADDRESS, DT_STAGE_FIND, DT_STAGE_UPDATE}},
[PLAN_POWER_ON_OUTSIDE] = {"power-on outside", 0, 0, {DT_STAGE_ADDRESS, DT_STAGE_FIND, DT_STAGE_UPDATE}},
/* Somebody signs in: "the device asks at power-on, at user sign-in, every 24 h". */
[PLAN_SIGN_IN] = {"sign-in", HAS_ADDRESS | HAS_SECRET, HAS_USER_CERT,
	{DT_STAGE_UPDATE, DT_STAGE_DISCOVER, DT_STAGE_CHAIN, DT_STAGE_AUTH, DT_STAGE_CERT, DT_STAGE_LOGON}},
[PLAN_SIGN_IN_OUTSIDE] = {"sign-in outside", HAS_ADDRESS | HAS_SECRET, HAS_SECRET,
	{DT_STAGE_UPDATE, DT_STAGE_DISCOVER, DT_STAGE_LOGON, DT_STAGE_CHAIN, DT_STAGE_AUTH, DT_STAGE_CERT}},
/* A guest at a common-area phone; an update can wait until the guest has gone. */
[PLAN_GUEST] = {"guest", HAS_ADDRESS | HAS_SECRET, HAS_USER_CERT,
	{DT_STAGE_DISCOVER, DT_STAGE_CHAIN, DT_STAGE_AUTH, DT_STAGE_CERT, DT_STAGE_LOGON}},
/* The log is asked for: stage 4 talks to the service that takes it. */
[PLAN_LOGS] = {"log upload", HAS_ADDRESS | HAS_UPDATE_URL | HAS_DIAL_TONE, 0, {DT_STAGE_UPDATE}},
};
/* clang-format on */

enum plan_id plan_of(const struct dt_phone *ph)
{
	if (handset_nobody(ph))
		return ph->conf.outside ? PLAN_POWER_ON_OUTSIDE : PLAN_POWER_ON;
	if (ph->conf.outside)
		return ph->conf.login && !ph->cred.user_cert.n ? PLAN_OUTSIDE_NTLM : PLAN_OUTSIDE_CERT;
	return ph->conf.tethered ? PLAN_TETHERED : PLAN_INSIDE;
}
