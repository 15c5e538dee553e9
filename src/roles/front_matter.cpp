#include "roles/front_matter.hpp"

#include "base/text.hpp"
#include "roles/lines.hpp"
#include "roles/measure.hpp"
#include "roles/trigger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <yaml-cpp/yaml.h>

namespace codi::roles {
namespace {

// Keys that the tools of agents read; codi does not.
constexpr std::array<std::string_view, 18> kToolKeys{"tools",
                                                     "disallowedTools",
                                                     "model",
                                                     "color",
                                                     "permissionMode",
                                                     "skills",
                                                     "hooks",
                                                     "memory",
                                                     "mcpServers",
                                                     "target",
                                                     "argument-hint",
                                                     "handoffs",
                                                     "mcp-servers",
                                                     "agents",
                                                     "maxTurns",
                                                     "user-invocable",
                                                     "disable-model-invocation",
                                                     "metadata"};
constexpr std::array<std::string_view, 5> kOwnKeys{"boundaries", "gates", "triggers", "depends_on", "provides_to"};

/// Turns a YAML document into parts of a role. Reads known shapes only, and none deeper than limits::kYamlDepth: what
/// refers to itself ends there.
class FrontMatterReader {
 public:
  FrontMatter read(YAML::Node const& root) {
    if (root.IsNull()) return std::move(out_);
    if (!root.IsMap()) {
      error(root, "front matter is a list of `key: value`");
      return std::move(out_);
    }
    check_keys(root);
    for (auto const& pair : root)
      if (spend(1)) read_key(scalar(pair.first), pair.first, pair.second);
    return std::move(out_);
  }

  static std::size_t line_of(YAML::Node const& node) {
    auto const line = node.Mark().line;
    return line < 0 ? 1 : static_cast<std::size_t>(line) + 2;  // behind the first `---`
  }

 private:
  static std::string scalar(YAML::Node const& node) { return node.IsScalar() ? node.Scalar() : std::string(); }

  // YAML lets a key stand twice; which of the two is meant nobody knows.
  void check_keys(YAML::Node const& map) {
    std::set<std::string> seen;
    for (auto const& pair : map) {
      if (!spend(1)) return;
      if (pair.first.IsScalar() && !seen.insert(pair.first.Scalar()).second)
        error(pair.first, fmt::format("{} stands twice in the front matter", quoted(pair.first.Scalar())));
    }
  }

  // False when more was read than a document can say: what is named by an alias again and again has no end.
  bool spend(std::size_t bytes) {
    if (bytes <= left_) {
      left_ -= bytes;
      return true;
    }
    if (left_ > 0) out_.errors.push_back({1, "the front matter says more than a role can keep"});
    left_ = 0;
    return false;
  }

  void read_key(std::string const& key, YAML::Node const& where, YAML::Node const& value) {
    if (key == "name") return read_name(value);
    if (key == "description") {
      if (!value.IsScalar()) return error(where, "`description` is a text");
      out_.description = {{value.Scalar(), line_of(where)}};
      return;
    }
    if (key == "codi") return read_own(where, value);
    if (std::ranges::find(kOwnKeys, std::string_view(key)) != kOwnKeys.end()) return read_list(key, where, value);
    keep(key, where, value);
    if (std::ranges::find(kToolKeys, std::string_view(key)) == kToolKeys.end())
      remark(where, fmt::format("the key `{}` is not known: it is kept as advice", key));
  }

  void read_name(YAML::Node const& value) {
    auto const name = value.IsScalar() ? role_in(value.Scalar()) : std::nullopt;
    if (!name) return error(value, "`name` is the name of a role: letters, digits, `.`, `_` and `-`");
    out_.name = name;
  }

  void read_own(YAML::Node const& where, YAML::Node const& value) {
    if (!value.IsMap()) return error(where, "`codi` holds boundaries, gates, triggers, depends_on and provides_to");
    check_keys(value);
    for (auto const& pair : value) {
      if (!spend(1)) return;
      auto const key = scalar(pair.first);
      if (std::ranges::find(kOwnKeys, std::string_view(key)) != kOwnKeys.end()) {
        read_list(key, pair.first, pair.second);
        continue;
      }
      keep("codi." + key, pair.first, pair.second);
      remark(pair.first, fmt::format("the key `codi.{}` is not known: it is kept as advice", key));
    }
  }

