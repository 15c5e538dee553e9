#include "roles/lint.hpp"

#include "coordination/containment.hpp"
#include "roles/measure.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <deque>
#include <set>
#include <tuple>
#include <utility>

namespace codi::roles {
namespace {

using coordination::Target;

/// One look at one set.
class Linter {
 public:
  Linter(std::vector<LintRole> const& roles, bool case_sensitive, coordination::Effort& effort)
      : case_sensitive_(case_sensitive), effort_(effort) {
    for (auto const& role : roles) roles_[role.name] = &role;
    for (auto const& [name, role] : roles_) {
      depends_[name] = known(role->content.depends_on);
      provides_[name] = known(role->content.provides_to);
      for (auto const& metric : role->content.metrics)
        measures_[name].push_back(effort_.spend(metric.size()) ? metric_measure(metric) : std::string());
    }
    out_.complete = !effort_.spent();
  }

  LintReport run() {
    for (auto const& [name, role] : roles_) {
      find_missing(*role);
      find_one_sided(*role);
      find_unreachable(*role);
      find_repeated(*role);
    }
    find_cycles();
    find_overlaps();
    find_shared_metrics();
    std::ranges::sort(out_.findings, {}, [](models::LintFinding const& one) {
      return std::tie(one.file, one.line, one.rule, one.message, one.roles, one.paths);
    });
    return std::move(out_);
  }

 private:
  void add(std::string_view rule, LintRole const& where, std::string const& pointer, std::string message,
           std::vector<std::string> roles, std::vector<std::string> paths = {}) {
    if (out_.findings.size() == limits::kLintFindings) {
      out_.complete = false;
      return;
    }
    auto const line = where.lines.find(pointer);
    out_.findings.push_back({.rule = std::string(rule),
                             .message = std::move(message),
                             .roles = std::move(roles),
                             .paths = std::move(paths),
                             .file = where.file,
                             .line = line == where.lines.end() ? std::nullopt : std::optional(line->second)});
  }

  // Each role that is not there, once a document, where it is named first.
  void find_missing(LintRole const& role) {
    std::set<std::string> told;
    auto const look = [&](std::string const& named, std::string const& pointer, std::string_view how) {
      if (roles_.contains(named) || !told.insert(named).second) return;
      add("missing-role", role, pointer, fmt::format("{} {} {}, which has no document", role.name, how, named),
          {role.name, named});
    };
    for (std::size_t i = 0; i < role.content.depends_on.size(); ++i)
      look(role.content.depends_on[i].role, fmt::format("/depends_on/{}", i), "depends on");
    for (std::size_t i = 0; i < role.content.provides_to.size(); ++i)
      look(role.content.provides_to[i].role, fmt::format("/provides_to/{}", i), "provides to");
    for (std::size_t i = 0; i < role.content.triggers.size(); ++i)
      look(role.content.triggers[i].to, fmt::format("/triggers/{}", i), "hands work to");
  }

  using Names = std::vector<std::string>;

  // Each once, in the order of the document: those that have documents.
  [[nodiscard]] Names known(std::vector<models::RoleLink> const& links) const {
    Names out;
    std::set<std::string_view> seen;
    for (auto const& link : links)
      if (roles_.contains(link.role) && seen.insert(link.role).second) out.push_back(link.role);
    return out;
  }
  static bool has(Names const& names, std::string const& role) { return std::ranges::find(names, role) != names.end(); }

  void find_one_sided(LintRole const& role) {
    for (std::size_t i = 0; i < role.content.depends_on.size(); ++i) {
      auto const& to = role.content.depends_on[i].role;
      auto const other = roles_.find(to);
      if (to == role.name || other == roles_.end() || has(provides_.at(to), role.name)) continue;
      add("one-sided", role, fmt::format("/depends_on/{}", i),
          fmt::format("{} depends on {}, which does not say that it provides to {}", role.name, to, role.name),
          {role.name, to});
    }
    for (std::size_t i = 0; i < role.content.provides_to.size(); ++i) {
      auto const& to = role.content.provides_to[i].role;
      auto const other = roles_.find(to);
      if (to == role.name || other == roles_.end() || has(depends_.at(to), role.name)) continue;
      add("one-sided", role, fmt::format("/provides_to/{}", i),
          fmt::format("{} provides to {}, which does not say that it depends on {}", role.name, to, role.name),
          {role.name, to});
    }
  }

