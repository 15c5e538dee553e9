#include "plan.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace codi::load {
namespace {

namespace json = boost::json;

std::string text_of(json::value const& value) { return std::string(value.as_string()); }

double number_or(json::object const& object, std::string_view name, double otherwise) {
  auto const* found = object.if_contains(name);
  return found ? found->to_number<double>() : otherwise;
}

std::size_t count_or(json::object const& object, std::string_view name, std::size_t otherwise) {
  auto const* found = object.if_contains(name);
  return found ? found->to_number<std::size_t>() : otherwise;
}

std::map<std::size_t, std::vector<std::string>> read_values(json::object const& plan, std::string_view member,
                                                            Names& names) {
  std::map<std::size_t, std::vector<std::string>> out;
  auto const* found = plan.if_contains(member);
  if (!found) return out;
  for (auto const& [name, values] : found->as_object()) {
    auto& list = out[names.index(name)];
    for (auto const& value : values.as_array()) list.push_back(text_of(value));
    if (list.empty()) throw std::runtime_error(fmt::format("{}: {} has no values", member, std::string_view(name)));
  }
  return out;
}

std::string read_headers(json::value const& headers) {
  std::string out;
  for (auto const& [name, value] : headers.as_object())
    out += fmt::format("{}: {}\r\n", std::string_view(name), text_of(value));
  return out;
}

Step read_step(json::object const& step, std::string const& common_headers, Names& names) {
  Step out;
  auto const method = text_of(step.at("method"));
  auto const path = text_of(step.at("path"));
  out.name = text_of(step.at("name"));
  auto const* own = step.if_contains("headers");
  auto head =
      fmt::format("{} {} HTTP/1.1\r\nHost: bench\r\n{}", method, path, own ? read_headers(*own) : common_headers);
  if (auto const* body = step.if_contains("body")) {
    out.body = Template(text_of(*body), names);
    head += "Content-Type: application/json\r\n";
  }
  out.head = Template(head, names);
  for (auto const& status : step.at("statuses").as_array()) out.statuses.push_back(status.to_number<unsigned>());
  if (auto const* captures = step.if_contains("capture"))
    for (auto const& [name, after] : captures->as_object()) out.captures.push_back({names.index(name), text_of(after)});
  return out;
}

Flow read_flow(json::object const& flow, std::string const& common_headers, Names& names) {
  Flow out{.weight = number_or(flow, "weight", 1)};
  for (auto const& step : flow.at("steps").as_array())
    out.steps.push_back(read_step(step.as_object(), common_headers, names));
  if (out.steps.empty()) throw std::runtime_error("a flow has no steps");
  return out;
}

}  // namespace

std::size_t Names::index(std::string_view name) {
  return indices_.try_emplace(std::string(name), indices_.size()).first->second;
}

Template::Template(std::string_view text, Names& names) {
  for (;;) {
    auto const begin = text.find("${");
    if (begin == std::string_view::npos) break;
    auto const end = text.find('}', begin);
    if (end == std::string_view::npos) throw std::runtime_error("a `${` has no `}`");
    parts_.push_back({std::string(text.substr(0, begin)), names.index(text.substr(begin + 2, end - begin - 2))});
    text.remove_prefix(end + 1);
  }
  parts_.push_back({std::string(text), std::nullopt});
}

void Template::append_to(std::string& out, Values const& values) const {
  for (auto const& part : parts_) {
    out += part.text;
    if (part.name) out += values[*part.name];
  }
}

Plan read_plan(json::value const& document) {
  auto const& plan = document.as_object();
  Plan out;
  out.host = text_of(plan.at("host"));
  out.port = plan.at("port").to_number<std::uint16_t>();
  out.clients = count_or(plan, "clients", 1);
  out.warmup_seconds = number_or(plan, "warmup_seconds", 0);
  out.seconds = number_or(plan, "seconds", 1);
  out.runs = count_or(plan, "runs", 0);
  out.flows_per_second = number_or(plan, "flows_per_second", 0);
  auto const* headers = plan.if_contains("headers");
  auto const common_headers = headers ? read_headers(*headers) : std::string();
  for (auto const& flow : plan.at("flows").as_array())
    out.flows.push_back(read_flow(flow.as_object(), common_headers, out.names));
  if (out.flows.empty()) throw std::runtime_error("a plan has no flows");
  out.of_client = read_values(plan, "of_client", out.names);
  out.in_turn = read_values(plan, "in_turn", out.names);
  return out;
}

}  // namespace codi::load
