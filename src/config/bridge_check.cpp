#include "config/bridge_check.hpp"

#include "base/ascii.hpp"
#include "config/nearest.hpp"
#include "config/user_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace mailferry::config {
namespace {

/// "INBOX" in any case is one mailbox (RFC 3501 §5.1), and one level above others.
std::string folded(const std::string& mailbox) {
  const auto end = std::min(mailbox.find('/'), mailbox.size());
  const bool is_inbox = equal_ascii_nocase(std::string_view(mailbox).substr(0, end), "INBOX");
  return is_inbox ? "INBOX" + mailbox.substr(end) : mailbox;
}

/// A path has no level without a name. A backslash takes the next character as it is.
bool has_empty_level(std::string_view path) {
  bool is_empty = true;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '/' && is_empty) return true;
    is_empty = path[i] == '/';
    if (path[i] == '\\') ++i;
  }
  return is_empty;
}

/// A backslash stands before '/' or another one only (state/mailbox_key.hpp).
bool has_lone_backslash(std::string_view path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '\\') continue;
    ++i;
    if (i == path.size() || (path[i] != '/' && path[i] != '\\')) return true;
  }
  return false;
}

/// What decides which mail is wanted of a mailbox at the first look.
auto beginning(const BridgeSource& source) {
  return std::tuple(source.new_only, source.since_days, source.retention.kind);
}

class Check {
 public:
  Check(const Bridge& bridge, std::span<const Account> accounts, std::span<const std::string_view> names)
      : bridge_(bridge), accounts_(accounts), names_(names) {}

  std::vector<BridgeProblem> run() {
    check_destination();
    for (source_ = 0; *source_ < bridge_.sources.size(); ++*source_)
      check_source(bridge_.sources[*source_]);
    return std::move(problems_);
  }

 private:
  void complain(std::string text) { problems_.push_back({source_, mapping_, std::move(text)}); }

  [[nodiscard]] const Account* find(std::string_view name) const {
    const auto account = std::ranges::find(accounts_, name, &Account::name);
    return account == accounts_.end() ? nullptr : &*account;
  }

  void check_name(const std::string& name, std::string_view key, std::string_view meaning) {
    if (name.empty()) return complain(fmt::format("{} is missing: {}", key, meaning));
    if (std::ranges::find(names_, name) != names_.end()) return;
    complain(fmt::format("there is no account '{}'{}", shown(name), did_you_mean(name, names_)));
  }

  void check_destination() {
    check_name(bridge_.destination, "to", "the account that all mail is brought to");
    if (bridge_.sources.empty()) complain("there is no source; write one as [[bridge.source]]");
    if (bridge_.backoff_first > bridge_.backoff_most) complain("backoff_first is longer than backoff_most");
    if (!bridge_.report_mailbox.empty()) check_mailbox("report_mailbox", bridge_.report_mailbox);
    check_listen();
  }

  void check_listen() {
    if (bridge_.listen.empty()) return;
    const auto address = net::parse_listen_address(bridge_.listen, bridge_.listen_reach);
    if (!address) complain(fmt::format("listen: {}; {}", address.error().message, address.error().remedy));
  }

  void check_source(const BridgeSource& source) {
    check_name(source.account, "account", "the account whose mail is carried");
    const Account* from = find(source.account);
    const Account* to = find(bridge_.destination);
    if (from != nullptr && to != nullptr && is_same_account(*from, *to))
      complain(fmt::format("'{}' is the account that the mail is brought to, {}", shown(source.account), to->label()));
    check_beginning(source);
    for (mapping_ = 0; *mapping_ < source.mappings.size(); ++*mapping_)
      check_mapping(source.mappings[*mapping_], from);
    mapping_.reset();
  }

  /// What the first run takes may be said once.
  void check_beginning(const BridgeSource& source) {
    const bool is_bounded = source.since_days && *source.since_days > 0;
    if (source.new_only && source.since_days) complain("new_only and since contradict each other; keep one of them");
    if (source.new_only && source.retention.kind == Retention::Kind::prune)
      complain("new_only means nothing with retention_days above 0; remove one of them");
    if (is_bounded && source.retention.kind == Retention::Kind::full_history)
      complain("retention_days = -1 takes the whole history, and since does not; keep one of them");
  }

  void check_mapping(const BridgeMapping& mapping, const Account* from) {
    if (mapping.from.empty()) complain("from is missing: a mailbox of the source");
    if (mapping.to.empty()) complain("to is missing: a mailbox of the destination, or several");
    if (!mapping.from.empty()) check_mailbox("from", mapping.from);
    check_shared(mapping.from, from);
    for (const auto& to : mapping.to) {
      check_mailbox("to", to);
      check_twice(mapping.from, to, from);
    }
    for (const auto& label : mapping.labels)
      if (has_control(label)) complain("a label contains a control character");
  }

  void check_mailbox(std::string_view key, const std::string& mailbox) {
    if (has_control(mailbox))
      complain(fmt::format("{}: '{}' contains a control character", key, shown(mailbox)));
    else if (bridge_.names == MailboxNames::paths && has_empty_level(mailbox))
      complain(fmt::format("{}: '{}' has a level without a name", key, shown(mailbox)));
    else if (bridge_.names == MailboxNames::paths && has_lone_backslash(mailbox))
      complain(
          fmt::format("{}: '{}' has a backslash that is not '\\\\' (a backslash of the name) or '\\/' (a '/' of the "
                      "name); mailboxes have to be named here, \\Sent and the like mean nothing",
                      key, shown(mailbox)));
  }

  /// Where the mail of a mailbox begins is on record once for all sources of its account, and a source only knows of
  /// its own deliveries: it must not remove what another one has still to carry.
  void check_shared(const std::string& from, const Account* account) {
    if (account == nullptr || from.empty()) return;
    const auto& own = bridge_.sources[*source_];
    for (const auto& route : routes_) {
      if (route.source == *source_ || route.from != folded(from) || !is_same_account(*route.account, *account))
        continue;
      const auto& other = bridge_.sources[route.source];
      if (other.retention.kind == Retention::Kind::prune || own.retention.kind == Retention::Kind::prune)
        return complain_of_shared(from, "one of them removes mail (retention_days)");
      if (beginning(own) != beginning(other))
        return complain_of_shared(from, "they begin differently (new_only, since)");
    }
  }

  void complain_of_shared(const std::string& from, std::string_view why) {
    complain(fmt::format("'{}' is carried by another source too, and {}: put the mappings into one source", shown(from),
                         why));
  }

  /// Also when the account was given two names.
  void check_twice(const std::string& from, const std::string& to, const Account* account) {
    if (account == nullptr || from.empty()) return;
    const auto same = [&](const Route& route) {
      return route.from == folded(from) && route.to == folded(to) && is_same_account(*route.account, *account);
    };
    if (std::ranges::any_of(routes_, same))
      return complain(fmt::format("'{}' goes to '{}' already", shown(from), shown(to)));
    routes_.push_back({account, *source_, folded(from), folded(to)});
  }

  struct Route {
    const Account* account;
    std::size_t source;
    std::string from;
    std::string to;
  };

  const Bridge& bridge_;
  std::span<const Account> accounts_;
  std::span<const std::string_view> names_;
  std::optional<std::size_t> source_{};
  std::optional<std::size_t> mapping_{};
  std::vector<Route> routes_;
  std::vector<BridgeProblem> problems_;
};

}  // namespace

std::vector<BridgeProblem> check_bridge(const Bridge& bridge, std::span<const Account> accounts,
                                        std::span<const std::string_view> names) {
  return Check(bridge, accounts, names).run();
}

}  // namespace mailferry::config
