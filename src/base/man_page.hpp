#pragma once
#include <string>
#include <string_view>

namespace codi {

/// Writes a manual page in the man(7) language. Text is one paragraph of plain UTF-8 in which `code` becomes bold.
class ManPage {
 public:
  /// The head, dated as the build is, and the NAME section.
  ManPage(std::string_view name, int section, std::string_view summary);

  /// A heading.
  void section(std::string_view title);
  /// One below it.
  void subsection(std::string_view title);
  /// Running text.
  void paragraph(std::string_view text);
  /// A term in bold with its explanation beside it.
  void item(std::string_view term, std::string_view text);
  /// Lines as they stand: commands, usage.
  void verbatim(std::string_view lines);

  [[nodiscard]] std::string const& text() const { return text_; }

 private:
  void begin_paragraph();

  std::string text_;
  bool after_title_ = true;
};

}  // namespace codi
