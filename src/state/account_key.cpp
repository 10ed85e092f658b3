#include "state/account_key.hpp"

namespace mailferry::state {
namespace {

constexpr std::string_view kStartTls = ":143";
constexpr std::string_view kImplicitTls = ":993";

/// `key` with `to` at its end instead of `from`, if that is there.
std::string with_port(std::string_view key, std::string_view from, std::string_view to) {
  if (!key.ends_with(from)) return std::string(key);
  key.remove_suffix(from.size());
  return std::string(key).append(to);
}

}  // namespace

std::string twin_key(std::string_view key) {
  return key.ends_with(kImplicitTls) ? with_port(key, kImplicitTls, kStartTls) : server_key(key);
}

std::string server_key(std::string_view key) {
  return with_port(key, kStartTls, kImplicitTls);
}

}  // namespace mailferry::state