  // A percentage stays between 0 and 100, and nothing that is counted is below 0.
  static bool never_holds(models::Condition const& condition) {
    using enum models::Comparison::Kind;
    bool const percent = condition.unit == "%";
    switch (condition.op.kind()) {
      case less: return condition.threshold <= 0;
      case at_most: return condition.threshold < 0;
      case greater: return percent && condition.threshold >= 100;
      case at_least: return percent && condition.threshold > 100;
      case equal: return condition.threshold < 0 || (percent && condition.threshold > 100);
    }
    return false;
  }

  void find_unreachable(LintRole const& role) {
    for (std::size_t i = 0; i < role.content.triggers.size(); ++i) {
      auto const& trigger = role.content.triggers[i];
      std::string why;
      if (trigger.to == role.name)
        why = fmt::format("{} hands work to itself when: {}", role.name, trigger.when);
      else if (!roles_.contains(trigger.to))
        why = fmt::format("nobody can take what {} hands over when: {} ({} has no document)", role.name, trigger.when,
                          trigger.to);
      else if (trigger.condition && never_holds(*trigger.condition))
        why = fmt::format("it can never be that: {}", trigger.when);
      if (why.empty()) continue;
      std::vector<std::string> about{role.name};
      if (trigger.to != role.name) about.push_back(trigger.to);
      add("unreachable-trigger", role, fmt::format("/triggers/{}", i), std::move(why), std::move(about));
    }
  }

  // The same measure twice in one list of one role: which of the two holds?
  void find_repeated(LintRole const& role) {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < role.content.metrics.size(); ++i) {
      auto const& measure = measures_.at(role.name)[i];
      if (measure.empty() || seen.insert(measure).second) continue;
      add("duplicate-metric", role, fmt::format("/metrics/{}", i),
          fmt::format("{} measures {} twice", role.name, measure), {role.name});
    }
    std::set<std::tuple<std::string, std::optional<std::string>>> standards;
    for (std::size_t i = 0; i < role.content.gates.size(); ++i) {
      auto const& gate = role.content.gates[i];
      if (gate.origin == models::GateOrigin::success_metric) continue;
      if (standards.emplace(gate.measure, gate.statistic).second) continue;
      add("duplicate-metric", role, fmt::format("/gates/{}", i),
          fmt::format("{} has two standards for {}", role.name, gate.measure), {role.name});
    }
  }

  // Two roles whose success is the same figure: whose is it?
  void find_shared_metrics() {
    std::map<std::string, std::string> first;
    for (auto const& [name, role] : roles_)
      for (std::size_t i = 0; i < role->content.metrics.size(); ++i) {
        auto const& measure = measures_.at(name)[i];
        if (measure.empty()) continue;
        auto const [other, is_new] = first.try_emplace(measure, name);
        if (is_new || other->second == name) continue;
        add("duplicate-metric", *role, fmt::format("/metrics/{}", i),
            fmt::format("{} measures {}, and so does {}", name, measure, other->second), {name, other->second});
      }
  }

  void find_cycles() {
    std::set<std::string> done;
    for (auto const& [name, role] : roles_) {
      if (done.contains(name)) continue;
      auto const circle = shortest_circle(name);
      if (circle.empty()) continue;
      done.insert(circle.begin(), circle.end());
      auto const& next = circle.size() > 1 ? circle[1] : name;
      auto const& links = role->content.depends_on;
      auto const edge = std::ranges::find(links, next, &models::RoleLink::role) - links.begin();
      add("cycle", *role, fmt::format("/depends_on/{}", edge),
          fmt::format("{} → {}: each depends on the next", fmt::join(circle, " → "), name), circle);
    }
  }

  // From a role along what it depends on back to itself; breadth first.
  std::vector<std::string> shortest_circle(std::string const& start) const {
    std::map<std::string, std::string> from;
    std::deque<std::string> open{start};
    while (!open.empty()) {
      auto const at = std::move(open.front());
      open.pop_front();
      for (auto const& next : depends_.at(at)) {
        if (next == start) {
          std::vector<std::string> circle{at};
          while (circle.back() != start) circle.push_back(from.at(circle.back()));
          std::ranges::reverse(circle);
          return circle;
        }
        if (!from.try_emplace(next, at).second) continue;
        open.push_back(next);
      }
    }
    return {};
  }

