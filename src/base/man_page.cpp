#include "base/man_page.hpp"

#include "base/build_info.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace codi {
namespace {

// The code point that begins at `at`, which moves to its last byte. The text is well-formed.
std::uint32_t code_point(std::string_view text, std::size_t& at) {
  auto const lead = static_cast<unsigned char>(text[at]);
  std::size_t const more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  std::uint32_t out = lead & (0x3FU >> more);
  for (std::size_t i = 0; i < more; ++i) out = (out << 6U) | (static_cast<unsigned char>(text[++at]) & 0x3FU);
  return out;
}

// A line of text in which nothing is an instruction. Backquotes begin and end what is bold.
std::string escaped(std::string_view text, bool marks) {
  std::string out;
  bool bold = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    if (c == '`' && marks) {
      bold = !bold;
      out += bold ? R"(\fB)" : R"(\fR)";
    } else if (c == '\\') {
      out += R"(\e)";
    } else if (c == '-') {
      out += R"(\-)";
    } else if (c == '\'') {
      out += R"(\(aq)";
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      out += fmt::format("\\[u{:04X}]", code_point(text, i));
    } else {
      out += c;
    }
  }
  return out.starts_with('.') ? R"(\&)" + out : out;
}

}  // namespace

ManPage::ManPage(std::string_view name, int section, std::string_view summary) {
  auto const build = build_info();
  constexpr std::size_t kDay = 10;  // of YYYY-MM-DDThh:mm:ssZ
  text_ = fmt::format(".TH {} {} \"{}\" \"codi {}\"\n", to_upper_ascii(name), section,
                      build.time.size() < kDay ? "" : build.time.substr(0, kDay), build.version);
  this->section("NAME");
  text_ += fmt::format("{} \\- {}\n", escaped(name, false), escaped(summary, true));
}

void ManPage::section(std::string_view title) {
  text_ += fmt::format(".SH {}\n", escaped(title, false));
  after_title_ = true;
}

void ManPage::subsection(std::string_view title) {
  text_ += fmt::format(".SS {}\n", escaped(title, false));
  after_title_ = true;
}

// A title begins a paragraph by itself.
void ManPage::begin_paragraph() {
  if (!after_title_) text_ += ".PP\n";
  after_title_ = false;
}

void ManPage::paragraph(std::string_view text) {
  begin_paragraph();
  text_ += escaped(text, true) + "\n";
}

void ManPage::item(std::string_view term, std::string_view text) {
  text_ += fmt::format(".TP\n\\fB{}\\fR\n{}\n", escaped(term, false), escaped(text, true));
  after_title_ = false;
}

void ManPage::verbatim(std::string_view lines) {
  if (lines.ends_with('\n')) lines.remove_suffix(1);
  begin_paragraph();
  text_ += ".nf\n";
  for (auto const line : split(lines, '\n')) text_ += escaped(line, false) + "\n";
  text_ += ".fi\n";
}

}  // namespace codi
