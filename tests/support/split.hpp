// Every way that matters of cutting an input for an incremental reader.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace mailferry {

using Pieces = std::vector<std::string_view>;

[[nodiscard]] inline Pieces cut_every(std::string_view input, std::size_t octets) {
  Pieces pieces;
  for (std::size_t at = 0; at < input.size(); at += octets)
    pieces.push_back(input.substr(at, octets));
  return pieces;
}

/// Calls `check(pieces)` with the input whole, in pieces of one, two and three octets, and in two pieces cut at each
/// place; an empty piece is among them. The pieces together are always the input.
template <class Check>
void for_every_split(std::string_view input, Check check) {
  check(Pieces{input});
  for (const std::size_t octets : {1U, 2U, 3U})
    check(cut_every(input, octets));
  for (std::size_t at = 0; at <= input.size(); ++at)
    check(Pieces{input.substr(0, at), input.substr(at)});
}

}  // namespace mailferry
