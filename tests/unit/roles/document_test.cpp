#include "roles/document.hpp"

#include "models/role_limits.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace codi::roles {
namespace {

using Texts = std::vector<std::string>;

Texts targets_of(RoleDocument const& document) {
  Texts out;
  for (auto const& one : document.content.boundaries) out.push_back(one.target);
  return out;
}

Texts told(RoleDocument const& document) {
  Texts out;
  for (auto const& finding : document.findings)
    out.push_back(fmt::format("{}: {}", finding.line.value_or(0), finding.message));
  return out;
}

bool finds(RoleDocument const& document, std::int64_t line, std::string_view words) {
  for (auto const& finding : document.findings)
    if (finding.line == line && finding.message.find(words) != std::string::npos) return true;
  return false;
}

constexpr std::string_view kMarkdown = R"(# Storage Engineer

## Purpose

Keeps what the service
must not lose.

## Core Capabilities

- Key layouts
- **Migrations** of `stores`

## File Boundaries

```
src/store/        # The engine
├── rows/         # Encoding
└── index/
tools/migrate.py  # Migrations
```

## Integration Points

### Depends On
- **platform**: Disks and quotas

### Provides To
- api-engineer: Typed reads

## Quality Standards
- Test Coverage: 92% minimum
- Recovery: proven every week

## Task Patterns

### Primary Tasks
1. Layouts: choose keys

### Delegation Triggers
- Delegates to tester when: Coverage drops below 92%
- Escalates to lead when: Data may be lost

## Success Metrics
- Recovery time: < 5 min

## Example Workflows

### Workflow 1: Add an index
1. Write the test
2. Fill it

### Rebuild
```
1. Stop writes
2. Rebuild
```

## Common Patterns

Reads in pages:

```cpp
# not a heading
## Purpose
auto page = store.read();
```

## Anti-Patterns to Avoid
- Scans without a limit

## Glossary
Row: a key and a value.
)";

TEST(RoleDocument, markdown) {
  auto const document = read_document(kMarkdown);
  auto const& role = document.content;
  EXPECT_TRUE(document.errors.empty());
  EXPECT_EQ(document.name, "storage-engineer");
  EXPECT_EQ(role.purpose, "Keeps what the service must not lose.");
  EXPECT_EQ(role.capabilities, (Texts{"Key layouts", "Migrations of stores"}));
  EXPECT_EQ(targets_of(document), (Texts{"src/store/", "src/store/rows/", "src/store/index/", "tools/migrate.py"}));
  EXPECT_EQ(role.boundaries[1].note, "Encoding");
  EXPECT_EQ(role.depends_on, (std::vector<models::RoleLink>{{"platform", "Disks and quotas"}}));
  EXPECT_EQ(role.provides_to, (std::vector<models::RoleLink>{{"api-engineer", "Typed reads"}}));
  ASSERT_EQ(role.gates.size(), 2U);
  EXPECT_EQ(role.gates[0].measure, "coverage");
  EXPECT_EQ(role.gates[0].origin, models::GateOrigin::quality_standard);
  EXPECT_EQ(role.gates[1].measure, "recovery_time");
  EXPECT_EQ(role.gates[1].origin, models::GateOrigin::success_metric);
  EXPECT_EQ(role.metrics, (Texts{"Recovery time: < 5 min"}));
  ASSERT_EQ(role.triggers.size(), 2U);
  EXPECT_EQ(role.triggers[0].to, "tester");
  EXPECT_TRUE(role.triggers[0].condition);
  EXPECT_EQ(role.triggers[1].kind, models::TriggerKind::escalate);
  EXPECT_EQ(role.workflows, (std::vector<models::Workflow>{{"Add an index", {"Write the test", "Fill it"}},
                                                           {"Rebuild", {"Stop writes", "Rebuild"}}}));
  EXPECT_EQ(role.tasks, (Texts{"Layouts: choose keys"}));
  EXPECT_EQ(role.patterns, (Texts{"Reads in pages:\n# not a heading\n## Purpose\nauto page = store.read();"}));
  EXPECT_EQ(role.anti_patterns, (Texts{"Scans without a limit"}));
  EXPECT_EQ(role.advice, (Texts{"Recovery: proven every week", "Row: a key and a value."}));
  EXPECT_EQ(told(document).size(), 2U);
  EXPECT_TRUE(finds(document, 32, "no check"));
  EXPECT_TRUE(finds(document, 71, "Glossary"));
}

