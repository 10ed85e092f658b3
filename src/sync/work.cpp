#include "sync/work.hpp"

#include <algorithm>

namespace mailferry::sync {
namespace {

/// Large enough that a batch costs no turn of its own, small enough that workers share a mailbox evenly.
constexpr std::uint64_t kJobMessages = 2000;
constexpr std::uint64_t kSmallestJob = 16;

bool available(const RouteWork& work) {
  if (work.dead() || work.destination_resolving() || work.todo.empty()) return false;
  return !work.room.tight() || (work.room.measured() && work.room.may_take_any(work.todo));
}

/// Not only for suspects.
bool has_ordinary(const RouteWork& work) {
  if (!available(work)) return false;
  if (work.suspects.empty()) return true;
  auto ordinary = work.todo;
  ordinary.remove(work.suspects.among(work.todo));
  return work.room.tight() ? work.room.may_take_any(ordinary) : !ordinary.empty();
}

}  // namespace

bool lacks_rights(const RouteWork& work) {
  const auto& [flags, new_keywords, known] = work.permanent_flags;
  return known && !(flags.has(SystemFlag::seen) && flags.has(SystemFlag::flagged));
}

void remove_keywords(Flags& flags) {
  const Flags all = flags;
  for (const auto& keyword : all.keywords())
    flags.remove(keyword);
}

RouteWork* WorkQueue::choose(RouteWork* preferred) {
  if (preferred != nullptr && has_ordinary(*preferred)) return preferred;
  RouteWork* best = nullptr;
  for (auto& work : routes) {
    if (!has_ordinary(work)) continue;
    const auto better = [&] {
      if (work.jobs != best->jobs) return work.jobs < best->jobs;
      return work.todo.size() > best->todo.size();
    };
    if (best == nullptr || better()) best = &work;
  }
  return best;
}

std::optional<Job> WorkQueue::take(RouteWork* preferred, std::size_t workers, Trials trials) {
  auto* work = choose(preferred);
  if (work == nullptr) return trials == Trials::allowed ? take_trial() : std::nullopt;
  const auto suspects = work->suspects.among(work->todo);
  work->todo.remove(suspects);
  Job job{.ticket = ++last_ticket_, .work = work, .uids = {}, .careful = false};
  if (work->room.tight()) {
    job.careful = true;
    job.uids = work->room.take_smallest(work->todo);
    work->careful.remove(job.uids);
  } else if (work->careful.contains(work->todo.min())) {
    job.careful = true;
    job.uids = work->todo.take_front(1);
    work->careful.remove(job.uids);
  } else {
    const auto share = work->todo.size() / (workers * 4) + 1;
    const auto count = workers == 1 ? kJobMessages : std::clamp(share, kSmallestJob, kJobMessages);
    job.uids = work->todo.take_front(count);
    const auto held_back = job.uids.intersection(work->careful);
    job.uids.remove(held_back);
    work->todo.add(held_back);
  }
  work->todo.add(suspects);
  ++work->jobs;
  return job;
}

/// Of all mailboxes the suspects whose turn it is: between two attempts with one of them all others have theirs.
std::optional<Job> WorkQueue::take_trial() {
  RouteWork* work = nullptr;
  UidSet waiting;
  for (auto& other : routes) {
    if (!available(other)) continue;
    auto suspects = other.suspects.among(other.todo);
    if (suspects.empty()) continue;
    if (work != nullptr && work->suspects.first_turn(waiting) <= other.suspects.first_turn(suspects)) continue;
    work = &other;
    waiting = std::move(suspects);
  }
  if (work == nullptr) return std::nullopt;
  Job job{.ticket = ++last_ticket_, .work = work, .uids = work->suspects.first_group(waiting), .trial = true};
  if (auto alone = job.uids.intersection(work->careful); !alone.empty()) job.uids = alone.take_front(1);
  job.careful = job.uids.size() == 1 || work->room.tight();
  work->careful.remove(job.uids);
  work->todo.remove(job.uids);
  ++work->jobs;
  return job;
}

RouteWork* WorkQueue::take_doubt() {
  for (auto& work : routes) {
    if (work.dead() || work.doubt.empty() || !work.destination_quiet()) continue;
    work.resolving = true;
    return &work;
  }
  return nullptr;
}

RouteWork* WorkQueue::take_unmeasured() {
  for (auto& work : routes) {
    const bool is_unmeasured = work.room.tight() && !work.room.measured();
    if (work.dead() || !is_unmeasured || work.todo.empty() || !work.doubt.empty() || !work.quiet()) continue;
    work.resolving = true;
    return &work;
  }
  return nullptr;
}

bool WorkQueue::has_todo() const {
  return std::ranges::any_of(routes, available);
}

bool WorkQueue::finished() const {
  return std::ranges::all_of(routes, [](const RouteWork& work) {
    return work.quiet() && (work.dead() || (work.todo.empty() && work.doubt.empty()));
  });
}

std::uint64_t WorkQueue::messages_left() const {
  std::uint64_t left = 0;
  for (const auto& work : routes) {
    if (!work.dead()) left += work.todo.size() + work.doubt.size() + work.in_flight;
  }
  return left;
}

}  // namespace mailferry::sync
