#include "auth/oauth/flow_device.hpp"

#include "async/notifier.hpp"
#include "auth/oauth/token_endpoint.hpp"

#include <algorithm>

namespace mailferry::auth {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::minutes kLongest{15};
constexpr std::chrono::seconds kMostInterval{60};

std::unexpected<Error> too_late() {
  return fail(ErrorKind::timeout, Scope::account, "the code was not entered in time", "begin again");
}

FormText question_for(const DeviceCode& device) {
  FormText form;
  form.add("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
  form.add("device_code", device.device_code.reveal());
  return form;
}

/// A fault of the network must not end the wait of somebody who is typing; the questions come more slowly then.
bool may_pass(const Error& error) {
  return error.kind == ErrorKind::network || error.kind == ErrorKind::timeout || error.kind == ErrorKind::throttled;
}

}  // namespace

std::optional<std::chrono::seconds> next_interval(std::chrono::seconds interval, std::string_view code) {
  if (code == "authorization_pending") return interval;
  if (code == "slow_down") return interval + std::chrono::seconds(5);
  return std::nullopt;
}

Task<OAuthTokens> sign_in_by_device(asio::io_context& context, const OAuthSetup& setup, SignInGuide& guide) {
  CO_TRY(const auto device, co_await request_device_code(context, setup));
  guide.enter_code(device.url, device.user_code, device.full_url);
  const auto deadline = Clock::now() + std::min<std::chrono::seconds>(device.lifetime, kLongest);
  auto interval = device.interval;
  async::Notifier never(context);
  while (true) {
    if (Clock::now() + interval > deadline) co_return too_late();
    co_await async::sleep_for(interval, never);
    const auto question = question_for(device);
    auto answer = co_await request_tokens(context, setup, question);
    if (!answer && !may_pass(answer.error())) co_return std::unexpected(std::move(answer).error());
    if (!answer) {
      interval = std::min(interval * 2, kMostInterval);
      continue;
    }
    auto* tokens = std::get_if<OAuthTokens>(&*answer);
    if (tokens != nullptr) co_return std::move(*tokens);
    const auto& refusal = std::get<OAuthRefusal>(*answer);
    const auto next = next_interval(interval, refusal.code);
    if (!next) co_return std::unexpected(to_error(refusal, setup, "the device code"));
    interval = *next;
  }
}

}  // namespace mailferry::auth
