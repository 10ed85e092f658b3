// The status of a bridge in the text format of Prometheus. prometheus-cpp writes it from the status as it is when
// somebody asks: there is no second set of counters, and its own HTTP server is not used.
#pragma once

#include "report/bridge_status.hpp"

#include <string>

namespace mailferry::report {

[[nodiscard]] std::string to_metrics(const BridgeStatus& status);
inline constexpr const char* kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

/// The metrics as a Markdown table, for docs/manual/status.md.
[[nodiscard]] std::string metrics_markdown();

}  // namespace mailferry::report
