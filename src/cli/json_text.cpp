#include "cli/json_text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace codi::cli {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::size_t kStep = 2;  // columns that a level is deeper, where the text does not show it

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(kBlanks, at), text.size());
}

// Behind the string that begins at `at`.
std::size_t skip_string(std::string_view text, std::size_t at) {
  for (++at; text[at] != '"'; ++at)
    if (text[at] == '\\') ++at;
  return at + 1;
}

// Behind the value that begins at `at`.
std::size_t skip_value(std::string_view text, std::size_t at) {
  if (text[at] == '"') return skip_string(text, at);
  if (text[at] != '{' && text[at] != '[') return std::min(text.find_first_of(",]} \t\r\n", at), text.size());
  std::size_t open = 0;
  do {
    if (text[at] == '"') {
      at = skip_string(text, at);
      continue;
    }
    if (text[at] == '{' || text[at] == '[') ++open;
    if (text[at] == '}' || text[at] == ']') --open;
    ++at;
  } while (open > 0);
  return at;
}

std::size_t line_of(std::string_view text) { return 1 + static_cast<std::size_t>(std::ranges::count(text, '\n')); }

// What the lines of the text's first level begin with.
std::string step_of(std::string_view text) {
  std::string usual(kStep, ' ');
  auto const items = json_items(text, json_root(text));
  if (items.empty()) return usual;
  auto const before = text.substr(0, items.front().all.begin);
  auto const line = before.rfind('\n');
  if (line == std::string_view::npos || line + 1 == before.size()) return usual;
  return std::string(before.substr(line + 1));
}

std::string repeated(std::string_view step, std::size_t depth) {
  std::string out;
  for (; depth > 0; --depth) out += step;
  return out;
}

// An item as it is written here, with two blanks a level, laid out as the text is.
std::string laid_out(std::string_view item, std::string_view step, std::size_t depth) {
  std::string out;
  for (std::size_t at = 0; at < item.size();) {
    auto const end = std::min(item.find('\n', at), item.size());
    auto const first = std::min(item.find_first_not_of(' ', at), end);
    out += (at == 0 ? "" : "\n") + repeated(step, depth + (first - at) / kStep);
    out += item.substr(first, end - first);
    at = end + 1;
  }
  return out;
}

}  // namespace

Outcome<json::value> parse_located(std::string_view text, std::string_view source) {
  json::stream_parser parser;
  json::error_code error;
  auto const taken = parser.write_some(text.data(), text.size(), error);
  if (!error && text.find_first_not_of(kBlanks, taken) != std::string_view::npos) error = json::error::extra_data;
  if (!error) parser.finish(error);
  if (!error) return parser.release();
  auto const before = text.substr(0, taken);
  auto const line_start = before.rfind('\n');
  auto const column = 1 + before.size() - (line_start == std::string_view::npos ? 0 : line_start + 1);
  return complain(Exit::failed,
                  fmt::format("{}:{}:{}: no valid JSON: {}", source, line_of(before), column, error.message()));
}

TextRange json_root(std::string_view text) {
  auto const begin = skip_blanks(text, 0);
  return {begin, skip_value(text, begin)};
}

std::vector<JsonItem> json_items(std::string_view text, TextRange container) {
  std::vector<JsonItem> out;
  bool const named = text[container.begin] == '{';
  for (auto at = skip_blanks(text, container.begin + 1); at + 1 < container.end;) {
    JsonItem item{.name = {}, .all = {at, at}, .value = {at, at}};
    if (named) {
      auto const name_end = skip_string(text, at);
      item.name = json::parse(text.substr(at, name_end - at)).as_string();
      item.value.begin = skip_blanks(text, skip_blanks(text, name_end) + 1);
    }
    item.value.end = item.all.end = skip_value(text, item.value.begin);
    at = skip_blanks(text, item.all.end);
    if (text[at] == ',') at = skip_blanks(text, at + 1);
    out.push_back(std::move(item));
  }
  return out;
}

std::optional<JsonItem> json_member(std::string_view text, TextRange container, std::string_view name) {
  std::optional<JsonItem> out;
  for (auto& item : json_items(text, container))
    if (item.name == name) out = std::move(item);
  return out;
}

std::string with_json_item(std::string_view text, TextRange container, std::string_view item, std::size_t depth) {
  auto const items = json_items(text, container);
  auto const step = step_of(text);
  auto const added = "\n" + laid_out(item, step, depth + 1);
  std::string out;
  if (items.empty()) {
    out += text.substr(0, container.begin + 1);
    out += added + "\n" + repeated(step, depth);
    out += text.substr(container.end - 1);
    return out;
  }
  auto const behind = items.back().all.end;
  out += text.substr(0, behind);
  out += "," + added;
  // In a container on one line its end would stand behind the new line.
  bool const one_line = text.substr(behind, container.end - behind).find('\n') == std::string_view::npos;
  if (one_line) out += "\n" + repeated(step, depth);
  out += text.substr(behind);
  return out;
}

std::string without_json_item(std::string_view text, TextRange container, JsonItem const& item) {
  auto const items = json_items(text, container);
  auto const at = static_cast<std::size_t>(
      std::ranges::find(items, item.all.begin, [](JsonItem const& one) { return one.all.begin; }) - items.begin());
  auto cut = item.all;
  if (items.size() == 1)
    cut = {container.begin + 1, container.end - 1};
  else if (at > 0)
    cut.begin = items[at - 1].all.end;
  else
    cut.end = items[1].all.begin;
  return std::string(text.substr(0, cut.begin)) + std::string(text.substr(cut.end));
}

}  // namespace codi::cli
