// The head of a FETCH response in the form in which nearly every server answers a copy. A copy reads one for each
// message, and this costs a third of reading it word by word.
#pragma once

#include "imap/response/flag_memo.hpp"
#include "imap/response/response.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace mailferry::imap {

struct UsualFetch {
  std::size_t octets = 0;  // of the head, with its line end: the body begins behind them
  std::uint64_t body_size = 0;
};

/// `* 1 FETCH (UID 1 FLAGS (\Seen) INTERNALDATE "17-Jul-1996 02:44:25 -0700" BODY[] {2048}` and CRLF at the front of
/// `live`, the first three items in any order or absent. Nothing: it is something else, which FetchReader has to judge,
/// or not all there; `data` is then to be started over.
[[nodiscard]] std::optional<UsualFetch> read_usual_fetch(std::string_view live, FlagMemo& memo, FetchData& data);

}  // namespace mailferry::imap
