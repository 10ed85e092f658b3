#include "state/journal.hpp"

#include "db/transaction.hpp"
#include "state/account_key.hpp"
#include "state/batch_writer.hpp"
#include "state/run_table.hpp"
#include "state/schema.hpp"

#include <fmt/format.h>

#include <limits>
#include <mutex>

namespace mailferry::state {
namespace {

/// Runs read at a time where the answer is a set.
constexpr std::size_t kPage = 4096;

/// A pair that nothing is on record of was only asked for.
constexpr std::string_view kFindPair =
    "SELECT id FROM pair WHERE source_account IN (?1, ?2) AND destination_account IN (?3, ?4) ORDER BY "
    "EXISTS (SELECT 1 FROM route WHERE route.pair = pair.id) OR EXISTS (SELECT 1 FROM note WHERE note.pair = pair.id) "
    "DESC, (source_account = ?1) + (destination_account = ?3) DESC, id DESC LIMIT 1";

Result<Intent> read_intent(const db::Statement& row, const std::string& path) {
  Result<UidSet> source = UidSet::parse(row.text(1));
  if (!source) {
    return fail(ErrorKind::state_corrupt, Scope::run, fmt::format("{} has an intent without UIDs", path),
                "restore the file from a backup, or move it away to begin a new one");
  }
  return Intent{
      .route = row.integer(0), .source = *std::move(source), .destination_from = static_cast<Uid>(row.integer(2))};
}

}  // namespace

bool Batch::empty() const noexcept {
  return routes.empty() && intents.empty() && closed_intents.empty() && settled.empty() && flags.empty() &&
         forgotten.empty() && parked.empty() && unparked.empty() && notes.empty();
}

struct Journal::Impl {
  explicit Impl(db::Connection opened) : connection(std::move(opened)), runs(connection) {}

  /// As Journal::find_pair(), while the lock is held.
  Result<std::optional<PairId>> find_pair(const std::string& source, const std::string& destination);
  /// The settled UIDs of a route between two, page by page.
  Result<UidSet> settled_between(RouteId route, Uid first, Uid last);
  /// Every row of a query with `key` as its only parameter, read by `read(row) → Result<Item>`.
  template <class Item, class Key, class Read>
  Result<std::vector<Item>> rows(std::string_view sql, const Key& key, Read read);

