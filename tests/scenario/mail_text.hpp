// Mail as text, so that scenarios are tables. A message is a word: a name, and behind a colon its flags as letters.
//   "a"   a message with Message-ID, Date and From; another name is another message
//   "a'"  the same headers as "a" with another, longer body
//   "a'1" the same again: all that begin with "a'" and are as long have equal headers and sizes
//   "~a"  no Message-ID, but Date and From
//   "?a"  neither Message-ID nor Date: only its body tells it apart
//   "!a"  a message that the destination does not like, where the scenario says so
// Flags: S seen, A answered, F flagged, T deleted, D draft, k the keyword $Label1, j the keyword Junk.
#pragma once

#include "stores/memory/memory_account.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace mailferry::test {

/// Mailbox → its messages, a word each.
using Mail = std::map<std::string, std::string>;

inline constexpr std::pair<char, std::string_view> kFlagLetters[] = {
    {'S', "\\Seen"},  {'A', "\\Answered"}, {'F', "\\Flagged"}, {'T', "\\Deleted"},
    {'D', "\\Draft"}, {'k', "$Label1"},    {'j', "Junk"}};

inline Flags to_flags(std::string_view letters) {
  Flags flags;
  for (const auto& [letter, name] : kFlagLetters) {
    if (letters.find(letter) != std::string_view::npos) flags.add(name);
  }
  return flags;
}

inline std::string to_letters(const Flags& flags) {
  std::string letters;
  for (const auto& [letter, name] : kFlagLetters) {
    if (flags.has(name)) letters += letter;
  }
  return letters;
}

inline MailboxPath path(std::string_view name) {
  return MailboxPath::split(name, '/');
}

inline std::size_t number_of(std::string_view name) {
  std::size_t number = 7;
  for (const char letter : name)
    number = number * 31 + static_cast<unsigned char>(letter);
  return number;
}

inline InternalDate date_of(std::string_view name) {
  return {.seconds = 1'500'000'000 + static_cast<std::int64_t>(number_of(name) % 100'000) * 60, .zone_minutes = 60};
}

/// The message of that name, from nothing but the name.
inline std::string message_of(std::string_view name) {
  const auto headers = name.substr(0, name.find('\''));
  const bool weak = name.starts_with('?');
  auto text = fmt::format("X-Name: {}\r\nSubject: about {}\r\nTo: all@example.org\r\n", name, headers);
  if (!weak && !name.starts_with('~')) text += fmt::format("Message-ID: <{}@example.org>\r\n", headers);
  if (!weak) text += "Date: Sat, 3 Oct 2020 10:00:00 +0000\r\nFrom: me@example.org\r\n";
  text += fmt::format("\r\nThis is {}.\r\n", name);
  for (std::size_t lines = number_of(headers) % 5; lines > 0; --lines)
    text += "Lorem ipsum dolor sit amet, consectetur adipisici elit, sed eiusmod tempor.\r\n";
  return text;
}

/// The name of a message; "<damaged>" behind it when its octets are not those of message_of().
inline std::string name_of(const std::string& octets) {
  constexpr std::string_view kField = "X-Name: ";
  const auto end = octets.find("\r\n");
  if (!octets.starts_with(kField) || end == std::string::npos) return "<unknown>";
  auto name = octets.substr(kField.size(), end - kField.size());
  if (message_of(name) != octets) name += "<damaged>";
  return name;
}

inline std::string word(const std::string& name, const std::string& letters) {
  return letters.empty() ? name : name + ":" + letters;
}

inline std::vector<std::string> words(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> all;
  for (std::string each; stream >> each;)
    all.push_back(each);
  return all;
}

inline std::pair<std::string, std::string> split_word(const std::string& text) {
  const auto colon = std::min(text.find(':'), text.size());
  return {text.substr(0, colon), text.substr(std::min(colon + 1, text.size()))};
}

inline void add_message(stores::memory::Mailbox& mailbox, const std::string& text) {
  const auto [name, letters] = split_word(text);
  mailbox.append(message_of(name), to_flags(letters), date_of(name));
}

inline stores::memory::Account to_account(const Mail& mail) {
  stores::memory::Account account;
  account.create(path("INBOX"));
  for (const auto& [name, messages] : mail) {
    auto& mailbox = name == "INBOX" ? *account.find(path(name)) : account.create(path(name));
    for (const auto& message : words(messages))
      add_message(mailbox, message);
  }
  return account;
}

/// Sorted words of each mailbox: the order of messages does not count. What is not as it should be stands behind the
/// word.
inline Mail to_mail(const stores::memory::Account& account) {
  Mail mail;
  for (const auto& [name, mailbox] : account.mailboxes) {
    std::vector<std::string> all;
    for (const auto& message : mailbox.messages) {
      const auto message_name = name_of(message.octets);
      all.push_back(word(message_name, to_letters(message.flags)));
      if (!(message.date == date_of(message_name))) all.back() += "<other date>";
    }
    std::ranges::sort(all);
    mail[name.to_string()] = fmt::format("{}", fmt::join(all, " "));
  }
  return mail;
}

/// A table's mail in the form of to_mail().
inline Mail sorted(const Mail& mail) {
  return to_mail(to_account(mail));
}

}  // namespace mailferry::test
