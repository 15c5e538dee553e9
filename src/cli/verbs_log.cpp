#include "base/errors.hpp"
#include "base/limits.hpp"
#include "cli/claim_words.hpp"
#include "cli/duration.hpp"
#include "cli/generic.hpp"
#include "cli/json_access.hpp"
#include "cli/print_event.hpp"
#include "cli/verbs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace codi::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kPollInterval = 1s;
constexpr std::size_t kShownByDefault = 100;
constexpr std::size_t kShownAtMost = 100'000;
constexpr auto kRecent = 24h;

// `progress=50` is a number, `commit=abc` text: what reads as JSON is JSON.
Outcome<json::object> data_of(std::vector<std::string> const& pairs) {
  json::object out;
  for (auto const& pair : pairs) {
    auto const equals = pair.find('=');
    if (equals == std::string::npos || equals == 0)
      return complain(Exit::usage, fmt::format("--data must be KEY=VALUE, not `{}`", pair));
    auto const text = pair.substr(equals + 1);
    out[pair.substr(0, equals)] = parse_loosely(text).value_or(json::value(json::string(text)));
  }
  return out;
}

Outcome<> write_event(Context& context, Arguments const& arguments) {
  auto data = data_of(arguments.all("data"));
  if (!data) return pass_on(data);
  auto paths = targets_of(context, arguments.all("path"));
  if (!paths) return pass_on(paths);
  json::object members{{"text", fmt::format("{}", fmt::join(arguments.all("TEXT"), " "))},
                       {"action", arguments.one("action").value_or("INFO")}};
  if (!data->empty()) members["data"] = std::move(*data);
  if (!paths->empty()) members["paths"] = std::move(*paths);
  if (auto const token = arguments.one("fencing-token")) members["fencing_token"] = *token;
  auto const reply = context.act("append_event", std::move(members));
  if (!reply) return std::unexpected(reply.error());
  if (context.json()) context.print_json(reply->body);
  return {};
}

void print_events(Context& context, json::array const& events, bool follows, EventColumns& columns) {
  for (auto const& event : events) columns.fit(event);
  for (auto const& event : events) {
    if (context.json())
      context.print_json(event);
    else
      print_event(context, event, follows, columns);
  }
}

Outcome<json::object> timeline_filter(Context& context, std::vector<Option> const& options,
                                      Arguments const& arguments) {
  auto members = members_of(options, arguments);
  if (auto const& session = context.flags().session) members["session"] = *session;
  if (auto const path = arguments.one("path")) {
    auto targets = targets_of(context, {*path});
    if (!targets) return pass_on(targets);
    members["path"] = targets->front();
  }
  if (auto const since = arguments.one("since")) {
    auto const at = parse_past(*since, context.now());
    if (!at)
      return complain(Exit::usage,
                      fmt::format("--since must be an age such as 2h or 1d, or a time such as {}, not `{}`",
                                  to_string(context.now()), *since));
    members["since"] = to_string(*at);
  }
  return members;
}

// Retention has removed what came behind the cursor. What is left begins where no cursor is named.
bool is_expired(Complaint const& complaint) {
  auto const* const code = complaint.problem.if_contains("code");
  return code != nullptr && *code == json::value(error_info(ErrorCode::cursor_expired).text);
}

// The newest events that fit; their number is bounded, however long the log is.
struct Newest {
  json::array events;
  json::value next;
  json::value cursor;  // of the last event that was read
};

Outcome<Newest> read_newest(Context& context, json::object members, std::size_t most) {
  Newest out;
  members["limit"] = limits::kPageItems;
  do {
    auto const page = context.call("list_events", members);
    if (!page && is_expired(page.error()) && members.erase("after") > 0) continue;
    if (!page) return std::unexpected(page.error());
    for (auto const& event : items_of(page->body, "items")) {
      if (out.events.size() == 2 * most)
        out.events.erase(out.events.begin(), out.events.begin() + static_cast<std::ptrdiff_t>(most));
      out.events.push_back(event);
      out.cursor = text_of(event, "cursor");
    }
    auto const* const next = member_of(page->body, "next");
    out.next = next == nullptr ? json::value(nullptr) : *next;
    members["after"] = out.next;
  } while (out.next.is_string());
  if (out.events.size() > most)
    out.events.erase(out.events.begin(), out.events.end() - static_cast<std::ptrdiff_t>(most));
  return out;
}

// What happened lately is enough when there is enough of it: then the rest of a long log does not come over the wire.
Outcome<Newest> read_latest(Context& context, json::object members, std::size_t most) {
  if (!members.contains("since")) {
    auto recent = members;
    recent["since"] = to_string(context.now() + -kRecent);
    auto newest = read_newest(context, std::move(recent), most);
    if (!newest || newest->events.size() >= most) return newest;
  }
  return read_newest(context, std::move(members), most);
}

// Behind a cursor the oldest come first, page by page.
Outcome<Newest> read_after(Context& context, json::object members, std::optional<std::string> const& limit) {
  auto const wanted = limit ? std::stoll(*limit) : limits::kPageItemsDefault;
  // One page where one is enough; else as many as it takes.
  if (wanted <= limits::kPageItems) members["limit"] = std::max<std::int64_t>(1, wanted);
  auto const found = context.list("list_events", std::move(members), static_cast<std::size_t>(wanted));
  if (!found) return std::unexpected(found.error());
  auto const& items = items_of(*found, "items");
  Newest out{.events = items, .next = *member_of(*found, "next"), .cursor = nullptr};
  if (!items.empty()) out.cursor = text_of(items.back(), "cursor");
  return out;
}

