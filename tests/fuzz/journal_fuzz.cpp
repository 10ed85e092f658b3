// Laws of a state file that was damaged: whatever the octets are, or the texts in its tables, opening and reading it
// ends, an error is of a kind that tells the user to look after the file, and what is given out is possible.
// The first octet chooses the file and what the rest does to it:
//   0  overwrites octets of a closed file;
//   1  the same with the log (-wal) of a file that was left open;
//   2  the same with that file beside its log;
//   3  rows for the tables, a line each: see put_rows().
// An overwriting takes four octets: what to do, where (two), and the octet.
#include "db/connection.hpp"
#include "fuzz/law.hpp"
#include "fuzz/scratch_folder.hpp"
#include "state/journal.hpp"
#include "state/run_table.hpp"
#include "state/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace mailferry::state {
namespace {

constexpr std::string_view kFrom = "ann@old.example.org:993";
constexpr std::string_view kTo = "ann@new.example.org:993";
/// More do not damage better, and take time.
constexpr std::size_t kMostChanges = 16;

const std::string& file_of(std::string_view ending) {
  static const ScratchFolder folder;
  static const std::string file = folder.file("state.db");
  static const std::string log = file + "-wal";
  return ending.empty() ? file : log;
}

/// Two routes, rows of all kinds, and enough of them for several pages.
void fill(Journal& journal, PairId pair) {
  Batch routes;
  routes.routes = {{.source_mailbox = "INBOX",
                    .destination_mailbox = "INBOX",
                    .source_validity = 7,
                    .destination_validity = 8,
                    .source_uid_next = 2000},
                   {.source_mailbox = "Work/Old\\/New", .destination_mailbox = "Work", .source_validity = 9}};
  require_law("routes are stored", journal.apply(pair, routes).has_value());
  Batch batch;
  for (Uid uid = 1; uid < 60; uid += 3) {
    batch.settled.emplace_back(routes.routes[0].id,
                               SettledRun{.source = uid,
                                          .count = 2,
                                          .destination = uid + 100,
                                          .flags = Flags::from_string(uid % 2 == 0 ? "\\Seen $Label1" : "\\Answered")});
  }
  batch.settled.emplace_back(routes.routes[1].id, SettledRun{.source = 5, .count = 4294967200U - 5});
  batch.intents = {{.route = routes.routes[0].id, .source = UidSet({50, 70}), .destination_from = 150}};
  // A text too long for one page.
  batch.parked = {
      {.route = routes.routes[0].id, .source = 901, .reason = std::string(5000, 'r'), .remedy = "none", .attempts = 2}};
  batch.notes = {{"slowest append", "1200"}};
  require_law("messages are stored", journal.apply(pair, batch).has_value());
  Batch far;
  far.settled = {{routes.routes[0].id, SettledRun{.source = 4000, .count = 1, .destination = 0}}};
  require_law("a row far away is stored", journal.apply(pair, far).has_value());
}

struct Image {
  std::string file;
  std::string log;
};

void put(const Image& image) {
  const auto& file = file_of("");
  std::error_code ignored;
  for (const auto* ending : {"-journal", "-shm", ".lock", "-wal"})
    std::filesystem::remove(file + ending, ignored);
  write_whole(file, image.file);
  if (!image.log.empty()) write_whole(file_of("-wal"), image.log);
}

Image make_image(bool closed) {
  const auto& file = file_of("");
  put({});
  std::filesystem::remove(file);
  auto journal = Journal::open(file).value();
  const auto pair = journal->pair(std::string(kFrom), std::string(kTo)).value();
  // Not all is in the log: the file has the routes, too.
  if (!closed) {
    journal.reset();
    journal = Journal::open(file).value();
  }
  fill(*journal, pair);
  if (closed) journal.reset();
  Image image{.file = read_whole(file), .log = read_whole(file_of("-wal"))};
  return image;
}

const Image& image_of(bool closed) {
  static const Image whole = make_image(true);
  static const Image open = make_image(false);
  return closed ? whole : open;
}

void damage(std::string& octets, std::string_view changes) {
  constexpr std::size_t kChange = 4;
  changes = changes.substr(0, kMostChanges * kChange);
  for (; changes.size() >= kChange && !octets.empty(); changes.remove_prefix(kChange)) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(changes[i]); };
    const std::size_t place = (std::size_t{at(1)} << 8U | at(2)) % octets.size();
    switch (at(0) % 8) {
      case 0:
        octets.resize(place);
        break;
      case 1:  // a piece elsewhere, as a file system may do it
        octets.replace(place, 512, octets.substr(std::size_t{at(3)} * 512 % octets.size(), 512));
        break;
      case 2:
        octets[place] = static_cast<char>(octets[place] ^ changes[3]);
        break;
      default:
        octets[place] = changes[3];
    }
  }
}

bool is_told_well(const Error& error) {
  const bool has_kind =
      error.kind == ErrorKind::state_corrupt || error.kind == ErrorKind::local_io || error.kind == ErrorKind::usage;
  return has_kind && error.scope == Scope::run && !error.message.empty() && !error.remedy.empty();
}

/// The value, or nothing when there was an error, which has to be one of the kinds that may be.
template <class T>
std::optional<T> checked(Result<T> result) {
  if (result) return *std::move(result);
  if (!is_told_well(result.error())) require_equal("damage is told as damage", result.error().describe(), "");
  return {};
}

