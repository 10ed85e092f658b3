// The journal against a plain map: random batches, reopened and killed at random moments.
#include "state/journal.hpp"
#include "unit/db/temporary_directory.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <memory>
#include <ostream>
#include <random>
#include <set>

namespace mailferry::state {
namespace {

constexpr Uid kHighestUid = 60;
constexpr std::size_t kRoutes = 3;
constexpr std::array<std::string_view, 4> kFlagTexts = {"", "\\Seen", "\\Seen \\Flagged", "$Label1"};

struct Message {
  Uid destination = 0;
  std::string flags;
  bool operator==(const Message&) const = default;
};

/// What the journal must say, message by message.
struct Model {
  std::map<RouteId, std::map<Uid, Message>> settled;
  std::map<RouteId, std::pair<std::set<Uid>, Uid>> intents;
  std::map<std::pair<RouteId, Uid>, std::string> parked;
  std::map<RouteId, Uid> checkpoints;
  std::map<std::string, std::string> notes;

  bool operator==(const Model&) const = default;

  void apply(const Batch& batch);
};

/// For the message of a failed property.
std::ostream& operator<<(std::ostream& stream, const Model& model) {
  for (const auto& [route, uid_next] : model.checkpoints)
    stream << "\nroute " << route << " up to " << uid_next;
  for (const auto& [route, messages] : model.settled) {
    for (const auto& [uid, message] : messages) {
      stream << "\nroute " << route << ": " << uid << " > " << message.destination << " (" << message.flags << ")";
    }
  }
  for (const auto& [route, intent] : model.intents) {
    stream << "\nintent of " << route << " from " << intent.second << ":";
    for (const Uid uid : intent.first)
      stream << " " << uid;
  }
  for (const auto& [place, reason] : model.parked) {
    stream << "\nparked " << place.first << " " << place.second << ": " << reason;
  }
  for (const auto& [key, value] : model.notes)
    stream << "\nnote " << key << ": " << value;
  return stream;
}

std::set<Uid> members(const UidSet& uids) {
  std::set<Uid> all;
  for (const UidRange& range : uids.ranges()) {
    for (Uid uid = range.first; uid <= range.last; ++uid)
      all.insert(uid);
  }
  return all;
}

void Model::apply(const Batch& batch) {
  for (const Route& route : batch.routes)
    checkpoints[route.id] = route.source_uid_next;
  for (const RouteId route : batch.closed_intents)
    intents.erase(route);
  for (const Intent& intent : batch.intents)
    intents[intent.route] = {members(intent.source), intent.destination_from};
  for (const auto& [route, uids] : batch.forgotten) {
    for (const Uid uid : members(uids))
      settled[route].erase(uid);
  }
  for (const auto& [route, run] : batch.settled) {
    for (Uid step = 0; step < run.count; ++step) {
      settled[route][run.source + step] = {run.destination == 0 ? 0 : run.destination + step, run.flags.to_string()};
    }
  }
  for (const auto& [route, changes] : batch.flags) {
    for (const auto& [uids, flags] : changes) {
      for (const Uid uid : members(uids)) {
        if (const auto found = settled[route].find(uid); found != settled[route].end())
          found->second.flags = flags.to_string();
      }
    }
  }
  for (const auto& [route, uids] : batch.unparked) {
    for (const Uid uid : members(uids))
      parked.erase({route, uid});
  }
  for (const Parked& message : batch.parked)
    parked[{message.route, message.source}] = message.reason;
  for (const auto& [key, value] : batch.notes)
    notes[key] = value;
}

/// What can be seen of a model through the journal: an intent counts as far as it is not settled.
Model visible(Model model) {
  for (auto& [route, intent] : model.intents) {
    for (const auto& [uid, message] : model.settled[route])
      intent.first.erase(uid);
  }
  std::erase_if(model.intents, [](const auto& entry) { return entry.second.first.empty(); });
  std::erase_if(model.settled, [](const auto& entry) { return entry.second.empty(); });
  return model;
}

void read_settled(Journal& journal, RouteId route, std::size_t limit, std::map<Uid, Message>& messages) {
  for (Uid from = 1;;) {
    const std::vector<SettledRun> page = journal.settled(route, from, limit).value();
    if (page.empty()) return;
    for (const SettledRun& run : page) {
      RC_ASSERT(run.source >= from);
      for (Uid step = 0; step < run.count; ++step) {
        const Uid destination = run.destination == 0 ? 0 : run.destination + step;
        RC_ASSERT(messages.emplace(run.source + step, Message{destination, run.flags.to_string()}).second);
      }
      from = run.source + run.count;
    }
  }
}

Model read(Journal& journal, PairId pair, std::size_t limit) {
  Model model;
  const std::vector<Route> routes = journal.routes(pair).value();
  for (const Route& route : routes) {
    model.checkpoints[route.id] = route.source_uid_next;
    read_settled(journal, route.id, limit, model.settled[route.id]);
    RC_ASSERT(journal.settled_uids(route.id).value().size() == model.settled[route.id].size());
  }
  const std::vector<Intent> intents = journal.in_doubt(pair).value();
  for (const Intent& intent : intents) {
    model.intents[intent.route] = {members(intent.source), intent.destination_from};
  }
  const std::vector<Parked> parked = journal.parked(pair).value();
  for (const Parked& message : parked)
    model.parked[{message.route, message.source}] = message.reason;
  for (const char* key : {"a", "b"}) {
    if (const auto value = journal.note(pair, key).value()) model.notes[key] = *value;
  }
  return visible(model);
}

class BatchMaker {
 public:
  explicit BatchMaker(std::vector<RouteId> routes) : routes_(std::move(routes)) {}

