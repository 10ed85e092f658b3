#include "services/bridge_settings.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace mailferry::services {
namespace {

BridgeRequest one_source() {
  BridgeRequest request;
  request.bridge.sources.push_back({.account = "work", .mappings = {{.from = "INBOX", .to = {"INBOX"}}}});
  request.sources.emplace_back();
  return request;
}

TEST(BridgeSettings, PatienceIsWhatTheConfigurationSays) {
  config::Bridge bridge;
  bridge.destination_attempts = 3;
  bridge.message_attempts = 4;
  bridge.backoff_most = std::chrono::seconds(7);

  const auto settings = to_carry_settings(bridge, {});

  EXPECT_EQ(settings.destination_attempts, 3);
  EXPECT_EQ(settings.message_attempts, 4);
  EXPECT_EQ(settings.backoff.ceiling, std::chrono::seconds(7));
}

TEST(BridgeSettings, ConnectionsToTheDestinationAreThoseOfItsAccount) {
  config::Account account;
  account.connections = 2;

  EXPECT_EQ(to_carry_settings({}, account).lanes, 2U);
}

TEST(BridgeSettings, ConnectionsThatWaitAreUnderTheCapOfTheSource) {
  auto request = one_source();
  EXPECT_EQ(to_source_settings(request, 0)->watchers, 3U);

  for (const unsigned connections : {1U, 2U, 3U, 4U, 64U}) {
    request.sources.front().account.connections = connections;
    EXPECT_EQ(to_source_settings(request, 0)->watchers, std::min(connections - 1, 3U));
  }
}

TEST(BridgeSettings, SourcesOfOneAccountShareItsConnections) {
  auto request = one_source();
  request.bridge.sources.push_back(request.bridge.sources.front());
  request.sources.push_back(request.sources.front());
  for (auto& source : request.sources)
    source.account.connections = 5;
  EXPECT_EQ(to_source_settings(request, 0)->watchers, 1U) << "two for each, one of which carries";

  for (auto& source : request.sources)
    source.account.connections = 1;
  const auto settings = to_source_settings(request, 1);
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().remedy, "raise its connections to 2 at least");
}

TEST(BridgeSettings, AllMappingsOfOneMailboxAreOneRule) {
  auto request = one_source();
  request.bridge.sources.front().mappings.push_back({.from = "Sent", .to = {"Sent"}});
  request.bridge.sources.front().mappings.push_back({.from = "inbox", .to = {"Copy", "Other"}, .labels = {"late"}});

  const auto settings = to_source_settings(request, 0);

  ASSERT_TRUE(settings);
  ASSERT_EQ(settings->rules.size(), 2U);
  const auto& inbox = settings->rules.front().to;
  ASSERT_EQ(inbox.size(), 3U) << "what is removed from INBOX has to be delivered to all of them";
  EXPECT_TRUE(inbox.front().labels.empty());
  EXPECT_EQ(inbox.back().mailbox.to_string(), "Other");
  EXPECT_EQ(inbox.back().labels, std::vector<std::string>{"late"});
}

TEST(BridgeSettings, WhatAnotherToolBroughtToOneTargetIsThatTargetsOnly) {
  auto request = one_source();
  request.bridge.sources.front().mappings.front().to = {"A", "B"};
  auto& done = request.sources.front().done["INBOX"];
  done.up_to = 10;
  done.but = UidSet(UidRange{5, 5});
  done.delivered["A"] = UidSet(UidRange{5, 5});

  const auto settings = to_source_settings(request, 0);

  ASSERT_TRUE(settings);
  const auto& rule = settings->rules.front();
  EXPECT_EQ(rule.done_up_to, 10U);
  EXPECT_EQ(rule.but.to_string(), "5");
  EXPECT_EQ(rule.to.front().uids_before.to_string(), "5");
  EXPECT_TRUE(rule.to.back().uids_before.empty());
}

}  // namespace
}  // namespace mailferry::services
