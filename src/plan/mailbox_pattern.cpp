#include "plan/mailbox_pattern.hpp"

#include "base/ascii.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <utility>

namespace mailferry::plan {
namespace {

/// Between the levels of a name while it is matched: the one octet that no mailbox name can have (RFC 9051 §5.1).
constexpr char kLevel = '\0';
constexpr std::string_view kEscapable = "/\\*%?=";

std::unexpected<Error> bad_pattern(std::string_view text, std::string_view why) {
  return fail(ErrorKind::usage, Scope::run,
              fmt::format("the mailbox pattern \"{}\" is not valid: {}", sanitize_for_terminal(text), why),
              "Write '/' between levels, and a backslash only before / \\ * % ? = or as in \\Sent.");
}

std::size_t character_size(std::string_view text) {
  const auto character = decode_utf8(text);
  return character ? character->octets : 1;
}

}  // namespace

/// Knows for each part of the pattern and of the name whether the rest of both match, so that patterns with many
/// wildcards cost no more than size times size.
class MailboxPattern::Matcher {
 public:
  Matcher(const std::vector<Token>& tokens, std::string_view name)
      : tokens_(tokens), name_(name), rest_matches_((tokens.size() + 1) * (name.size() + 1), 0) {
    at(tokens_.size(), name_.size()) = 1;
    for (std::size_t token = tokens_.size(); token-- > 0;) {
      for (std::size_t place = name_.size() + 1; place-- > 0;)
        at(token, place) = compute(token, place) ? 1 : 0;
    }
  }

  [[nodiscard]] std::optional<std::vector<std::string>> captures() {
    if (at(0, 0) == 0) return std::nullopt;
    std::vector<std::string> found;
    std::size_t place = 0;
    for (std::size_t token = 0; token < tokens_.size(); ++token) {
      const std::size_t end = longest_end(token, place);
      if (is_wildcard(tokens_[token].kind)) found.emplace_back(name_.substr(place, end - place));
      place = end;
    }
    return found;
  }

  static bool is_wildcard(Kind kind) { return kind != Kind::octet && kind != Kind::separator; }

 private:
  char& at(std::size_t token, std::size_t place) { return rest_matches_[token * (name_.size() + 1) + place]; }

  bool compute(std::size_t token, std::size_t place) {
    const Token& wanted = tokens_[token];
    const bool many = wanted.kind == Kind::anything || wanted.kind == Kind::within_level;
    if (many && at(token + 1, place) != 0) return true;
    const std::size_t size = consumed(wanted, place);
    return size != 0 && at(many ? token : token + 1, place + size) != 0;
  }

  /// How much of the name one step of the token takes; zero when it does not match here.
  [[nodiscard]] std::size_t consumed(const Token& wanted, std::size_t place) const {
    if (place == name_.size()) return 0;
    const char c = name_[place];
    switch (wanted.kind) {
      case Kind::octet:
        return c == wanted.octet && c != kLevel ? 1 : 0;
      case Kind::separator:
        return c == kLevel ? 1 : 0;
      case Kind::anything:
        return 1;
      case Kind::within_level:
        return c != kLevel ? 1 : 0;
      case Kind::one_character:
        return c != kLevel ? character_size(name_.substr(place)) : 0;
    }
    return 0;
  }

  std::size_t longest_end(std::size_t token, std::size_t place) {
    const Token& wanted = tokens_[token];
    std::size_t best = place;
    const bool many = wanted.kind == Kind::anything || wanted.kind == Kind::within_level;
    if (!many) return place + consumed(wanted, place);
    for (std::size_t end = place;; ++end) {
      if (at(token + 1, end) != 0) best = end;
      if (consumed(wanted, end) == 0) return best;
    }
  }

