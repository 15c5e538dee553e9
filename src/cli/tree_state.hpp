#pragma once
#include "base/result.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace codi::cli {

/// What one caller's memory of one place is kept under.
struct PlaceKey {
  std::string server;
  std::string project;
  std::string caller;  ///< Client::caller(): two agents with tokens of their own don't share a session
  std::string place;   ///< the working tree's root, or the folder outside a repository
};

/// The session that the verbs of a place act for.
struct RememberedSession {
  std::string id;
  std::string alias;
  bool implicit = false;  ///< started by a verb that needed one, not by `codi session start`
};

/// What the client remembers of a place between commands: the session that verbs act for, and which session `codi-log`
/// last started from a template. It holds no secret. Safe among concurrent processes; throws Failure when the machine
/// fails it.
class TreeState {
 public:
  TreeState(std::filesystem::path const& state_folder, PlaceKey const& key);

  /// The session of this place, and its replacement.
  [[nodiscard]] std::optional<RememberedSession> session() const;
  void remember(RememberedSession const& session);
  /// Forgets the session when it is the one with this id.
  void forget(std::string_view session_id);

  /// The alias that was last made from a template such as `RUST-DEVELOPER-SESSION-N`.
  [[nodiscard]] std::optional<std::string> alias_of(std::string_view numbered_template) const;
  void remember_alias(std::string_view numbered_template, std::string_view alias);
  void forget_alias(std::string_view numbered_template);

 private:
  [[nodiscard]] json::object read() const;
  template <class Change>
  void change(Change const& apply);

  PlaceKey key_;
  std::filesystem::path file_;
};

/// A file name that stands for the key.
std::string file_stem(PlaceKey const& key);

}  // namespace codi::cli
