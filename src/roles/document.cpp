#include "roles/document.hpp"

#include "base/text.hpp"
#include "reflect/decode.hpp"
#include "roles/block.hpp"
#include "roles/boundary_section.hpp"
#include "roles/front_matter.hpp"
#include "roles/lines.hpp"
#include "roles/measure.hpp"
#include "roles/section.hpp"
#include "roles/trigger.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace codi::roles {
namespace {

using Kind = Block::Kind;

/// Gives each block its place in the role, by the section that it stands in.
class DocumentReader {
 public:
  DocumentReader(std::string_view body, bool markdown) : boundaries_(body, markdown), markdown_(markdown) {}

  RoleDocument read(std::vector<Block> const& blocks, std::optional<FrontMatter> front) {
    if (front) take(*std::move(front));
    for (auto const& block : blocks) {
      if (!full_.empty()) break;  // the document is not taken
      if (block.kind == Kind::heading)
        begin(block);
      else
        take(block);
    }
    end_boundaries();
    if (pattern_label_) keep_as_advice(pattern_label_->text, pattern_label_->line);
    finish();
    return std::move(out_);
  }

 private:
  using Content = models::RoleContent;

  void take(FrontMatter front) {
    has_front_ = true;
    out_.name = std::move(front.name);
    if (front.description) {
      out_.content.purpose = on_one_line(front.description->value);
      place("/purpose", front.description->line);
      purpose_from_front_ = true;
    }
    for (auto& [boundary, line] : front.boundaries)
      add(out_.content.boundaries, "boundaries", std::move(boundary), line);
    for (auto& [link, line] : front.depends_on) add(out_.content.depends_on, "depends_on", std::move(link), line);
    for (auto& [link, line] : front.provides_to) add(out_.content.provides_to, "provides_to", std::move(link), line);
    for (auto& [gate, line] : front.gates) add(out_.content.gates, "gates", std::move(gate), line);
    for (auto& [trigger, line] : front.triggers) add(out_.content.triggers, "triggers", std::move(trigger), line);
    for (auto& [text, line] : front.advice) add(out_.content.advice, "advice", std::move(text), line);
    for (auto& remark : front.remarks) find(remark.line, std::move(remark.message));
    std::ranges::move(front.errors, std::back_inserter(out_.errors));
  }

  void begin(Block const& block) {
    end_boundaries();
    if (auto const label = std::exchange(pattern_label_, std::nullopt)) keep_as_advice(label->text, block.line);
    if (auto const section = section_of(block.text)) {
      section_ = section;
      level_ = block.level;
      return;
    }
    bool const below = section_ && block.level > level_;
    if (below && section_ == Section::workflows) {
      auto name = workflow_name(block.text).value_or(on_one_line(block.text));
      if (name.empty()) name = "workflow";
      add(out_.content.workflows, "workflows", models::Workflow{std::move(name), {}}, block.line);
      return;
    }
    if (below && section_ == Section::patterns) {
      pattern_label_ = block;
      return;
    }
    if (!title_ && !section_ && (block.level == 1 || !markdown_) && !is_link_of_page(block)) {
      title_ = role_in(block.text);
      if (!out_.name) out_.name = title_;
      if (!title_) find(block.line, fmt::format("the title {} is not the name of a role", quoted(block.text)));
      return;
    }
    if (is_link_of_page(block)) {
      find(block.line,
           fmt::format("{} belongs to the page that it was copied from: it is left out", quoted(block.text)));
    } else if (below) {
      find(block.line, fmt::format("the heading {} is not known: what stands below it is read as part of the section",
                                   quoted(block.text)));
    } else {
      find(block.line,
           fmt::format("the heading {} is not known: what stands below it is kept as advice", quoted(block.text)));
      section_.reset();
      unknown_ = true;
      level_ = block.level;
    }
  }

  // What browsers copy along.
  [[nodiscard]] bool is_link_of_page(Block const& block) const {
    return !markdown_ && bare_heading(block.text).starts_with("skip to ");
  }

