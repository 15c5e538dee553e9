#include "gateway/setting_sources.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <utility>

namespace codi::gateway {
namespace {

namespace fs = std::filesystem;

using Found = std::expected<std::vector<FoundSetting>, std::string>;

// Text in a cell of a Markdown table.
std::string cell(std::string_view text) {
  std::string out;
  for (char const c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

std::string flag_of(CLI::Option const& option) { return option.get_lnames().front(); }

// Those that say where settings come from, or that only print something, are no settings.
std::vector<CLI::Option const*> settings_of(CLI::App const& app) {
  return app.get_options([](CLI::Option const* option) {
    return !option->get_lnames().empty() && flag_of(*option) != "help" && flag_of(*option) != "config";
  });
}

std::optional<std::string> scalar_text(toml::node const& node) {
  if (auto text = node.value_exact<std::string>()) return text;
  if (auto const number = node.value_exact<std::int64_t>()) return std::to_string(*number);
  if (auto const number = node.value_exact<double>()) return fmt::format("{}", *number);
  if (auto const flag = node.value_exact<bool>()) return *flag ? "true" : "false";
  return std::nullopt;
}

std::optional<std::string> text_of(toml::node const& node) {
  auto const* const list = node.as_array();
  if (list == nullptr) return scalar_text(node);
  std::vector<std::string> values;
  for (auto const& element : *list) {
    auto value = scalar_text(element);
    if (!value) return std::nullopt;
    values.push_back(*std::move(value));
  }
  return fmt::format("{}", fmt::join(values, ","));
}

std::expected<std::map<std::string, FoundSetting>, std::string> read_file(CLI::App const& app, fs::path const& path) {
  std::ifstream in(path);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) return std::unexpected(fmt::format("can't read {}", path.string()));
  toml::table table;
  try {
    table = toml::parse(text.str());
  } catch (toml::parse_error const& error) {
    return std::unexpected(
        fmt::format("{}:{}: {}", path.string(), error.source().begin.line, std::string(error.description())));
  }
  std::map<std::string, FoundSetting> out;
  auto const settings = settings_of(app);
  for (auto const& [key, node] : table) {
    std::string const name(key.str());
    auto const source = fmt::format("{}:{}", path.string(), key.source().begin.line);
    auto const is_it = [&](CLI::Option const* option) { return key_of(flag_of(*option)) == name; };
    auto const found = std::ranges::find_if(settings, is_it);
    if (found == settings.end()) return std::unexpected(fmt::format("{}: there is no setting `{}`", source, name));
    auto value = text_of(node);
    if (!value)
      return std::unexpected(
          fmt::format("{}: {} must be a string, a number, true or false, or a list of those", source, name));
    out[name] = {flag_of(**found), *std::move(value), source};
  }
  return out;
}

}  // namespace

std::optional<std::string> process_variable(std::string const& name) {
  char const* const value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nobody sets the environment
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

std::string variable_of(std::string_view flag) {
  auto out = key_of(flag);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return "CODI_" + out;
}

std::string key_of(std::string_view flag) {
  std::string out(flag);
  std::ranges::replace(out, '-', '_');
  return out;
}

Found find_settings(CLI::App const& app, Environment const& environment, std::optional<fs::path> const& file) {
  std::map<std::string, FoundSetting> in_file;
  if (file) {
    auto read = read_file(app, *file);
    if (!read) return std::unexpected(std::move(read.error()));
    in_file = *std::move(read);
  }
  std::vector<FoundSetting> out;
  for (auto const* const option : settings_of(app)) {
    auto const flag = flag_of(*option);
    if (option->count() > 0) continue;
    if (auto value = environment(variable_of(flag)))
      out.push_back({flag, *std::move(value), variable_of(flag)});
    else if (auto const found = in_file.find(key_of(flag)); found != in_file.end())
      out.push_back(found->second);
  }
  return out;
}

std::string settings_markdown(CLI::App const& app) {
  std::string out =
      "# Settings of the server\n\nGenerated from the options of `codi serve`; a test compares.\n\n"
      "Each setting is a flag, an environment variable and a key of the TOML file that `--config FILE` (or "
      "`CODI_CONFIG`) "
      "names. A flag wins over the variable, the variable over the file. A list is written with commas, in the file as "
      "a "
      "TOML array. An unknown key, a value that can't be and a file that can't be read end the start with a message "
      "that "
      "names the line. `codi serve` logs the settings in force, and where each comes from, when it has started. No "
      "setting holds a secret: keys stand in files of their own.\n\n"
      "| flag | variable | key | value | default | meaning |\n| --- | --- | --- | --- | --- | --- |\n";
  for (auto const* const option : settings_of(app)) {
    auto const flag = flag_of(*option);
    out += fmt::format("| `--{}` | `{}` | `{}` | {} | {} | {} |\n", flag, variable_of(flag), key_of(flag),
                       cell(option->get_type_name()),
                       option->get_default_str().empty() ? "" : fmt::format("`{}`", option->get_default_str()),
                       cell(option->get_description()));
  }
  return out;
}

}  // namespace codi::gateway