  struct Owned {
    LintRole const* role;
    std::size_t index;
    Target target;
  };

  void find_overlaps() {
    std::vector<Owned> owned;
    for (auto const& [name, role] : roles_)
      for (std::size_t i = 0; i < role->content.boundaries.size(); ++i)
        if (auto target = coordination::parse_target(role->content.boundaries[i].target, case_sensitive_))
          owned.push_back({role, i, *std::move(target)});
    for (std::size_t i = 0; i < owned.size(); ++i)
      for (std::size_t j = i + 1; j < owned.size(); ++j) {
        compare(owned[i], owned[j]);
        if (!effort_.spent() && out_.findings.size() < limits::kLintFindings) continue;
        out_.complete = false;
        return;
      }
  }

  void compare(Owned const& a, Owned const& b) {
    if (a.role == b.role || !overlaps(a.target, b.target, effort_)) return;
    Target const* const in_a[] = {&a.target};
    Target const* const in_b[] = {&b.target};
    bool const b_in_a = contained(b.target, nullptr, in_a, case_sensitive_, effort_);
    bool const a_in_b = contained(a.target, nullptr, in_b, case_sensitive_, effort_);
    if (effort_.spent() || a_in_b != b_in_a) return;
    auto const first = coordination::canonical(a.target);
    auto const second = coordination::canonical(b.target);
    auto message = first == second ? fmt::format("{} and {} both own {}", a.role->name, b.role->name, first)
                                   : fmt::format("{} of {} and {} of {} share files, and neither is the narrower",
                                                 first, a.role->name, second, b.role->name);
    add("overlap", *a.role, fmt::format("/boundaries/{}", a.index), std::move(message), {a.role->name, b.role->name},
        {first, second});
  }

  std::map<std::string, LintRole const*> roles_;
  std::map<std::string, Names> depends_;
  std::map<std::string, Names> provides_;
  std::map<std::string, Names> measures_;  // of each metric
  bool case_sensitive_;
  coordination::Effort& effort_;
  LintReport out_;
};

}  // namespace

LintReport lint(std::vector<LintRole> const& roles, bool case_sensitive, coordination::Effort& effort) {
  return Linter(roles, case_sensitive, effort).run();
}

std::vector<LintRuleInfo> const& lint_rules() {
  static std::vector<LintRuleInfo> const rules{
      {"missing-role", "A role is named that has no document."},
      {"one-sided", "A role depends on, or provides to, another that does not say so."},
      {"cycle", "Roles depend on each other in a circle."},
      {"overlap", "Two roles own the same files, and neither boundary is the narrower."},
      {"unreachable-trigger", "A trigger can never fire, or nobody can take what it hands over."},
      {"duplicate-metric", "A metric is counted twice: in one role's list, or for two roles."},
  };
  return rules;
}

std::string to_sarif(std::vector<models::LintFinding> const& findings, std::string_view version) {
  json::array rules;
  for (auto const& rule : lint_rules())
    rules.push_back(json::object{{"id", rule.id}, {"shortDescription", json::object{{"text", rule.summary}}}});
  json::array results;
  for (auto const& finding : findings) {
    json::object result{
        {"ruleId", finding.rule}, {"level", "warning"}, {"message", json::object{{"text", finding.message}}}};
    if (finding.file) {
      json::object place{{"artifactLocation", json::object{{"uri", *finding.file}}}};
      if (finding.line) place["region"] = json::object{{"startLine", *finding.line}};
      result["locations"] = json::array{json::object{{"physicalLocation", std::move(place)}}};
    }
    results.push_back(std::move(result));
  }
  json::object const driver{{"name", "codi roles lint"}, {"version", version}, {"rules", std::move(rules)}};
  json::object const run{{"tool", json::object{{"driver", driver}}}, {"results", std::move(results)}};
  return json::serialize(json::object{
      {"$schema", "https://json.schemastore.org/sarif-2.1.0.json"}, {"version", "2.1.0"}, {"runs", json::array{run}}});
}

}  // namespace codi::roles