  void take(Block const& block) {
    if (block.kind == Kind::paragraph && block.text.starts_with("<!--")) return keep_with_remark(block);
    if (!section_) {
      // What stands under the title says what the role is for.
      if (!unknown_ && block.kind == Kind::paragraph && is_purpose()) return add_purpose(block);
      return keep_as_advice(block.text, block.line);
    }
    switch (*section_) {
      case Section::purpose:
        if (block.kind == Kind::code) return keep_as_advice(block.text, block.line);
        return add_purpose(block);
      case Section::capabilities: return take_items(block, &DocumentReader::add_capability);
      case Section::boundaries:
        if (!boundaries_.take(block)) keep_with_remark(block);
        return;
      case Section::depends_on: return take_items(block, &DocumentReader::add_dependency);
      case Section::provides_to: return take_items(block, &DocumentReader::add_provision);
      case Section::gates: return take_items(block, &DocumentReader::add_standard);
      case Section::tasks: return take_items(block, &DocumentReader::add_task);
      case Section::delegation:
      case Section::escalation: return take_items(block, &DocumentReader::add_trigger);
      case Section::metrics: return take_items(block, &DocumentReader::add_metric);
      case Section::workflows: return take_steps(block);
      case Section::patterns: return take_pattern(block);
      case Section::anti_patterns: return take_items(block, &DocumentReader::add_anti_pattern);
      case Section::integration:
      case Section::task_patterns: return keep_with_remark(block);
      case Section::commands:
        if (!told_of_commands_) find(block.line, "what it says to codi is kept as advice: nobody is held to it");
        told_of_commands_ = true;
        return keep_as_advice(block.text, block.line);
    }
  }

  [[nodiscard]] bool is_purpose() const { return out_.content.purpose.empty() || purpose_from_body_; }

  void add_purpose(Block const& block) {
    auto& purpose = out_.content.purpose;
    auto text = on_one_line(block.text);
    if (purpose_from_front_) {  // the document says it at more length
      if (text != purpose)
        keep_as_advice("description: " + std::exchange(purpose, {}), static_cast<std::size_t>(out_.lines["/purpose"]));
      purpose.clear();
      out_.lines.erase("/purpose");
      purpose_from_front_ = false;
    }
    if (purpose.empty()) place("/purpose", block.line);
    if (!purpose.empty()) purpose += "\n\n";
    purpose += block.kind == Kind::item ? "- " + text : text;
    purpose_from_body_ = true;
  }

  using Add = void (DocumentReader::*)(std::string, std::size_t);
  // Of a list; a copy may have lost its bullets, and a fence may stand around it.
  void take_items(Block const& block, Add add_one) {
    if (block.kind == Kind::item) return (this->*add_one)(on_one_line(block.text), block.line);
    if (block.kind == Kind::paragraph && markdown_) return keep_with_remark(block);
    auto line = block.line;
    for (auto const text : lines_of(block.text)) {
      if (!trim(text).empty()) (this->*add_one)(std::string(trim(text)), line);
      ++line;
    }
  }

  void add_capability(std::string text, std::size_t line) {
    add(out_.content.capabilities, "capabilities", std::move(text), line);
  }
  void add_task(std::string text, std::size_t line) { add(out_.content.tasks, "tasks", std::move(text), line); }
  void add_anti_pattern(std::string text, std::size_t line) {
    add(out_.content.anti_patterns, "anti_patterns", std::move(text), line);
  }
  void add_dependency(std::string text, std::size_t line) {
    auto link = read_link(text);
    if (!link) return keep_unread(text, line, "names no role");
    add(out_.content.depends_on, "depends_on", *std::move(link), line);
  }
  void add_provision(std::string text, std::size_t line) {
    auto link = read_link(text);
    if (!link) return keep_unread(text, line, "names no role");
    add(out_.content.provides_to, "provides_to", *std::move(link), line);
  }
  void add_trigger(std::string text, std::size_t line) {
    auto const kind = section_ == Section::escalation ? models::TriggerKind::escalate : models::TriggerKind::delegate;
    auto trigger = read_trigger(text, kind);
    if (!trigger) return keep_unread(text, line, "is no trigger that codi can read");
    add(out_.content.triggers, "triggers", *std::move(trigger), line);
  }

