#include "db/events.hpp"

#include "db/reports.hpp"

#include <algorithm>

namespace codi::db {
namespace {

using EventJson = reflect::JsonOf<models::Event>;

constexpr std::string_view kCursorBegin = R"({"cursor":")";
constexpr std::string_view kCursorEnd = "\",";

TenantKey log_key(Tx const& tx, ProjectId project) { return tx.key("project", project, "events"); }

// The stored text is the event's JSON without its first member, the cursor: the key says it.
std::string without_cursor(models::Event const& event) {
  return reflect::encode_text(event).substr(kCursorBegin.size() + kStampTextSize + kCursorEnd.size());
}

EventJson with_cursor(Stamp const& stamp, std::string_view stored) {
  EventJson out;
  out.text.reserve(kCursorBegin.size() + kStampTextSize + kCursorEnd.size() + stored.size());
  out.text.append(kCursorBegin).append(to_string(stamp)).append(kCursorEnd).append(stored);
  return out;
}

bool path_matches(std::string const& path, std::string const& wanted) {
  if (path == wanted) return true;
  return wanted.ends_with('/') && (wanted == "./" || path.starts_with(wanted));
}

bool matches(EventFilter const& filter, models::Event const& event) {
  if (filter.session && event.session_id != filter.session) return false;
  if (filter.action && event.action != *filter.action) return false;
  if (filter.since && event.at < *filter.since) return false;
  return !filter.path ||
         std::ranges::any_of(event.paths, [&](auto const& path) { return path_matches(path, *filter.path); });
}

// After all chunks of the event at `stamp`.
TenantKey past(TenantKey const& prefix, Stamp const& stamp) {
  constexpr char kAboveAllParts = '\x7F';
  return Tx::key_at(prefix, make_key({}, stamp) + kAboveAllParts);
}

TenantKey session_index(Tx const& tx, ProjectId project, SessionId session) {
  return tx.key("project", project, "session_events", session);
}

TenantKey action_index(Tx const& tx, ProjectId project, std::string const& action) {
  return tx.key("project", project, "action_events", action);
}

TenantKey horizon_key(Tx const& tx, ProjectId project) { return tx.key("project", project, "horizon"); }

Result<std::optional<Stamp>> stamp_of_cursor(PageRequest const& page) {
  if (!page.after) return std::optional<Stamp>();
  auto const stamp = parse_stamp(*page.after);
  if (!stamp) return invalid("/after", "is not a cursor of this log");
  return stamp;
}

/// Walks the log, or one of its indexes, stamp by stamp.
class Walk {
 public:
  Walk(Tx& tx, ProjectId project, EventFilter const& filter)
      : tx_(tx),
        log_(log_key(tx, project)),
        index_(choose(tx, project, filter)),
        indexed_(filter.session || filter.action) {}

  struct Row {
    Stamp stamp;
    std::string stored;
  };
  struct Rows {
    std::vector<Row> rows;
    bool more = false;
  };

  /// At most `limit` events after `after`.
  Task<Rows> next(std::optional<Stamp> after, std::size_t limit) {
    return indexed_ ? next_indexed(after, limit) : next_in_log(after, limit);
  }

  /// At most `limit` events before `before`, or the last ones, newest first.
  Task<Rows> previous(std::optional<Stamp> before, std::size_t limit) {
    return indexed_ ? previous_indexed(before, limit) : previous_in_log(before, limit);
  }

 private:
  static TenantKey choose(Tx const& tx, ProjectId project, EventFilter const& filter) {
    if (filter.session) return session_index(tx, project, *filter.session);
    if (filter.action) return action_index(tx, project, *filter.action);
    return log_key(tx, project);
  }

  Task<Rows> next_indexed(std::optional<Stamp> after, std::size_t limit) {
    std::optional<TenantKey> from;
    if (after) from = past(index_, *after);
    auto const found = co_await tx_.get_below(index_, {.limit = limit}, std::move(from));
    co_return co_await led_to_by(found);
  }

  Task<Rows> previous_indexed(std::optional<Stamp> before, std::size_t limit) {
    std::optional<TenantKey> from;
    if (before) from = Tx::key_at(index_, make_key({}, *before));
    auto const found = co_await tx_.get_below(index_, {.limit = limit, .reverse = true}, std::move(from));
    co_return co_await led_to_by(found);
  }

