#include "async/run_loop.hpp"
#include "services/accounts.hpp"
#include "services/earlier_runs.hpp"
#include "services/interruption.hpp"
#include "services/steady_pair.hpp"
#include "services/verify.hpp"
#include "stores/imap/imap_store.hpp"

namespace mailferry::services {
namespace {

Task<> list_one(store::Store* store, UnendingSteadiness* steadiness, MailboxSurvey* survey) {
  CO_TRY(auto session, co_await open_steady(*store, *steadiness));
  CO_TRY(auto list, co_await session->list(true));
  survey->source = std::move(list.mailboxes);
  survey->source_unreadable = list.unreadable;
  co_await session->logout();
  co_return Result<>{};
}

Task<> list_both(asio::io_context* context, store::Store* from, store::Store* to, UnendingSteadiness* steadiness,
                 const FoldersRequest* request, MailboxSurvey* survey) {
  sync::SessionPair pair;
  CO_CHECK(co_await open_steady_pair(*context, *from, *to, *steadiness, pair));
  const EarlierRuns earlier(request->state_file, request->from, *request->to);
  CO_TRY(*survey, co_await survey_mailboxes(*context, pair, request->rules, earlier.routes()));
  co_await pair.source->logout();
  co_await pair.destination->logout();
  co_return Result<>{};
}

}  // namespace

FoldersReport run_folders(const FoldersRequest& request) {
  FoldersReport report;
  asio::io_context io{1};
  const Interruption interruption(io);
  stores::imap::ImapStore from(io, to_connect_options(request.from, request.from_secret));
  UnendingSteadiness steadiness(io);
  Result<> done;
  if (request.to) {
    stores::imap::ImapStore to(io, to_connect_options(*request.to, request.to_secret));
    done = async::run_until_done(io, list_both(&io, &from, &to, &steadiness, &request, &report.survey));
  } else {
    done = async::run_until_done(io, list_one(&from, &steadiness, &report.survey));
  }
  if (!done) report.error = std::move(done).error();
  return report;
}

}  // namespace mailferry::services