bool is_ok(const Result<>& result) {
  if (!result) require_law("damage is told as damage", is_told_well(result.error()));
  return result.has_value();
}

void read_runs(Journal& journal, RouteId route) {
  std::uint64_t from = 1;
  UidSet seen;
  while (from <= 0xFFFFFFFFU) {
    const auto page = checked(journal.settled(route, static_cast<Uid>(from), 64));
    if (!page) return;
    if (page->empty()) break;
    for (const auto& run : *page) {
      require_law("runs are possible", is_possible(run));
      require_law("runs ascend and do not overlap", run.source >= from);
      from = end_of(run);
      seen.add(UidRange{run.source, static_cast<Uid>(from - 1)});
    }
  }
  const auto uids = checked(journal.settled_uids(route));
  require_law("the settled UIDs are those of the runs", !uids || *uids == seen);
}

void read_pair(Journal& journal, PairId pair) {
  for (const auto& intent : checked(journal.open_intents(pair)).value_or(std::vector<Intent>{}))
    require_law("an intent has UIDs", !intent.source.empty());
  for (const auto& intent : checked(journal.in_doubt(pair)).value_or(std::vector<Intent>{}))
    require_law("what is in doubt has UIDs", !intent.source.empty());
  for (const auto& parked : checked(journal.parked(pair)).value_or(std::vector<Parked>{}))
    require_law("what is parked has a UID", parked.source > 0);
  (void)checked(journal.note(pair, "slowest append"));
  for (const auto& route : checked(journal.routes(pair)).value_or(std::vector<Route>{}))
    read_runs(journal, route.id);
}

/// Nothing that was read may keep a later run from going on, or it says why.
void write_pair(Journal& journal, PairId pair) {
  Batch batch;
  batch.routes = {{.source_mailbox = "New", .destination_mailbox = "New", .source_validity = 1}};
  if (!is_ok(journal.apply(pair, batch))) return;
  const auto routes = checked(journal.routes(pair));
  if (!routes || routes->empty()) return;
  const auto route = routes->front().id;
  Batch more;
  more.settled = {{route, SettledRun{.source = 10, .count = 4, .destination = 4000}}};
  more.forgotten = {{route, UidSet({30, 35})}};
  more.flags = {{route, {{UidSet({1, 200}), Flags::from_string("\\Draft")}}}};
  (void)is_ok(journal.apply(pair, more));
  read_pair(journal, pair);
}

void read_everything() {
  auto journal = checked(Journal::open(file_of("")));
  if (!journal) return;
  (void)checked((*journal)->pairs_from(std::string(kFrom)));
  const auto pair = checked((*journal)->pair(std::string(kFrom), std::string(kTo)));
  if (!pair) return;
  read_pair(**journal, *pair);
  write_pair(**journal, *pair);
  journal.reset();
  const auto again = checked(Journal::open(file_of("")));
  if (again) read_pair(**again, *pair);
}

std::string_view take_word(std::string_view& line, char end = ' ') {
  const auto word = line.substr(0, line.find(end));
  line.remove_prefix(std::min(word.size() + 1, line.size()));
  return word;
}

std::int64_t take_number(std::string_view& line) {
  const auto word = take_word(line);
  std::int64_t number = 0;
  std::from_chars(word.data(), word.data() + word.size(), number);
  return number;
}

/// "s FIRST LAST RUNS" (a ';' is a line end in RUNS), "i SOURCE", "p UID REASON", "r MAILBOX": what the schema refuses
/// is not put.
void put_row(db::Connection& connection, std::string_view line) {
  const auto run = [&](std::string_view sql, const auto&... values) {
    auto statement = connection.prepare(sql);
    require_law("the schema is the one of this program", statement.has_value());
    (void)statement->run(values...);
  };
  const auto kind = take_word(line);
  if (kind == "s") {
    const auto first = take_number(line);
    const auto last = take_number(line);
    std::string runs(line);
    std::ranges::replace(runs, ';', '\n');
    run("INSERT OR REPLACE INTO settled VALUES (1, ?1, ?2, ?3)", first, last, runs);
  } else if (kind == "i") {
    run("INSERT OR REPLACE INTO intent VALUES (2, ?1, 1)", line);
  } else if (kind == "p") {
    const auto uid = take_number(line);
    run("INSERT OR REPLACE INTO parked VALUES (2, ?1, ?2, ?2, 1, 0)", uid, line);
  } else if (kind == "r") {
    run("UPDATE OR IGNORE route SET source_mailbox = ?1 WHERE id = 2", line);
  }
}

void put_rows(std::string_view lines) {
  auto connection = db::Connection::open(file_of(""), kStateFormat).value();
  require_law("rows are put at once", connection.execute("BEGIN").has_value());
  for (std::size_t count = 0; !lines.empty() && count < 2 * kMostChanges; ++count)
    put_row(connection, take_word(lines, '\n'));
  require_law("rows are put", connection.execute("COMMIT").has_value());
}

void check(std::uint8_t what, std::string_view changes) {
  const int mode = what % 4;
  Image image = image_of(mode == 0 || mode == 3);
  if (mode == 0 || mode == 2) damage(image.file, changes);
  if (mode == 1) damage(image.log, changes);
  put(image);
  if (mode == 3) put_rows(changes);
  read_everything();
}

}  // namespace
}  // namespace mailferry::state

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string input(data + 1, data + size);
  mailferry::state::check(data[0], input);
  return 0;
}