  Batch make() {
    Batch batch;
    for (int count = below(8); count > 0; --count)
      batch.settled.emplace_back(route(), run());
    if (below(3) == 0) batch.forgotten.emplace_back(route(), uids());
    if (below(3) == 0) batch.flags.push_back({route(), {{uids(), flags()}, {uids(), flags()}}});
    if (below(2) == 0) batch.intents.push_back({.route = route(), .source = uids(), .destination_from = uid()});
    if (below(4) == 0) batch.closed_intents.push_back(route());
    if (below(4) == 0)
      batch.parked.push_back({.route = route(), .source = uid(), .reason = text(), .remedy = "", .attempts = 1});
    if (below(4) == 0) batch.unparked.emplace_back(route(), uids());
    if (below(4) == 0) batch.notes.emplace_back(below(2) == 0 ? "a" : "b", text());
    if (below(3) == 0) {
      const RouteId id = route();
      batch.routes.push_back({.id = id, .source_uid_next = uid()});
    }
    return batch;
  }

 private:
  static int below(int end) { return *rc::gen::inRange(0, end); }
  static Uid uid() { return *rc::gen::inRange<Uid>(1, kHighestUid + 1); }
  static std::string text() { return std::to_string(below(1000)); }
  static Flags flags() { return Flags::from_string(*rc::gen::elementOf(kFlagTexts)); }
  RouteId route() const { return *rc::gen::elementOf(routes_); }
  static SettledRun run() {
    const Uid source = uid();
    const auto count = *rc::gen::inRange<std::uint32_t>(1, 10);
    // Mostly in step with the source, so that runs have a chance to continue each other.
    const std::array<Uid, 4> destinations = {source, source + 100, 0, *rc::gen::inRange<Uid>(1, 300)};
    return {.source = source, .count = count, .destination = *rc::gen::elementOf(destinations), .flags = flags()};
  }
  static UidSet uids() {
    UidSet set;
    for (int count = below(3) + 1; count > 0; --count) {
      const Uid first = uid();
      set.add(UidRange{first, first + *rc::gen::inRange<Uid>(0, 20)});
    }
    return set;
  }

  std::vector<RouteId> routes_;
};

/// A journal, its file and the model that it must match.
class Subject {
 public:
  Subject() {
    open();
    Batch batch;
    for (std::size_t number = 0; number < kRoutes; ++number) {
      batch.routes.push_back({.source_mailbox = std::to_string(number), .destination_mailbox = "x"});
    }
    apply(batch);
  }

  void open() {
    journal_.reset();
    journal_ = Journal::open(file_).value();
    pair_ = journal_->pair("a@a:1", "b@b:1").value();
  }
  void apply(Batch& batch) {
    RC_ASSERT(journal_->apply(pair_, batch).has_value());
    model_.apply(batch);
  }
  [[nodiscard]] std::vector<RouteId> routes() const {
    std::vector<RouteId> ids;
    for (const auto& [id, checkpoint] : model_.checkpoints)
      ids.push_back(id);
    return ids;
  }
  void check(std::size_t limit) { RC_ASSERT(read(*journal_, pair_, limit) == visible(model_)); }
  [[nodiscard]] const Model& model() const { return model_; }
  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] std::string beside(const std::string& name) const { return directory_.file(name); }

 private:
  test::TemporaryDirectory directory_{test::Medium::memory};
  std::string file_ = directory_.file("state.db");
  std::unique_ptr<Journal> journal_;
  PairId pair_ = 0;
  Model model_;
};

/// What a journal says that finds these two files after a crash.
Model recovered(const std::string& path, const std::string& file, const std::string& log) {
  test::write_file(path, file);
  test::write_file(path + "-wal", log);
  Model model;
  {
    const std::unique_ptr<Journal> journal = Journal::open(path).value();
    model = read(*journal, journal->pair("a@a:1", "b@b:1").value(), 4096);
  }
  std::filesystem::remove(path);
  return model;
}

RC_GTEST_PROP(JournalProperty, SaysWhatAPlainMapSays, ()) {
  Subject subject;
  BatchMaker maker(subject.routes());
  const int steps = *rc::gen::inRange(1, 12);
  for (int step = 0; step < steps; ++step) {
    Batch batch = maker.make();
    subject.apply(batch);
    subject.check(*rc::gen::inRange<std::size_t>(1, 5));
    if (*rc::gen::inRange(0, 4) == 0) subject.open();
  }
  subject.open();
  subject.check(4096);
}

RC_GTEST_PROP(JournalProperty, AKillBetweenTwoBatchesLosesNothing, ()) {
  Subject subject;
  BatchMaker maker(subject.routes());
  const int steps = *rc::gen::inRange(1, 8);
  for (int step = 0; step < steps; ++step) {
    Batch batch = maker.make();
    subject.apply(batch);
  }

  const Model after =
      recovered(subject.beside("copy.db"), test::read_file(subject.file()), test::read_file(subject.file() + "-wal"));

  RC_ASSERT(after == visible(subject.model()));
}

RC_GTEST_PROP(JournalProperty, AKillInsideABatchLeavesAllOrNothingOfIt, ()) {
  Subject subject;
  BatchMaker maker(subject.routes());
  Batch first = maker.make();
  subject.apply(first);
  const Model before = visible(subject.model());
  const std::size_t written = test::read_file(subject.file() + "-wal").size();
  Batch second = maker.make();
  subject.apply(second);
  std::string log = test::read_file(subject.file() + "-wal");
  RC_PRE(log.size() > written);

  log.resize(*rc::gen::inRange(written, log.size()));
  const Model after = recovered(subject.beside("copy.db"), test::read_file(subject.file()), log);

  RC_ASSERT(after == before);
}

}  // namespace
}  // namespace mailferry::state
