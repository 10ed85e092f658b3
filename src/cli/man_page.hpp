// The page of the manual that `man mailferry` shows.
#pragma once

#include <string>

namespace mailferry::cli {

/// man(7) source, made from the tables of commands, options and exit codes: packaging/mailferry.1 is it.
[[nodiscard]] std::string man_page();

}  // namespace mailferry::cli
