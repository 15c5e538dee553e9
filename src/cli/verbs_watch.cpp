#include "base/limits.hpp"
#include "cli/event_stream.hpp"
#include "cli/generic.hpp"
#include "cli/json_access.hpp"
#include "cli/print_event.hpp"
#include "cli/verbs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

namespace codi::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kReconnectAfter = 1s;

/// Reads server-sent events and shows those that are of the log.
class Watching {
 public:
  Watching(Context& context, std::size_t most) : context_(context), left_(most) {}

  /// What came; false when enough was shown.
  bool take(std::string_view bytes) {
    return left_ > 0 && events_.take(bytes, [this](std::string_view data) {
      take_frame(data);
      return left_ > 0;
    });
  }
  /// The connection has ended: what was cut off comes again.
  void reconnect() { events_.reset(); }
  /// The server is away: its return is told.
  void was_away() { is_back_ = true; }
  [[nodiscard]] bool has_seen_enough() const { return left_ == 0; }
  [[nodiscard]] std::string const& cursor() const { return cursor_; }

 private:
  void take_frame(std::string_view data) {
    auto const frame = parse_loosely(data);
    if (!frame) return;
    if (is_back_) context_.note("the server is back");
    is_back_ = false;
    if (auto cursor = text_of(*frame, "cursor"); !cursor.empty()) cursor_ = std::move(cursor);
    auto const type = text_of(*frame, "type");
    if (type == "expired") context_.note("some events have gone unseen: they are no longer kept");
    auto const* const logged = member_of(*frame, "event");
    if (type != "event" || logged == nullptr) return;
    columns_.fit(*logged);
    if (context_.json())
      context_.print_json(*logged);
    else
      print_event(context_, *logged, true, columns_);
    context_.shell().out.flush();
    --left_;
  }

  Context& context_;
  EventColumns columns_{.alias = 24};
  std::size_t left_;
  EventStream events_;
  std::string cursor_;
  bool is_back_ = false;
};

Outcome<json::object> subscription(Context& context, std::vector<Option> const& options, Arguments const& arguments) {
  auto members = members_of(options, arguments);
  if (auto const& session = context.flags().session) members["session"] = *session;
  auto project = context.project();
  if (!project) return pass_on(project);
  members["project"] = *project;
  members["presence"] = false;
  auto const& repository = context.repository();
  if (!repository) return std::unexpected(repository.error());
  json::array paths;
  for (auto const& text : arguments.all("path")) {
    auto target = target_of(context.shell(), *repository, text);
    if (!target) return pass_on(target);
    paths.emplace_back(*target);
  }
  if (!paths.empty()) members["path"] = std::move(paths);
  return members;
}

// Ends when enough was seen, when the command is interrupted, or refused for good.
Outcome<> watch(Context& context, std::vector<Option> const& options, Arguments const& arguments) {
  auto members = subscription(context, options, arguments);
  if (!members) return pass_on(members);
  auto client = context.client();
  if (!client) return pass_on(client);
  auto const limit = arguments.one("limit");
  auto const most =
      limit ? static_cast<std::size_t>(std::max(1LL, std::stoll(*limit))) : std::numeric_limits<std::size_t>::max();
  Watching watching(context, most);
  bool away = false;
  for (;;) {
    if (!watching.cursor().empty()) (*members)["after"] = watching.cursor();
    auto const ended = (*client)->follow("follow_log", *members, [&](std::string_view bytes) {
      away = false;
      return watching.take(bytes);
    });
    if (watching.has_seen_enough()) return {};
    if (!ended && ended.error().exit != Exit::unreachable) return ended;
    if (!ended && !std::exchange(away, true)) {
      context.note(ended.error().what + "; waiting for it");
      watching.was_away();
    }
    watching.reconnect();
    if (!context.shell().wait(kReconnectAfter)) return {};
  }
}

}  // namespace

std::vector<Verb> watch_verbs(Catalog const& catalog) {
  auto const filling = options_of(catalog.at("follow_log"), {"path", "presence"});
  auto options = filling;
  options.push_back({.name = "path",
                     .doc = "Only what is about this path: a file, a directory with all below it, or what a pattern "
                            "matches.",
                     .many = true,
                     .path = true,
                     .value_name = "PATH"});
  options.push_back({.name = "limit", .doc = "End after so many events.", .take = Take::integer});
  return {
      {.words = "watch",
       .summary = "Show work as it happens",
       .description = "Events come the moment they are written. After a lost connection it goes on where it was, "
                      "without a gap; `--after` goes on where another run has ended.",
       .options = options,
       .examples = {{"codi watch"},
                    {"codi watch --path src/api/ --action FILE_CLAIM"},
                    {"codi watch --path \"src/**/*.rs\" --json", "one event a line, for scripts"}},
       .run = [filling](Context& context, Arguments const& arguments) { return watch(context, filling, arguments); },
       .covers = {"follow_log"}}};
}

}  // namespace codi::cli
