// The connections to the destination that all sources share: a few, kept for a while, and rested when the destination
// wants rest.
#pragma once

#include "async/notifier.hpp"
#include "store/store.hpp"
#include "sync/carry/carry_settings.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <set>

namespace mailferry::sync {

class Lanes;

/// One session, borrowed. It goes back when this ends; a closed or spoilt one is dropped.
class Lane {
 public:
  /// What it is borrowed for: small things that are soon over, or large messages that may stall with their source.
  enum class Use { short_work, streaming };
  Lane(Lanes& lanes, std::unique_ptr<store::Session> session, Use use)
      : lanes_(&lanes), session_(std::move(session)), use_(use) {}
  ~Lane();
  Lane(Lane&& other) noexcept
      : lanes_(std::exchange(other.lanes_, nullptr)),
        session_(std::move(other.session_)),
        use_(other.use_),
        spoilt_(other.spoilt_) {}
  Lane& operator=(Lane&&) = delete;
  [[nodiscard]] store::Session& operator*() const noexcept { return *session_; }
  [[nodiscard]] store::Session* operator->() const noexcept { return session_.get(); }
  /// The session cannot be used any more.
  void spoil() noexcept { spoilt_ = true; }

 private:
  Lanes* lanes_;
  std::unique_ptr<store::Session> session_;
  Use use_;
  bool spoilt_ = false;
};

class Lanes {
 public:
  /// Who wants to hear of the destination. Called on the network thread; must not wait.
  class Listener {
   public:
    virtual ~Listener() = default;
    /// The first sign-in since the start, or since a failure, went well.
    virtual void connected() = 0;
    /// A sign-in failed.
    virtual void sign_in_failed(const Error& error) = 0;
    /// So many attempts in a row failed: it is down.
    virtual void went_down(const Error& error, int attempts) = 0;
    virtual void came_back() = 0;
  };
  /// All must outlive it.
  Lanes(asio::io_context& context, store::Store& store, const CarrySettings& settings, Listener& listener)
      : store_(store), settings_(settings), listener_(listener), changed_(context) {}

  /// Waits until a connection is free and the destination wants to be asked. Error{cancelled}: stop() was called.
  /// Streams leave one for short work, however many of them stall, where there may be more than one.
  Task<Lane> acquire(Lane::Use use = Lane::Use::short_work);
  /// Another one to stream for somebody who holds one already, without waiting for others to give theirs back (which
  /// could wait for this one). Error{throttled}: none is to be had now.
  Task<Lane> acquire_one_more();
  /// A connection broke, or the destination refused something as a whole (quota, throttling): nobody asks for so long,
  /// longer each time, and as long as the settings allow once it is down.
  void rest(const Error& error);
  /// A message alone found no room: until that pause is over, may_take() says no for its size and larger ones. Smaller
  /// ones may fit still. Where there is no room for an ordinary message, the destination is down.
  void refuse_for_room(std::uint64_t octets, const Error& error);
  /// There may be room for a message of this size.
  [[nodiscard]] bool may_take(std::uint64_t octets) const noexcept;
  /// When larger messages than there was room for are tried again.
  [[nodiscard]] std::chrono::steady_clock::time_point no_room_until() const noexcept { return no_room_until_; }
  /// A message of this size was accepted: the next rest is short again, and there is room for as much.
  void accepted(std::uint64_t octets = 0);
  /// The same for something that is no message, such as labels.
  void worked();
  /// Connections that nobody uses now are not used again.
  void drop_idle() noexcept;
  /// The user wants it to be asked now.
  void ask_again() noexcept;
  void stop() noexcept;
  /// Also what is borrowed is of no use any more: whoever waits in it gets an error.
  void close_all() noexcept;

  /// Never more than the settings allow.
  [[nodiscard]] unsigned open() const noexcept { return open_; }
  /// So many may stream at the same time.
  [[nodiscard]] unsigned most_streams() const noexcept { return std::max(2U, most()) - 1; }
  /// Until when nobody asks; in the past: not resting.
  [[nodiscard]] std::chrono::steady_clock::time_point resting_until() const noexcept { return resting_until_; }
  /// Failed so often in a row that people should know, or cannot work before they do something, and was asked lately.
  [[nodiscard]] bool is_down() const noexcept;
  /// How many messages it has accepted.
  [[nodiscard]] std::uint64_t taken() const noexcept { return taken_; }
  /// When it let us in, took a message or did something else for us; nothing: never.
  [[nodiscard]] std::optional<std::chrono::system_clock::time_point> last_success() const noexcept {
    return last_success_;
  }
  /// It was reached at least once.
  [[nodiscard]] bool has_worked() const noexcept { return last_success_.has_value(); }

 private:
  friend class Lane;
  struct Idle {
    std::unique_ptr<store::Session> session;
    std::chrono::steady_clock::time_point since;
  };
  struct Failures {
    int in_a_row = 0;
    bool lasting = false;  // the last one will not pass by itself
  };
  void give_back(std::unique_ptr<store::Session> session, Lane::Use use, bool spoilt) noexcept;
  [[nodiscard]] std::unique_ptr<store::Session> take_idle();
  [[nodiscard]] bool has_room(Lane::Use use) const noexcept;
  Task<Lane> borrow(Lane::Use use);
  [[nodiscard]] Lane lend(std::unique_ptr<store::Session> session, Lane::Use use);
  void drop_stale();
  void rest_after(Failures& failures, const Error& error);
  /// How long to wait after that many failures.
  [[nodiscard]] std::chrono::milliseconds pause_after(const Failures& failures, const Error& error) const;
  [[nodiscard]] bool means_down(const Failures& failures) const noexcept;
  void look_whether_back();
  void make_do(const Error& refusal);
  [[nodiscard]] unsigned most() const noexcept;
  Task<std::unique_ptr<store::Session>> open_session();

  store::Store& store_;
  const CarrySettings& settings_;
  Listener& listener_;
  async::Notifier changed_;
  std::deque<Idle> idle_;
  std::set<store::Session*> lent_;
  unsigned open_ = 0;
  std::uint64_t asked_ = 0;  // how many sessions were begun
  unsigned streaming_ = 0;   // of these
  Failures sign_ins_;
  Failures refusals_;  // of what came behind them
  Failures no_room_;   // for messages from this size on, until then
  std::uint64_t no_room_from_ = 0;
  std::chrono::steady_clock::time_point no_room_until_{};
  std::uint64_t taken_ = 0;
  std::optional<std::chrono::system_clock::time_point> last_success_;
  bool stopped_ = false;
  bool knows_names_ = false;
  bool is_news_ = true;  // that it can be signed in to
  bool down_ = false;
  std::chrono::steady_clock::time_point resting_until_{};
  std::chrono::steady_clock::time_point down_until_{};
  /// The server had no further connection for us: until then those that are open have to do.
  std::chrono::steady_clock::time_point crowded_until_{};
  unsigned crowded_ = 0;
};

}  // namespace mailferry::sync
