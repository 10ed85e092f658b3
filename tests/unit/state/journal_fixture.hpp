// A journal in a directory of its own with one pair and one route, and its contents as text.
#pragma once

#include "state/journal.hpp"
#include "unit/db/temporary_directory.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace mailferry::state {

inline SettledRun run(Uid source, std::uint32_t count, Uid destination, std::string_view flags = "") {
  return {.source = source, .count = count, .destination = destination, .flags = Flags::from_string(flags)};
}

inline Route route_to(std::string mailbox) {
  return {.source_mailbox = mailbox, .destination_mailbox = mailbox, .source_validity = 11, .destination_validity = 22};
}

inline UidSet uids(std::string_view text) {
  return text.empty() ? UidSet() : UidSet::parse(text).value();
}

class JournalFixture : public ::testing::Test {
 protected:
  JournalFixture() {
    reopen();
    route_ = add_route("INBOX");
  }

  void reopen() {
    journal_.reset();
    journal_ = Journal::open(file_).value();
    pair_ = journal_->pair("alice@old.example:993", "alice@new.example:993").value();
  }
  RouteId add_route(const std::string& mailbox) {
    Batch batch{.routes = {route_to(mailbox)}};
    apply(batch);
    return batch.routes.front().id;
  }
  void apply(Batch& batch) {
    const Result<> applied = journal_->apply(pair_, batch);
    ASSERT_TRUE(applied) << applied.error().describe();
  }
  void apply(Batch&& batch) { apply(batch); }
  void settle(std::vector<SettledRun> runs) {
    Batch batch;
    for (SettledRun& one : runs)
      batch.settled.emplace_back(route_, std::move(one));
    apply(batch);
  }
  void forget(std::string_view text) { apply({.forgotten = {{route_, uids(text)}}}); }
  void set_flags(std::string_view text, std::string_view flags) {
    apply({.flags = {{route_, {{uids(text), Flags::from_string(flags)}}}}});
  }

  /// "1+3>10 \Seen": three messages from UID 1 on, at UID 10 and so on.
  std::vector<std::string> settled(RouteId route, std::size_t limit = 4096) {
    std::vector<std::string> lines;
    for (Uid from = 1;;) {
      const std::vector<SettledRun> page = journal_->settled(route, from, limit).value();
      if (page.empty()) return lines;
      for (const SettledRun& one : page) {
        const std::string flags = one.flags.to_string();
        lines.push_back(
            fmt::format("{}+{}>{}{}{}", one.source, one.count, one.destination, flags.empty() ? "" : " ", flags));
      }
      from = page.back().source + page.back().count;
    }
  }
  std::vector<std::string> settled() { return settled(route_); }
  /// "route: uids from destination".
  std::vector<std::string> in_doubt() {
    std::vector<std::string> lines;
    const std::vector<Intent> intents = journal_->in_doubt(pair_).value();
    for (const Intent& intent : intents) {
      lines.push_back(fmt::format("{}: {} from {}", intent.route, intent.source.to_string(), intent.destination_from));
    }
    return lines;
  }

  test::TemporaryDirectory directory_{test::Medium::memory};
  std::string file_ = directory_.file("state.db");
  std::unique_ptr<Journal> journal_;
  PairId pair_ = 0;
  RouteId route_ = 0;
};

}  // namespace mailferry::state
