#pragma once
#include <gmime/gmime.h>
#include <string.h>

/* GObject's casts and type checks are macros, which Swift does not see. */

/* Parses a whole mail; NULL when it is none. Released with g_object_unref. */
static inline GMimeMessage *tocsin_mail_parse(const char *bytes, size_t length) {
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(bytes, length);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    g_mime_parser_set_format(parser, GMIME_FORMAT_MESSAGE);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    g_object_unref(parser);
    g_object_unref(stream);
    return message;
}

static inline void tocsin_mail_release(GMimeMessage *message) { g_object_unref(message); }

static inline int tocsin_mail_header_count(GMimeMessage *message) {
    return g_mime_header_list_get_count(g_mime_object_get_header_list((GMimeObject *) message));
}

/* Name and value, decoded, of one header; valid as long as the message is. */
static inline const char *tocsin_mail_header(GMimeMessage *message, int index, const char **value) {
    GMimeHeader *header = g_mime_header_list_get_header_at(
        g_mime_object_get_header_list((GMimeObject *) message), index);
    *value = g_mime_header_get_value(header);
    return g_mime_header_get_name(header);
}

/* The first address of the header From, without a name; NULL when there is none. Valid as long as the message is. */
static inline const char *tocsin_mail_from(GMimeMessage *message) {
    InternetAddressList *list = g_mime_message_get_from(message);
    if (!list || internet_address_list_length(list) == 0) return NULL;
    InternetAddress *first = internet_address_list_get_address(list, 0);
    return INTERNET_ADDRESS_IS_MAILBOX(first)
        ? internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(first)) : NULL;
}

typedef struct { GMimeTextPart *plain; GMimeTextPart *html; int parts; } tocsin_mail_texts;

/* Parts of an attached message are not visited; of very many parts, the first hundred. */
static inline void tocsin_mail_visit(GMimeObject *parent, GMimeObject *part, gpointer data) {
    (void) parent;
    tocsin_mail_texts *found = (tocsin_mail_texts *) data;
    if (++found->parts > 100 || !GMIME_IS_TEXT_PART(part)) return;
    GMimeContentDisposition *disposition = g_mime_object_get_content_disposition(part);
    if (disposition && g_mime_content_disposition_is_attachment(disposition)) return;
    GMimeContentType *type = g_mime_object_get_content_type(part);
    if (!found->plain && g_mime_content_type_is_type(type, "text", "plain")) found->plain = GMIME_TEXT_PART(part);
    if (!found->html && g_mime_content_type_is_type(type, "text", "html")) found->html = GMIME_TEXT_PART(part);
}

/* The first text that is no attachment, in UTF-8; plain if there is one. NULL when there is none. Released with
   g_free. */
static inline char *tocsin_mail_text(GMimeMessage *message, int *is_html) {
    tocsin_mail_texts found;
    memset(&found, 0, sizeof found);
    g_mime_message_foreach(message, tocsin_mail_visit, &found);
    *is_html = !found.plain && found.html;
    GMimeTextPart *part = found.plain ? found.plain : found.html;
    return part ? g_mime_text_part_get_text(part) : NULL;
}

static inline void tocsin_mail_free(char *text) { g_free(text); }
