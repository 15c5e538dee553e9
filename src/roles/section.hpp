#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace codi::roles {

/// What a part of a role document is about.
enum class Section : std::uint8_t {
  purpose,
  capabilities,
  boundaries,
  integration,  ///< holds depends_on and provides_to
  depends_on,
  provides_to,
  gates,
  task_patterns,  ///< holds tasks and triggers
  tasks,
  delegation,
  escalation,
  metrics,
  workflows,
  patterns,
  anti_patterns,
  commands,  ///< how the role talks to codi: for people and agents to read
};

/// The section that a heading begins, by any of its usual names (docs/roles.md lists them); nothing for another one.
std::optional<Section> section_of(std::string_view heading);

/// All headings that are known, each with its section, as documents list them.
std::vector<std::pair<std::string_view, Section>> known_headings();

/// True for a section that others hold in their documents: it does not end them.
bool is_part_of(Section part, Section whole);

/// True for a section whose content is code, or a tree, in which a line by itself need not be a heading.
bool holds_code(Section section);

/// A text as names are compared: lower case, only letters, digits and single spaces.
std::string bare_words(std::string_view text);

/// The same of a heading, without the number before it.
std::string bare_heading(std::string_view heading);

/// The name of `Workflow 2: Release` or `Workflow 2 - Release`; nothing for another heading.
std::optional<std::string> workflow_name(std::string_view heading);

}  // namespace codi::roles
