#include "sync/carry/keyword_care.hpp"

#include <algorithm>

namespace mailferry::sync {
namespace {

bool is_short(const std::string& keyword) {
  return keyword.size() <= kShortKeyword;
}

}  // namespace

Flags keep_keywords(Flags flags, KeywordsKept kept) {
  if (kept == KeywordsKept::all) return flags;
  const Flags all = flags;
  for (const auto& keyword : all.keywords()) {
    if (kept == KeywordsKept::none || !is_short(keyword)) flags.remove(keyword);
  }
  return flags;
}

std::optional<KeywordsKept> fewer_keywords(const Flags& refused) {
  const auto& keywords = refused.keywords();
  if (keywords.empty()) return std::nullopt;
  const bool some_stay = std::ranges::any_of(keywords, is_short) && !std::ranges::all_of(keywords, is_short);
  return some_stay ? KeywordsKept::short_ones : KeywordsKept::none;
}

bool are_long_keywords(const Flags& flags) {
  return !flags.keywords().empty() && std::ranges::none_of(flags.keywords(), is_short);
}

}  // namespace mailferry::sync