TEST(RoleDocument, parts_know_their_lines) {
  auto const document = read_document(kMarkdown);
  auto const& lines = document.lines;
  EXPECT_EQ(lines.at("/purpose"), 5);
  EXPECT_EQ(lines.at("/boundaries/0"), 16);
  EXPECT_EQ(lines.at("/boundaries/3"), 19);
  EXPECT_EQ(lines.at("/depends_on/0"), 25);
  EXPECT_EQ(lines.at("/triggers/1"), 41);
  EXPECT_EQ(lines.at("/workflows/1/steps/1"), 55);
  EXPECT_EQ(lines.at("/advice/1"), 72);
}

constexpr std::string_view kPlain = R"(Skip to main content

Storage Engineer

Purpose

Keeps what the service must not lose.

Core Capabilities

  • Key layouts
  • Migrations of stores

File Boundaries

src/store/        # The engine
├── rows/ # Encoding
└── index/

Makefile

Integration Points

Depends On

  • platform: Disks and quotas

Provides To

  • api-engineer: Typed reads

Quality Standards

  • Test Coverage: 92% minimum
  • Recovery: proven every week

CODI Integration

# Session initialization
codi-log "$SESSION_ID: Starting" "SESSION_START"

# Completion
codi-log "$SESSION_ID: COMPLETE it" "WORK_COMPLETE"

Task Patterns

Primary Tasks

  1. Layouts: choose keys

Delegation Triggers

  • Delegates to tester when: Coverage drops below 92%

Success Metrics

  • Recovery time: < 5 min

Example Workflows

Workflow 1: Add an index

1. Write the test
2. Fill it

Common Patterns

// Reads in pages
auto page = store.read();

auto next = page.next();

// Writes
store.write();

Anti-Patterns to Avoid

  • Scans without a limit
  that go on

References)";

TEST(RoleDocument, what_a_browser_copied_of_it) {
  auto const document = read_document(kPlain);
  auto const& role = document.content;
  EXPECT_TRUE(document.errors.empty());
  EXPECT_EQ(document.name, "storage-engineer");
  EXPECT_EQ(role.purpose, "Keeps what the service must not lose.");
  EXPECT_EQ(role.capabilities, (Texts{"Key layouts", "Migrations of stores"}));
  EXPECT_EQ(targets_of(document), (Texts{"src/store/", "src/store/rows/", "src/store/index/", "Makefile"}));
  EXPECT_EQ(role.depends_on.size(), 1U);
  EXPECT_EQ(role.provides_to.size(), 1U);
  EXPECT_EQ(role.gates.size(), 2U);
  EXPECT_EQ(role.tasks, (Texts{"Layouts: choose keys"}));
  EXPECT_EQ(role.triggers.size(), 1U);
  EXPECT_EQ(role.metrics.size(), 1U);
  EXPECT_EQ(role.workflows, (std::vector<models::Workflow>{{"Add an index", {"Write the test", "Fill it"}}}));
  EXPECT_EQ(role.patterns, (Texts{"// Reads in pages\nauto page = store.read();\n\nauto next = page.next();",
                                  "// Writes\nstore.write();"}));
  EXPECT_EQ(role.anti_patterns, (Texts{"Scans without a limit that go on"}));
  ASSERT_EQ(role.advice.size(), 2U);
  EXPECT_EQ(role.advice[1],
            "# Session initialization\ncodi-log \"$SESSION_ID: Starting\" \"SESSION_START\"\n\n# Completion\n"
            "codi-log \"$SESSION_ID: COMPLETE it\" \"WORK_COMPLETE\"");
  EXPECT_TRUE(finds(document, 1, "Skip to main content"));
  EXPECT_TRUE(finds(document, 39, "kept as advice"));
  EXPECT_TRUE(finds(document, 81, "References"));
}

