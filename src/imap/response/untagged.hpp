// The readers of untagged responses, one for each name; parse_untagged.cpp has the table of them.
#pragma once

#include "imap/response/lexer.hpp"
#include "imap/response/response.hpp"

#include <optional>

namespace mailferry::imap {

/// `lexer` stands behind the name and its blank. nullopt: the response cannot be read (it becomes an OtherData).
using UntaggedReader = std::optional<UntaggedData> (*)(Lexer& lexer);

// parse_mailbox.cpp
std::optional<UntaggedData> read_list(Lexer& lexer);
std::optional<UntaggedData> read_lsub(Lexer& lexer);
std::optional<UntaggedData> read_status_data(Lexer& lexer);
std::optional<UntaggedData> read_namespace(Lexer& lexer);

// parse_search.cpp
std::optional<UntaggedData> read_search(Lexer& lexer);
std::optional<UntaggedData> read_sort(Lexer& lexer);
std::optional<UntaggedData> read_esearch(Lexer& lexer);
std::optional<UntaggedData> read_thread(Lexer& lexer);
std::optional<UntaggedData> read_vanished(Lexer& lexer);

// parse_extensions.cpp
std::optional<UntaggedData> read_id(Lexer& lexer);
std::optional<UntaggedData> read_quota(Lexer& lexer);
std::optional<UntaggedData> read_quota_root(Lexer& lexer);
std::optional<UntaggedData> read_acl(Lexer& lexer);
std::optional<UntaggedData> read_my_rights(Lexer& lexer);
std::optional<UntaggedData> read_list_rights(Lexer& lexer);
std::optional<UntaggedData> read_metadata(Lexer& lexer);

}  // namespace mailferry::imap
