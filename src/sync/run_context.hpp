// What the parts of one run share. Lives on the network thread.
#pragma once

#include "async/notifier.hpp"
#include "async/task_scope.hpp"
#include "store/store.hpp"
#include "sync/journal_writer.hpp"
#include "sync/progress.hpp"
#include "sync/report.hpp"
#include "sync/work.hpp"

namespace mailferry::sync {

/// What the user can fix; zero means: by measurement.
struct RunSettings {
  unsigned connections = 0;
  unsigned most_connections = 4;
  std::size_t window_octets = 0;
  int attempts = 6;  // of a broken connection without progress in between
  /// How long a destination must have been at rest, at least, before what is in doubt is looked up. A loaded server was
  /// seen to store 800 messages half a second after the connection had gone.
  std::chrono::milliseconds least_quiet{2'000};
  /// Before messages are sent again that the destination refused for now.
  std::chrono::milliseconds refusal_pause{1'000};
  /// A destination that seems to have been set back may only lag behind another server of the same mail: it is looked
  /// at again after so long.
  std::chrono::milliseconds second_look{20'000};
};

/// Key of the note that keeps RunContext::slowest_append, in milliseconds, for the run after a crash.
inline constexpr const char* kSlowestAppendNote = "slowest_append_ms";

struct RunContext {
  asio::io_context& io;
  store::Store& source;
  store::Store& destination;
  JournalWriter& journal;
  RunSettings settings;
  Progress& progress;
  Report& report;
  WorkQueue queue;
  async::Notifier stop_requested;
  async::Notifier stop_measuring;
  bool stopping = false;
  std::size_t workers = 0;
  std::uint64_t accepted = 0;  // messages that the destination said to have
  /// The longest that an append took from its last octet to its answer; how long a broken connection's work may go on
  /// unseen.
  std::chrono::milliseconds slowest_append{0};

  RunContext(asio::io_context& context, store::Store& from, store::Store& to, JournalWriter& writer, RunSettings wanted,
             Progress& counters, Report& result)
      : io(context),
        source(from),
        destination(to),
        journal(writer),
        settings(wanted),
        progress(counters),
        report(result),
        queue(context),
        stop_requested(context),
        stop_measuring(context) {}

  /// The connections of the workers, for abandon().
  std::vector<struct SessionPair*> pairs;

  /// Closes the workers' connections: what they carried is in doubt and will be looked up by the next run.
  void abandon();

  /// Ends the run after what is in flight.
  void stop() {
    stopping = true;
    stop_requested.notify_all();
    queue.notify();
  }
};

/// A connection to each side.
struct SessionPair {
  std::unique_ptr<store::Session> source;
  std::unique_ptr<store::Session> destination;

  [[nodiscard]] bool connected() const noexcept { return source && destination; }
  void close() noexcept {
    if (source) source->close();
    if (destination) destination->close();
    source.reset();
    destination.reset();
  }
};

/// Opens both sides at the same time.
Task<> connect_pair(RunContext& context, SessionPair& pair);

/// The same for the first connections of a run: a server that takes no more of them now is asked again, with pauses.
/// Anything else ends it at once, as nothing is known yet of servers that were misspelt.
Task<> connect_first(RunContext& context, SessionPair& pair);

/// Makes SteadySessions of both sides, which may be absent; those that are such already stay as they are.
void make_steady(RunContext& context, SessionPair& pair);

}  // namespace mailferry::sync
