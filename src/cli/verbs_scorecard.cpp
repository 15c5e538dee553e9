#include "cli/context.hpp"
#include "cli/duration.hpp"
#include "cli/gate_words.hpp"
#include "cli/json_access.hpp"
#include "cli/verbs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <ranges>
#include <utility>

namespace codi::cli {
namespace {

double value_of(json::value const& point) {
  auto const* const value = member_of(point, "value");
  if (value == nullptr) return 0;
  if (value->is_int64()) return static_cast<double>(value->get_int64());
  return value->is_double() ? value->get_double() : 0;
}

// The values as bars, oldest first, the lowest and the highest as the least and the greatest of them.
std::string bars(json::array const& points) {
  static constexpr std::array<std::string_view, 8> kBars{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr double kTallest = 7;
  constexpr std::size_t kShown = 30;
  std::vector<double> values;
  for (auto const& point : points) values.push_back(value_of(point));
  if (values.size() > kShown) values.erase(values.begin(), values.end() - std::ptrdiff_t{kShown});
  if (values.empty()) return {};
  auto const [least, most] = std::ranges::minmax(values);
  std::string out;
  for (auto const value : values) {
    auto const share = most > least ? (value - least) / (most - least) : 0.5;
    out += kBars[static_cast<std::size_t>(std::lround(share * kTallest))];
  }
  return out;
}

// How many events stand behind all values.
std::string events_of(json::array const& points) {
  std::size_t count = 0;
  bool more = false;
  for (auto const& point : points) {
    count += items_of(point, "events").size();
    more = more || is(point, "more", true);
  }
  return std::to_string(count) + (more ? "+" : "");
}

// Each value with the events that it comes from, newest first.
void print_points(Context& context, std::string const& title, json::array const& points) {
  auto& out = context.shell().out;
  out << '\n' << context.out_style().paint(Tone::cyan, printable(title)) << '\n';
  for (auto const& point : std::views::reverse(points)) {
    out << fmt::format("  {}  {}", text_of(point, "at"), number_of(point, "value"));
    for (auto const* const name : {"branch", "commit"})
      if (auto const text = text_of(point, name); !text.empty()) out << "  " << printable(text);
    for (auto const& event : items_of(point, "events"))
      if (event.is_string()) out << "\n    " << std::string_view(event.get_string());
    out << '\n';
  }
}

void print_gates(Context& context, json::value const& card) {
  Table table({"GATE", "VALUE", "WANTED", "", "OVER TIME", "EVENTS"});
  for (auto const& gate : items_of(card, "gates")) {
    auto const& points = items_of(gate, "points");
    table.add({{shorten(printable(text_of(gate, "name")), 40), Tone::bold},
               {number_of(gate, "value")},
               {wanted_of(gate)},
               verdict_of(gate),
               {bars(points), Tone::cyan},
               {events_of(points), Tone::dim}});
  }
  if (!table.empty()) table.print(context.shell().out, context.out_style());
}

void print_metrics(Context& context, json::value const& card) {
  Table table({"MEASURE", "VALUE", "FROM", "OVER TIME", "EVENTS"});
  for (auto const& metric : items_of(card, "metrics")) {
    auto const& points = items_of(metric, "points");
    table.add({{shorten(printable(text_of(metric, "measure")), 40), Tone::bold},
               {number_of(metric, "value")},
               {is(metric, "computed", true) ? "codi, by the day" : "reports"},
               {bars(points), Tone::cyan},
               {events_of(points), Tone::dim}});
  }
  if (table.empty()) {
    context.note("nothing was measured yet: `codi report NAME=NUMBER`");
    return;
  }
  context.shell().out << '\n';
  table.print(context.shell().out, context.out_style());
}

Outcome<> report(Context& context, Option const& limit, Arguments const& arguments) {
  json::object members{{"name", arguments.one("ROLE").value_or("")}};
  if (auto const typed = arguments.one("since")) {
    auto const since = parse_past(*typed, context.now());
    if (!since)
      return complain(Exit::usage, fmt::format("--since {} is neither a time nor a duration", *typed),
                      {"Write 12h, 7d or 2030-01-31T12:00:00Z."});
    members["since"] = to_string(*since);
  }
  if (auto const typed = arguments.one("limit")) members["limit"] = json_of(limit, *typed).value_or(nullptr);
  auto const reply = context.call("get_scorecard", std::move(members));
  if (!reply) return std::unexpected(reply.error());
  auto const& card = reply->body;
  if (context.json()) {
    context.print_json(card);
    return {};
  }
  context.shell().out << context.out_style().paint(Tone::bold, printable(text_of(card, "role"))) << "  since "
                      << text_of(card, "since") << "\n\n";
  print_gates(context, card);
  print_metrics(context, card);
  if (arguments.has("events"))
    for (auto const& metric : items_of(card, "metrics"))
      print_points(context, text_of(metric, "measure"), items_of(metric, "points"));
  return {};
}

}  // namespace

std::vector<Verb> scorecard_verbs() {
  Option const limit{.name = "limit",
                     .doc = "How many values of each figure, the newest ones; 20 when missing.",
                     .take = Take::integer};
  return {{.words = "roles report",
           .summary = "Show a role's gates and metrics over time, with the events behind every figure",
           .options = {{.name = "ROLE", .doc = "Name of the role.", .positional = true, .required = true},
                       {.name = "since", .doc = "From when on: a time, or how long ago (7d); 30 days when missing."},
                       limit,
                       {.name = "events",
                        .doc = "Also list each value with the cursors of its events.",
                        .take = Take::flag}},
           .examples = {{"codi roles report rust-developer"}, {"codi roles report rust-developer --since 7d --events"}},
           .run = [limit](Context& context, Arguments const& arguments) { return report(context, limit, arguments); },
           .covers = {"get_scorecard"}}};
}

}  // namespace codi::cli
