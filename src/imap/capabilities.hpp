// What a server offers: one table of the capabilities we know, and the set that a server announced.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mailferry::imap {

/// Order is that of the table in capabilities.cpp.
enum class Capability : std::uint8_t {
  imap4rev1,
  imap4rev2,
  acl,
  appendlimit,
  binary,
  children,
  compress_deflate,
  condstore,
  create_special_use,
  enable,
  esearch,
  id,
  idle,
  list_extended,
  list_myrights,
  list_status,
  literal_minus,
  literal_plus,
  logindisabled,
  message_limit,
  metadata,
  metadata_server,
  move,
  multiappend,
  namespace_,
  notify,
  objectid,
  partial,
  preview,
  qresync,
  quota,
  sasl_ir,
  savedate,
  searchres,
  sort,
  special_use,
  starttls,
  status_size,
  thread_references,
  uidonly,
  uidplus,
  unselect,
  utf8_accept,
  within,
  x_gm_ext_1,
  xlist,
  count_,
};

class Capabilities {
 public:
  /// Adds one name as announced ("LITERAL+", "APPENDLIMIT=35651584", "AUTH=PLAIN"); any case; unknown ones are kept by
  /// name.
  void add(std::string_view name);
  void clear();
  void remove(Capability capability) { known_.reset(static_cast<std::size_t>(capability)); }

  /// IMAP4rev2 implies what RFC 9051 appendix E folded in whole (NAMESPACE, UIDPLUS, ENABLE, IDLE, LIST-STATUS,
  /// LITERAL-, …), but not BINARY (only its FETCH side is in) nor SPECIAL-USE (only its attributes are).
  [[nodiscard]] bool has(Capability capability) const noexcept;
  [[nodiscard]] bool empty() const noexcept { return names_.empty(); }
  /// SASL mechanisms from AUTH=, upper case, in announced order.
  [[nodiscard]] const std::vector<std::string>& mechanisms() const noexcept { return mechanisms_; }
  /// APPENDLIMIT=n (RFC 7889), if a number was announced.
  [[nodiscard]] std::optional<std::uint64_t> append_limit() const noexcept { return append_limit_; }
  /// MESSAGELIMIT=n (RFC 9738).
  [[nodiscard]] std::optional<std::uint64_t> message_limit() const noexcept { return message_limit_; }
  [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }

 private:
  void set_known(std::string_view name);

  std::bitset<static_cast<std::size_t>(Capability::count_)> known_;
  std::vector<std::string> names_;
  std::vector<std::string> mechanisms_;
  std::optional<std::uint64_t> append_limit_;
  std::optional<std::uint64_t> message_limit_;
};

/// One row a capability: its wire name, the document that defines it, and what mailferry uses it for.
struct CapabilityInfo {
  Capability capability;
  std::string_view name;
  std::string_view reference;
  std::string_view use;
};
[[nodiscard]] const std::vector<CapabilityInfo>& capability_table();

}  // namespace mailferry::imap
