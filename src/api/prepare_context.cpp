#include "api/operation.hpp"
#include "api/runtime.hpp"
#include "db/retry.hpp"

namespace codi::api {
namespace {

Task<db::Verdict> read_in(db::Transaction& transaction, PrepareContext const& context,
                          std::function<Task<void>(auth::OpenTx&)> const& body) {
  auth::OpenTx open(transaction, context.facts, context.random);
  auto task = body(open);
  co_await std::move(task);
  co_return db::Verdict::abort;
}

}  // namespace

PrepareContext::PrepareContext(Runtime& runtime, db::RequestFacts const& drawn, Random& drawn_from,
                               auth::Caller const* who)
    : tokens(runtime.tokens),
      hasher(runtime.hasher),
      throttle(runtime.throttle),
      settings(runtime.settings),
      facts(drawn),
      random(drawn_from),
      caller(who),
      engine_(runtime.engine) {}

void PrepareContext::read(std::function<Task<void>(auth::OpenTx&)> const& body) const {
  db::run_read_blocking(engine_, [&](db::Transaction& transaction) { return read_in(transaction, *this, body); });
}

}  // namespace codi::api
