#include "api/reaper.hpp"

#include "api/claim_flow.hpp"
#include "api/idempotency.hpp"
#include "api/retention.hpp"
#include "api/session_flow.hpp"
#include "api/waiting_line.hpp"
#include "auth/directory.hpp"
#include "auth/revocation.hpp"
#include "base/log.hpp"
#include "db/claims.hpp"
#include "db/due.hpp"
#include "db/messages.hpp"
#include "db/projects.hpp"
#include "db/retry.hpp"
#include "db/sessions.hpp"

namespace codi::api {
namespace {

Task<void> reap_session(db::Tx& tx, db::Due due) {
  ProjectId const project_id{due.scope};
  SessionId const id{due.id};
  auto const project = co_await db::get_project(tx, project_id);
  auto const session = project ? co_await db::get_session(tx, project_id, id) : std::optional<models::Session>();
  if (!project || !session) {
    co_await auth::Directory::remove_session_token(tx, id);
    co_return;
  }
  if (session->ended_at) {
    auto const ended = co_await end_some_claims(tx, *project, id);
    co_await serve_line(tx, *project, ended);
    co_return;
  }
  if (auto const again = coordination::next_check(tx.now(), session->expires_at, tx.facts().leases.grace)) {
    due.at = *again;
    tx.due(due);
    co_return;
  }
  co_await end_session(tx, *project, *session, "expired");
}

Task<void> reap_claim(db::Tx& tx, db::Due due) {
  ProjectId const project_id{due.scope};
  auto const project = co_await db::get_project(tx, project_id);
  if (!project) co_return;
  auto const claim = co_await db::get_claim(tx, project_id, ClaimId{due.id});
  if (!claim || claim->state == models::ClaimState::ended) co_return;
  if (auto const again = coordination::next_check(tx.now(), claim->expires_at, tx.facts().leases.grace)) {
    due.at = *again;
    tx.due(due);
    co_return;
  }
  co_await expire_claim(tx, *project, *claim);
  std::vector<models::Claim> const ended{*claim};
  co_await serve_line(tx, *project, ended);
}

Task<void> reap_ticket(db::Tx& tx, db::Due due) {
  auto const project = co_await db::get_project(tx, ProjectId{due.scope});
  if (project) co_await look_after_ticket(tx, *project, TicketId{due.id});
}

Task<void> reap_message(db::Tx& tx, db::Due due) {
  auto const project = co_await db::get_project(tx, ProjectId{due.scope});
  if (project) co_await db::expire_message(tx, project->id, MessageId{due.id});
}

Task<void> reap_waiter(db::Tx& tx, db::Due due) {
  auto const project = co_await db::get_project(tx, ProjectId{due.scope});
  if (project) co_await look_after_waiter(tx, *project, SessionId{due.id});
}

// What is due is removed from the index first; whoever must look again enters it anew.
Task<void> reap(db::Tx& tx, db::Due due) {
  tx.not_due(due);
  switch (due.kind) {
    case db::DueKind::session: co_await reap_session(tx, due); co_return;
    case db::DueKind::claim: co_await reap_claim(tx, due); co_return;
    case db::DueKind::ticket: co_await reap_ticket(tx, due); co_return;
    case db::DueKind::message: co_await reap_message(tx, due); co_return;
    case db::DueKind::waiter: co_await reap_waiter(tx, due); co_return;
    case db::DueKind::retention: co_await retain(tx, due); co_return;
    case db::DueKind::idempotency: forget_answer(tx, due.id); co_return;
    case db::DueKind::invite:
    case db::DueKind::refresh_token:
    case db::DueKind::api_token: co_await auth::expire(tx, due); co_return;
  }
}

}  // namespace

/// One entry's transaction; lives until it is done.
struct Reaper::Reaping {
  db::RequestFacts facts;
  db::DueEntry entry;
  db::Tally tally;  ///< of the last try

  Task<db::Verdict> run(db::Transaction& transaction) {
    SeededRandom random(facts.seed);
    auto tx = db::SystemTx::open(transaction, entry, facts, random);
    co_await reap(tx, entry.due);
    tally = tx.tally();
    co_return db::Verdict::commit;
  }

  Task<db::Verdict> postpone(db::Transaction& transaction) const {
    SeededRandom random(facts.seed);
    auto tx = db::SystemTx::open(transaction, entry, facts, random);
    auto later = entry.due;
    later.at = facts.now + limits::kReapRetry;
    tx.not_due(entry.due);
    tx.due(later);
    co_return db::Verdict::commit;
  }

  void log_failure(std::exception const& failure) const {
    log::write(log::Level::error, "reaper", "entry_failed",
               {{"kind", static_cast<std::int64_t>(entry.due.kind)},
                {"id", to_string(entry.due.id)},
                {"detail", failure.what()}});
  }
};

Reaper::~Reaper() {
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

void Reaper::start(std::chrono::milliseconds period) {
  thread_ = std::jthread([this, period] { loop(period); });
}

void Reaper::loop(std::chrono::milliseconds period) {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, period, [this] { return stopping_; })) {
    lock.unlock();
    try {
      run_once();
    } catch (std::exception const& failure) {
      log::write(log::Level::error, "reaper", "failed", {{"detail", failure.what()}});
    }
    lock.lock();
  }
}

// What time it is can't be said while the clocks part: whoever is alive shall have time to say so.
bool Reaper::clocks_agree() {
  auto const before = runtime_.clocks.moved();
  runtime_.clocks.look();
  auto const moved = runtime_.clocks.moved();
  bool const agree = moved == std::chrono::milliseconds(0);
  if (moved != before)
    log::write(agree ? log::Level::info : log::Level::warn, "reaper", agree ? "clock_trusted" : "clock_moved",
               {{"metadata", {{"moved_ms", moved.count()}}}});
  return agree;
}

std::size_t Reaper::run_once() {
  std::size_t met = 0;
  if (!clocks_agree()) return met;
  auto const now = runtime_.clock.now();
  for (std::int64_t shard = 0; shard < db::kDueShards; ++shard) {
    auto const entries = db::read_due(runtime_.engine, shard, now);
    for (auto const& entry : entries) {
      auto const reaping = std::make_shared<Reaping>();
      reaping->entry = entry;
      reaping->facts.now = now;
      reaping->facts.epoch = runtime_.epoch;
      reaping->facts.leases = runtime_.settings.leases;
      runtime_.random.fill(reaping->facts.seed);
      reap_one(reaping);
      ++met;
    }
  }
  sweep_marks(now);
  last_pass_ = runtime_.clock.now();
  return met;
}

void Reaper::sweep_marks(Timestamp now) {
  if (!runtime_.engine.commits_can_be_unknown() || (swept_ && now - *swept_ < limits::kMarkSweep)) return;
  db::forget_marks(runtime_.engine, now);
  swept_ = now;
}

// What can't be done is looked at again later, behind what can.
void Reaper::reap_one(std::shared_ptr<Reaping> const& reaping) {
  auto& engine = runtime_.engine;
  try {
    db::run_write_blocking(engine, [reaping](db::Transaction& t) { return reaping->run(t); });
    return runtime_.activity.add(reaping->tally);
  } catch (db::StorageFailure const& failure) {
    using enum db::StorageCode;
    if (failure.storage_code() == unavailable || failure.storage_code() == closed) throw;
    reaping->log_failure(failure);
  } catch (std::exception const& failure) {
    reaping->log_failure(failure);
  }
  db::run_write_blocking(engine, [reaping](db::Transaction& t) { return reaping->postpone(t); });
}

}  // namespace codi::api
