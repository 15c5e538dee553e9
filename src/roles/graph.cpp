#include "roles/graph.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>

namespace codi::roles {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char const c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + '"';
}

struct Contract {
  bool depends = false;
  bool provides = false;
  std::string what;
};

}  // namespace

std::string to_dot(std::vector<LintRole> const& roles) {
  std::map<std::string, bool> names;  // with a document?
  std::map<std::pair<std::string, std::string>, Contract> contracts;
  std::set<std::tuple<std::string, std::string, models::TriggerKind>> triggers;
  for (auto const& role : roles) names[role.name] = true;
  for (auto const& role : roles) {
    for (auto const& link : role.content.depends_on) {
      names.try_emplace(link.role, false);
      auto& contract = contracts[{role.name, link.role}];
      contract.depends = true;
      if (link.what) contract.what = *link.what;
    }
    for (auto const& link : role.content.provides_to) {
      names.try_emplace(link.role, false);
      auto& contract = contracts[{link.role, role.name}];
      contract.provides = true;
      if (link.what && contract.what.empty()) contract.what = *link.what;
    }
    for (auto const& trigger : role.content.triggers) {
      names.try_emplace(trigger.to, false);
      triggers.emplace(role.name, trigger.to, trigger.kind);
    }
  }
  std::string out =
      "digraph roles {\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
      "  edge [fontname=\"sans-serif\", fontsize=10];\n";
  for (auto const& [name, has_document] : names)
    out += fmt::format("  {}{};\n", quoted(name), has_document ? "" : " [style=\"rounded,dashed\"]");
  for (auto const& [ends, contract] : contracts)
    out += fmt::format("  {} -> {} [label={}{}];\n", quoted(ends.first), quoted(ends.second), quoted(contract.what),
                       contract.depends && contract.provides ? "" : ", style=dashed");
  for (auto const& [from, to, kind] : triggers)
    out += fmt::format("  {} -> {} [style=dotted, label={}];\n", quoted(from), quoted(to),
                       quoted(kind == models::TriggerKind::delegate ? "delegates" : "escalates"));
  return out + "}\n";
}

}  // namespace codi::roles