  Task<Rows> led_to_by(RangeRows const& found) {
    Rows out{.more = found.more};
    std::size_t bytes = 0;
    for (auto const& row : found.rows) {
      // As the store's own batches: an index says nothing of how large what it leads to is.
      if (bytes >= limits::kRangeBytes) {
        out.more = true;
        break;
      }
      auto const stamp = stamp_of_suffix(Tx::suffix(index_, row.key));
      auto stored = co_await tx_.get_chunks(Tx::key_at(log_, make_key({}, stamp)));
      if (!stored) continue;
      bytes += stored->size();
      out.rows.push_back({stamp, *std::move(stored)});
    }
    co_return out;
  }

  Task<Rows> next_in_log(std::optional<Stamp> after, std::size_t limit) {
    std::optional<TenantKey> from;
    if (after) from = past(log_, *after);
    auto const found = co_await tx_.get_below(log_, {.limit = limit}, std::move(from));
    Rows out{.more = found.more};
    for (auto const& row : found.rows) {
      auto const place = place_of(row.key);
      if (place.chunk == 0)
        out.rows.push_back({place.stamp, row.value});
      else if (!out.rows.empty())
        out.rows.back().stored += row.value;
    }
    // The batch may have cut the last event's chunks: read that one whole.
    if (found.more && !out.rows.empty()) {
      auto& last = out.rows.back();
      auto whole = co_await tx_.get_chunks(Tx::key_at(log_, make_key({}, last.stamp)));
      if (whole) last.stored = *std::move(whole);
    }
    co_return out;
  }

  Task<Rows> previous_in_log(std::optional<Stamp> before, std::size_t limit) {
    std::optional<TenantKey> from;
    if (before) from = Tx::key_at(log_, make_key({}, *before));
    auto const found = co_await tx_.get_below(log_, {.limit = limit, .reverse = true}, std::move(from));
    Rows out{.more = found.more};
    std::optional<Row> cut;  // of which the first chunk has not come yet
    for (auto const& row : found.rows) {
      auto const place = place_of(row.key);
      if (!cut) cut = Row{place.stamp, {}};
      cut->stored.insert(0, row.value);
      if (place.chunk != 0) continue;
      if (auto whole = std::exchange(cut, std::nullopt)) out.rows.push_back(*std::move(whole));
    }
    if (!cut) co_return out;
    auto whole = co_await tx_.get_chunks(Tx::key_at(log_, make_key({}, cut->stamp)));
    if (whole) out.rows.push_back({cut->stamp, *std::move(whole)});
    co_return out;
  }

  struct Place {
    Stamp stamp;
    std::int64_t chunk = 0;
  };
  Place place_of(std::string_view key) const {
    tuple::Unpacker parts(Tx::suffix(log_, key));
    auto const epoch = parts.integer();
    auto const stamp = epoch ? parts.versionstamp() : std::nullopt;
    auto const chunk = stamp ? parts.integer() : std::nullopt;
    if (!chunk) throw StorageFailure(StorageCode::corrupt, "a key of the log is not one");
    return {Stamp{static_cast<std::uint32_t>(*epoch), stamp->commit, stamp->order}, *chunk};
  }

  Tx& tx_;
  TenantKey log_;
  TenantKey index_;
  bool indexed_;
};

}  // namespace

models::Event append_event(Tx& tx, ProjectId project, models::Session const* session, EventDraft draft) {
  models::Event event{.cursor = tx.pending_stamp(tx.next_order()),
                      .id = EventId::make(tx.now(), tx.random()),
                      .action = std::move(draft.action),
                      .text = std::move(draft.text),
                      .paths = std::move(draft.paths),
                      .data = std::move(draft.data),
                      .at = tx.now(),
                      .created_at = tx.now(),
                      .updated_at = tx.now()};
  if (session) {
    event.session_id = session->id;
    event.session_alias = session->alias;
    tx.set_under_stamp(session_index(tx, project, session->id), event.cursor, "");
  }
  tx.set_under_stamp(action_index(tx, project, event.action), event.cursor, "");
  tx.put_chunks_under_stamp(log_key(tx, project), event.cursor, without_cursor(event));
  tx.set_stamped(tx.key("project", project, "tail"), event.cursor, "");
  tx.count(Happening::event_appended);
  return event;
}

