#include "db/claim_rows.hpp"

#include "base/text.hpp"
#include "db/keys.hpp"

namespace codi::db {
namespace {

constexpr char kText = 0x02;  // of the tuple encoding: what begins a text

}  // namespace

std::string text_from(std::string_view text) { return kText + std::string(text); }
std::string text_behind(std::string_view text) { return text_from(text) + kBehindAll; }

std::vector<std::string> texts_of(std::string_view suffix) {
  std::vector<std::string> out;
  tuple::Unpacker parts(suffix);
  while (auto text = parts.string()) out.push_back(*std::move(text));
  return out;
}

// Behind a text that is no beginning, the next that could be is one letter longer than what the two have in common.
Beginning is_beginning(std::string_view text, std::string_view of) {
  auto const common = static_cast<std::size_t>(std::ranges::mismatch(text, of).in1 - text.begin());
  if (common == text.size()) return {.found = true, .next = make_key({}, text) + kBehindAll};
  bool const all_smaller =
      common == of.size() || static_cast<unsigned char>(text[common]) > static_cast<unsigned char>(of[common]);
  if (all_smaller) return {};
  return {.next = text_from(of.substr(0, common + 1))};
}

bool enters(coordination::GlobRun& run, std::vector<std::string> const& directory) {
  return std::ranges::all_of(directory, [&](auto const& segment) { return run.name(segment) && run.slash(); });
}

std::optional<std::string> first_that_could(coordination::GlobRun& run, std::vector<std::string> const& names) {
  std::string behind;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0 && !run.slash()) return behind + kBehindTexts;
    std::string_view rest = names[i];
    while (!rest.empty()) {
      auto const read = std::string_view(names[i]).substr(0, names[i].size() - rest.size());
      auto const letter = take_code_point(rest);
      if (run.letter(letter)) continue;
      auto next = text_from(read);
      if (auto const possible = run.next_letter(letter)) {
        append_code_point(next, *possible);
        return behind + next;
      }
      if (read.empty()) return behind + kBehindTexts;
      return behind.append(next) + kBehindAll;
    }
    behind += make_key({}, names[i]);
  }
  return std::nullopt;
}

}  // namespace codi::db
