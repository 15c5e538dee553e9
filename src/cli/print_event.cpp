#include "cli/print_event.hpp"

#include "cli/duration.hpp"
#include "cli/json_access.hpp"
#include "cli/render.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace codi::cli {
namespace {

Tone tone_of_action(std::string_view action) {
  if (action == "SESSION_START" || action == "SESSION_END") return Tone::dim;
  if (action == "FILE_CLAIM" || action == "FILE_RELEASE") return Tone::blue;
  if (action == "WORK_COMPLETE" || action == "TEST" || action == "TDD") return Tone::green;
  if (action == "HANDOFF" || action == "DELEGATION") return Tone::cyan;
  bool const trouble =
      action == "CLAIM_CONFLICT" || action == "GATE_FAILED" || action == "VIOLATION" || action == "CLAIM_EXPIRED";
  return trouble ? Tone::red : Tone::plain;
}

// The figures that tell most, then the paths.
std::string remarks_of(json::value const& event) {
  std::string out;
  if (auto const* const data = member_of(event, "data"))
    for (std::string_view const name : {"progress", "coverage"})
      if (auto const* const value = member_of(*data, name)) out += fmt::format("  {} {}%", name, compact(*value));
  std::vector<std::string> paths;
  for (auto const& path : items_of(event, "paths"))
    if (path.is_string()) paths.push_back(printable(std::string_view(path.get_string())));
  auto const text = text_of(event, "text");
  std::erase_if(paths, [&](std::string const& path) { return text.find(path) != std::string::npos; });
  constexpr std::size_t kShown = 3;
  auto const more = paths.size() > kShown ? fmt::format(" and {} more", paths.size() - kShown) : "";
  paths.resize(std::min(paths.size(), kShown));
  if (!paths.empty()) out += fmt::format("  [{}{}]", fmt::join(paths, " "), more);
  return out;
}

}  // namespace

void EventColumns::fit(json::value const& event) {
  constexpr std::size_t kAliasWidest = 32;
  action = std::max(action, text_of(event, "action").size());
  alias = std::max(alias, std::min(kAliasWidest, text_of(event, "session_alias").size()));
}

void print_event(Context& context, json::value const& event, bool follows, EventColumns const& columns) {
  constexpr std::size_t kAgeWidth = 8;
  auto const style = context.out_style();
  auto const at = text_of(event, "at");
  // What is followed is read later too: the time of day says more than "just now".
  auto const when = follows && at.size() >= 19 ? at.substr(11, 8) : relative_time(context.now(), at);
  auto const action = printable(text_of(event, "action"));
  auto text = printable(text_of(event, "text"));
  std::string const indent = "\n" + std::string(kAgeWidth + 1, ' ');
  for (auto line = text.find('\n'); line != std::string::npos; line = text.find('\n', line + indent.size()))
    text.replace(line, 1, indent);
  context.shell().out << style.paint(Tone::dim, fmt::format("{:<{}}", when, kAgeWidth)) << " "
                      << style.paint(tone_of_action(action), fmt::format("{:<{}}", action, columns.action)) << " "
                      << style.paint(Tone::bold, fmt::format("{:<{}}", text_of(event, "session_alias"), columns.alias))
                      << "  " << text << style.paint(Tone::dim, remarks_of(event)) << '\n';
}

}  // namespace codi::cli