TEST(RoleDocument, line_ends_and_byte_order_mark_mean_nothing) {
  auto const expected = read_document(kMarkdown);
  for (std::string_view const end : {"\r\n", "\r"}) {
    std::string text = "\xEF\xBB\xBF";
    for (char const c : kMarkdown) text += c == '\n' ? std::string(end) : std::string(1, c);
    auto const read = read_document(text);
    EXPECT_EQ(read.content, expected.content);
    EXPECT_EQ(read.lines, expected.lines);
  }
}

TEST(RoleDocument, front_matter_above_a_body_is_read_as_both) {
  auto const document = read_document(R"(---
name: api-engineer
description: Builds the REST surface
tools: Read, Grep
colour: blue
codi:
  boundaries:
    - src/api/
    - target: openapi.json
      note: The contract
    - docs/api/: Its pages
  gates:
    - "Test Coverage: 90%"
    - {measure: lint findings, op: "==", threshold: 0}
  triggers:
    - "Delegates to tester when: Coverage drops below 90%"
    - {kind: escalate, to: lead, when: Nobody answers}
depends_on:
  storage-engineer: Typed reads
---
## Purpose
More than that.

## Core Capabilities
- Routing
)");
  auto const& role = document.content;
  EXPECT_TRUE(document.errors.empty());
  EXPECT_EQ(document.name, "api-engineer");
  EXPECT_EQ(role.purpose, "More than that.");
  EXPECT_EQ(targets_of(document), (Texts{"src/api/", "openapi.json", "docs/api/"}));
  EXPECT_EQ(role.boundaries[1].note, "The contract");
  EXPECT_EQ(role.boundaries[2].note, "Its pages");
  ASSERT_EQ(role.gates.size(), 2U);
  EXPECT_EQ(role.gates[1].measure, "lint_findings");
  ASSERT_EQ(role.triggers.size(), 2U);
  EXPECT_EQ(role.triggers[1].kind, models::TriggerKind::escalate);
  EXPECT_EQ(role.depends_on, (std::vector<models::RoleLink>{{"storage-engineer", "Typed reads"}}));
  EXPECT_EQ(role.capabilities, (Texts{"Routing"}));
  EXPECT_EQ(role.advice, (Texts{"tools: Read, Grep", "colour: blue", "description: Builds the REST surface"}));
  EXPECT_TRUE(finds(document, 5, "colour"));
  EXPECT_EQ(document.findings.size(), 1U);
  EXPECT_EQ(document.lines.at("/boundaries/0"), 8);
  EXPECT_EQ(document.lines.at("/capabilities/0"), 25);
}

TEST(RoleDocument, an_agent_file_without_sections_is_a_role_with_advice) {
  auto const document =
      read_document("---\nname: helper\ndescription: Helps\n---\nYou are a helper.\n\n# Style\nBe brief.\n");
  EXPECT_TRUE(document.errors.empty());
  EXPECT_EQ(document.name, "helper");
  EXPECT_EQ(document.content.purpose, "Helps");
  EXPECT_EQ(document.content.advice, (Texts{"You are a helper.", "Be brief."}));
}

TEST(RoleDocument, what_is_wrong_with_front_matter_is_an_error_on_its_line) {
  for (auto const& [text, line] : std::vector<std::pair<std::string, std::size_t>>{
           {"---\nname: [\n---\n", 3},
           {"---\nname: a b c d e f\n---\n", 2},
           {"---\n- a\n---\n", 2},
           {"---\nx: 1\nname: a\nname: b\n---\n", 4},
           {"---\nboundaries:\n  - ../x\n---\n", 3},
           {"---\ngates:\n  - {measure: a, op: '~', threshold: 1}\n---\n", 3},
           {"---\ntriggers:\n  - nothing of it\n---\n", 3},
           {"---\nboundaries:\n  - {target: a/, owner: me}\n---\n", 3},
           {"---\ncodi: yes\n---\n", 2},
           {"---\ncodi:\n  gates: 'Coverage: 9%'\n  gates: 'Coverage: 90%'\n---\n", 4},
           {"---\ngates:\n  - measure: a\n    threshold: 1\n    threshold: 9\n---\n", 5},
           {"---\nboundaries:\n  src/: all\n  src/: none\n---\n", 4},
       }) {
    auto const document = read_document(text);
    ASSERT_FALSE(document.errors.empty()) << text;
    EXPECT_EQ(document.errors[0].line, line) << text << document.errors[0].message;
  }
}

