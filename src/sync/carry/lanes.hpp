// The connections to the destination that all sources share: a few, kept for a while, and rested when the destination
// wants rest.
#pragma once

#include "async/notifier.hpp"
#include "store/store.hpp"
#include "sync/carry/carry_settings.hpp"

#include <deque>
#include <functional>
#include <memory>

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
  /// `on_trouble` hears of each sign-in that failed, with the number of failures in a row.
  using OnTrouble = std::function<void(const Error&, int failures)>;
  Lanes(asio::io_context& context, store::Store& store, const CarrySettings& settings, OnTrouble on_trouble)
      : context_(context), store_(store), settings_(settings), on_trouble_(std::move(on_trouble)), changed_(context) {}

  /// Waits until a connection is free and the destination wants to be asked. Error{cancelled}: stop() was called.
  /// Streams leave one for short work, however many of them stall.
  Task<Lane> acquire(Lane::Use use = Lane::Use::short_work);
  /// Another one to stream for somebody who holds one already, without waiting for others to give theirs back (which
  /// could wait for this one). Error{throttled}: none is to be had now.
  Task<Lane> acquire_one_more();
  /// The destination refused something as a whole (quota, throttling): nobody asks for so long, longer each time.
  void rest(const Error& error);
  /// Something was accepted: the next rest is short again.
  void accepted() noexcept { refusals_ = 0; }
  /// Connections that nobody uses now are not used again.
  void drop_idle() noexcept;
  /// The user wants it to be asked now.
  void ask_again() noexcept;
  void stop() noexcept;

  [[nodiscard]] unsigned open() const noexcept { return open_; }
  /// Until when nobody asks; in the past: not resting.
  [[nodiscard]] std::chrono::steady_clock::time_point resting_until() const noexcept { return resting_until_; }
  [[nodiscard]] int failures() const noexcept { return failures_; }

 private:
  friend class Lane;
  struct Idle {
    std::unique_ptr<store::Session> session;
    std::chrono::steady_clock::time_point since;
  };
  void give_back(std::unique_ptr<store::Session> session, Lane::Use use, bool spoilt) noexcept;
  [[nodiscard]] Lane lend(std::unique_ptr<store::Session> session, Lane::Use use);
  [[nodiscard]] std::unique_ptr<store::Session> take_idle();
  [[nodiscard]] bool may_open(Lane::Use use) const noexcept;
  void drop_stale();
  [[nodiscard]] unsigned most() const noexcept;
  Task<std::unique_ptr<store::Session>> open_session();

  asio::io_context& context_;
  store::Store& store_;
  const CarrySettings& settings_;
  OnTrouble on_trouble_;
  async::Notifier changed_;
  std::deque<Idle> idle_;
  unsigned open_ = 0;
  unsigned streaming_ = 0;  // of these
  int failures_ = 0;
  int refusals_ = 0;
  bool stopped_ = false;
  std::chrono::steady_clock::time_point resting_until_{};
  /// The server had no further connection for us: until then those that are open have to do.
  std::chrono::steady_clock::time_point crowded_until_{};
  unsigned crowded_ = 0;
};

}  // namespace mailferry::sync
