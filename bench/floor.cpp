// The raw floor: how fast a program that only streams a pipelined FETCH into APPENDs can be. It decides nothing, checks
// nothing, remembers nothing, and expects Dovecot on both sides with the same separator.
#include "wire.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <poll.h>
#include <string>
#include <sys/resource.h>
#include <sys/uio.h>
#include <thread>
#include <vector>

namespace floor_bench {
namespace {

constexpr std::size_t kBuffer = std::size_t{512} << 10;

struct Options {
  Login from;
  Login to;
  int pairs = 1;
  int batch = 500;      // messages in one APPEND; 1: single APPENDs
  bool select = false;  // selects the destination mailbox before it appends
};

// A range of message numbers of one mailbox; the name is as LIST spelled it.
struct Item {
  std::string mailbox;
  long first = 1;
  long last = 0;
};

struct Totals {
  long messages = 0;
  long octets = 0;
};

std::string login_command(const Login& login) {
  return "L LOGIN \"" + login.user + "\" \"" + login.password + "\"\r\n";
}

void write_all(Wire& wire, std::string_view data) {
  while (!data.empty()) {
    const auto count = wire.write_some(data.data(), data.size());
    if (count == 0) wait_for(wire, POLLOUT, nullptr, 0);
    data.remove_prefix(count);
  }
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

// Counts the completions that come back from the destination; needs no more than the start of each line.
class Completions {
 public:
  explicit Completions(Wire& wire) : wire_(wire), chunk_(64 << 10) {}

  void drain() {
    for (std::size_t count; (count = wire_.read_some(chunk_.data(), chunk_.size())) > 0;) {
      for (std::size_t i = 0; i < count; ++i)
        take(chunk_[i]);
    }
  }

  [[nodiscard]] long appends() const { return appends_; }

 private:
  void take(char octet) {
    if (octet != '\n') {
      if (line_.size() < 200) line_.push_back(octet);
      return;
    }
    if (line_.starts_with("A ")) {
      if (!line_.starts_with("A OK")) fail("the destination says: " + line_);
      ++appends_;
    }
    line_.clear();
  }

  Wire& wire_;
  std::vector<char> chunk_;
  std::string line_;
  long appends_ = 0;
};

// One source and one destination connection and the items that they carry across.
class Pair {
 public:
  Pair(const Options& options, Wire& source, Wire& destination, std::vector<Item> items)
      : options_(options),
        source_(source),
        destination_(destination),
        completions_(destination),
        items_(std::move(items)),
        input_(kBuffer) {}

  Totals run() {
    request();
    while (current_ < items_.size()) {
      const auto count = source_.read_some(input_.data() + kept_, input_.size() - kept_);
      if (count == 0) wait_for(source_, POLLIN, &destination_, POLLIN);
      completions_.drain();
      if (count > 0) consume(kept_ + count);
    }
    while (completions_.appends() < commands_) {
      wait_for(destination_, POLLIN, nullptr, 0);
      completions_.drain();
    }
    return totals_;
  }

 private:
  // Everything that will be asked of the source, at once.
  void request() {
    std::string commands;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      const auto& item = items_[i];
      if (i == 0 || items_[i - 1].mailbox != item.mailbox) commands += "X EXAMINE " + item.mailbox + "\r\n";
      commands += "F FETCH " + std::to_string(item.first) + ":" + std::to_string(item.last) +
                  " (UID FLAGS INTERNALDATE BODY.PEEK[])\r\n";
    }
    write_all(source_, commands);
  }

  // Turns input_[0, size) into pieces for the destination, writes them, keeps an unfinished line.
  void consume(std::size_t size) {
    heads_.clear();
    pieces_.clear();
    const char* at = input_.data();
    const char* const end = at + size;
    while (at < end) {
      if (literal_ > 0) {
        const auto count = std::min<std::size_t>(literal_, static_cast<std::size_t>(end - at));
        pieces_.push_back({const_cast<char*>(at), count});
        literal_ -= count;
        at += count;
        continue;
      }
      const char* newline = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
      if (newline == nullptr) break;
      take_line(std::string_view(at, static_cast<std::size_t>(newline - at) - 1));
      at = newline + 1;
    }
    flush();
    kept_ = static_cast<std::size_t>(end - at);
    if (kept_ == input_.size()) fail("a line is too long");
    std::memmove(input_.data(), at, kept_);
  }

  void take_line(std::string_view line) {
    if (line.starts_with("F ")) {
      if (!line.starts_with("F OK")) fail("the source says: " + std::string(line));
      end_command();
      ++current_;
    } else if (line.ends_with('}') && line.starts_with("* ")) {
      take_message(line);
    }
  }

  void take_message(std::string_view line) {
    const auto brace = line.rfind('{');
    std::from_chars(line.data() + brace + 1, line.data() + line.size() - 1, literal_);
    const auto flags = line.find("FLAGS (") + 6;
    const auto flags_end = line.find(')', flags) + 1;
    const auto date = line.find("INTERNALDATE ") + 13;
    std::string head;
    if (in_command_ == options_.batch) end_command();
    if (in_command_ == 0) head = begin_command();
    std::string kept(line.substr(flags, flags_end - flags));
    if (const auto recent = kept.find("\\Recent"); recent != std::string::npos) {
      const bool alone = kept[recent + 7] == ')';
      kept.erase(alone && kept[recent - 1] == ' ' ? recent - 1 : recent, alone && kept[recent - 1] != ' ' ? 7 : 8);
    }
    head.append(" ").append(kept).append(" ").append(line.substr(date, 28)).append(" {");
    head.append(std::to_string(literal_)).append("+}\r\n");
    put(std::move(head));
    ++in_command_;
    ++totals_.messages;
    totals_.octets += static_cast<long>(literal_);
  }

  std::string begin_command() {
    const auto& mailbox = items_[current_].mailbox;
    std::string head;
    if (options_.select && mailbox != selected_) head = "Y SELECT " + mailbox + "\r\n";
    selected_ = mailbox;
    ++commands_;
    return head + "A APPEND " + mailbox;
  }

  void end_command() {
    if (in_command_ > 0) put("\r\n");
    in_command_ = 0;
  }

  void put(std::string text) {
    heads_.push_back(std::move(text));  // a deque: references stay
    pieces_.push_back({heads_.back().data(), heads_.back().size()});
  }

  void flush() {
    if (destination_.has_tls()) return flush_tls();
    for (std::size_t first = 0; first < pieces_.size();) {
      auto sent = destination_.write_pieces(pieces_.data() + first, pieces_.size() - first);
      if (sent == 0) wait_for_destination();
      for (; first < pieces_.size() && sent >= pieces_[first].iov_len; ++first)
        sent -= pieces_[first].iov_len;
      if (sent > 0) {
        pieces_[first].iov_base = static_cast<char*>(pieces_[first].iov_base) + sent;
        pieces_[first].iov_len -= sent;
      }
    }
  }

  // Gathered first, so that the records are full.
  void flush_tls() {
    gathered_.clear();
    for (const auto& piece : pieces_)
      gathered_.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
    for (std::size_t sent = 0; sent < gathered_.size();) {
      const auto count = destination_.write_some(gathered_.data() + sent, gathered_.size() - sent);
      if (count == 0) wait_for_destination();
      sent += count;
    }
  }

  void wait_for_destination() {
    wait_for(destination_, POLLOUT | POLLIN, nullptr, 0);
    completions_.drain();
  }

  const Options& options_;
  Wire& source_;
  Wire& destination_;
  Completions completions_;
  std::vector<Item> items_;
  std::size_t current_ = 0;  // the item whose messages arrive now
  std::vector<char> input_;
  std::size_t kept_ = 0;     // octets of an unfinished line at the start of input_
  std::size_t literal_ = 0;  // octets of the current message still to come
  std::deque<std::string> heads_;
  std::vector<iovec> pieces_;
  std::string gathered_;
  std::string selected_;  // on the destination
  int in_command_ = 0;    // messages in the APPEND being written
  long commands_ = 0;
  Totals totals_;
};

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
      totals[i] = Pair(options, own_source, own_destination, std::move(hands[i])).run();
    });
  }
  totals[0] = Pair(options, source, destination, std::move(hands[0])).run();
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
      options.select = true;
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
      options.batch = std::atoi(value());
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
