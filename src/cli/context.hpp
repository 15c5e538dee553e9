#pragma once
#include "base/limits.hpp"
#include "cli/client.hpp"
#include "cli/outcome.hpp"
#include "cli/render.hpp"
#include "cli/repository.hpp"
#include "cli/settings.hpp"
#include "cli/shell.hpp"
#include "cli/tree_state.hpp"
#include "cli/verb.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace codi::cli {

/// What a verb works with. Everything is found out when it is first asked for, so that a verb pays for what it needs:
/// the repository, the settings, the client. Lives for one command; not thread-safe.
class Context {
 public:
  Context(Shell& shell, Catalog catalog, std::span<Verb const> verbs, Arguments const& globals);
  Context(Context const&) = delete;
  Context& operator=(Context const&) = delete;

  [[nodiscard]] Shell& shell() const { return shell_; }
  [[nodiscard]] Catalog const& catalog() const { return catalog_; }
  [[nodiscard]] std::span<Verb const> verbs() const { return verbs_; }
  [[nodiscard]] bool json() const { return json_; }
  [[nodiscard]] bool shows_secrets() const { return shows_secrets_; }
  [[nodiscard]] SettingFlags const& flags() const { return flags_; }
  [[nodiscard]] Style out_style() const;
  [[nodiscard]] Timestamp now() const { return shell_.clock.now(); }

  /// Where the command runs and what it is about; found out once, when first asked for.
  Outcome<std::optional<Repository>> const& repository();
  Outcome<Settings> const& settings();
  /// Warnings about the settings' files are printed when the first call is made.
  Outcome<Client*> client();
  /// The project of the settings, else the one that a server on this machine made at its first start.
  Outcome<std::string> project();
  Outcome<TreeState*> tree();
  /// The root of the working tree; the current folder outside a repository.
  Outcome<std::string> place();

  /// The session that the settings name or this place remembers; nothing when there is none.
  Outcome<std::optional<std::string>> known_session();
  /// The same; without one a session is started for this place and remembered.
  Outcome<std::string> session();

  /// Calls an operation; `project` is filled in when its path has one and the members don't.
  Outcome<Reply> call(std::string_view operation, json::object members = {});
  /// Calls an operation with `session` filled in by session(). When that was started on the way before and has ended
  /// since, a new one takes its place.
  Outcome<Reply> act(std::string_view operation, json::object members);
  /// All pages of a list as one, about `most` items; one page when the members have a limit.
  Outcome<json::object> list(std::string_view operation, json::object members,
                             std::size_t most = limits::kClientListItems);

  /// What start_session is told about this place: branch, worktree, host.
  Outcome<json::object> session_facts();

  /// Prints JSON on one line, without secret members unless they are asked for.
  void print_json(json::value value, api::Operation const* operation = nullptr) const;
  /// A remark for the person, on stderr; nothing with --json.
  void note(std::string_view text) const;

 private:
  Outcome<std::string> start_implicit_session();
  Outcome<bool> has_ended(std::string const& session);

  Shell& shell_;
  Catalog catalog_;
  std::span<Verb const> verbs_;
  SettingFlags flags_;
  bool json_;
  bool shows_secrets_;
  std::optional<Outcome<std::optional<Repository>>> repository_;
  std::optional<Outcome<Settings>> settings_;
  std::unique_ptr<Client> client_;
  std::unique_ptr<TreeState> tree_;
};

}  // namespace codi::cli
