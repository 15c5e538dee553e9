#include "base/text.hpp"
#include "coordination/owners.hpp"
#include "fuzz/check.hpp"

#include <algorithm>
#include <set>

namespace codi::coordination {
namespace {

using testing::check;

constexpr std::size_t kRulesAlone = 20;  // of which each is tried by itself

void check_file(OwnersFile const& file, std::string_view document) {
  std::set<std::size_t> lines;
  for (auto const& rule : file.rules) {
    check(lines.insert(rule.line).second, "a line is one rule at most", document);
    check(!rule.pattern.empty() && !rule.glob.empty(), "a rule has a pattern", document);
    check(rule.owners.size() <= limits::kOwnersPerRule, "owners are within the limit", document);
    for (auto const& owner : rule.owners) check(owner.find('@') != std::string::npos, "an owner has an @", owner);
  }
  for (auto const& finding : file.findings)
    check(lines.insert(static_cast<std::size_t>(finding.line)).second && !finding.message.empty(),
          "a line is a rule or a finding, which says why", document);
  auto const ends =
      static_cast<std::size_t>(std::ranges::count_if(document, [](char c) { return c == '\n' || c == '\r'; }));
  check(lines.empty() || (*lines.begin() > 0 && *lines.rbegin() <= ends + 1), "lines are those of the text", document);
}

void check_decision(OwnersFile const& file, Target const& path, bool case_sensitive, std::string_view document) {
  OwnerMatcher all(file, case_sensitive);
  Effort effort;
  auto const* const decided = all.rule_of(path, effort);
  if (effort.spent()) return;
  std::size_t last = 0;
  for (auto const& rule : file.rules) {
    OwnerMatcher alone({.rules = {rule}, .findings = {}}, case_sensitive);
    Effort own;
    if (alone.rule_of(path, own)) last = rule.line;
  }
  check((decided ? decided->line : 0) == last, "the last match decides", document);
  Effort none(1);
  static_cast<void>(all.rule_of(path, none));
}

// A path on the first line, then the document.
void run(std::string_view input) {
  auto const cut = std::min(input.find('\n'), input.size());
  auto const document = input.substr(std::min(cut + 1, input.size()));
  if (!is_valid_utf8(input)) return;
  auto file = read_owners(document);
  check_file(file, document);
  check_patterns(file);
  check_file(file, document);
  if (file.rules.size() > kRulesAlone) return;
  for (bool const case_sensitive : {true, false}) {
    auto const target = parse_target(input.substr(0, cut), case_sensitive);
    auto const path = target ? typical_file(*target, case_sensitive) : std::nullopt;
    if (path) check_decision(file, *path, case_sensitive, document);
  }
}

}  // namespace
}  // namespace codi::coordination

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  codi::coordination::run(codi::testing::text_of(data, size));
  return 0;
}
