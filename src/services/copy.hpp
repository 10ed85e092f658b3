// `mailferry copy`: wiring of two accounts, the mapping, the journal and one run.
#pragma once

#include "base/secret.hpp"
#include "config/account.hpp"
#include "plan/mailbox_mapping.hpp"
#include "sync/progress.hpp"
#include "sync/report.hpp"

#include <string>

namespace mailferry::services {

struct CopyRequest {
  config::Account from;
  config::Account to;
  Secret from_secret;
  Secret to_secret;
  std::string state_file;
  plan::MappingRules rules;
  unsigned connections = 0;
  std::size_t window_octets = 0;
  bool dry_run = false;
};

/// Told and asked while a copy runs; on the network thread.
class CopyObserver {
 public:
  virtual ~CopyObserver() = default;
  /// The plan is known. False: the user does not want it; nothing has been changed.
  virtual bool confirm(const sync::Report& plan) = 0;
  /// Some times a second while the copy goes on.
  virtual void progress(const sync::Progress& progress, const sync::Report& report) = 0;
  /// Ctrl-C was seen; the run ends as soon as nothing is in doubt.
  virtual void stopping() = 0;
};

/// Runs it. The report always tells what was done; Report::error is what ended it early. Nothing is thrown for what
/// servers do.
[[nodiscard]] sync::Report run_copy(const CopyRequest& request, CopyObserver& observer);

}  // namespace mailferry::services
