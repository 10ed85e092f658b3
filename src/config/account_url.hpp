// imap:// and imaps:// URLs as people type them to name an account.
#pragma once

#include "base/result.hpp"
#include "config/account.hpp"

#include <string_view>

namespace mailferry::config {

/// True when the text is meant as a URL ("…://…") and not as the name of an account.
[[nodiscard]] bool is_url(std::string_view text) noexcept;

/// `imaps://user@host[:port]/` (TLS, default port 993) or `imap://user@host[:port]/` (STARTTLS, default port 143).
/// The user is percent-decoded and may contain '@' as it is: the last '@' separates. IPv6 hosts stand in brackets. The
/// secret of the result is Kind::none. Errors (kind usage) never repeat the part before the '@': a password is refused,
/// with `password_remedy` ("use --from-password-file FILE …") as remedy; so are a missing user or host, a path, query
/// or fragment.
[[nodiscard]] Result<Account> parse_account_url(std::string_view text, std::string_view password_remedy);

}  // namespace mailferry::config