  std::mutex mutex;
  db::Connection connection;
  RunTable runs;
};

Result<UidSet> Journal::Impl::settled_between(RouteId route, Uid first, Uid last) {
  UidSet uids;
  for (std::uint64_t from = first; from <= last;) {
    TRY(const std::vector<SettledRun> page, runs.page(route, static_cast<Uid>(from), kPage));
    if (page.empty()) break;
    for (const SettledRun& run : page)
      uids.add(UidRange{run.source, static_cast<Uid>(end_of(run) - 1)});
    from = end_of(page.back());
  }
  return uids;
}

template <class Item, class Key, class Read>
Result<std::vector<Item>> Journal::Impl::rows(std::string_view sql, const Key& key, Read read) {
  std::vector<Item> items;
  TRY(db::Statement row, connection.prepare(sql));
  row.bind(key);
  for (;;) {
    TRY(const bool has_row, row.step());
    if (!has_row) return items;
    TRY(Item item, read(row));
    items.push_back(std::move(item));
  }
}

Journal::Journal(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Journal::~Journal() = default;

Result<std::unique_ptr<Journal>> Journal::open(const std::string& path) {
  TRY(db::Connection connection, db::Connection::open(path, kStateFormat));
  return std::unique_ptr<Journal>(new Journal(std::make_unique<Impl>(std::move(connection))));
}

Result<std::optional<PairId>> Journal::Impl::find_pair(const std::string& source, const std::string& destination) {
  TRY(db::Statement find, connection.prepare(kFindPair));
  find.bind(source, twin_key(source), destination, twin_key(destination));
  TRY(const bool is_known, find.step());
  return is_known ? std::optional<PairId>(find.integer(0)) : std::nullopt;
}

Result<PairId> Journal::pair(const std::string& source_account, const std::string& destination_account) {
  const std::scoped_lock lock(impl_->mutex);
  TRY(const auto known, impl_->find_pair(source_account, destination_account));
  if (known) return *known;
  TRY(db::Statement insert,
      impl_->connection.prepare("INSERT INTO pair (source_account, destination_account) VALUES (?1, ?2)"));
  CHECK_OK(insert.run(source_account, destination_account));
  return impl_->connection.integer("SELECT last_insert_rowid()");
}

Result<std::optional<PairId>> Journal::find_pair(const std::string& source_account,
                                                 const std::string& destination_account) {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->find_pair(source_account, destination_account);
}

Result<std::vector<Journal::Pair>> Journal::pairs() {
  const std::scoped_lock lock(impl_->mutex);
  // Every row: ids are above zero.
  return impl_->rows<Pair>("SELECT id, source_account, destination_account FROM pair WHERE id > ?1 ORDER BY id",
                           std::int64_t{0}, [](const db::Statement& row) -> Result<Pair> {
                             return Pair{.id = row.integer(0),
                                         .source_account = std::string(row.text(1)),
                                         .destination_account = std::string(row.text(2))};
                           });
}

Result<std::vector<std::pair<PairId, std::string>>> Journal::pairs_from(const std::string& source_account) {
  const std::scoped_lock lock(impl_->mutex);
  using Row = std::pair<PairId, std::string>;
  TRY(db::Statement row, impl_->connection.prepare(
                             "SELECT id, destination_account FROM pair WHERE source_account IN (?1, ?2) ORDER BY id"));
  row.bind(source_account, twin_key(source_account));
  std::vector<Row> pairs;
  for (;;) {
    TRY(const bool has_row, row.step());
    if (!has_row) return pairs;
    pairs.emplace_back(row.integer(0), row.text(1));
  }
}

Result<std::vector<Route>> Journal::routes(PairId pair) {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->rows<Route>(
      "SELECT id, source_mailbox, destination_mailbox, source_validity, destination_validity, source_uid_next, "
      "source_modseq, source_messages FROM route WHERE pair = ?1 ORDER BY id",
      pair, [](const db::Statement& row) -> Result<Route> {
        return Route{.id = row.integer(0),
                     .source_mailbox = std::string(row.text(1)),
                     .destination_mailbox = std::string(row.text(2)),
                     .source_validity = static_cast<UidValidity>(row.integer(3)),
                     .destination_validity = static_cast<UidValidity>(row.integer(4)),
                     .source_uid_next = static_cast<Uid>(row.integer(5)),
                     .source_modseq = static_cast<ModSeq>(row.integer(6)),
                     .source_messages = static_cast<std::uint32_t>(row.integer(7))};
      });
}

Result<std::vector<Intent>> Journal::open_intents(PairId pair) {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->rows<Intent>(
      "SELECT intent.route, intent.source, intent.destination_from FROM route "
      "JOIN intent ON intent.route = route.id WHERE route.pair = ?1 ORDER BY route.id",
      pair, [this](const db::Statement& row) { return read_intent(row, impl_->connection.path()); });
}

Result<std::vector<Intent>> Journal::in_doubt(PairId pair) {
  TRY(std::vector<Intent> intents, open_intents(pair));
  const std::scoped_lock lock(impl_->mutex);
  for (Intent& intent : intents) {
    TRY(const UidSet settled, impl_->settled_between(intent.route, intent.source.min(), intent.source.max()));
    intent.source.remove(settled);
  }
  std::erase_if(intents, [](const Intent& intent) { return intent.source.empty(); });
  return intents;
}

Result<std::vector<SettledRun>> Journal::settled(RouteId route, Uid from, std::size_t limit) {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->runs.page(route, from, limit);
}

Result<UidSet> Journal::settled_uids(RouteId route) {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->settled_between(route, 1, std::numeric_limits<Uid>::max());
}

Result<Uid> Journal::highest_settled(RouteId route) {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->runs.highest(route);
}

Result<std::vector<Parked>> Journal::parked(PairId pair) {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->rows<Parked>(
      "SELECT parked.route, parked.source, parked.reason, parked.remedy, parked.attempts, parked.since FROM route "
      "JOIN parked ON parked.route = route.id WHERE route.pair = ?1 ORDER BY parked.route, parked.source",
      pair, [](const db::Statement& row) -> Result<Parked> {
        return Parked{.route = row.integer(0),
                      .source = static_cast<Uid>(row.integer(1)),
                      .reason = std::string(row.text(2)),
                      .remedy = std::string(row.text(3)),
                      .attempts = static_cast<int>(row.integer(4)),
                      .since = row.integer(5)};
      });
}

Result<std::optional<std::string>> Journal::note(PairId pair, const std::string& key) {
  const std::scoped_lock lock(impl_->mutex);
  TRY(db::Statement row, impl_->connection.prepare("SELECT value FROM note WHERE pair = ?1 AND key = ?2"));
  row.bind(pair, key);
  TRY(const bool has_row, row.step());
  if (!has_row) return std::nullopt;
  return std::string(row.text(0));
}

Result<> Journal::apply(PairId pair, Batch& batch) {
  if (batch.empty()) return {};
  CHECK_OK(check_batch(batch));
  const std::scoped_lock lock(impl_->mutex);
  TRY(db::Transaction transaction, db::Transaction::begin(impl_->connection));
  TRY(const std::vector<RouteId> ids, BatchWriter(impl_->connection, pair).write(batch));
  CHECK_OK(transaction.commit());
  for (std::size_t at = 0; at < ids.size(); ++at)
    batch.routes[at].id = ids[at];
  return {};
}

}  // namespace mailferry::state
