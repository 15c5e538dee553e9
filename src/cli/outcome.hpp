#pragma once
#include "base/result.hpp"

#include <expected>
#include <string>
#include <utility>
#include <vector>

/// The client: every verb of `codi` but `serve`, and `codi-log`.
namespace codi::cli {

/// Exit statuses; they are part of the contract with scripts.
enum class Exit : int {
  done = 0,
  failed = 1,   ///< refused or failed for any reason that is not below (401, 403, 404, 422, an error of this machine)
  usage = 2,    ///< the command itself is wrong; nothing was sent
  refused = 3,  ///< a conflict or a rule stands against it: 409, 412, CLAIM-*, ROLE-*
  unreachable = 4,  ///< no answer of a codi server
};

/// Why a command ends without having done its work.
struct Complaint {
  Exit exit = Exit::failed;
  std::string what;                       ///< one sentence for a person, without the program's name
  std::vector<std::string> details = {};  ///< a line each: fields, conflicts
  std::vector<std::string> hints = {};    ///< what can be done next, a sentence each
  json::object problem = {};              ///< the problem document, when a server sent one
};

/// A value, or why the command ends without it.
template <class T = void>
using Outcome = std::expected<T, Complaint>;

/// `return complain(Exit::usage, "no such verb")` in a function that returns an Outcome.
inline std::unexpected<Complaint> complain(Exit exit, std::string what, std::vector<std::string> hints = {}) {
  return std::unexpected(Complaint{.exit = exit, .what = std::move(what), .hints = std::move(hints)});
}

/// Hands on the complaint of another outcome.
template <class T>
std::unexpected<Complaint> pass_on(std::expected<T, Complaint>& outcome) {
  return std::unexpected(std::move(outcome.error()));
}

}  // namespace codi::cli
