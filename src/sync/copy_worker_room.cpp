// What a CopyWorker does when the destination is short of room.
#include "sync/copy_worker.hpp"
#include "sync/identity_match.hpp"

namespace mailferry::sync {
namespace {

/// So many messages of a mailbox that were not tried are named one by one; of the others it says so as a whole.
constexpr std::size_t kNamedUntried = 1000;

class SizeSink final : public store::MetaSink {
 public:
  void message(store::MessageMeta&& meta) override { sizes.emplace_back(meta.octets, meta.uid); }
  Room::Sizes sizes;
};

}  // namespace

/// Of several that were refused together most may fit.
void CopyWorker::refuse_for_room(const InFlight& message, const store::AppendOutcome& outcome) {
  auto& work = *message.work;
  auto error = outcome.result.error();
  error.scope = Scope::message;
  if (outcome.tokens.size() > 1) {
    work.room.refuse_several(error);
    work.doubt.add(message.uid);
    work.careful.add(message.uid);
  } else {
    work.room.refuse(message.octets, error);
    fail_message(work, message.uid, error);
  }
}

/// False: it is not sent (now).
bool CopyWorker::has_room_for(const store::MessageHead& head) {
  auto& work = *current_;
  if (!work.room.tight()) return true;
  if (!work.room.measured()) {
    work.todo.add(head.uid);
    return false;
  }
  if (work.room.may_take(head.octets)) return true;
  fail_message(work, head.uid, work.room.refusal(head.octets));
  return false;
}

/// The sizes of what is left, to begin with the smallest.
Task<> CopyWorker::measure_room(RouteWork& work) {
  auto request = scan_of(work.source, work.route.source_validity);
  request.uids = work.todo;
  request.detail = {.octets = true};
  SizeSink sink;
  const std::vector<store::ScanRequest> requests{std::move(request)};
  const std::vector<store::MetaSink*> sinks{&sink};
  CO_TRY(auto results, co_await pair_.source->scan(requests, sinks));
  if (results.front()) {
    work.room.measure(std::move(sink.sizes), work.todo);
  } else {
    work.report->error = results.front().error();
  }
  co_return Result<>{};
}

/// What is left and not smaller than what was refused is not asked for in this run.
void CopyWorker::give_up_for_room() {
  for (auto& work : context_.queue.routes) {
    if (!work.room.tight() || !work.room.measured() || work.dead() || work.todo.empty()) continue;
    if (work.room.may_take_any(work.todo)) continue;
    auto named = work.todo.take_front(kNamedUntried);
    auto each = named.each();
    for (auto uid = each.next(); uid != 0; uid = each.next())
      fail_message(work, uid, work.room.refusal(std::nullopt));
    if (!work.todo.empty()) work.report->error = work.room.refusal(std::nullopt);
  }
}

}  // namespace mailferry::sync
