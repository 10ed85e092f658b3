#include "report/failure_selection.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <charconv>

namespace mailferry::report {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, std::string_view name) {
  const auto* member = object.if_contains(name);
  return member != nullptr && member->is_string() ? std::string(member->get_string()) : std::string();
}

bool is_meant(const ParkedStatus& parked, const FailureSelection& selection) {
  return (selection.all || parked.uid == selection.uid) &&
         (selection.account.empty() || parked.account == selection.account) &&
         (selection.mailbox.empty() || parked.mailbox == selection.mailbox);
}

bool is_same_place(const ParkedStatus& left, const ParkedStatus& right) {
  return left.account == right.account && left.mailbox == right.mailbox;
}

/// "no message with UID 7 is parked in INBOX of a@b:993".
std::string none_text(const FailureSelection& selection) {
  auto text = selection.all ? std::string("no message is parked")
                            : fmt::format("no message with UID {} is parked", selection.uid);
  if (!selection.mailbox.empty()) text += " in " + selection.mailbox;
  if (!selection.account.empty()) text += " of " + selection.account;
  return text;
}

}  // namespace

std::string to_json(const FailureSelection& selection) {
  return json::serialize(json::object{
      {"all", selection.all}, {"uid", selection.uid}, {"account", selection.account}, {"mailbox", selection.mailbox}});
}

Result<FailureSelection> parse_failure_selection(std::string_view text) {
  boost::system::error_code failure;
  const auto value = json::parse(json::string_view(text.data(), text.size()), failure);
  const auto refused = [] { return fail(ErrorKind::usage, Scope::run, "say which messages: all or a UID"); };
  if (failure || !value.is_object()) return refused();
  const auto& object = value.get_object();
  FailureSelection selection{.account = text_of(object, "account"), .mailbox = text_of(object, "mailbox")};
  if (const auto* all = object.if_contains("all"); all != nullptr && all->is_bool()) selection.all = all->get_bool();
  if (const auto* uid = object.if_contains("uid")) selection.uid = uid->to_number<std::uint32_t>(failure);
  if (failure || selection.all == (selection.uid != 0)) return refused();
  return selection;
}

Result<FailureSelection> read_failure_selection(std::string_view text) {
  if (text == "all") return FailureSelection{.all = true};
  FailureSelection selection;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), selection.uid);
  if (error == std::errc{} && end == text.data() + text.size() && selection.uid != 0) return selection;
  return fail(ErrorKind::usage, Scope::run, fmt::format("'{}' is no UID", text),
              "give the UID that mailferry failures shows, or all");
}

Result<std::vector<ParkedStatus>> select(const std::vector<ParkedStatus>& parked, const FailureSelection& selection) {
  std::vector<ParkedStatus> meant;
  for (const auto& message : parked) {
    if (!is_meant(message, selection)) continue;
    if (!selection.all && !meant.empty() && !is_same_place(meant.front(), message))
      return fail(ErrorKind::usage, Scope::run,
                  fmt::format("UID {} is parked in {} of {} and in {} of {}", selection.uid, meant.front().mailbox,
                              meant.front().account, message.mailbox, message.account),
                  "say which with --in-account and --in-mailbox");
    meant.push_back(message);
  }
  if (!meant.empty()) return meant;
  return fail(ErrorKind::message_missing, Scope::run, none_text(selection), "see mailferry failures");
}

}  // namespace mailferry::report