TEST(RoleDocument, yaml_that_names_itself_ends) {
  auto const loop = read_document("---\nname: a\nx: &x [*x, *x]\n---\n");
  EXPECT_EQ(loop.name.value_or("a"), "a");
  std::string laughs = "---\nname: a\na: &a [x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c < 'k'; ++c) {
    laughs += fmt::format("{}: &{} [", c, c);
    for (int i = 0; i < 9; ++i) laughs += fmt::format("*{}, ", static_cast<char>(c - 1));
    laughs += "]\n";
  }
  laughs += "---\n";
  EXPECT_EQ(read_document(laughs).name, "a");
}

// A kilobyte that is named a hundred thousand times would be kept as often.
TEST(RoleDocument, yaml_that_names_a_text_again_and_again_is_an_error) {
  for (std::string_view const key : {"gates", "boundaries", "colour", "depends_on"}) {
    std::string text = "---\nx: &a " + std::string(100'000, 'x') + "\n" + std::string(key) + ": [*a";
    for (int i = 0; i < 1'000; ++i) text += ", *a";
    auto const document = read_document(text + "]\n---\n");
    ASSERT_FALSE(document.errors.empty()) << key;
    std::size_t kept = 0;
    for (auto const& advice : document.content.advice) kept += advice.size();
    for (auto const& [line, message] : document.errors) kept += message.size();
    EXPECT_LT(kept, 2 * limits::kRoleDocumentBytes) << key;
  }
}

TEST(RoleDocument, a_boundary_with_escapes_keeps_them) {
  EXPECT_EQ(targets_of(read_document("---\nboundaries:\n  - 'app/\\[id\\]/page.tsx'\n---\n")),
            (Texts{"app/\\[id]/page.tsx"}));
}

TEST(RoleDocument, a_text_that_says_nothing_is_an_error) {
  for (auto const& text :
       {std::string(), std::string("\n\n  \n"), std::string(1'000'000, '\n'), std::string(500'000, ' ')})
    EXPECT_EQ(read_document(text).errors.size(), 1U);
}

TEST(RoleDocument, what_is_too_long_to_keep_is_an_error_on_its_line) {
  std::string const much(20'000, 'x');
  for (auto const& [text, line] : std::vector<std::pair<std::string, std::size_t>>{
           {"# A\n\n## Purpose\n" + much, 4},
           {"# A\n## Capabilities\n- a\n- " + much, 4},
           {"# A\n## Depends On\n- b: " + much, 3},
           {"# A\n## Triggers\n- Delegates to b when: " + much, 3},
           {"# A\n## Boundaries\n- a/: " + much, 3},
       }) {
    auto const document = read_document(text);
    ASSERT_EQ(document.errors.size(), 1U) << text.substr(0, 40);
    EXPECT_EQ(document.errors[0].line, line);
  }
  std::string items = "# A\n## Capabilities\n";
  for (int i = 0; i < 1'010; ++i) items += "- x\n";
  ASSERT_EQ(read_document(items).errors.size(), 1U);
  EXPECT_EQ(read_document(items).errors[0].line, 1'003U);
}

TEST(RoleDocument, boundaries_as_a_list_or_without_a_fence) {
  EXPECT_EQ(targets_of(read_document("# A\n\n## Boundaries\n- `src/api/`: endpoints\n- docs/\n")),
            (Texts{"src/api/", "docs/"}));
  EXPECT_EQ(targets_of(read_document("# A\n\n## Boundaries\nsrc/ # all\n├── api/\n└── db/\n")),
            (Texts{"src/", "src/api/", "src/db/"}));
  auto const prose = read_document("# A\n\n## Boundaries\nAll that nobody else wants.\n");
  EXPECT_TRUE(prose.content.boundaries.empty());
  EXPECT_EQ(prose.content.advice, (Texts{"All that nobody else wants."}));
  EXPECT_TRUE(finds(prose, 4, "kept as advice"));
}

TEST(RoleDocument, boundaries_in_other_usual_shapes) {
  EXPECT_EQ(targets_of(read_document("# A\n\n## Boundaries\n- src/\n  - api/\n    - v1.cpp: Old\n- docs/\n")),
            (Texts{"src/", "src/api/", "src/api/v1.cpp", "docs/"}));
  for (std::string_view const tree : {
           "src/\n├── api/\n│   └── v1/\n└── db/\n",
           "src/\n  api/\n    v1/\n  db/\n",
           "src\n|-- api\n|   `-- v1/\n`-- db/\n",
           "src/\n\n    api/\n        v1/\n\n    db/\n",
       })
    EXPECT_EQ(targets_of(read_document("# A\n\n## Boundaries\n" + std::string(tree) + "\n## Purpose\nx\n")),
              (Texts{"src/", "src/api/", "src/api/v1/", "src/db/"}))
        << tree;
  EXPECT_EQ(targets_of(read_document("# A\n\n## Boundaries\nsrc/**/*_a.rs\n\nsrc/**/*_b.rs\n")),
            (Texts{"src/**/*_a.rs", "src/**/*_b.rs"}));
  auto const table = read_document("# A\n\n## Boundaries\n| Path | Note |\n|---|---|\n| src/api/ | Routes |\n");
  EXPECT_TRUE(table.content.boundaries.empty());
  EXPECT_EQ(table.content.advice.size(), 1U);
  EXPECT_TRUE(finds(table, 4, "kept as advice"));
  auto const label = read_document("# A\n\n## Boundaries\n- Backend:\n  - src/api/\n- Frontend: src/web/\n");
  EXPECT_EQ(targets_of(label), (Texts{"src/api/"}));
  EXPECT_EQ(label.content.advice, (Texts{"Backend:", "Frontend: src/web/"}));
  EXPECT_TRUE(finds(label, 4, "no path") && finds(label, 6, "no path"));
}

TEST(RoleDocument, a_comment_that_looks_like_a_heading_makes_no_markdown) {
  auto text = std::string(kPlain);
  text.replace(text.find("# Completion"), std::string_view("# Completion").size(), "# Metrics");
  auto const document = read_document(text);
  EXPECT_EQ(document.name, "storage-engineer");
  EXPECT_EQ(document.content.capabilities, (Texts{"Key layouts", "Migrations of stores"}));
  EXPECT_EQ(document.content.workflows.size(), 1U);
}

TEST(RoleDocument, a_comment_of_html_says_nothing_of_the_role) {
  auto const document = read_document("<!-- markdownlint-disable -->\n# A\n\nBuilds it.\n");
  EXPECT_EQ(document.content.purpose, "Builds it.");
  EXPECT_EQ(document.content.advice, (Texts{"<!-- markdownlint-disable -->"}));
  EXPECT_TRUE(finds(document, 1, "kept as advice"));
}

TEST(RoleDocument, a_heading_below_a_known_one_does_not_end_it) {
  auto const document = read_document("# A\n\n## Capabilities\n### Backend\n- Rust\n");
  EXPECT_EQ(document.content.capabilities, (Texts{"Rust"}));
  EXPECT_TRUE(finds(document, 4, "Backend"));
}

TEST(RoleDocument, the_name_of_a_file_is_that_of_its_role) {
  EXPECT_EQ(role_name_of_file(".claude/agents/Rust Developer.md"), "rust-developer");
  EXPECT_EQ(role_name_of_file(".github/agents/qa.agent.md"), "qa");
  EXPECT_EQ(role_name_of_file("lead"), "lead");
  EXPECT_EQ(role_name_of_file("---.md"), std::nullopt);
}

// A document of somebody's team, which is not in the repository: CODI_ROLE_DOCUMENT names it.
TEST(RoleDocument, a_document_from_outside_is_read_without_errors) {
  auto const* const path = std::getenv("CODI_ROLE_DOCUMENT");
  if (path == nullptr) GTEST_SKIP() << "CODI_ROLE_DOCUMENT is not set";
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  auto const document = read_document(text.str());
  EXPECT_TRUE(document.errors.empty());
  EXPECT_TRUE(document.name);
  EXPECT_FALSE(document.content.boundaries.empty());
  EXPECT_FALSE(document.content.workflows.empty());
}

}  // namespace
}  // namespace codi::roles