  void add_standard(std::string text, std::size_t line) {
    auto read = read_gates(text, models::GateOrigin::quality_standard);
    for (auto& gate : read.gates) add(out_.content.gates, "gates", std::move(gate), line);
    if (!read.complete) keep_unread(text, line, read.gates.empty() ? "is no check" : "is a check only in part");
  }
  void add_metric(std::string text, std::size_t line) {
    auto read = read_gates(text, models::GateOrigin::success_metric);
    add(out_.content.metrics, "metrics", std::move(text), line);
    for (auto& gate : read.gates)
      if (!has_gate(gate)) add(out_.content.gates, "gates", std::move(gate), line);
  }
  // The same check twice is one.
  [[nodiscard]] bool has_gate(models::Gate const& gate) const {
    auto const facts = [](models::Gate const& one) {
      return std::tie(one.measure, one.threshold, one.unit, one.statistic);
    };
    return std::ranges::any_of(out_.content.gates,
                               [&](auto const& one) { return facts(one) == facts(gate) && one.op == gate.op; });
  }

  void end_boundaries() {
    auto tree = boundaries_.finish();
    for (auto& [boundary, line] : tree.boundaries)
      add(out_.content.boundaries, "boundaries", std::move(boundary), line);
    for (auto& [line, text] : tree.advice) keep_as_advice(std::move(text), line);
    for (auto& remark : tree.remarks) find(remark.line, std::move(remark.message));
    std::ranges::move(tree.errors, std::back_inserter(out_.errors));
  }

  // Steps stand in a list or, as an example, in a fence.
  void take_steps(Block const& block) {
    auto& workflows = out_.content.workflows;
    bool const names = block.kind == Kind::paragraph && lines_of(block.text).size() == 1;
    if (names) {
      auto const text = trim(block.text);
      auto const bare = text.ends_with(':') ? trim(text.substr(0, text.size() - 1)) : text;
      if (auto name = workflow_name(text); name || text.ends_with(':')) {
        auto workflow = models::Workflow{name.value_or(std::string(bare)), {}};
        return add(workflows, "workflows", std::move(workflow), block.line);
      }
    }
    if (block.kind == Kind::paragraph && (markdown_ || workflows.empty())) return keep_with_remark(block);
    if (workflows.empty()) {
      find(block.line, "the steps stand below no name: the workflow is called `workflow`");
      add(workflows, "workflows", models::Workflow{"workflow", {}}, block.line);
    }
    auto const name = fmt::format("workflows/{}/steps", workflows.size() - 1);
    auto& steps = workflows.back().steps;
    if (block.kind == Kind::item) return add(steps, name, on_one_line(block.text), block.line);
    auto line = block.line;
    for (auto const text : lines_of(block.text)) {
      if (!trim(text).empty()) add(steps, name, std::string(without_number(text)), line);
      ++line;
    }
  }

  void take_pattern(Block const& block) {
    auto& patterns = out_.content.patterns;
    if (block.kind == Kind::item) return add(patterns, "patterns", on_one_line(block.text), block.line);
    if (block.kind == Kind::paragraph) {
      if (pattern_label_) keep_as_advice(pattern_label_->text, pattern_label_->line);
      pattern_label_ = block;
      return;
    }
    auto pieces = markdown_ ? std::vector<Block>{block} : pieces_of_code(block);
    if (pattern_label_) {
      pieces.front().text = on_one_line(pattern_label_->text) + "\n" + pieces.front().text;
      pieces.front().line = pattern_label_->line;
      pattern_label_.reset();
    }
    for (auto& piece : pieces) add(patterns, "patterns", std::move(piece.text), piece.line);
  }

