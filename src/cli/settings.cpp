#include "cli/settings.hpp"

#include "base/text.hpp"
#include "cli/files.hpp"
#include "cli/json_access.hpp"
#include "cli/settings_file.hpp"

#include <fmt/format.h>

#include <array>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace codi::cli {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> text_member(json::value const& value, std::string_view name) {
  auto text = text_of(value, name);
  if (text.empty()) return std::nullopt;
  return text;
}

// A file that another user could have put there could send this user's work anywhere.
bool is_own_file(fs::path const& path) {
  struct stat facts{};
  return stat(path.c_str(), &facts) == 0 && facts.st_uid == geteuid() && S_ISREG(facts.st_mode) &&
         access(path.c_str(), R_OK) == 0;
}

std::optional<json::value> read_own_json(fs::path const& path) {
  if (!is_own_file(path)) return std::nullopt;
  auto const text = read_file(path);
  if (!text) return std::nullopt;
  return parse_loosely(*text);
}

// `http://host:port` -> `host:port`.
std::string_view authority_of(std::string_view url) {
  auto const scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  auto const rest = url.substr(scheme + 3);
  return rest.substr(0, rest.find('/'));
}

constexpr std::string_view kUnix = "unix:";

bool is_this_machine(std::string_view address) {
  if (address.starts_with(kUnix)) return true;
  auto const authority = authority_of(address);
  auto const colon = authority.rfind(':');
  auto const host = authority.ends_with(']') ? authority : authority.substr(0, colon);
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

std::string comparable(std::string_view url) {
  auto out = to_lower_ascii(url);
  for (std::string_view const own : {"://localhost", "://[::1]"})
    if (auto const at = out.find(own); at != std::string::npos) out.replace(at, own.size(), "://127.0.0.1");
  return out;
}

// One place that settings come from.
struct Source {
  std::string name;
  SettingsFile values;
  bool own_server_only = false;  // its token goes to its own server only
  bool in_repository = false;
};

Outcome<void> add_file(std::vector<Source>& sources, std::vector<std::string>& warnings, fs::path const& path,
                       bool in_repository) {
  auto file = read_settings_file(path);
  if (!file) return pass_on(file);
  auto& values = *file;
  if (!values) return {};
  if (in_repository && values->token)
    return complain(
        Exit::failed, fmt::format("{} holds a token", path.string()),
        {"That file is committed: remove the token, revoke it, and keep the new one in CODI_TOKEN, in the user's own "
         "config.toml or with `codi login`."});
  if (in_repository && values->ca_file) {
    values->unknown.emplace_back("ca_file");
    values->ca_file.reset();
  }
  for (auto const& key : values->unknown)
    warnings.push_back(fmt::format("{}: `{}` means nothing (server, project, session, guard{})", path.string(), key,
                                   in_repository ? "" : ", token, ca_file"));
  sources.push_back({path.string(), *std::move(values), true, in_repository});
  return {};
}

Outcome<std::vector<Source>> all_sources(Shell const& shell, SettingFlags const& flags,
                                         std::optional<Repository> const& repository,
                                         std::vector<std::string>& warnings) {
  std::vector<Source> out;
  out.push_back({"the command line", {flags.server, flags.token, flags.project, flags.session, flags.ca_file}});
  out.push_back({"the environment",
                 {shell.variable("CODI_SERVER"), shell.variable("CODI_TOKEN"), shell.variable("CODI_PROJECT"),
                  shell.variable("CODI_SESSION"), shell.variable("CODI_CA_FILE"), shell.variable("CODI_GUARD")}});
  auto const folder = repository ? repository->root : shell.directory;
  auto const before = out.size();
  if (auto added = add_file(out, warnings, folder / ".codi" / "config.toml", true); !added) return pass_on(added);
  if (repository && out.size() == before && repository->main_root != repository->root)
    if (auto added = add_file(out, warnings, repository->main_root / ".codi" / "config.toml", true); !added)
      return pass_on(added);
  if (auto added = add_file(out, warnings, shell.config_folder() / "config.toml", false); !added) return pass_on(added);
  return out;
}

void take(std::optional<std::string>& into, std::optional<std::string> const& from) {
  if (!into) into = from;
}

// A misspelt policy is not taken for the default: what was meant may be the stricter one.
Outcome<> take_guard(Settings& settings, Source const& source) {
  if (!source.values.guard || settings.guard_source != kDefaultSource) return {};
  auto const policy = guard_policy(*source.values.guard);
  if (!policy)
    return complain(Exit::usage,
                    fmt::format("the guard `{}` of {} is neither open nor closed", *source.values.guard, source.name));
  settings.guard = *policy;
  settings.guard_source = source.name;
  return {};
}

}  // namespace