Task<Result<models::Page<EventJson>>> list_events(Tx& tx, ProjectId project, EventFilter filter, PageRequest page) {
  auto const after = stamp_of_cursor(page);
  if (!after) co_return std::unexpected(after.error());
  auto const horizon = co_await log_horizon(tx, project);
  auto const& cursor = *after;
  if (horizon && cursor && *cursor < *horizon)
    co_return fail(ErrorCode::cursor_expired, "events behind this cursor are older than the project keeps them");
  Walk walk(tx, project, filter);
  bool const must_look = filter.path || filter.since || (filter.session && filter.action);
  models::Page<EventJson> out;
  auto last = *after ? *after : horizon;  // nothing is left before it, and what was is not looked through again
  std::size_t bytes = 0;
  for (std::size_t scanned = 0;;) {
    auto const rows = co_await walk.next(last, std::min(page.limit - out.items.size() + 1, limits::kScanKeysPerPage));
    for (auto const& row : rows.rows) {
      bool const is_full = out.items.size() == page.limit || scanned == limits::kScanKeysPerPage || bytes >= page.bytes;
      if (is_full && last) {
        out.next = to_string(*last);
        co_return out;
      }
      ++scanned;
      last = row.stamp;
      auto item = with_cursor(row.stamp, row.stored);
      if (must_look && !matches(filter, reflect::decode_stored<models::Event>(item.text))) continue;
      bytes += item.text.size();
      out.items.push_back(std::move(item));
    }
    if (!rows.more) co_return out;
    if (rows.rows.empty()) co_return out;
  }
}

Task<Result<models::Page<EventJson>>> newest_events(Tx& tx, ProjectId project, EventFilter filter, PageRequest page) {
  Walk walk(tx, project, filter);
  models::Page<EventJson> out;
  std::optional<Stamp> first;
  std::size_t bytes = 0;
  for (std::size_t scanned = 0; scanned < limits::kScanKeysPerPage;) {
    auto const rows = co_await walk.previous(first, page.limit);
    for (auto const& row : rows.rows) {
      ++scanned;
      first = row.stamp;
      auto item = with_cursor(row.stamp, row.stored);
      if (!matches(filter, reflect::decode_stored<models::Event>(item.text))) continue;
      bool const has_room = out.items.size() < page.limit && bytes < page.bytes;
      if (!has_room) break;
      bytes += item.text.size();
      out.items.push_back(std::move(item));
    }
    bool const is_full = out.items.size() >= page.limit || bytes >= page.bytes;
    if (is_full || !rows.more || rows.rows.empty()) break;
  }
  std::ranges::reverse(out.items);
  co_return out;
}

Task<std::optional<Stamp>> log_horizon(Tx& tx, ProjectId project) {
  auto const stored = co_await tx.get(horizon_key(tx, project));
  if (!stored) co_return std::nullopt;
  co_return split_stamped(*stored).stamp;
}

Task<LogTail> log_tail(Tx& tx, ProjectId project) {
  auto key = tx.key("project", project, "tail");
  LogTail out{.key = key.bytes()};
  out.stored = co_await tx.get(std::move(key));
  if (out.stored) out.last = split_stamped(*out.stored).stamp;
  co_return out;
}

Task<OldRows> remove_old_events(Tx& tx, ProjectId project, Timestamp until) {
  auto const horizon = co_await log_horizon(tx, project);
  Walk walk(tx, project, {});
  auto const found = co_await walk.next(horizon, limits::kRetentionEvents);
  OldRows out{.more = found.more};
  std::optional<Stamp> newest;
  for (auto const& row : found.rows) {
    auto const event = reflect::decode_stored<models::Event>(with_cursor(row.stamp, row.stored).text);
    if (event.at > until) {
      out.more = false;
      out.oldest = event.at;
      break;
    }
    auto const suffix = make_key({}, row.stamp);
    if (event.session_id) tx.clear(Tx::key_at(session_index(tx, project, *event.session_id), suffix));
    tx.clear(Tx::key_at(action_index(tx, project, event.action), suffix));
    newest = row.stamp;
    ++out.removed;
  }
  if (!newest) co_return out;
  auto const log = log_key(tx, project);
  // Ranges that don't overlap: they stay cheap for the store however many there are.
  tx.clear_between(horizon ? past(log, *horizon) : log, past(log, *newest));
  remove_old_reports(tx, project, horizon, *newest);
  tx.set(horizon_key(tx, project), stamp_bytes(*newest));
  co_return out;
}

}  // namespace codi::db
