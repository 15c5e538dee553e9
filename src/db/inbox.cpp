#include "db/inbox.hpp"

#include "db/claims.hpp"
#include "db/handoffs.hpp"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

namespace codi::db {
namespace {

using models::Message;
using models::MessageKind;

struct Row {
  Stamp cursor;
  MessageId id;
};

/// One box, or a thread, oldest first.
class Source {
 public:
  Source(Tx& tx, TenantKey prefix, std::optional<Stamp> const& after, std::size_t batch)
      : tx_(tx), prefix_(std::move(prefix)), batch_(batch) {
    if (after) from_ = Tx::key_at(prefix_, make_key({}, *after));
  }

  /// The next row; null at the end.
  Task<Row const*> first() {
    while (rows_.empty() && more_) {
      auto const found = co_await tx_.get_below(prefix_, {.limit = batch_}, from_);
      for (auto const& row : found.rows)
        rows_.push_back({stamp_of_suffix(Tx::suffix(prefix_, row.key)), id_in(row.value)});
      if (!found.rows.empty()) from_ = Tx::key_at(prefix_, Tx::suffix(prefix_, found.rows.back().key));
      more_ = found.more;
    }
    co_return rows_.empty() ? nullptr : &rows_.front();
  }
  void drop_first() { rows_.pop_front(); }

 private:
  static MessageId id_in(std::string_view value) {
    auto const id = MessageId::parse(value);
    if (!id) throw StorageFailure(StorageCode::corrupt, "a row of an inbox does not name a message");
    return *id;
  }

  Tx& tx_;
  TenantKey prefix_;
  std::size_t batch_;
  std::optional<TenantKey> from_;
  std::deque<Row> rows_;
  bool more_ = true;
};

/// What a reader sees, in the order of the log.
class Inbox {
 public:
  Inbox(Tx& tx, ProjectId project, InboxReader reader, InboxFilter filter)
      : tx_(tx), project_(project), reader_(std::move(reader)), filter_(filter) {}

  void open(std::optional<Stamp> const& after, std::size_t batch) {
    auto const add = [&](TenantKey prefix) { sources_.emplace_back(tx_, std::move(prefix), after, batch); };
    if (filter_.thread) return add(thread_key(tx_, project_, *filter_.thread));
    add(box_key(tx_, project_, {.user = to_string(reader_.user)}));
    add(box_key(tx_, project_, {.project = true}));
    if (!reader_.session) return;
    add(box_key(tx_, project_, {.session = to_string(reader_.session->id)}));
    if (reader_.session->role) add(box_key(tx_, project_, {.role = reader_.session->role}));
  }

  /// The oldest row of all sources that was not taken yet.
  Task<std::optional<Row>> next() {
    Source* oldest = nullptr;
    std::optional<Row> out;
    for (auto& source : sources_) {
      auto const* const row = co_await source.first();
      if (row == nullptr || (out && out->cursor < row->cursor)) continue;
      out = *row;
      oldest = &source;
    }
    if (oldest != nullptr) oldest->drop_first();
    co_return out;
  }

  /// The message of a row, unless the reader does not see it.
  Task<std::optional<Message>> read(MessageId id) {
    auto message = co_await get_message(tx_, project_, id);
    if (!message || message->priority < filter_.at_least) co_return std::nullopt;
    bool const own = is_from(reader_, *message);
    if (own && filter_.thread && !filter_.unacked) co_return message;
    if (own || !is_for(reader_, message->to, message->created_at)) co_return std::nullopt;
    auto const ack = co_await get_ack(tx_, project_, id, acks_as(reader_, *message));
    if (ack && filter_.unacked) co_return std::nullopt;
    if (ack) message->acked_at = ack->at;
    bool const before_start = message->to.role && reader_.session && message->created_at < reader_.session->created_at;
    if (before_start && !ack && co_await is_acked_by_anybody(tx_, project_, id)) co_return std::nullopt;
    if (co_await is_settled(*message)) co_return std::nullopt;
    co_return message;
  }

 private:
  // Nothing is left to do about it, whoever did it.
  Task<bool> is_settled(Message message) {
    if (message.handoff_id) {
      auto const handoff = co_await get_handoff(tx_, project_, *message.handoff_id);
      co_return !handoff || handoff->state != models::HandoffState::offered;
    }
    if (message.kind != MessageKind::release_request) co_return false;
    for (auto const id : message.claim_ids) {
      auto const claim = co_await get_claim(tx_, project_, id);
      if (!claim || over(tx_, *claim)) continue;
      auto const asks = [&](models::ReleaseRequest const& request) { return request.message_id == message.id; };
      if (std::ranges::any_of(claim->release_requests, asks)) co_return false;
    }
    co_return true;
  }

  Tx& tx_;
  ProjectId project_;
  InboxReader reader_;
  InboxFilter filter_;
  std::vector<Source> sources_;
};

}  // namespace

bool is_for(InboxReader const& reader, models::MessageRecipient const& to, Timestamp sent_at) {
  if (to.user) return *to.user == to_string(reader.user);
  if (to.project) return !reader.session || sent_at >= reader.session->created_at;
  if (!reader.session) return false;
  return to.role ? to.role == reader.session->role : to.session == to_string(reader.session->id);
}

bool is_from(InboxReader const& reader, Message const& message) {
  if (message.from_session_id) return reader.session && reader.session->id == message.from_session_id;
  return !reader.session && message.from_user_id == reader.user;
}

Uuid acks_as(InboxReader const& reader, Message const& message) {
  return reader.session && !message.to.user ? reader.session->id.uuid : reader.user.uuid;
}

Task<Result<models::Page<Message>>> list_inbox(Tx& tx, ProjectId project, InboxReader reader, InboxFilter filter,
                                               PageRequest page) {
  std::optional<Stamp> last;
  if (page.after) {
    last = parse_stamp(*page.after);
    if (!last) co_return invalid("/after", "is not a cursor of an inbox");
  }
  Inbox inbox(tx, project, std::move(reader), filter);
  inbox.open(last, page.limit + 1);
  models::Page<Message> out;
  std::size_t bytes = 0;
  for (std::size_t scanned = 0;; ++scanned) {
    auto const row = co_await inbox.next();
    if (!row) co_return out;
    bool const is_full =
        out.items.size() == page.limit || scanned == limits::kInboxRowsPerPage || bytes >= limits::kPageBytes;
    if (is_full && last) {
      out.next = to_string(*last);
      co_return out;
    }
    last = row->cursor;
    auto message = co_await inbox.read(row->id);
    if (!message) continue;
    bytes += message->text.value_or("").size();
    out.items.push_back(*std::move(message));
  }
}

}  // namespace codi::db
