// One source and one destination connection and the messages that the floor carries from one to the other.
#pragma once

#include "wire.hpp"

#include <string>
#include <vector>

namespace floor_bench {

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

struct CarryOptions {
  int batch = 500;      // messages in one APPEND; 1: single APPENDs
  bool select = false;  // selects the destination mailbox before it appends
};

/// Fetches all items, pipelined, and appends what comes; both connections are signed in, the mailboxes exist.
[[nodiscard]] Totals carry(const CarryOptions& options, Wire& source, Wire& destination, std::vector<Item> items);

}  // namespace floor_bench