  void keep_with_remark(Block const& block) {
    find(block.line, fmt::format("{} is kept as advice", quoted(block.text)));
    keep_as_advice(block.text, block.line);
  }
  void keep_unread(std::string const& text, std::size_t line, std::string_view why) {
    find(line, fmt::format("{} {}: it is kept as advice", quoted(text), why));
    keep_as_advice(text, line);
  }
  void keep_as_advice(std::string text, std::size_t line) { add(out_.content.advice, "advice", std::move(text), line); }

  template <class T>
  void add(std::vector<T>& list, std::string const& name, T value, std::size_t line) {
    if (list.size() == limits::kRoleItems) {
      if (full_.insert(name).second)
        out_.errors.push_back({line, fmt::format("there are more than {} {}", limits::kRoleItems, name)});
      return;
    }
    place(fmt::format("/{}/{}", name, list.size()), line);
    list.push_back(std::move(value));
  }

  void place(std::string pointer, std::size_t line) {
    out_.lines[std::move(pointer)] = static_cast<std::int64_t>(line);
  }
  void find(std::size_t line, std::string message) {
    out_.findings.push_back({static_cast<std::int64_t>(line), std::move(message)});
  }

  void finish() {
    auto const& content = out_.content;
    if (content == Content{} && !title_ && !has_front_) out_.errors.push_back({1, "says nothing of a role"});
    check_limits();
    std::ranges::sort(out_.findings, {}, [](auto const& one) { return std::tie(one.line, one.message); });
    std::ranges::sort(out_.errors);
  }

  // A role can be stored only as its members allow.
  void check_limits() {
    auto const fits = reflect::decode<Content>(json::parse(reflect::encode_text(out_.content)));
    if (fits) return;
    for (auto const& [pointer, detail] : fits.error().errors) {
      // The part that the pointer leads into: `/triggers/3` of `/triggers/3/when`.
      auto part = pointer;
      while (!part.empty() && !out_.lines.contains(part)) part.resize(part.rfind('/'));
      auto const line = part.empty() ? 1 : static_cast<std::size_t>(out_.lines[part]);
      out_.errors.push_back({line, fmt::format("{} {}", pointer, detail)});
    }
  }

  BoundarySection boundaries_;
  bool markdown_;
  RoleDocument out_;
  std::optional<std::string> title_;
  std::optional<Section> section_;
  std::size_t level_ = 0;
  bool unknown_ = false;  // below a heading that is no section's
  bool has_front_ = false;
  bool purpose_from_front_ = false;
  bool purpose_from_body_ = false;
  bool told_of_commands_ = false;
  std::optional<Block> pattern_label_;
  std::set<std::string> full_;  // lists that hold all that they may
};

}  // namespace

RoleDocument read_document(std::string_view text) {
  auto const plain = with_plain_ends(text);
  auto const cut = cut_front_matter(plain);
  std::optional<FrontMatter> front;
  std::string body = plain;
  if (cut) {
    front = read_front_matter(*cut);
    // So that lines are those of the document.
    body = std::string(cut->body_line - 1, '\n') + std::string(cut->body);
  }
  auto blocks = read_markdown(body);
  auto plain_blocks = read_plain_text(body);
  bool const markdown = is_markdown(blocks, plain_blocks);
  if (!markdown) blocks = std::move(plain_blocks);
  return DocumentReader(body, markdown).read(blocks, std::move(front));
}

std::optional<std::string> role_name_of_file(std::string_view file_name) {
  auto const slash = file_name.find_last_of("/\\");
  if (slash != std::string_view::npos) file_name.remove_prefix(slash + 1);
  for (std::string_view const end : {".agent.md", ".md", ".markdown", ".txt", ".json"})
    if (file_name.size() > end.size() && file_name.ends_with(end)) {
      file_name.remove_suffix(end.size());
      break;
    }
  return role_in(file_name);
}

}  // namespace codi::roles
