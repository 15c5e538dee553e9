#pragma once
#include "cli/context.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// `codi doctor`: looks at what could keep codi from working, or make it unsafe, and says what to do about it.
namespace codi::cli {

/// What a check came to.
enum class Health : std::uint8_t { ok, warn, fail };

/// One thing that was looked at.
struct Check {
  std::string name;  ///< stable, for scripts
  Health health = Health::ok;
  std::string detail;
  std::string hint = {};  ///< what to do; empty when it is ok
};
/// In the order in which they are told.
using Checks = std::vector<Check>;

/// For scripts, and for people: a line each.
json::array as_json(Checks const& checks);
void print_checks(Context const& context, Checks const& checks);

/// What is to be looked at besides the client and its server.
struct DoctorTarget {
  std::optional<std::string> store = {};             ///< `rocksdb:FOLDER`
  std::optional<std::filesystem::path> config = {};  ///< the settings file of a server
};

/// `codi doctor`.
std::vector<Verb> doctor_verbs();

/// The user's own files: config.toml, logins, state, what a server of this user left for clients.
void check_user_files(Context& context, Checks& checks);
/// The repository and the server that commands here are for: reachable, ready, version, clock, certificate, token.
void check_server(Context& context, Checks& checks);
/// The server's own machine: its folder, store, disk, open files, certificate and key. The folder is that of the
/// target, else that of a server of this user on this machine; nothing is checked when there is none.
void check_machine(Context& context, DoctorTarget const& target, Checks& checks);

/// How far the server's clock, read from a `Date` of whole seconds, is off that of this machine, which stood at
/// `before` and `after` around the answer.
Check judge_clock(Timestamp server, Timestamp before, Timestamp after);
/// Versions fit when they have the same major and minor number.
Check judge_versions(std::string_view client, std::string_view server);
/// How long a certificate still lasts.
Check judge_certificate(std::string name, Timestamp ends, Timestamp now);
/// What is free of a file system, in bytes.
Check judge_space(std::uint64_t free, std::uint64_t whole);
/// How many files a server may have open.
Check judge_open_files(std::uint64_t most);
/// Whether a file or folder is its user's alone. `may_be_read`: only others' writing is wrong.
Check judge_owner(std::string name, std::filesystem::path const& path, bool may_be_read = false);

}  // namespace codi::cli
