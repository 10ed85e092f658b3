// GMime, opened when the first message is written. Linked, it would have fifteen libraries more loaded at each start of
// the program, which is almost half of what the start costs, and a copy never writes a message (ADR 13).
#pragma once

#include "base/result.hpp"

#include <gmime/gmime.h>

namespace mailferry::mime {

/// What is used of GMime and of GLib beneath it; a function more is a line more here.
#define MAILFERRY_GMIME_FUNCTIONS(DO)          \
  DO(g_date_time_new_from_unix_local)          \
  DO(g_date_time_unref)                        \
  DO(g_free)                                   \
  DO(g_object_unref)                           \
  DO(g_mime_init)                              \
  DO(g_mime_data_wrapper_new_with_stream)      \
  DO(g_mime_format_options_free)               \
  DO(g_mime_format_options_new)                \
  DO(g_mime_format_options_set_newline_format) \
  DO(g_mime_message_add_mailbox)               \
  DO(g_mime_message_new)                       \
  DO(g_mime_message_set_date)                  \
  DO(g_mime_message_set_message_id)            \
  DO(g_mime_message_set_mime_part)             \
  DO(g_mime_message_set_subject)               \
  DO(g_mime_multipart_add)                     \
  DO(g_mime_multipart_new_with_subtype)        \
  DO(g_mime_multipart_set_boundary)            \
  DO(g_mime_object_set_header)                 \
  DO(g_mime_object_to_string)                  \
  DO(g_mime_part_set_content)                  \
  DO(g_mime_part_set_content_encoding)         \
  DO(g_mime_stream_mem_new_with_buffer)        \
  DO(g_mime_text_part_new_with_subtype)        \
  DO(g_mime_text_part_set_charset)

/// The functions by their names, with the types that GMime's headers give them.
struct GMimeLibrary {
#define MAILFERRY_DECLARE(name) decltype(&::name) name = nullptr;
  MAILFERRY_GMIME_FUNCTIONS(MAILFERRY_DECLARE)
#undef MAILFERRY_DECLARE
};

/// Opens and initialises it the first time; valid until the program ends. Error: it is not installed, which the remedy
/// says; that stays so until the next start. Thread-safe.
[[nodiscard]] Result<const GMimeLibrary*> gmime_library();

}  // namespace mailferry::mime
