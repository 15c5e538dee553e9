#include "base/text.hpp"
#include "coordination/target.hpp"
#include "fuzz/check.hpp"
#include "reflect/decode.hpp"
#include "roles/document.hpp"
#include "roles/graph.hpp"
#include "roles/lint.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>

namespace codi::roles {
namespace {

using testing::check;

constexpr std::size_t kDocumentBytes = 16 << 10;

// All that a role keeps of its document, without white space.
std::string kept(RoleDocument const& document) {
  auto text = reflect::encode_text(document.content);
  for (auto const& finding : document.findings) text += finding.message;
  return text;
}

// A word of letters that stands in the document stands in the role, in a finding, or is a heading's.
void check_nothing_is_dropped(RoleDocument const& document, std::string_view text) {
  constexpr std::string_view kMark = "Qzxqzx";
  auto const at = text.find(kMark);
  if (at == std::string_view::npos || text.find('`') != std::string_view::npos) return;
  auto const line = text.substr(0, at).rfind('\n') + 1;
  bool const plain = std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == ' ' || c == '\n' || c == '.'; });
  if (!plain || trim(text.substr(line, text.find('\n', at) - line)) != kMark) return;
  auto const all = to_lower_ascii(kept(document));
  check(all.find(to_lower_ascii(kMark)) != std::string::npos || document.name == to_lower_ascii(kMark) ||
            !document.errors.empty(),
        "no line is dropped in silence", text);
}

void check_document(RoleDocument const& document, std::string_view text) {
  auto const ends =
      static_cast<std::int64_t>(std::ranges::count_if(text, [](char c) { return c == '\n' || c == '\r'; }));
  for (auto const& [pointer, line] : document.lines)
    check(line >= 1 && line <= ends + 1, "lines are the text's", pointer);
  for (auto const& finding : document.findings)
    check(!finding.message.empty() && finding.line.value_or(1) >= 1 && finding.line.value_or(1) <= ends + 1,
          "a finding says what and where", finding.message);
  for (auto const& [line, message] : document.errors)
    check(!message.empty() && line >= 1 && static_cast<std::int64_t>(line) <= ends + 1, "an error says what and where",
          message);
  auto const& content = document.content;
  for (auto const& boundary : content.boundaries) {
    auto const target = coordination::parse_target(boundary.target, true);
    check(target.has_value() && coordination::spelt(*target) == boundary.target, "a boundary has its one spelling",
          boundary.target);
  }
  for (auto const& gate : content.gates)
    check(!gate.measure.empty() && gate.threshold >= 0 && gate.threshold < 1e300, "a check has a measure and a number",
          gate.name);
  for (auto const& trigger : content.triggers)
    check(!trigger.to.empty() && !trigger.when.empty(), "a trigger is whole");
  check(content.boundaries.size() <= limits::kRoleItems && content.advice.size() <= limits::kRoleItems,
        "lists are within their limit");
}

void run(std::string_view text) {
  if (text.size() > kDocumentBytes || !is_valid_utf8(text)) return;
  auto const document = read_document(text);
  check_document(document, text);
  check_nothing_is_dropped(document, text);
  auto const again = read_document(text);
  check(again.content == document.content && again.lines == document.lines, "the same text is the same role", text);
  auto const decoded = reflect::decode<models::RoleContent>(json::parse(reflect::encode_text(document.content)));
  check(decoded.has_value() || !document.errors.empty(), "what was read can be stored", text);
  LintRole const role{"a", document.content, document.lines, "a.md"};
  coordination::Effort effort(100'000);
  auto const report = lint({role, {"b", document.content, {}, {}}}, true, effort);
  for (auto const& finding : report.findings)
    check(!finding.roles.empty() && !finding.message.empty(), "findings speak");
  static_cast<void>(json::parse(to_sarif(report.findings, "0")));
  static_cast<void>(to_dot({role}));
}

}  // namespace
}  // namespace codi::roles

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  codi::roles::run(codi::testing::text_of(data, size));
  return 0;
}