  // A list of texts or maps; a map of names to texts is read as a list too; one text is a list of one.
  void read_list(std::string const& key, YAML::Node const& where, YAML::Node const& value) {
    if (value.IsNull()) return;
    if (value.IsScalar()) return read_text(key, value, value.Scalar());
    if (value.IsMap()) {
      check_keys(value);
      for (auto const& pair : value) {
        if (!spend(1)) return;
        bool const fits = pair.first.IsScalar() && (pair.second.IsScalar() || pair.second.IsNull());
        if (!fits) {
          error(pair.first, fmt::format("an entry of `{}` is `name: text`", key));
          continue;
        }
        read_pair(key, pair.first, pair.first.Scalar(), pair.second.IsNull() ? "" : pair.second.Scalar());
      }
      return;
    }
    if (!value.IsSequence()) return error(where, fmt::format("`{}` is a list", key));
    for (auto const& item : value) {
      if (!spend(1)) return;
      if (item.IsScalar())
        read_text(key, item, item.Scalar());
      else if (item.IsMap())
        read_map(key, item);
      else
        error(item, fmt::format("an entry of `{}` is a text or has keys of its own", key));
    }
  }

  // An entry as a document's list has it.
  void read_text(std::string const& key, YAML::Node const& where, std::string const& text) {
    if (!spend(text.size())) return;
    auto const line = line_of(where);
    if (key == "boundaries") return add_boundary(where, text, std::nullopt);
    if (key == "gates") {
      if (out_.gates.size() > limits::kRoleItems) return;  // the document is not taken
      auto read = read_gates(text, models::GateOrigin::quality_standard);
      for (auto& gate : read.gates) out_.gates.push_back({std::move(gate), line});
      if (read.complete) return;
      out_.advice.push_back({text, line});
      return remark(where, fmt::format("{} is no check that codi can read: it is kept as advice", quoted(text)));
    }
    if (key == "triggers") {
      auto trigger = read_trigger(text, models::TriggerKind::delegate);
      if (!trigger)
        return error(where, fmt::format("{} is no trigger: write `Delegates to ROLE when: …`", quoted(text)));
      out_.triggers.push_back({*std::move(trigger), line});
      return;
    }
    auto link = read_link(text);
    if (!link) return error(where, fmt::format("{} names no role: write `ROLE: what`", quoted(text)));
    (key == "depends_on" ? out_.depends_on : out_.provides_to).push_back({*std::move(link), line});
  }

  void read_pair(std::string const& key, YAML::Node const& where, std::string const& name, std::string const& text) {
    if (key == "boundaries") {
      if (spend(name.size() + text.size()))
        add_boundary(where, name, text.empty() ? std::nullopt : std::optional(text));
    } else {
      read_text(key, where, text.empty() ? name : name + ": " + text);
    }
  }

  void read_map(std::string const& key, YAML::Node const& item) {
    auto const text = [&](char const* member) {
      auto const node = item[member];
      return node && node.IsScalar() ? std::optional(node.Scalar()) : std::nullopt;
    };
    check_keys(item);
    for (auto const& pair : item)
      if (!spend(scalar(pair.first).size() + scalar(pair.second).size())) return;
    if (item.size() == 1 && item.begin()->first.IsScalar() && item.begin()->second.IsScalar() &&
        !is_member(key, item.begin()->first.Scalar()))
      return read_pair(key, item, item.begin()->first.Scalar(), item.begin()->second.Scalar());
    for (auto const& pair : item)
      if (!pair.first.IsScalar() || !is_member(key, pair.first.Scalar()))
        error(pair.first, fmt::format("an entry of `{}` has no `{}`", key,
                                      pair.first.IsScalar() ? pair.first.Scalar() : std::string("…")));
    if (key == "boundaries") {
      auto const target = text("target") ? text("target") : text("path");
      if (!target) return error(item, "a boundary has a `target`");
      return add_boundary(item, *target, text("note"));
    }
    if (key == "gates") return add_gate(item, text);
    if (key == "triggers") return add_trigger(item, text);
    auto const role = text("role").and_then(role_in);
    if (!role) return error(item, fmt::format("an entry of `{}` has a `role`", key));
    (key == "depends_on" ? out_.depends_on : out_.provides_to).push_back({{*role, text("what")}, line_of(item)});
  }

  void add_trigger(YAML::Node const& item, auto const& text) {
    auto const to = text("to").and_then(role_in);
    auto const when = text("when");
    auto const kind = text("kind").value_or("delegate");
    if (!to || !when || (kind != "delegate" && kind != "escalate"))
      return error(item, "a trigger has a `kind` (delegate, escalate), a role `to` and a `when`");
    out_.triggers.push_back({{kind == "delegate" ? models::TriggerKind::delegate : models::TriggerKind::escalate, *to,
                              *when, read_condition(*when)},
                             line_of(item)});
  }

