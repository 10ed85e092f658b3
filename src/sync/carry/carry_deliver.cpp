// The way of a batch's messages to the destination: small ones from memory, mailbox after mailbox; a large one into all
// its mailboxes at once.
#include "sync/carry/carry_batch.hpp"
#include "sync/carry/carry_branch.hpp"

namespace mailferry::sync {
namespace {

/// After so long a large message is read again for a mailbox that no connection was left for.
constexpr std::chrono::seconds kAfterCrowd{2};

}  // namespace

CarryBatch::CarryBatch(CarryContext& context, SourceMailbox& mailbox, store::Session& source, QuotaGate& download,
                       std::function<bool()> others_wait)
    : context_(context),
      mailbox_(mailbox),
      source_(source),
      download_(download),
      others_wait_(std::move(others_wait)),
      read_before_(mailbox.messages_read()) {}

Task<> CarryBatch::deliver() {
  if (whole_.empty()) co_return Result<>{};
  for (auto& route : mailbox_.routes()) {
    std::vector<Whole*> messages;
    for (auto& whole : whole_) {
      if (std::ranges::find(whole.wanted->routes, &route) != whole.wanted->routes.end()) messages.push_back(&whole);
    }
    if (!messages.empty()) CO_CHECK(co_await deliver_to(route, messages));
  }
  whole_.clear();
  whole_octets_ = 0;
  co_return Result<>{};
}

/// Messages that are suspected of breaking connections go one by one: each takes only its own blame, and holds up no
/// other. They go last, and the smallest first: there may be room for some.
Task<> CarryBatch::deliver_to(CarryRoute& route, const std::vector<Whole*>& messages) {
  std::vector<Whole*> together;
  std::vector<Whole*> alone;
  for (auto* whole : messages) {
    const auto suspect = route.troubled.find(whole->wanted->meta.uid);
    const bool is_alone = suspect != route.troubled.end() && suspect->second.alone;
    (is_alone ? alone : together).push_back(whole);
  }
  CO_CHECK(co_await deliver_together(route, together));
  std::ranges::stable_sort(alone, {}, [](const Whole* whole) { return whole->octets.size(); });
  for (auto* whole : alone) {
    std::vector<Whole*> one{whole};
    CO_CHECK(co_await deliver_together(route, std::move(one)));
  }
  co_return Result<>{};
}

/// Whether there is no room for it, as is known from others; then it is put off.
bool CarryBatch::lacks_room(CarryRoute& route, const store::MessageMeta& meta) {
  if (context_.lanes.may_take(meta.octets)) return false;
  route.put_off(meta.uid, context_.lanes.no_room_until());
  return true;
}

Task<> CarryBatch::deliver_together(CarryRoute& route, std::vector<Whole*> messages) {
  std::erase_if(messages, [&](const Whole* whole) { return lacks_room(route, whole->wanted->meta); });
  if (messages.empty()) co_return Result<>{};
  CO_CHECK(co_await mailbox_.intend(route));
  CO_TRY(auto lane, co_await context_.lanes.acquire());
  CarryBranch branch(context_, mailbox_, route, std::move(lane));
  for (const auto* whole : messages) {
    CO_CHECK(co_await branch.begin(whole->head, whole->wanted->meta));
    CO_CHECK(co_await branch.write(whole->octets));
    branch.end(whole->body);
  }
  co_return co_await branch.close();
}

Task<> CarryBatch::begin_branches(const store::MessageHead& head) {
  for (auto* route : current_->routes) {
    if (lacks_room(*route, current_->meta)) continue;
    CO_CHECK(co_await mailbox_.intend(*route));
    if (branches_.empty()) {
      CO_TRY(auto lane, co_await context_.lanes.acquire(Lane::Use::streaming));
      add_branch(*route, std::move(lane));
    } else {
      auto lane = co_await context_.lanes.acquire_one_more();
      if (!lane) {
        read_again_for(*route, head.uid);
        continue;
      }
      add_branch(*route, std::move(*lane));
    }
    CO_CHECK(co_await branches_.back()->begin(head, current_->meta));
  }
  co_return Result<>{};
}

void CarryBatch::read_again_for(CarryRoute& route, Uid uid) {
  route.put_off(uid, std::chrono::steady_clock::now() + kAfterCrowd);
}

void CarryBatch::add_branch(CarryRoute& route, Lane lane) {
  branches_.push_back(std::make_unique<CarryBranch>(context_, mailbox_, route, std::move(lane)));
}

Task<> CarryBatch::end_branches() {
  auto branches = std::exchange(branches_, {});
  for (const auto& branch : branches)
    CO_CHECK(co_await branch->close());
  co_return Result<>{};
}

}  // namespace mailferry::sync