  const std::vector<Token>& tokens_;
  std::string_view name_;
  std::vector<char> rest_matches_;
};

Result<MailboxPattern> MailboxPattern::parse(std::string_view text) {
  if (text.empty()) return bad_pattern(text, "it is empty");
  MailboxPattern pattern;
  pattern.text_ = text;
  pattern.use_ = parse_special_use(text);
  if (pattern.is_special_use()) return pattern;
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '/':
        pattern.tokens_.push_back({Kind::separator, '\0'});
        break;
      case '*':
        pattern.tokens_.push_back({Kind::anything, '\0'});
        break;
      case '%':
        pattern.tokens_.push_back({Kind::within_level, '\0'});
        break;
      case '?':
        pattern.tokens_.push_back({Kind::one_character, '\0'});
        break;
      case '\\':
        if (++i == text.size() || kEscapable.find(text[i]) == std::string_view::npos) {
          return bad_pattern(text, "there is a backslash without a meaning");
        }
        [[fallthrough]];
      default:
        pattern.tokens_.push_back({Kind::octet, text[i]});
    }
  }
  // INBOX is one name in any case (RFC 9051 §5.1), so a pattern that begins with it is brought to the same spelling.
  const std::string_view first = text.substr(0, text.find('/'));
  if (equal_ascii_nocase(first, "INBOX")) {
    for (std::size_t i = 0; i < first.size(); ++i)
      pattern.tokens_[i].octet = "INBOX"[i];
  }
  return pattern;
}

std::optional<std::vector<std::string>> MailboxPattern::capture(const MailboxPath& path, SpecialUse use) const {
  if (is_special_use()) {
    const bool same = use == use_ || (use_ == SpecialUse::inbox && path.is_inbox());
    return same ? std::optional(std::vector<std::string>{}) : std::nullopt;
  }
  return Matcher(tokens_, path.join(kLevel)).captures();
}

MailboxPath MailboxPattern::fill(std::span<const std::string> captures) const {
  std::string name;
  for (const Token& token : tokens_) {
    if (token.kind == Kind::octet) {
      name += token.octet;
    } else if (token.kind == Kind::separator) {
      name += kLevel;
    } else if (!captures.empty()) {
      name += captures.front();
      captures = captures.subspan(1);
    }
  }
  if (name.empty()) return {};
  std::vector<std::string> components;
  std::string_view rest = name;
  for (std::size_t end; (end = rest.find(kLevel)) != std::string_view::npos; rest.remove_prefix(end + 1)) {
    components.emplace_back(rest.substr(0, end));
  }
  components.emplace_back(rest);
  return MailboxPath(std::move(components));
}

std::size_t MailboxPattern::wildcards() const noexcept {
  return static_cast<std::size_t>(std::count_if(tokens_.begin(), tokens_.end(),
                                                [](const Token& token) { return Matcher::is_wildcard(token.kind); }));
}

Result<MapRule> MapRule::parse(std::string_view text) {
  std::size_t equals = 0;
  while (equals < text.size() && text[equals] != '=')
    equals += text[equals] == '\\' ? 2 : 1;
  if (equals >= text.size()) {
    return fail(ErrorKind::usage, Scope::run, fmt::format("the map \"{}\" has no '='", sanitize_for_terminal(text)),
                "Write --map FROM=TO, for example --map 'Work/*=Old/Work/*'.");
  }
  TRY(auto from, MailboxPattern::parse(text.substr(0, equals)));
  TRY(auto to, MailboxPattern::parse(text.substr(equals + 1)));
  if (std::ranges::any_of(to.text(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }))
    return bad_pattern(to.text(), "no mailbox can have a control character in its name");
  if (to.is_special_use()) return bad_pattern(to.text(), "the target of a map must be a name");
  if (to.wildcards() > from.wildcards()) {
    return bad_pattern(to.text(), "it has more wildcards than the pattern before the '='");
  }
  return MapRule{std::move(from), std::move(to)};
}

Result<MappingRules> MappingRules::parse(std::span<const std::string> include, std::span<const std::string> exclude,
                                         std::span<const std::string> map) {
  MappingRules rules;
  for (const std::string& text : include) {
    TRY(auto pattern, MailboxPattern::parse(text));
    rules.include.push_back(std::move(pattern));
  }
  for (const std::string& text : exclude) {
    TRY(auto pattern, MailboxPattern::parse(text));
    rules.exclude.push_back(std::move(pattern));
  }
  for (const std::string& text : map) {
    TRY(auto rule, MapRule::parse(text));
    rules.map.push_back(std::move(rule));
  }
  return rules;
}

std::string to_pattern_text(const MailboxPath& path) {
  std::string text;
  for (const std::string& component : path.components()) {
    if (&component != &path.components().front()) text += '/';
    for (const char c : component) {
      if (kEscapable.find(c) != std::string_view::npos) text += '\\';
      text += c;
    }
  }
  return text;
}

}  // namespace mailferry::plan
