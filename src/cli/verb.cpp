#include "cli/verb.hpp"

#include "cli/duration.hpp"

#include <boost/json.hpp>

#include <array>
#include <charconv>
#include <cmath>

namespace codi::cli {

std::optional<std::string> Arguments::one(std::string const& name) const {
  auto const found = values_.find(name);
  if (found == values_.end() || found->second.empty()) return std::nullopt;
  return found->second.back();
}

std::vector<std::string> Arguments::all(std::string const& name) const {
  auto const found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>{} : found->second;
}

std::span<Option const> global_options() {
  static std::vector<Option> const options{
      {.name = "server", .doc = "Address of the server (CODI_SERVER).", .value_name = "URL"},
      {.name = "token", .doc = "API token or access token (CODI_TOKEN).", .value_name = "TOKEN"},
      {.name = "project", .doc = "Project, by slug or id (CODI_PROJECT).", .value_name = "PROJECT"},
      {.name = "session", .doc = "Session, by alias or id (CODI_SESSION).", .value_name = "SESSION"},
      {.name = "ca-file",
       .doc = "Certificates in PEM that are trusted in the place of the system's (CODI_CA_FILE).",
       .value_name = "FILE"},
      {.name = "json", .doc = "Print the answer as JSON and nothing else.", .take = Take::flag},
      {.name = "show-token", .doc = "Show secrets in the answer, which are left out otherwise.", .take = Take::flag},
      {.name = "help", .doc = "Show this help.", .take = Take::flag},
  };
  return options;
}

std::optional<json::value> json_of(Option const& option, std::string_view text) {
  switch (option.take) {
    case Take::flag: return json::value(true);
    case Take::yes_no: return json::value(text == "true");
    case Take::text: return json::value(json::string_view(text.data(), text.size()));
    case Take::duration: {
      auto const time = parse_duration(text);
      if (!time) return std::nullopt;
      return json::value(time->count());
    }
    case Take::integer: {
      std::int64_t value = 0;
      auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
      return json::value(value);
    }
    case Take::number: {
      double value = 0;
      auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
      return json::value(value);
    }
    case Take::json: {
      boost::system::error_code error;
      auto value = json::parse(json::string_view(text.data(), text.size()), error);
      if (error) return std::nullopt;
      return value;
    }
  }
  return std::nullopt;
}

json::object members_of(std::span<Option const> options, Arguments const& arguments) {
  json::object out;
  for (auto const& option : options) {
    auto const texts = arguments.all(option.name);
    if (option.member.empty() || texts.empty()) continue;
    if (!option.many) {
      out[option.member] = json_of(option, texts.back()).value_or(nullptr);
      continue;
    }
    json::array items;
    for (auto const& text : texts) items.push_back(json_of(option, text).value_or(nullptr));
    out[option.member] = std::move(items);
  }
  return out;
}

std::vector<Verb const*> verbs_below(std::span<Verb const> verbs, std::string_view words) {
  std::vector<Verb const*> out;
  for (auto const& verb : verbs)
    if (!verb.hidden && (words.empty() || verb.words == words || verb.words.starts_with(std::string(words) + " ")))
      out.push_back(&verb);
  return out;
}

}  // namespace codi::cli
