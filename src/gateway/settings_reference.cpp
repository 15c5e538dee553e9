#include "gateway/settings_reference.hpp"

#include "base/man_page.hpp"
#include "base/text.hpp"
#include "gateway/setting_sources.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace codi::gateway {
namespace {

// CLI11 names a type as `LEVEL:{debug,info}` or `UINT:INT in [1 - 1024]`.
std::vector<std::string> choices_of(std::string_view type) {
  auto const open = type.find('{');
  auto const close = type.find('}');
  std::vector<std::string> out;
  if (open == std::string_view::npos || close == std::string_view::npos) return out;
  for (auto const choice : split(type.substr(open + 1, close - open - 1), ',')) out.emplace_back(choice);
  return out;
}

std::string meaning(OptionInfo const& option) {
  auto out = option.doc + ".";
  if (!option.choices.empty()) out += fmt::format(" One of {}.", fmt::join(option.choices, ", "));
  return out;
}

bool is_text(OptionInfo const& option) {
  constexpr std::array<std::string_view, 4> kBare{"", "UINT", "INT", "FLOAT"};
  return std::ranges::find(kBare, option.value_name) == kBare.end();
}

std::string toml_line(OptionInfo const& option, std::map<std::string, std::string> const& values) {
  auto const key = key_of(option.flag);
  if (auto const given = values.find(key); given != values.end()) return fmt::format("{} = {}\n", key, given->second);
  if (option.fallback.empty()) return fmt::format("#{} =\n", key);
  return fmt::format("#{0} = {2}{1}{2}\n", key, option.fallback, is_text(option) ? "\"" : "");
}

}  // namespace

std::vector<OptionInfo> option_infos(CLI::App const& app) {
  std::vector<OptionInfo> out;
  for (auto const* const option : app.get_options()) {
    if (option->get_lnames().empty()) continue;
    auto const& flag = option->get_lnames().front();
    if (flag == "help") continue;
    auto const type = option->get_type_name();
    out.push_back({.flag = flag,
                   .doc = option->get_description(),
                   .value_name = type.substr(0, type.find(':')),
                   .choices = choices_of(type),
                   .fallback = option->get_default_str(),
                   .is_setting = flag != "config"});
  }
  return out;
}

std::string settings_toml(std::span<OptionInfo const> options, std::map<std::string, std::string> const& values) {
  std::string out =
      "# Settings of `codi serve`. A line that begins with # is not in force and shows the default; codi.toml(5) and\n"
      "# `codi serve --help` say more. CODI_* variables and flags win over this file. Restart the server after a "
      "change:\n"
      "#   systemctl restart codi\n"
      "# No secret belongs in here.\n";
  for (auto const& option : options)
    if (option.is_setting) out += fmt::format("\n# {}\n{}", meaning(option), toml_line(option, values));
  return out;
}

std::string settings_manual(std::span<OptionInfo const> options) {
  ManPage page("codi.toml", 5, "settings of the codi server");
  page.section("DESCRIPTION");
  page.paragraph(
      "A TOML file that `codi serve --config FILE` reads. The unit of the package reads `/etc/codi/codi.toml`. Each "
      "setting is a key of the file, an environment variable and a flag. A flag wins over the variable, the variable "
      "over the file.");
  page.paragraph(
      "An unknown key, a value that can't be and a file that can't be read end the start with a message that names the "
      "line. No setting holds a secret. A list is a TOML array; in a variable its values stand between commas.");
  page.section("SETTINGS");
  for (auto const& option : options) {
    if (!option.is_setting) continue;
    auto text = meaning(option);
    if (!option.fallback.empty()) text += fmt::format(" `{}` when missing.", option.fallback);
    page.item(key_of(option.flag) + " = " + (option.value_name.empty() ? "true|false" : option.value_name),
              text + fmt::format(" Also `{}` and `--{}`.", variable_of(option.flag), option.flag));
  }
  page.section("SEE ALSO");
  page.paragraph("`codi-serve(8)`, `codi(1)`");
  return page.text();
}

}  // namespace codi::gateway