std::optional<std::string> normalized_server(std::string_view url) {
  url = trim(url);
  while (url.ends_with('/')) url.remove_suffix(1);
  if (url.starts_with(kUnix) && url.substr(kUnix.size()).starts_with('/')) return std::string(url);
  auto const lower = to_lower_ascii(url.substr(0, 8));
  if (!lower.starts_with("http://") && !lower.starts_with("https://")) return std::nullopt;
  auto const authority = authority_of(url);
  if (authority.empty() || url.find_first_of("?#@ \t\r\n") != std::string_view::npos) return std::nullopt;
  return std::string(url);
}

bool same_server(std::string_view a, std::string_view b) { return comparable(a) == comparable(b); }

std::optional<LocalServer> find_local_server(Shell const& shell) {
  std::vector<fs::path> places;
  std::optional<std::string> present_server;
  std::optional<std::string> pin;
  if (auto const note = read_own_json(shell.state_folder() / "local.json")) {
    if (auto const folder = text_member(*note, "data_directory"))
      places.push_back(fs::path(*folder) / "bootstrap.json");
    if (auto const file = text_member(*note, "bootstrap_file")) places.insert(places.begin(), *file);
    present_server = text_member(*note, "server");
    pin = text_member(*note, "key_pin");
  }
  auto const noted = places.size();
  places.push_back(shell.directory / "data" / "bootstrap.json");
  for (std::size_t i = 0; i < places.size(); ++i) {
    auto const bootstrap = read_own_json(places[i]);
    if (!bootstrap) continue;
    auto const token = text_member(*bootstrap, "token");
    auto server = text_member(*bootstrap, "server");
    if (i < noted && present_server) server = present_server;
    auto const address = normalized_server(server.value_or(std::string(kDefaultServer)));
    if (token && address && is_this_machine(*address))
      return LocalServer{*address, *token, text_member(*bootstrap, "project"),
                         text_member(*bootstrap, "operator_token"), i < noted ? pin : std::nullopt};
  }
  return std::nullopt;
}

std::optional<GuardPolicy> guard_policy(std::string_view word) {
  if (word == "open") return GuardPolicy::open;
  if (word == "closed") return GuardPolicy::closed;
  return std::nullopt;
}

std::string_view to_string(GuardPolicy policy) { return policy == GuardPolicy::open ? "open" : "closed"; }

Trust Settings::trust() const {
  return {.ca_file = ca_file, .key_pin = local && !ca_file ? local->key_pin : std::nullopt};
}

Outcome<Settings> read_settings(Shell const& shell, SettingFlags const& flags,
                                std::optional<Repository> const& repository) {
  Settings out;
  auto sources = all_sources(shell, flags, repository, out.warnings);
  if (!sources) return pass_on(sources);
  std::optional<std::string> server;
  for (auto& source : *sources) {
    take(out.project, source.values.project);
    if (source.in_repository) out.repository_project = source.values.project;
    take(out.session, source.values.session);
    take(out.ca_file, source.values.ca_file);
    if (auto taken = take_guard(out, source); !taken) return pass_on(taken);
    if (!source.values.server) continue;
    auto const address = normalized_server(*source.values.server);
    if (!address)
      return complain(
          Exit::usage, fmt::format("the server `{}` of {} is no address", *source.values.server, source.name),
          {"An address looks like http://127.0.0.1:7620, https://codi.example.org or unix:/run/codi/codi.sock."});
    source.values.server = address;
    if (server) continue;
    server = address;
    out.server_source = source.name;
  }
  if (out.ca_file) out.ca_file = (shell.directory / *out.ca_file).string();
  auto local = find_local_server(shell);
  if (server) {
    out.server = *server;
  } else if (local) {
    out.server = local->server;
    out.server_source = "the server that was started on this machine";
  }
  for (auto const& source : *sources) {
    auto const own_server = source.values.server.value_or(std::string(kDefaultServer));
    if (!source.own_server_only || same_server(own_server, out.server)) take(out.token, source.values.token);
  }
  if (local && same_server(local->server, out.server)) out.local = std::move(local);
  return out;
}

}  // namespace codi::cli
