#include "async/run_loop.hpp"
#include "async/task_scope.hpp"
#include "services/accounts.hpp"
#include "services/verify.hpp"
#include "stores/imap/imap_store.hpp"

namespace mailferry::services {
namespace {

Task<> list_one(store::Store* store, MailboxSurvey* survey) {
  CO_TRY(auto session, co_await store->open_session());
  CO_TRY(survey->source, co_await session->list(true));
  co_await session->logout();
  co_return Result<>{};
}

Task<> open_into(store::Store* store, std::unique_ptr<store::Session>* slot) {
  CO_TRY(*slot, co_await store->open_session());
  co_return Result<>{};
}

Task<> list_both(asio::io_context* context, store::Store* from, store::Store* to, const plan::MappingRules* rules,
                 MailboxSurvey* survey) {
  sync::SessionPair pair;
  async::TaskScope scope(*context);
  scope.spawn("connect to the source", open_into(from, &pair.source));
  scope.spawn("connect to the destination", open_into(to, &pair.destination));
  CO_CHECK(co_await scope.join());
  CO_TRY(*survey, co_await survey_mailboxes(*context, pair, *rules));
  co_await pair.source->logout();
  co_await pair.destination->logout();
  co_return Result<>{};
}

}  // namespace

FoldersReport run_folders(const FoldersRequest& request) {
  FoldersReport report;
  asio::io_context io{1};
  stores::imap::ImapStore from(io, to_connect_options(request.from, request.from_secret));
  Result<> done;
  if (request.to) {
    stores::imap::ImapStore to(io, to_connect_options(*request.to, request.to_secret));
    done = async::run_until_done(io, list_both(&io, &from, &to, &request.rules, &report.survey));
  } else {
    done = async::run_until_done(io, list_one(&from, &report.survey));
  }
  if (!done) report.error = std::move(done).error();
  return report;
}

}  // namespace mailferry::services
