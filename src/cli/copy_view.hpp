// What a person or a script sees of a copy: the plan, the progress, the report.
#pragma once

#include "cli/options.hpp"
#include "services/copy.hpp"

#include <chrono>
#include <map>
#include <string>

namespace mailferry::cli {

/// Plan and report on standard output, progress on standard error. With --json each is one JSON object a line on
/// standard output.
class CopyView final : public services::CopyObserver {
 public:
  CopyView(const Options& options, std::string from, std::string to);

  bool confirm(const sync::Report& plan) override;
  void progress(const sync::Progress& progress, const sync::Report& report) override;
  void stopping() override;

  /// The final report; returns the exit code.
  int finish(const sync::Report& report);

 private:
  void print_plan(const sync::Report& plan) const;
  void print_plan_json(const sync::Report& plan) const;
  void print_progress_json(const sync::Progress& progress, std::chrono::milliseconds elapsed) const;
  void print_report(const sync::Report& report) const;
  void print_report_json(const sync::Report& report, int exit_code) const;
  [[nodiscard]] std::string progress_line(const sync::Progress& progress, std::chrono::milliseconds elapsed) const;
  void clear_progress();

  const Options& options_;
  std::string from_;
  std::string to_;
  bool on_terminal_;
  bool refused_ = false;
  std::size_t shown_width_ = 0;  // of the progress line on the terminal
  std::chrono::steady_clock::time_point begin_{};
  std::chrono::steady_clock::time_point next_line_{};
  std::map<MailboxPath, std::uint64_t> told_;  // messages of each mailbox at the last plain line
};

/// What can be done about it; never empty.
[[nodiscard]] std::string remedy_of(const sync::Failure& failure);

/// The exit code of a finished run: what ended it, else whether all that was planned was done.
[[nodiscard]] int exit_code_of(const sync::Report& report);

}  // namespace mailferry::cli
