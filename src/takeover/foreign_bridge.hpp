// What the configurations of the replaced tools have in common when they become a config::Config.
#pragma once

#include "config/config.hpp"
#include "takeover/json_reader.hpp"

#include <string>
#include <string_view>

namespace mailferry::takeover {

/// "host:port", "[::1]:port" or "host"; the port of the endpoint stays when none is given. False: it is neither.
[[nodiscard]] bool read_address(std::string_view text, net::Endpoint& endpoint);

/// Puts the account into the configuration, under a name that is made of its user, and returns the name. One that is
/// there already, with the same way to sign in, is used again.
std::string add_account(config::Account account, config::Config& config);

/// Google's OAuth2 with these files; an empty client file: the token file has all.
[[nodiscard]] auth::OAuthSettings google(std::string client_file, std::string token_file);

/// The path of a file that `text` names in the configuration `file`; empty stays empty.
[[nodiscard]] std::string beside(const std::string& file, const std::string& text);

/// State: the old one is taken over when it is there, and ours stands beside it, "state.mailferry.db" for "state.db".
void take_over_state(const std::string& old_state, config::Bridge& bridge);

/// The configuration, or all problems as one Error{usage}, each "FILE: …".
[[nodiscard]] Result<config::Config> finish(config::Config config, Findings findings, const std::string& file);

}  // namespace mailferry::takeover
