// The raw floor: how fast a program that only streams a pipelined FETCH into APPENDs can be. It decides nothing, checks
// nothing, remembers nothing, and expects Dovecot on both sides with the same separator.
#include "pair.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <thread>
#include <vector>

namespace floor_bench {
namespace {

constexpr std::size_t kBuffer = std::size_t{512} << 10;

struct Options {
  Login from;
  Login to;
  int pairs = 1;
  CarryOptions carry;
};

std::string login_command(const Login& login) {
  return "L LOGIN \"" + login.user + "\" \"" + login.password + "\"\r\n";
}

// Reads lines (no literals) until the tagged completion `tag`; hands each to `use`.
template <typename Use>
void read_lines(Wire& wire, std::string_view tag, Use use) {
  std::string text;
  std::vector<char> chunk(kBuffer);
  for (;;) {
    for (std::size_t end; (end = text.find("\r\n")) != std::string::npos; text.erase(0, end + 2)) {
      const std::string_view line(text.data(), end);
      use(line);
      if (line.starts_with(tag) && line.substr(tag.size()).starts_with(" ")) return;
    }
    const auto count = wire.read_some(chunk.data(), chunk.size());
    if (count == 0) wait_for(wire, POLLIN, nullptr, 0);
    text.append(chunk.data(), count);
  }
}

// Dovecot's login process takes no more than a few commands before it knows the user: mail must wait for the answer.
void await_login(Wire& wire) {
  read_lines(wire, "L", [](std::string_view) {});
}

struct MailboxCount {
  std::string name;
  long messages = 0;
};

// Signs in and asks for all mailboxes and their sizes in one turn.
std::vector<MailboxCount> list_source(Wire& wire, const Login& login) {
  write_all(wire, login_command(login) + "S LIST \"\" \"*\" RETURN (STATUS (MESSAGES))\r\n");
  std::vector<MailboxCount> found;
  read_lines(wire, "S", [&](std::string_view line) {
    constexpr std::string_view kStatus = "* STATUS ";
    if (!line.starts_with(kStatus)) return;
    const auto open = line.rfind(" (MESSAGES ");
    long messages = 0;
    std::from_chars(line.data() + open + 11, line.data() + line.size(), messages);
    found.push_back({std::string(line.substr(kStatus.size(), open - kStatus.size())), messages});
  });
  return found;
}

// Several pairs must wait for this: each appends to mailboxes that only the first connection creates.
void create_all(Wire& wire, const std::vector<MailboxCount>& mailboxes, bool wait) {
  std::string commands;
  for (const auto& mailbox : mailboxes)
    commands += "C CREATE " + mailbox.name + "\r\n";  // NO: there already
  write_all(wire, commands + "N NOOP\r\n");
  if (wait) read_lines(wire, "N", [](std::string_view) {});
}

// Cuts large mailboxes into pieces and deals them out, the largest first, to the pair that has the least.
std::vector<std::vector<Item>> deal(const std::vector<MailboxCount>& mailboxes, int pairs) {
  long total = 0;
  for (const auto& mailbox : mailboxes)
    total += mailbox.messages;
  const long piece = pairs == 1 ? total + 1 : total / (4 * pairs) + 1;
  std::vector<Item> items;
  for (const auto& mailbox : mailboxes) {
    for (long first = 1; first <= mailbox.messages; first += piece) {
      items.push_back({mailbox.name, first, std::min(first + piece - 1, mailbox.messages)});
    }
  }
  std::stable_sort(items.begin(), items.end(),
                   [](const Item& a, const Item& b) { return a.last - a.first > b.last - b.first; });
  std::vector<std::vector<Item>> hands(static_cast<std::size_t>(pairs));
  std::vector<long> load(hands.size());
  for (auto& item : items) {
    const auto lightest = static_cast<std::size_t>(std::min_element(load.begin(), load.end()) - load.begin());
    load[lightest] += item.last - item.first + 1;
    hands[lightest].push_back(std::move(item));
  }
  return hands;
}

Totals copy(const Options& options) {
  Wire source(options.from);
  Wire destination(options.to);
  write_all(destination, login_command(options.to));
  const auto mailboxes = list_source(source, options.from);
  await_login(destination);
  create_all(destination, mailboxes, options.pairs > 1);
  auto hands = deal(mailboxes, options.pairs);
  std::vector<Totals> totals(hands.size());
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < hands.size(); ++i) {
    others.emplace_back([&, i] {
      Wire own_source(options.from);
      Wire own_destination(options.to);
      write_all(own_source, login_command(options.from));
      write_all(own_destination, login_command(options.to));
      await_login(own_destination);
      totals[i] = carry(options.carry, own_source, own_destination, std::move(hands[i]));
    });
  }
  totals[0] = carry(options.carry, source, destination, std::move(hands[0]));
  for (auto& other : others)
    other.join();
  Totals sum;
  for (const auto& one : totals) {
    sum.messages += one.messages;
    sum.octets += one.octets;
  }
  return sum;
}

Options read_options(int argc, char** argv) {
  Options options;
  options.from.user = options.to.user = "alice";
  options.from.password = options.to.password = "secret";
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    const auto value = [&] { return ++i < argc ? argv[i] : (fail("a value is missing"), ""); };
    if (name == "--select")
      options.carry.select = true;
    else if (name == "--from")
      options.from.port = std::atoi(value());
    else if (name == "--to")
      options.to.port = std::atoi(value());
    else if (name == "--from-user")
      options.from.user = value();
    else if (name == "--to-user")
      options.to.user = value();
    else if (name == "--from-password")
      options.from.password = value();
    else if (name == "--to-password")
      options.to.password = value();
    else if (name == "--from-ca")
      options.from.ca = value();
    else if (name == "--to-ca")
      options.to.ca = value();
    else if (name == "--pairs")
      options.pairs = std::atoi(value());
    else if (name == "--batch")
      options.carry.batch = std::atoi(value());
    else
      fail("unknown option " + std::string(name));
  }
  return options;
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace
}  // namespace floor_bench

int main(int argc, char** argv) {
  using namespace floor_bench;
  const auto options = read_options(argc, argv);
  const auto started = std::chrono::steady_clock::now();
  const auto totals = copy(options);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - started;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("{\"wall\": %.4f, \"cpu\": %.4f, \"messages\": %ld, \"octets\": %ld}\n", wall.count(),
              seconds(usage.ru_utime) + seconds(usage.ru_stime), totals.messages, totals.octets);
  return 0;
}