  void add_gate(YAML::Node const& item, auto const& text) {
    auto const number = text("threshold").and_then(as_number);
    auto const op = models::Comparison::of(text("op").value_or(">="));
    auto const measure = text("measure") ? text("measure") : text("name");
    if (!number || !op || !measure)
      return error(item, "a gate has a `measure` or a `name`, an `op` (<, <=, >, >=, ==) and a number as `threshold`");
    models::Gate gate;
    gate.name = text("name").value_or(*measure);
    gate.measure = measure_name(*measure);
    gate.op = *op;
    gate.threshold = *number;
    gate.unit = text("unit").value_or("");
    gate.statistic = text("statistic");
    gate.origin = models::GateOrigin::quality_standard;
    if (gate.measure.empty()) return error(item, "a measure is named by letters and digits");
    out_.gates.push_back({std::move(gate), line_of(item)});
  }

  static std::optional<double> as_number(std::string const& text) {
    double out = 0;
    if (!YAML::convert<double>::decode(YAML::Node(text), out) || !std::isfinite(out)) return std::nullopt;
    return out;
  }

  static bool is_member(std::string_view key, std::string_view name) {
    if (key == "boundaries") return name == "target" || name == "path" || name == "note";
    if (key == "triggers") return name == "kind" || name == "to" || name == "when";
    if (key == "gates")
      return name == "name" || name == "measure" || name == "op" || name == "threshold" || name == "unit" ||
             name == "statistic";
    return name == "role" || name == "what";
  }

  void add_boundary(YAML::Node const& where, std::string_view path, std::optional<std::string> note) {
    auto target = owned_target(path);
    if (!target) return error(where, fmt::format("{} can't be owned: {}", quoted(path), target.error()));
    out_.boundaries.push_back({{*std::move(target), std::move(note)}, line_of(where)});
  }

  void keep(std::string const& key, YAML::Node const& where, YAML::Node const& value) {
    out_.advice.push_back({key + ": " + shown(value, 0), line_of(where)});
  }

  // What names itself many times over would grow by powers.
  std::string shown(YAML::Node const& value, std::size_t depth) {
    if (value.IsScalar()) return spend(value.Scalar().size() + 1) ? value.Scalar() : "…";
    if (depth == limits::kYamlDepth || shown_ == limits::kRoleItems) return "…";
    ++shown_;
    std::string out;
    if (value.IsSequence())
      for (auto const& item : value) {
        if (!spend(1)) break;
        out += (out.empty() ? "" : ", ") + shown(item, depth + 1);
      }
    if (value.IsMap())
      for (auto const& pair : value) {
        if (!spend(1)) break;
        out += (out.empty() ? "" : ", ") + shown(pair.first, depth + 1) + ": " + shown(pair.second, depth + 1);
      }
    return out;
  }

  void error(YAML::Node const& where, std::string message) {
    out_.errors.push_back({line_of(where), std::move(message)});
  }
  void remark(YAML::Node const& where, std::string message) {
    out_.remarks.push_back({line_of(where), std::move(message)});
  }

  FrontMatter out_;
  std::size_t shown_ = 0;  // lists and maps
  std::size_t left_ = limits::kRoleDocumentBytes;
};

bool is_fence(std::string_view line) {
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r')) line.remove_suffix(1);
  return line == "---";
}

}  // namespace

std::optional<FrontMatterCut> cut_front_matter(std::string_view text) {
  auto const first_end = text.find('\n');
  if (first_end == std::string_view::npos || !is_fence(text.substr(0, first_end))) return std::nullopt;
  std::size_t line = 2;
  for (auto at = first_end + 1; at < text.size(); ++line) {
    auto const end = std::min(text.find('\n', at), text.size());
    auto const here = text.substr(at, end - at);
    if (is_fence(here) || trim(here) == "...") {
      auto const body = std::min(end + 1, text.size());
      return FrontMatterCut{text.substr(first_end + 1, at - first_end - 1), text.substr(body), line + 1};
    }
    at = end + 1;
  }
  return std::nullopt;
}

FrontMatter read_front_matter(FrontMatterCut const& cut) {
  try {
    return FrontMatterReader().read(YAML::Load(std::string(cut.yaml)));
  } catch (YAML::Exception const& error) {
    FrontMatter out;
    auto const line = error.mark.line < 0 ? 2 : static_cast<std::size_t>(error.mark.line) + 2;
    out.errors.push_back({line, "the front matter is not YAML: " + error.msg});
    return out;
  }
}

}  // namespace codi::roles
