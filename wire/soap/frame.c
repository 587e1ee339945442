/* wire/soap/frame.c: the envelope of an answer is that of its request.
 *
 * The services use SOAP 1.1 without addressing [web-services 2, 5.2, 8.2], and that is how answers are
 * written.  A request in SOAP 1.2 gets its answer in SOAP 1.2 (SOAP 1.2 part 1, appendix A); the MessageID of a
 * request (GetAndPublishCert has one) stands in the answer's RelatesTo, with an Action beside it (WS-Addressing 1.0 core 3.4):
 * stacks that match answers to questions by them would refuse one without.
 */
#include "wire/soap/parts.h"

#include <string.h>

void soap_frame_read(xmlDocPtr doc, struct soap_frame *ret)
{
	static const char *const addressing[] = {NS_WSA, "http://schemas.xmlsoap.org/ws/2004/08/addressing"};
	xmlNodePtr root = doc ? xmlDocGetRootElement(doc) : NULL, header = xml_child(root, NULL, "Header");
	struct soap_frame f = {0};

	f.soap12 = root && root->ns && strcmp((const char *)root->ns->href, NS_SOAP12) == 0;
	for (size_t i = 0; i < sizeof addressing / sizeof *addressing; i++) {
		xmlNodePtr id = xml_child(header, addressing[i], "MessageID");

		if (id && xml_text(id, f.message_id, sizeof f.message_id) && f.message_id[0]) {
			f.wsa = addressing[i];
			break;
		}
		f.message_id[0] = '\0';
	}
	*ret = f;
}

void soap_frame_put(struct buf *answer, const struct soap_frame *f, const char *action)
{
	struct sv rest = buf_view(answer);
	struct buf out = {0};

	if ((!f->soap12 && f->wsa == NULL) || answer->oom || !sv_starts(rest, SV(SOAP_XML_HEAD "<s:Envelope xmlns:s=\"")))
		return;
	rest = sv_from(rest, sizeof SOAP_XML_HEAD - 1);
	sv_cut(&rest, '>'); /* of the Envelope, which declares s: and nothing else */
	buf_str(&out, SOAP_XML_HEAD "<s:Envelope");
	xml_attribute(&out, "xmlns:s", f->soap12 ? NS_SOAP12 : NS_SOAP);
	if (f->wsa) {
		xml_attribute(&out, "xmlns:a", f->wsa);
		buf_str(&out, "><s:Header>");
		xml_element(&out, "a:Action", action);
		xml_element(&out, "a:RelatesTo", f->message_id);
		buf_str(&out, "</s:Header");
	}
	buf_str(&out, ">");
	buf_sv(&out, rest);
	buf_free(answer);
	*answer = out;
}
