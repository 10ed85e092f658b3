#include "pair.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <deque>
#include <poll.h>
#include <string_view>
#include <sys/uio.h>

namespace floor_bench {
namespace {

constexpr std::size_t kBuffer = std::size_t{512} << 10;

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
  Pair(const CarryOptions& options, Wire& source, Wire& destination, std::vector<Item> items)
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

  const CarryOptions& options_;
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

}  // namespace

Totals carry(const CarryOptions& options, Wire& source, Wire& destination, std::vector<Item> items) {
  return Pair(options, source, destination, std::move(items)).run();
}

}  // namespace floor_bench