// Ends when the command is interrupted, or refused for good.
Outcome<> follow(Context& context, json::object members, json::value cursor, EventColumns columns) {
  members["limit"] = limits::kPageItems;
  bool away = false;
  for (;;) {
    if (cursor.is_string()) members["after"] = cursor;
    auto const page = context.call("list_events", members);
    if (!page && is_expired(page.error()) && members.erase("after") > 0) {
      context.note("some events have gone unseen: they are no longer kept; going on with the oldest that is");
      cursor = nullptr;
      continue;
    }
    if (!page && page.error().exit != Exit::unreachable) return std::unexpected(page.error());
    if (page.has_value() == away) context.note(away ? "the server is back" : page.error().what + "; waiting for it");
    away = !page;
    if (page) {
      auto const& events = items_of(page->body, "items");
      print_events(context, events, true, columns);
      if (!events.empty()) cursor = text_of(events.back(), "cursor");
      context.shell().out.flush();
      if (auto const next = text_of(page->body, "next"); !next.empty()) {
        cursor = next;
        continue;
      }
    }
    if (!context.shell().wait(kPollInterval)) return {};
  }
}

Outcome<> timeline(Context& context, std::vector<Option> const& options, Arguments const& arguments) {
  auto members = timeline_filter(context, options, arguments);
  if (!members) return pass_on(members);
  auto const limit = arguments.one("limit");
  std::size_t most = context.json() ? limits::kClientListItems : kShownByDefault;
  if (limit) most = std::min(kShownAtMost, static_cast<std::size_t>(std::max(1LL, std::stoll(*limit))));
  auto newest =
      members->contains("after") ? read_after(context, *members, limit) : read_latest(context, *members, most);
  if (!newest) return pass_on(newest);
  bool const follows = arguments.has("follow");
  if (context.json() && !follows) {
    context.print_json(json::object{{"items", std::move(newest->events)}, {"next", std::move(newest->next)}});
    return {};
  }
  EventColumns columns;
  print_events(context, newest->events, follows, columns);
  if (follows) {
    context.shell().out.flush();
    return follow(context, std::move(*members), std::move(newest->cursor), columns);
  }
  if (newest->events.empty()) context.note("nothing happened yet");
  if (newest->next.is_string())
    context.note(fmt::format("there is more: --after {}", newest->next.get_string().c_str()));
  return {};
}

Verb log_verb() {
  return {.words = "log",
          .summary = "Write to the work log",
          .description =
              "Without a session one is started for this working tree. `codi-log` takes whole lines and keeps them "
              "while the "
              "server is away.",
          .options = {{.name = "TEXT", .doc = "What to tell.", .positional = true, .many = true, .required = true},
                      {.name = "action",
                       .doc = "What happened, such as PROGRESS, TEST or a word of your own; INFO when missing.",
                       .value_name = "ACTION"},
                      {.name = "path", .doc = "What it is about.", .many = true, .path = true, .value_name = "PATH"},
                      {.name = "data",
                       .doc = "A figure or an id; what reads as JSON is JSON.",
                       .many = true,
                       .value_name = "KEY=VALUE"},
                      {.name = "fencing-token",
                       .doc = "Refused when the claim that it came with was lost.",
                       .value_name = "TOKEN"}},
          .examples = {{"codi log \"users endpoint half done\" --action PROGRESS --data progress=50"},
                       {"codi log \"all green\" --action TEST --path tests/api/ --data coverage=96"}},
          .run = &write_event,
          .covers = {"append_event"}};
}

}  // namespace

std::vector<Verb> log_verbs(Catalog const& catalog) {
  auto const filling = options_of(catalog.at("list_events"), {"path", "since", "limit"});
  auto options = filling;
  options.push_back({.name = "path",
                     .doc = "Only what is about this path; all below it when it is a directory.",
                     .path = true,
                     .value_name = "PATH"});
  options.push_back({.name = "since",
                     .doc = "Only what is at most so old, or happened at this time or after it.",
                     .value_name = "TIME"});
  options.push_back({.name = "limit",
                     .doc = fmt::format("Show the newest N ({} when missing; with --json {}); with --after the oldest.",
                                        kShownByDefault, limits::kClientListItems),
                     .take = Take::integer});
  options.push_back({.name = "follow", .doc = "Go on and show work as it happens.", .take = Take::flag});
  return {
      log_verb(),
      {.words = "timeline",
       .summary = "Show what happened, oldest first",
       .options = options,
       .examples = {{"codi timeline --since 2h"},
                    {"codi timeline --follow"},
                    {"codi timeline --session RUST-DEVELOPER-SESSION-1 --action TEST"},
                    {"codi timeline --follow --json", "one event a line, for scripts"}},
       .run = [filling](Context& context, Arguments const& arguments) { return timeline(context, filling, arguments); },
       .covers = {"list_events"}}};
}

}  // namespace codi::cli
