#pragma once
#include "cli/http.hpp"
#include "cli/outcome.hpp"
#include "cli/repository.hpp"
#include "cli/shell.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace codi::cli {

inline constexpr std::string_view kDefaultSource = "the default";  ///< of a setting that nobody has set
inline constexpr std::string_view kDefaultServer = "http://127.0.0.1:7620";

/// What guards do when they can't learn what is held: let it through with a warning, or refuse.
enum class GuardPolicy : std::uint8_t { open, closed };

/// What the command line itself says.
struct SettingFlags {
  std::optional<std::string> server = {};
  std::optional<std::string> token = {};
  std::optional<std::string> project = {};
  std::optional<std::string> session = {};
  std::optional<std::string> ca_file = {};
};

/// What a server leaves on its first start for the users of its machine (`bootstrap.json`).
struct LocalServer {
  std::string server;
  std::string token;
  std::optional<std::string> project;
  std::optional<std::string> operator_token = {};
  std::optional<std::string> key_pin = {};  ///< of a server with TLS, whose certificate need not name this machine
};

/// Whom and what a command is about. Each value comes from the first place that has it: the flag; CODI_SERVER,
/// CODI_TOKEN, CODI_PROJECT, CODI_SESSION, CODI_CA_FILE, CODI_GUARD; `.codi/config.toml` of the repository (of the
/// working tree, then of the main one); the user's own `config.toml`; a login (see Logins); what a server on this
/// machine left for its user (`local`).
///
/// A token from a file is sent only to the server that the same file names: a repository's file can name any server,
/// but learns no token by it. Nor does it say whose certificates are trusted.
struct Settings {
  std::string server = std::string(kDefaultServer);         ///< without a slash at its end
  std::string server_source = std::string(kDefaultSource);  ///< where it comes from, for messages
  std::optional<std::string> token = {};
  std::optional<std::string> project = {};
  std::optional<std::string> session = {};
  std::optional<std::string> ca_file = {};             ///< absolute; whose certificates are trusted
  std::optional<std::string> repository_project = {};  ///< what the repository's file says
  GuardPolicy guard = GuardPolicy::open;
  std::string guard_source = std::string(kDefaultSource);  ///< where it comes from, for messages
  std::optional<LocalServer> local = {};   ///< when `server` is one on this machine; used when there is no other token
  std::vector<std::string> warnings = {};  ///< about the files that were read

  /// The server of this machine's user is known by its key, unless a `ca_file` is given.
  [[nodiscard]] Trust trust() const;
};

/// Reads them. A complaint for a file that can't be parsed, an address that is none, and a token in a repository's
/// file.
Outcome<Settings> read_settings(Shell const& shell, SettingFlags const& flags,
                                std::optional<Repository> const& repository);

/// Looks where the user's state folder says that a server keeps its data (`codi/local.json`), then for
/// `data/bootstrap.json` in the current folder; a file that is not this user's or names a server elsewhere is left
/// alone.
std::optional<LocalServer> find_local_server(Shell const& shell);

/// `http://HOST[:PORT][/path]`, without slashes at its end; localhost and [::1] stay as they are. Or `unix:/path`.
/// Nothing when it is no address.
std::optional<std::string> normalized_server(std::string_view url);

/// `open` or `closed`; nothing for another word.
std::optional<GuardPolicy> guard_policy(std::string_view word);
std::string_view to_string(GuardPolicy policy);

/// True when both name one server: the spellings of this machine's own address are one.
bool same_server(std::string_view a, std::string_view b);

}  // namespace codi::cli
